/** Settings of the agent: flags first, then the environment. README.md beside this file lists them. */
import { parseArgs } from "node:util";
import { SECTIONS } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import { DEFAULT_HEARTBEAT_SECONDS } from "@/lib/inventory/wire";

export interface AgentOptions {
  mode: "run" | "once" | "print" | "help" | "version";
  /** Address of Ringfence. Undefined only where no server is spoken to. */
  url: URL | undefined;
  tokenFile: string | undefined;
  stateDir: string;
  identitySecret: { name: string; mountPath: string; namespace: string | undefined } | undefined;
  kubeconfig: string | undefined;
  /** Where the pod's service account is mounted; every cluster mounts it at the same place. */
  serviceAccountDir: string;
  context: string | undefined;
  caFile: string | undefined;
  /** The operator's own; undefined leaves it to the server. */
  scanIntervalSeconds: number | undefined;
  heartbeatSeconds: number;
  /** Sections that are read only where the operator has granted them. */
  optionalSections: SectionName[];
  /** Whether objects are looked through for credentials and card numbers. */
  scansPatterns: boolean;
}

/** A setting is missing or makes no sense. The message says which and what to do. */
export class OptionsError extends Error {}

export const HELP = `ringfence-agent: reads one cluster's configuration, redacts it, and reports it to Ringfence

  --url URL                 address of Ringfence (https; http only for localhost)   RINGFENCE_URL
  --token-file FILE         the enrolment token                                     RINGFENCE_ENROLMENT_TOKEN_FILE
  --state-dir DIR           the agent's key and place, mode 0600                    RINGFENCE_STATE_DIR
  --identity-secret NAME    keep the state in this Secret instead (in a cluster)    RINGFENCE_IDENTITY_SECRET
  --identity-dir DIR        where that Secret is mounted                            RINGFENCE_IDENTITY_DIR
  --kubeconfig FILE         cluster to read (default: the pod's own, or KUBECONFIG)
  --context NAME            context of the kubeconfig
  --ca-file FILE            authorities to trust for Ringfence's certificate        RINGFENCE_CA_FILE
  --scan-interval SECONDS   time between scans, 60 to 86400 (default: the server's) RINGFENCE_SCAN_INTERVAL_SECONDS
  --heartbeat SECONDS       time between heartbeats, 1 to 300 (default 30)          RINGFENCE_HEARTBEAT_SECONDS
  --collect NAMES           also read these, which need a right of their own: configmaps  RINGFENCE_COLLECT
  --no-pattern-scan         do not look for credentials and card numbers            RINGFENCE_PATTERN_SCAN=off
  --once                    enrol if need be, scan once, hand it in, and end
  --print                   print every byte that would leave the cluster, and send nothing
  --version, --help
`;

/** @throws OptionsError */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): AgentOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        url: text,
        "token-file": text,
        "state-dir": text,
        "identity-secret": text,
        "identity-dir": text,
        kubeconfig: text,
        context: text,
        "ca-file": text,
        "scan-interval": text,
        heartbeat: text,
        collect: text,
        "no-pattern-scan": flag,
        once: flag,
        print: flag,
        help: flag,
        version: flag,
      },
    }));
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error));
  }
  const setting = (name: string, variable?: string): string | undefined => {
    const value = values[name] ?? (variable === undefined ? undefined : env[variable]);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (values.once === true && values.print === true) throw new OptionsError("--once and --print exclude each other");
  const mode = values.help
    ? "help"
    : values.version
      ? "version"
      : values.print
        ? "print"
        : values.once
          ? "once"
          : "run";
  const speaks = mode === "run" || mode === "once";

  const secretName = setting("identity-secret", "RINGFENCE_IDENTITY_SECRET");
  const mountPath = setting("identity-dir", "RINGFENCE_IDENTITY_DIR");
  if (speaks && secretName !== undefined && mountPath === undefined) {
    throw new OptionsError("--identity-secret needs --identity-dir: the directory where that Secret is mounted");
  }
  const stateDir = setting("state-dir", "RINGFENCE_STATE_DIR");
  if (speaks && stateDir === undefined) {
    throw new OptionsError("give --state-dir (RINGFENCE_STATE_DIR): a directory of the agent's own, for its key");
  }
  return {
    mode,
    url: speaks ? parseUrl(setting("url", "RINGFENCE_URL")) : undefined,
    tokenFile: setting("token-file", "RINGFENCE_ENROLMENT_TOKEN_FILE"),
    stateDir: stateDir ?? "",
    identitySecret:
      secretName === undefined
        ? undefined
        : { name: secretName, mountPath: mountPath ?? "", namespace: env.RINGFENCE_NAMESPACE },
    kubeconfig: setting("kubeconfig"),
    serviceAccountDir: env.RINGFENCE_SERVICE_ACCOUNT_DIR ?? "/var/run/secrets/kubernetes.io/serviceaccount",
    context: setting("context"),
    caFile: setting("ca-file", "RINGFENCE_CA_FILE"),
    scanIntervalSeconds: parseSeconds(
      "--scan-interval",
      setting("scan-interval", "RINGFENCE_SCAN_INTERVAL_SECONDS"),
      60,
      86_400,
    ),
    heartbeatSeconds:
      parseSeconds("--heartbeat", setting("heartbeat", "RINGFENCE_HEARTBEAT_SECONDS"), 1, 300) ??
      DEFAULT_HEARTBEAT_SECONDS,
    optionalSections: parseSections(setting("collect", "RINGFENCE_COLLECT")),
    scansPatterns: parseSwitch(values["no-pattern-scan"] === true, env.RINGFENCE_PATTERN_SCAN),
  };
}

/** A name that is none must not be passed over: the operator believes that it is read. */
function parseSections(text: string | undefined): SectionName[] {
  const optional = SECTIONS.filter((section) => section.optional).map(({ name }) => name);
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .map((name) => {
      const found = optional.find((known) => known === name);
      if (found === undefined) throw new OptionsError(`--collect ${name}: it can be ${optional.join(", ")}`);
      return found;
    });
}

function parseSwitch(isOff: boolean, text: string | undefined): boolean {
  if (text !== undefined && text !== "" && text !== "on" && text !== "off")
    throw new OptionsError(`RINGFENCE_PATTERN_SCAN must be on or off, not ${text}`);
  return !isOff && text !== "off";
}

function parseUrl(text: string | undefined): URL {
  if (text === undefined) throw new OptionsError("give --url (RINGFENCE_URL): the address of Ringfence");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new OptionsError(`--url ${text} is not an address`);
  }
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) {
    throw new OptionsError(`--url ${text} must begin with https:// (http only for localhost)`);
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw new OptionsError(
      `--url ${url.origin} must have no path, query or password: the signature covers the server's own paths`,
    );
  }
  return url;
}

function parseSeconds(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < min || seconds > max) {
    throw new OptionsError(`${name} must be whole seconds between ${min} and ${max}`);
  }
  return seconds;
}
