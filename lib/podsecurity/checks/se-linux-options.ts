/**
 * seLinuxOptions · baseline · since 1.0, one more type since 1.31
 *
 * Restricted fields: seLinuxOptions.type, .user and .role of the pod's and of every container's securityContext.
 * Allowed values: type undefined, empty, container_t, container_init_t, container_kvm_t, from 1.31 container_engine_t;
 * user and role undefined or empty.
 */
import type { SELinuxOptions } from "@/lib/inventory/kinds";
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, plural, quoted, sortedSet, visitContainers } from "../check";

const TYPES_1_0: ReadonlySet<string> = new Set(["", "container_t", "container_init_t", "container_kvm_t"]);
const TYPES_1_31: ReadonlySet<string> = new Set([...TYPES_1_0, "container_engine_t"]);

export const seLinuxOptions: Check = {
  id: "seLinuxOptions",
  level: "baseline",
  revisions: [
    { sinceMinor: 0, evaluate: (pod) => evaluate(pod, TYPES_1_0) },
    { sinceMinor: 31, evaluate: (pod) => evaluate(pod, TYPES_1_31) },
  ],
};

function evaluate({ spec }: PodUnderCheck, types: ReadonlySet<string>): CheckOutcome {
  const fields: ForbiddenField[] = [];
  const badTypes: string[] = [];
  let setsUser = false;
  let setsRole = false;

  const isBad = (options: SELinuxOptions | undefined, pointer: string): boolean => {
    if (options === undefined) return false;
    const before = fields.length;
    if (options.type !== undefined && !types.has(options.type)) {
      badTypes.push(options.type);
      fields.push({ in: "spec", pointer: `${pointer}/type`, found: options.type });
    }
    if (options.user) {
      setsUser = true;
      fields.push({ in: "spec", pointer: `${pointer}/user`, found: options.user });
    }
    if (options.role) {
      setsRole = true;
      fields.push({ in: "spec", pointer: `${pointer}/role`, found: options.role });
    }
    return fields.length > before;
  };

  const setters: string[] = [];
  if (isBad(spec.securityContext?.seLinuxOptions, "/securityContext/seLinuxOptions")) setters.push("pod");
  const containers = visitContainers(spec)
    .filter((c) => isBad(c.container.securityContext?.seLinuxOptions, `${c.pointer}/securityContext/seLinuxOptions`))
    .map((c) => c.container.name);
  if (containers.length > 0) setters.push(containersNamed(containers));
  if (setters.length === 0) return ALLOWED;

  const distinctTypes = sortedSet(badTypes);
  const what = [
    ...(distinctTypes.length > 0 ? [`${plural("type", "types", distinctTypes.length)} ${quoted(distinctTypes)}`] : []),
    ...(setsUser ? ["user may not be set"] : []),
    ...(setsRole ? ["role may not be set"] : []),
  ];
  return {
    allowed: false,
    reason: "seLinuxOptions",
    detail: `${setters.join(" and ")} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}`,
    fields,
  };
}
