/**
 * sysctls · baseline · since 1.0, more names since 1.27, 1.29, 1.32 and 1.37
 *
 * Restricted fields: spec.securityContext.sysctls[*].name.
 * Allowed values: the sysctls that Kubernetes regards as safe (namespaced, and isolated from other pods and the node).
 */
import type { Check, CheckRevision } from "../check";
import { ALLOWED } from "../check";

const ADDED: readonly { sinceMinor: number; names: readonly string[] }[] = [
  {
    sinceMinor: 0,
    names: [
      "kernel.shm_rmid_forced",
      "net.ipv4.ip_local_port_range",
      "net.ipv4.tcp_syncookies",
      "net.ipv4.ping_group_range",
      "net.ipv4.ip_unprivileged_port_start",
    ],
  },
  { sinceMinor: 27, names: ["net.ipv4.ip_local_reserved_ports"] },
  {
    sinceMinor: 29,
    names: [
      "net.ipv4.tcp_keepalive_time",
      "net.ipv4.tcp_fin_timeout",
      "net.ipv4.tcp_keepalive_intvl",
      "net.ipv4.tcp_keepalive_probes",
    ],
  },
  { sinceMinor: 32, names: ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"] },
  { sinceMinor: 37, names: ["net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"] },
];

export const sysctls: Check = {
  id: "sysctls",
  level: "baseline",
  revisions: ADDED.map(({ sinceMinor }) => revision(sinceMinor)),
};

function revision(sinceMinor: number): CheckRevision {
  const safe = new Set(ADDED.filter((step) => step.sinceMinor <= sinceMinor).flatMap((step) => step.names));
  return {
    sinceMinor,
    evaluate: ({ spec }) => {
      const bad = (spec.securityContext?.sysctls ?? []).flatMap(({ name }, i) => (safe.has(name) ? [] : [{ name, i }]));
      if (bad.length === 0) return ALLOWED;
      return {
        allowed: false,
        reason: "forbidden sysctls",
        detail: bad.map((b) => b.name).join(", "),
        fields: bad.map((b) => ({ in: "spec", pointer: `/securityContext/sysctls/${b.i}/name`, found: b.name })),
      };
    },
  };
}
