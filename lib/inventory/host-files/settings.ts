/** Files of hosts that are no Kubernetes objects: flags of the kubelet, settings of k3s, RKE2 and etcd, states of time services. */
import { z } from "zod";
import type { ImportedServerConfig, TimeSyncReport } from "../imported-control-plane";
import { parseWith } from "../imports/types";
import { commandLine } from "../redaction/flags";
import { Cursor } from "../redaction/shape";
import { withoutNothing } from "./documents";

/** The words of a control-plane component's command line with the values of credentials taken out. */
export function redactCommand(words: readonly string[]): string[] {
  const at = new Cursor(false);
  at.keepsFlagValues = true;
  return commandLine([...words], at);
}

/** Flags of the kubelet that override its file and that controls read; all are paths, numbers and switches. */
export const KUBELET_FLAGS: readonly string[] = [
  "anonymous-auth",
  "authentication-token-webhook",
  "authorization-mode",
  "client-ca-file",
  "config",
  "config-dir",
  "event-qps",
  "make-iptables-util-chains",
  "pod-max-pids",
  "protect-kernel-defaults",
  "read-only-port",
  "rotate-certificates",
  "seccomp-default",
  "streaming-connection-idle-timeout",
  "tls-cipher-suites",
  "tls-min-version",
];

/** `--name`, `--name=value` or `--name value`, also behind a quote or the equals sign of a variable. */
const KUBELET_WORD = /(?:^|[\s"'=])--([a-z][a-z0-9-]*)(?:=([^\s"']+)|[ \t]+(?!-)([^\s"'\\]+))?/g;

/** The listed flags in texts that hold parts of the kubelet's command line (unit files, environment files). The last one wins. */
export function readKubeletFlags(texts: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const text of texts) {
    const lines = text.split("\n").filter((line) => !/^\s*[#;]/.test(line));
    for (const [, name = "", inline, next] of lines.join("\n").matchAll(KUBELET_WORD)) {
      if (KUBELET_FLAGS.includes(name)) flags[name] = inline ?? next ?? "true";
    }
  }
  return flags;
}

const scalar = z.union([z.string().max(4096), z.number(), z.boolean()]);
const listOrOne = z.union([z.array(scalar).max(500), scalar]).nullish();
const serverConfig = z.looseObject({
  "kube-apiserver-arg": listOrOne,
  "kube-controller-manager-arg": listOrOne,
  "kube-scheduler-arg": listOrOne,
  "kubelet-arg": listOrOne,
  "etcd-arg": listOrOne,
  "secrets-encryption": z.union([z.boolean(), z.string()]).nullish(),
  "anonymous-auth": z.union([z.boolean(), z.string()]).nullish(),
  "protect-kernel-defaults": z.union([z.boolean(), z.string()]).nullish(),
  profile: z.string().max(64).nullish(),
});
const COMPONENTS = {
  "kube-apiserver-arg": "kube-apiserver",
  "kube-controller-manager-arg": "kube-controller-manager",
  "kube-scheduler-arg": "kube-scheduler",
  "kubelet-arg": "kubelet",
  "etcd-arg": "etcd",
} as const;

/**
 * Settings of a k3s or RKE2 server; tokens, datastore addresses and everything else that isn't listed stay where they are.
 * @throws ImportProblem
 */
export function readServerConfig(
  document: unknown,
  distribution: ImportedServerConfig["distribution"],
): Omit<ImportedServerConfig, "origin" | "node" | "secretsEncryption"> & { secretsEncryption?: boolean } {
  const config = parseWith(serverConfig, document ?? {});
  const isOn = (value: boolean | string | null | undefined): boolean | undefined =>
    value == null ? undefined : String(value) === "true";
  const settings = Object.entries(COMPONENTS).flatMap(([key, component]) => {
    const given = config[key as keyof typeof COMPONENTS];
    const words = given == null ? [] : Array.isArray(given) ? given : [given];
    return words.flatMap((word) => {
      const [flag = ""] = redactCommand([`--${String(word).replace(/^--/, "")}`]);
      const equals = flag.indexOf("=");
      const name = equals < 0 ? flag.slice(2) : flag.slice(2, equals);
      return [{ component, name, value: equals < 0 ? "true" : flag.slice(equals + 1) }];
    });
  });
  return {
    distribution,
    arguments: settings,
    ...withoutNothing({
      secretsEncryption: isOn(config["secrets-encryption"]),
      anonymousAuth: isOn(config["anonymous-auth"]),
      protectKernelDefaults: isOn(config["protect-kernel-defaults"]),
      profile: config.profile,
    }),
  };
}

const security = z
  .looseObject({
    "cert-file": z.string().max(4096).nullish(),
    "key-file": z.string().max(4096).nullish(),
    "trusted-ca-file": z.string().max(4096).nullish(),
    "client-cert-auth": z.boolean().nullish(),
    "auto-tls": z.boolean().nullish(),
  })
  .nullish();
const etcdConfig = z.looseObject({
  "client-transport-security": security,
  "peer-transport-security": security,
  "listen-client-urls": z.string().max(4096).nullish(),
  "listen-peer-urls": z.string().max(4096).nullish(),
  "listen-metrics-urls": z.string().max(4096).nullish(),
});

/**
 * Settings of etcd's configuration file under the names of its flags.
 * @throws ImportProblem
 */
export function readEtcdConfig(document: unknown): Record<string, string> {
  const config = parseWith(etcdConfig, document);
  const settings: Record<string, string> = {};
  for (const [section, prefix] of [
    ["client-transport-security", ""],
    ["peer-transport-security", "peer-"],
  ] as const) {
    for (const key of ["cert-file", "key-file", "trusted-ca-file", "client-cert-auth", "auto-tls"] as const) {
      const value = config[section]?.[key];
      if (value != null) settings[`${prefix}${key}`] = String(value);
    }
  }
  for (const key of ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"] as const) {
    const value = config[key];
    if (value != null) settings[key] = value;
  }
  return settings;
}

type TimeState = Omit<TimeSyncReport, "origin" | "node">;
/** Servers of a chrony.conf or timesyncd.conf. */
export function readTimeServers(text: string): string[] {
  const found = text.split("\n").flatMap((line) => {
    const chrony = /^\s*(?:server|pool|peer|refclock)\s+(\S+)/.exec(line)?.[1];
    const timesyncd = /^\s*(?:NTP|FallbackNTP)\s*=\s*(.*)$/.exec(line)?.[1];
    return [...(chrony === undefined ? [] : [chrony]), ...(timesyncd ?? "").split(/\s+/).filter((word) => word !== "")];
  });
  return [...new Set(found)];
}

/** `chronyc -c tracking`: one line of comma-separated fields; null for anything else. */
export function readChronyTracking(text: string, sources: readonly string[]): TimeState | null {
  const fields = text.trim().split(",");
  if (fields.length < 14) return null;
  const stratum = Number(fields[2]);
  const offset = Number(fields[4]);
  const leap = fields[13] ?? "";
  if (Number.isNaN(stratum) || Number.isNaN(offset)) return null;
  const isSynchronized = leap !== "Not synchronised" && stratum > 0 && stratum < 16;
  return { tool: "chrony", isSynchronized, offsetSeconds: offset, sources: [...sources] };
}
