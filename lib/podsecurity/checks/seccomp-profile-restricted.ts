/**
 * seccompProfile_restricted · restricted · since 1.19; not for Windows pods since 1.25
 *
 * Restricted fields: seccompProfile.type of the pod's and of every container's securityContext.
 * Allowed values: RuntimeDefault, Localhost; undefined on a container only where the pod's value covers it.
 * Replaces seccompProfile_baseline at the restricted level.
 */
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, isWindows, plural, quoted, sortedSet, visitContainers } from "../check";
import { isConfinedSeccomp } from "./seccomp-profile-baseline";

const OVERRIDES = ["seccompProfile_baseline"];

export const seccompProfileRestricted: Check = {
  id: "seccompProfile_restricted",
  level: "restricted",
  revisions: [
    { sinceMinor: 19, overrides: OVERRIDES, evaluate },
    { sinceMinor: 25, overrides: OVERRIDES, evaluate: (pod) => (isWindows(pod.spec) ? ALLOWED : evaluate(pod)) },
  ],
};

function evaluate({ spec }: PodUnderCheck): CheckOutcome {
  const setters: string[] = [];
  const values: string[] = [];
  const explicit: ForbiddenField[] = [];
  const implicit: ForbiddenField[] = [];
  const explicitNames: string[] = [];
  const implicitNames: string[] = [];
  const podType = spec.securityContext?.seccompProfile?.type;
  const isPodConfined = podType !== undefined && isConfinedSeccomp(podType);
  if (podType !== undefined && !isPodConfined) {
    setters.push("pod");
    values.push(podType);
    explicit.push({ in: "spec", pointer: "/securityContext/seccompProfile/type", found: podType });
  }
  for (const { container, pointer } of visitContainers(spec)) {
    const type = container.securityContext?.seccompProfile?.type;
    const at = `${pointer}/securityContext/seccompProfile/type`;
    if (type === undefined) {
      if (isPodConfined) continue;
      implicitNames.push(container.name);
      implicit.push({ in: "spec", pointer: at });
    } else if (!isConfinedSeccomp(type)) {
      explicitNames.push(container.name);
      values.push(type);
      explicit.push({ in: "spec", pointer: at, found: type });
    }
  }
  if (explicitNames.length > 0) setters.push(containersNamed(explicitNames));
  const reason = "seccompProfile";
  if (setters.length > 0) {
    const detail = `${setters.join(" and ")} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(values))}`;
    return { allowed: false, reason, detail, fields: [...explicit, ...implicit] };
  }
  if (implicitNames.length > 0) {
    const who = `pod or ${plural("container", "containers", implicitNames.length)} ${quoted(implicitNames)}`;
    const detail = `${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
    return { allowed: false, reason, detail, fields: implicit };
  }
  return ALLOWED;
}
