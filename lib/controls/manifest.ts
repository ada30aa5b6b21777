/** YAML that a remediation hands out: ready for `kubectl apply -f -`, one document per object, nothing folded or anchored. */
import { stringify } from "yaml";

export interface ManifestObject {
  apiVersion: string;
  kind: string;
  metadata?: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

export function renderManifest(...objects: ManifestObject[]): string {
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}

/** A patch body for `kubectl patch --patch-file`. */
export function renderPatch(patch: Record<string, unknown>): string {
  return stringify(patch, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** One step of a JSON patch (RFC 6902), for `kubectl patch --type=json --patch-file`. */
export interface JsonPatchStep {
  op: "add" | "replace" | "remove";
  path: string;
  value?: unknown;
}
export function renderJsonPatch(steps: readonly JsonPatchStep[]): string {
  return stringify(steps, { lineWidth: 0, aliasDuplicateObjects: false });
}
