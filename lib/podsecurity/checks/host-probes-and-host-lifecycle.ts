/**
 * hostProbesAndHostLifecycle · baseline · since 1.34
 *
 * Restricted fields: httpGet.host and tcpSocket.host of every container's livenessProbe, readinessProbe, startupProbe,
 * lifecycle.postStart and lifecycle.preStop.
 * Allowed values: undefined, empty. With a host the kubelet, which stands outside every NetworkPolicy, can be made to call any
 * address; loopback is refused too, because it is the node's.
 */
import type { ProbeHandler } from "@/lib/inventory/kinds";
import type { Check, ForbiddenField } from "../check";
import { ALLOWED, containersNamed, plural, quoted, sortedSet, visitContainers } from "../check";

export const hostProbesAndHostLifecycle: Check = {
  id: "hostProbesAndHostLifecycle",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 34,
      evaluate: ({ spec }) => {
        const names: string[] = [];
        const fields: ForbiddenField[] = [];
        for (const { container, pointer } of visitContainers(spec)) {
          const handlers: [string, ProbeHandler | undefined][] = [
            ["livenessProbe", container.livenessProbe],
            ["readinessProbe", container.readinessProbe],
            ["startupProbe", container.startupProbe],
            ["lifecycle/postStart", container.lifecycle?.postStart],
            ["lifecycle/preStop", container.lifecycle?.preStop],
          ];
          const before = fields.length;
          for (const [field, handler] of handlers) {
            for (const kind of ["httpGet", "tcpSocket"] as const) {
              const host = handler?.[kind]?.host;
              if (host) fields.push({ in: "spec", pointer: `${pointer}/${field}/${kind}/host`, found: host });
            }
          }
          if (fields.length > before) names.push(container.name);
        }
        if (names.length === 0) return ALLOWED;
        const hosts = sortedSet(fields.map((field) => field.found ?? ""));
        const verb = plural("uses", "use", names.length);
        const noun = plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.length);
        return {
          allowed: false,
          reason: "probe or lifecycle host",
          detail: `${containersNamed(names)} ${verb} ${noun} ${quoted(hosts)}`,
          fields,
        };
      },
    },
  ],
};
