/**
 * What the PodSecurity admission plug-in tells whoever changes a namespace's labels: which of its running pods the new level
 * would refuse (Kubernetes documentation, "Enforce Pod Security Standards with Namespace Labels").
 */
import { describeViolations, evaluatePodSecurity, minorOfVersion, resolvePolicy } from "@/lib/podsecurity";
import type { PodSpec } from "@/lib/inventory/kinds";
import type { Cluster } from "./cluster";
import type { ApiObject, Pod } from "./objects";

/** At most so many pods are named in one answer. */
const NAMED = 10;

/** The warnings for a Namespace that changes from `before` to `after`; none when its enforced level stays what it was. */
export function podSecurityWarnings(
  cluster: Cluster,
  before: ApiObject,
  after: ApiObject,
  gitVersion: string,
): string[] {
  const enforceOf = (object: ApiObject) => resolvePolicy(object.metadata.labels ?? {}).policy.enforce;
  const [was, is] = [enforceOf(before), enforceOf(after)];
  if (is.level === "privileged" || (was.level === is.level && was.version === is.version)) return [];
  const server = minorOfVersion(gitVersion) ?? undefined;
  const warnings = cluster.store
    .all<Pod>("/pods")
    .filter((pod) => pod.metadata.namespace === after.metadata.name)
    .flatMap((pod) => {
      const subject = { annotations: pod.metadata.annotations ?? {}, spec: pod.spec as unknown as PodSpec };
      const { allowed, violations } = evaluatePodSecurity(subject, is.level, is.version, server);
      return allowed ? [] : [`${pod.metadata.name}: ${describeViolations(violations)}`];
    });
  if (warnings.length === 0) return [];
  const version = is.version === "latest" ? "latest" : `v1.${is.version}`;
  return [
    `existing pods in namespace "${after.metadata.name}" violate the new PodSecurity enforce level "${is.level}:${version}"`,
    ...warnings.slice(0, NAMED),
  ];
}
