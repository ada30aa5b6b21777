/**
 * procMount · baseline · since 1.0; relaxed for user namespaces since 1.35
 *
 * Restricted fields: securityContext.procMount of every container.
 * Allowed values: undefined, Default. From 1.35 baseline also allows other values in a pod with `hostUsers: false`; restricted
 * keeps the strict rule as a check of its own (proc-mount-restricted.ts).
 */
import type { Check, CheckOutcome, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, hasUserNamespace, quoted, sortedSet, visitContainers } from "../check";

export const procMount: Check = {
  id: "procMount",
  level: "baseline",
  revisions: [
    { sinceMinor: 0, evaluate: evaluateProcMount },
    { sinceMinor: 35, evaluate: (pod) => (hasUserNamespace(pod.spec) ? ALLOWED : evaluateProcMount(pod)) },
  ],
};

/** The rule without the relaxation. */
export function evaluateProcMount({ spec }: PodUnderCheck): CheckOutcome {
  const bad = visitContainers(spec).flatMap(({ container, pointer }) => {
    const value = container.securityContext?.procMount;
    return value === undefined || value === "Default" ? [] : [{ name: container.name, pointer, value }];
  });
  if (bad.length === 0) return ALLOWED;
  return {
    allowed: false,
    reason: "procMount",
    detail: `${containersNamed(bad.map((b) => b.name))} must not set securityContext.procMount to ${quoted(sortedSet(bad.map((b) => b.value)))}`,
    fields: bad.map((b) => ({ in: "spec", pointer: `${b.pointer}/securityContext/procMount`, found: b.value })),
  };
}
