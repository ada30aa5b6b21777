/**
 * capabilities_baseline · baseline · since 1.0
 *
 * Restricted fields: securityContext.capabilities.add of every container.
 * Allowed values: undefined, empty, and the capabilities that container runtimes give by default, spelt exactly so.
 */
import type { Check } from "../check";
import { ALLOWED, containersNamed, quoted, sortedSet, visitContainers } from "../check";

const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

export const capabilitiesBaseline: Check = {
  id: "capabilities_baseline",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const bad = visitContainers(spec)
          .map((c) => ({
            ...c,
            added: (c.container.securityContext?.capabilities?.add ?? []).filter(
              (name) => !DEFAULT_CAPABILITIES.has(name),
            ),
          }))
          .filter((c) => c.added.length > 0);
        if (bad.length === 0) return ALLOWED;
        const names = quoted(sortedSet(bad.flatMap((c) => c.added)));
        return {
          allowed: false,
          reason: "non-default capabilities",
          detail: `${containersNamed(bad.map((c) => c.container.name))} must not include ${names} in securityContext.capabilities.add`,
          fields: bad.map((c) => ({
            in: "spec",
            pointer: `${c.pointer}/securityContext/capabilities/add`,
            found: c.added.join(", "),
          })),
        };
      },
    },
  ],
};
