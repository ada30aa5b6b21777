/**
 * Whether the evidence of a result can be looked up: its pointer leads to the value that it says it found.
 *
 * Evidence stands in an object of the snapshot, or below `/facts` or `/registers`. Where nothing was found it says so (no `found`, or
 * "absent", "no …", "[]"). Three places lie outside what a test's world holds: values that a pattern scan saw before they were
 * redacted, objects that are not valid, and Kubernetes' own ClusterRoles, which every API server brings along.
 */
import { type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { EvaluationContext, EvidencePointer } from "./types";

const SAYS_NOTHING = /^(absent\b|no |\[\]$)/;

/** What is wrong with the pointer, or null. */
export function problemOfEvidence(context: EvaluationContext, { ref, pointer, found }: EvidencePointer): string | null {
  const place = `${refKey(ref)} ${pointer}`;
  if (pointer !== "" && !pointer.startsWith("/")) return `${place} is no JSON pointer`;
  const { inventory } = context;
  const isScanned = inventory.facts.patternScan !== undefined;
  const root = rootOf(context, ref, pointer);
  if (root === undefined) {
    const isInvalid = inventory.invalid.some(({ kind, name }) => kind === ref.kind && name === ref.name);
    const isBuiltIn = ref.kind === "ClusterRole";
    return isInvalid || isBuiltIn || isScanned ? null : `${place}: there is no such object`;
  }
  const value = resolvePointer(root, pointer);
  if (found === undefined) return null;
  if (value === undefined) {
    return SAYS_NOTHING.test(found) || isScanned ? null : `${place}: nothing is there, and evidence says "${found}"`;
  }
  return null;
}

function rootOf(context: EvaluationContext, ref: ResourceRef, pointer: string): unknown {
  const { facts, snapshot } = context.inventory;
  const { registers } = context;
  if (/^\/(facts|registers)(\/|$)/.test(pointer) || ref.apiVersion === "ringfence.dev/v1") return { facts, registers };
  for (const name of Object.keys(snapshot.sections) as SectionName[]) {
    for (const object of snapshot.sections[name]?.objects ?? []) {
      const own = refOf(object);
      // An object of a file that names no namespace lies in `default`.
      if (refKey(own) === refKey(ref) || refKey({ ...own, namespace: "default" }) === refKey(ref)) return object;
    }
  }
  return undefined;
}

/** The value at an RFC 6901 pointer; undefined when there is none. */
function resolvePointer(root: unknown, pointer: string): unknown {
  let at: unknown = root;
  for (const step of pointer.split("/").slice(1)) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return at;
}
