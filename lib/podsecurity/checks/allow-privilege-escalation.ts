/**
 * allowPrivilegeEscalation · restricted · since 1.8; not for Windows pods since 1.25
 *
 * Restricted fields: securityContext.allowPrivilegeEscalation of every container.
 * Allowed values: false. Undefined is not allowed: the runtime's default is true.
 */
import type { Check, CheckOutcome, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, isWindows, visitContainers } from "../check";

export const allowPrivilegeEscalation: Check = {
  id: "allowPrivilegeEscalation",
  level: "restricted",
  revisions: [
    { sinceMinor: 8, evaluate },
    { sinceMinor: 25, evaluate: (pod) => (isWindows(pod.spec) ? ALLOWED : evaluate(pod)) },
  ],
};

function evaluate({ spec }: PodUnderCheck): CheckOutcome {
  const bad = visitContainers(spec).filter((c) => c.container.securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return ALLOWED;
  return {
    allowed: false,
    reason: "allowPrivilegeEscalation != false",
    detail: `${containersNamed(bad.map((c) => c.container.name))} must set securityContext.allowPrivilegeEscalation=false`,
    fields: bad.map((c) => ({
      in: "spec",
      pointer: `${c.pointer}/securityContext/allowPrivilegeEscalation`,
      found: c.container.securityContext?.allowPrivilegeEscalation?.toString(),
    })),
  };
}
