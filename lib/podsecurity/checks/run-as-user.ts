/**
 * runAsUser · restricted · since 1.23; relaxed for user namespaces since 1.35
 *
 * Restricted fields: runAsUser of the pod's and of every container's securityContext.
 * Allowed values: undefined, any number but 0. From 1.35 a pod with `hostUsers: false` is not asked.
 */
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, hasUserNamespace, visitContainers } from "../check";

export const runAsUser: Check = {
  id: "runAsUser",
  level: "restricted",
  revisions: [
    { sinceMinor: 23, evaluate },
    { sinceMinor: 35, evaluate: (pod) => (hasUserNamespace(pod.spec) ? ALLOWED : evaluate(pod)) },
  ],
};

function evaluate({ spec }: PodUnderCheck): CheckOutcome {
  const setters: string[] = [];
  const fields: ForbiddenField[] = [];
  if (spec.securityContext?.runAsUser === 0) {
    setters.push("pod");
    fields.push({ in: "spec", pointer: "/securityContext/runAsUser", found: "0" });
  }
  const bad = visitContainers(spec).filter((c) => c.container.securityContext?.runAsUser === 0);
  if (bad.length > 0) setters.push(containersNamed(bad.map((c) => c.container.name)));
  for (const c of bad) fields.push({ in: "spec", pointer: `${c.pointer}/securityContext/runAsUser`, found: "0" });
  if (setters.length === 0) return ALLOWED;
  return { allowed: false, reason: "runAsUser=0", detail: `${setters.join(" and ")} must not set runAsUser=0`, fields };
}
