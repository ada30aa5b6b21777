/**
 * hostPorts · baseline · since 1.0
 *
 * Restricted fields: ports[*].hostPort of every container.
 * Allowed values: undefined, 0. In a pod on the host's network the API sets hostPort to containerPort (see defaults.ts).
 */
import type { Check } from "../check";
import { ALLOWED, containersNamed, plural, sortedSet, visitContainers } from "../check";

export const hostPorts: Check = {
  id: "hostPorts",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const bad = visitContainers(spec)
          .map((c) => ({
            ...c,
            ports: (c.container.ports ?? []).flatMap(({ hostPort }, i) =>
              hostPort !== undefined && hostPort !== 0 ? [{ hostPort: String(hostPort), i }] : [],
            ),
          }))
          .filter((c) => c.ports.length > 0);
        if (bad.length === 0) return ALLOWED;
        // The API server sorts the ports as text, so 100 stands before 20.
        const ports = sortedSet(bad.flatMap((c) => c.ports.map((port) => port.hostPort)));
        const verb = plural("uses", "use", bad.length);
        return {
          allowed: false,
          reason: "hostPort",
          detail: `${containersNamed(bad.map((c) => c.container.name))} ${verb} ${plural("hostPort", "hostPorts", ports.length)} ${ports.join(", ")}`,
          fields: bad.flatMap((c) =>
            c.ports.map((port) => ({
              in: "spec" as const,
              pointer: `${c.pointer}/ports/${port.i}/hostPort`,
              found: port.hostPort,
            })),
          ),
        };
      },
    },
  ],
};
