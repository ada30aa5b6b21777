/**
 * capabilities_restricted · restricted · since 1.22; not for Windows pods since 1.25
 *
 * Restricted fields: securityContext.capabilities of every container.
 * Allowed values: drop must include ALL (spelt so); add may hold NET_BIND_SERVICE and nothing else.
 * Replaces capabilities_baseline at the restricted level.
 */
import type { Check, CheckOutcome, ForbiddenField, PodUnderCheck } from "../check";
import { ALLOWED, containersNamed, isWindows, quoted, sortedSet, visitContainers } from "../check";

const OVERRIDES = ["capabilities_baseline"];

export const capabilitiesRestricted: Check = {
  id: "capabilities_restricted",
  level: "restricted",
  revisions: [
    { sinceMinor: 22, overrides: OVERRIDES, evaluate },
    { sinceMinor: 25, overrides: OVERRIDES, evaluate: (pod) => (isWindows(pod.spec) ? ALLOWED : evaluate(pod)) },
  ],
};

function evaluate({ spec }: PodUnderCheck): CheckOutcome {
  const fields: ForbiddenField[] = [];
  const withoutDropAll: string[] = [];
  const adding: string[] = [];
  const added: string[] = [];
  for (const { container, pointer } of visitContainers(spec)) {
    const capabilities = container.securityContext?.capabilities;
    if (!capabilities?.drop?.includes("ALL")) {
      withoutDropAll.push(container.name);
      fields.push({
        in: "spec",
        pointer: `${pointer}/securityContext/capabilities/drop`,
        found: capabilities?.drop?.join(", "),
      });
    }
    const bad = (capabilities?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
    if (bad.length === 0) continue;
    adding.push(container.name);
    added.push(...bad);
    fields.push({ in: "spec", pointer: `${pointer}/securityContext/capabilities/add`, found: bad.join(", ") });
  }
  if (fields.length === 0) return ALLOWED;
  const sentences = [
    ...(withoutDropAll.length > 0
      ? [`${containersNamed(withoutDropAll)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length > 0
      ? [`${containersNamed(adding)} must not include ${quoted(sortedSet(added))} in securityContext.capabilities.add`]
      : []),
  ];
  return { allowed: false, reason: "unrestricted capabilities", detail: sentences.join("; "), fields };
}
