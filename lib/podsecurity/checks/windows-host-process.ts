/**
 * windowsHostProcess · baseline · since 1.0
 *
 * Restricted fields: windowsOptions.hostProcess of the pod's and of every container's securityContext.
 * Allowed values: undefined, false. It is to Windows what `privileged` is to Linux.
 */
import type { Check, ForbiddenField } from "../check";
import { ALLOWED, containersNamed, visitContainers } from "../check";

export const windowsHostProcess: Check = {
  id: "windowsHostProcess",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const setters: string[] = [];
        const fields: ForbiddenField[] = [];
        if (spec.securityContext?.windowsOptions?.hostProcess === true) {
          setters.push("pod");
          fields.push({ in: "spec", pointer: "/securityContext/windowsOptions/hostProcess", found: "true" });
        }
        const bad = visitContainers(spec).filter(
          (c) => c.container.securityContext?.windowsOptions?.hostProcess === true,
        );
        if (bad.length > 0) setters.push(containersNamed(bad.map((c) => c.container.name)));
        for (const c of bad) {
          fields.push({
            in: "spec",
            pointer: `${c.pointer}/securityContext/windowsOptions/hostProcess`,
            found: "true",
          });
        }
        if (setters.length === 0) return ALLOWED;
        return {
          allowed: false,
          reason: "hostProcess",
          detail: `${setters.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true`,
          fields,
        };
      },
    },
  ],
};
