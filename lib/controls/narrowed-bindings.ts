/**
 * A binding without some rights: the subjects that must not have them move to a narrower copy of the role under a new binding,
 * everybody else stays where they are. All such subjects of a binding move at once, so that two remediations of one binding
 * don't undo each other.
 */
import type { Subject } from "@/lib/inventory/kinds";
import { type Grant } from "@/lib/rbac/grants";
import { type Right, withoutRights } from "@/lib/rbac/rights";
import { type ManifestObject, renderManifest } from "./manifest";

const RBAC = "rbac.authorization.k8s.io";

export interface Narrowing {
  grants: readonly Grant[];
  rights: readonly Right[];
  /** Subjects that lose the rights. */
  loses(grant: Grant, subject: Subject): boolean;
  /** Ending of the new names, for example `without-secrets`. */
  suffix: string;
}

/** Manifest and command; null when there is no binding to change. */
export function narrowBindings({
  grants,
  rights,
  loses,
  suffix,
}: Narrowing): { manifest: string; apply: string } | null {
  const objects = [...new Set(grants)].flatMap((grant) => narrowed(grant, rights, loses, suffix));
  if (objects.length === 0) return null;
  return { manifest: renderManifest(...objects), apply: `kubectl apply -f ${suffix}.yaml` };
}

function narrowed(grant: Grant, rights: readonly Right[], loses: Narrowing["loses"], suffix: string): ManifestObject[] {
  const { binding, namespace } = grant;
  const place = namespace === null ? {} : { namespace };
  const moved = grant.subjects.filter((subject) => loses(grant, subject));
  if (moved.length === 0) return [];
  const rules = grant.rules.flatMap(({ rule }) => withoutRights(rule, rights));
  const kept: ManifestObject = {
    apiVersion: `${RBAC}/v1`,
    kind: binding.kind,
    metadata: { name: binding.metadata.name, ...place },
    roleRef: { apiGroup: RBAC, kind: binding.roleRef.kind, name: binding.roleRef.name },
    subjects: grant.subjects.filter((subject) => !moved.includes(subject)),
  };
  if (rules.length === 0) return [kept];
  const roleKind = namespace === null ? "ClusterRole" : "Role";
  const name = `${binding.metadata.name}-${suffix}`;
  return [
    { apiVersion: `${RBAC}/v1`, kind: roleKind, metadata: { name, ...place }, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: binding.kind,
      metadata: { name, ...place },
      roleRef: { apiGroup: RBAC, kind: roleKind, name },
      subjects: moved,
    },
    kept,
  ];
}
