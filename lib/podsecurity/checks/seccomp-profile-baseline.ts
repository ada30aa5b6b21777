/**
 * seccompProfile_baseline · baseline · since 1.0 by annotation, since 1.19 by field
 *
 * 1.0: annotations seccomp.security.alpha.kubernetes.io/pod and container.seccomp.security.alpha.kubernetes.io/NAME of the
 * pod's containers. Allowed values: undefined, runtime/default, docker/default, localhost/*.
 * 1.19: seccompProfile.type of the pod's and of every container's securityContext.
 * Allowed values: undefined, RuntimeDefault, Localhost.
 */
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, plural, pointerSegment, quoted, sortedSet, visitContainers } from "../check";

const POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION_PREFIX = "container.seccomp.security.alpha.kubernetes.io/";

export const seccompProfileBaseline: Check = {
  id: "seccompProfile_baseline",
  level: "baseline",
  revisions: [
    { sinceMinor: 0, evaluate: evaluateAnnotations },
    { sinceMinor: 19, evaluate: evaluateFields },
  ],
};

/** RuntimeDefault and Localhost are the only profiles that either level accepts. */
export function isConfinedSeccomp(type: string): boolean {
  return type === "RuntimeDefault" || type === "Localhost";
}

function evaluateAnnotations({ annotations, spec }: PodUnderCheck): CheckOutcome {
  const keys = [POD_ANNOTATION, ...visitContainers(spec).map((c) => CONTAINER_ANNOTATION_PREFIX + c.container.name)];
  const bad = sortedSet(keys).filter((key) => {
    const value = annotations[key];
    return value !== undefined && !isConfinedAnnotation(value);
  });
  if (bad.length === 0) return ALLOWED;
  return {
    allowed: false,
    reason: "seccompProfile",
    detail: `forbidden ${plural("annotation", "annotations", bad.length)} ${bad.map((key) => `${key}=${JSON.stringify(annotations[key])}`).join(", ")}`,
    fields: bad.map((key) => ({ in: "annotations", pointer: `/${pointerSegment(key)}`, found: annotations[key] })),
  };
}

function isConfinedAnnotation(value: string): boolean {
  return value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/");
}

function evaluateFields({ spec }: PodUnderCheck): CheckOutcome {
  const setters: string[] = [];
  const values: string[] = [];
  const fields: ForbiddenField[] = [];
  const podType = spec.securityContext?.seccompProfile?.type;
  if (podType !== undefined && !isConfinedSeccomp(podType)) {
    setters.push("pod");
    values.push(podType);
    fields.push({ in: "spec", pointer: "/securityContext/seccompProfile/type", found: podType });
  }
  const containers: string[] = [];
  for (const { container, pointer } of visitContainers(spec)) {
    const type = container.securityContext?.seccompProfile?.type;
    if (type === undefined || isConfinedSeccomp(type)) continue;
    containers.push(container.name);
    values.push(type);
    fields.push({ in: "spec", pointer: `${pointer}/securityContext/seccompProfile/type`, found: type });
  }
  if (containers.length > 0) setters.push(containersNamed(containers));
  if (setters.length === 0) return ALLOWED;
  return {
    allowed: false,
    reason: "seccompProfile",
    detail: `${setters.join(" and ")} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(values))}`,
    fields,
  };
}
