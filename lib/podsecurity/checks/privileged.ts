/**
 * privileged · baseline · since 1.0
 *
 * Restricted fields: securityContext.privileged of every container.
 * Allowed values: undefined, false. The field exists on containers only; a pod has nothing to inherit.
 */
import type { Check } from "../check";
import { ALLOWED, containersNamed, visitContainers } from "../check";

export const privileged: Check = {
  id: "privileged",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const bad = visitContainers(spec).filter(({ container }) => container.securityContext?.privileged === true);
        if (bad.length === 0) return ALLOWED;
        return {
          allowed: false,
          reason: "privileged",
          detail: `${containersNamed(bad.map((c) => c.container.name))} must not set securityContext.privileged=true`,
          fields: bad.map((c) => ({ in: "spec", pointer: `${c.pointer}/securityContext/privileged`, found: "true" })),
        };
      },
    },
  ],
};
