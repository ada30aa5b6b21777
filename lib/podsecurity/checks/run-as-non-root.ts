/**
 * runAsNonRoot · restricted · since 1.0; relaxed for user namespaces since 1.35
 *
 * Restricted fields: runAsNonRoot of the pod's and of every container's securityContext.
 * Allowed values: true on the pod, or on every container that the pod's value does not cover. An explicit false is refused
 * wherever it stands, even on a pod whose containers all say true.
 * From 1.35 a pod with `hostUsers: false` is not asked: root in it is nobody on the node.
 */
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, hasUserNamespace, plural, quoted, visitContainers } from "../check";

export const runAsNonRoot: Check = {
  id: "runAsNonRoot",
  level: "restricted",
  revisions: [
    { sinceMinor: 0, evaluate },
    { sinceMinor: 35, evaluate: (pod) => (hasUserNamespace(pod.spec) ? ALLOWED : evaluate(pod)) },
  ],
};

function evaluate({ spec }: PodUnderCheck): CheckOutcome {
  const podValue = spec.securityContext?.runAsNonRoot;
  const explicit: ForbiddenField[] = [];
  const implicit: ForbiddenField[] = [];
  const setters: string[] = [];
  const explicitNames: string[] = [];
  const implicitNames: string[] = [];
  if (podValue === false) {
    setters.push("pod");
    explicit.push({ in: "spec", pointer: "/securityContext/runAsNonRoot", found: "false" });
  }
  for (const { container, pointer } of visitContainers(spec)) {
    const value = container.securityContext?.runAsNonRoot;
    const at = `${pointer}/securityContext/runAsNonRoot`;
    if (value === false) {
      explicitNames.push(container.name);
      explicit.push({ in: "spec", pointer: at, found: "false" });
    } else if (value === undefined && podValue !== true) {
      implicitNames.push(container.name);
      implicit.push({ in: "spec", pointer: at });
    }
  }
  if (explicitNames.length > 0) setters.push(containersNamed(explicitNames));
  const reason = "runAsNonRoot != true";
  if (setters.length > 0) {
    const detail = `${setters.join(" and ")} must not set securityContext.runAsNonRoot=false`;
    return { allowed: false, reason, detail, fields: [...explicit, ...implicit] };
  }
  if (implicitNames.length > 0) {
    const detail = `pod or ${plural("container", "containers", implicitNames.length)} ${quoted(implicitNames)} must set securityContext.runAsNonRoot=true`;
    return { allowed: false, reason, detail, fields: implicit };
  }
  return ALLOWED;
}
