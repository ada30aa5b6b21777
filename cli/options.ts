/** The command line as typed options. Everything that isn't understood is an error: a mistyped flag must not widen a scan. */
import { SEVERITIES, type Severity } from "@/lib/controls/types";
import { PROVIDERS, type Provider } from "@/lib/inventory/snapshot";
import type { ImportKind } from "@/lib/inventory/imports";
import { type AccessCommand, parseAccessCommand } from "./access";
import { type AuditCommand, parseAuditCommand } from "./audit";
import { parseImport } from "./imports";
import { parsePssCommand, type PssCommand } from "./pss";
import { UsageError } from "./usage-error";

export { UsageError };

export const OUTPUTS = ["table", "json", "sarif", "junit"] as const;
export type Output = (typeof OUTPUTS)[number];

export interface ScanOptions {
  source: { kind: "manifests"; paths: string[] } | { kind: "kubeconfig"; file: string; context?: string };
  scopeFile?: string;
  /** Only these controls' results are shown; empty for all. */
  controls: string[];
  output: Output;
  failOn: Severity | "never";
  provider?: Provider;
  /** ISO 8601 UTC. */
  asOf?: string;
  imports: { kind: ImportKind; file: string }[];
  /** Files with own controls. */
  customFiles: string[];
}
export type Command =
  | { name: "help" }
  | { name: "version" }
  | { name: "scan"; options: ScanOptions }
  | AuditCommand
  | AccessCommand
  | PssCommand;

export const USAGE = `Usage:
  ringfence scan --manifests PATH... [options]
  ringfence scan --kubeconfig FILE [--context NAME] [options]
  ringfence who-can VERB RESOURCE[/SUBRESOURCE] [NAME] [-n NAMESPACE] --manifests PATH... [--output text|json]
  ringfence can-i VERB RESOURCE[/NAME] --as USER [--as-group GROUP] [-n NAMESPACE] --manifests PATH... [--output text|json]
  ringfence pss --level LEVEL [--version v1.x] --manifests PATH... [--output table|json]
  ringfence audit-level --policy FILE --attributes FILE [--output json|table]
  ringfence audit-coverage --policy FILE [--namespace NAME] [--output table|json]

Sources
  --manifests PATH...   files or folders (.yaml, .yml, .json, searched to any depth) that kubectl apply accepts; - reads standard input
  --kubeconfig FILE     a cluster, read with get and list only; Secrets are never read
  --context NAME        a context of the kubeconfig other than its current one

Options
  --scope FILE          scope file: labelKey, values, namespaces, assumeUnlabelledInScope
  --import KIND=FILE    a document that no API of the cluster shows, such as audit-policy=policy.yaml; may be given several times
  --custom FILE         own controls in YAML, with CEL expressions as in a ValidatingAdmissionPolicy; may be given several times
  --control ID          show this control only; may be given several times
  --output FORMAT       ${OUTPUTS.join(", ")} (default table)
  --fail-on SEVERITY    ${SEVERITIES.join(", ")} or never: exit 1 when a finding is at least this severe (default low: any finding)
  --provider NAME       ${PROVIDERS.join(", ")}
  --as-of TIME          the moment to judge for, ISO 8601 (default now)

Rights (RESOURCE: secrets, deploy, deployments.apps, or a path such as /metrics; --kubeconfig FILE instead of --manifests asks a cluster)
  who-can               everybody who may make the request, with the binding; -n asks in a namespace, else in the whole cluster
  can-i                 as kubectl auth can-i: yes or no, exit status 0 or 1; the namespace is default, unless -n or -A (all) is given
  --subresource NAME    exec, log, status …
  --as-group GROUP      may be given several times; without it the user gets the groups that the API server would give it

Pod Security (--level privileged, baseline or restricted)
  pss                   whether the API server would let pods and the pods of workloads in, with its own words
  --version VERSION     rules of that Kubernetes version, such as v1.32 (default latest); exit status 1 when something is forbidden

Audit policies (--policy FILE: an audit.k8s.io/v1 Policy; - reads standard input)
  audit-level           level, stages left out and deciding rule of requests: --attributes FILE holds one object, a list or JSON lines
  audit-coverage        what the policy records of PCI DSS 10.2.1.1 to 10.2.1.7, in the namespaces named (may be given several times)

Exit status
  0  nothing failed at or above --fail-on
  1  something failed
  2  an error: wrong usage, an unreadable source, or a document that could not be read; what could be read is still shown
`;

/** Parses the words after the program's name. Throws UsageError. */
export function parseCommand(words: readonly string[]): Command {
  const [first, ...rest] = words;
  if (first === undefined || first === "help" || first === "--help" || first === "-h") return { name: "help" };
  if (first === "--version" || first === "version") return { name: "version" };
  if (first === "audit-level" || first === "audit-coverage") {
    return rest.includes("--help") || rest.includes("-h") ? { name: "help" } : parseAuditCommand(first, rest);
  }
  if (first === "pss") return rest.includes("--help") || rest.includes("-h") ? { name: "help" } : parsePssCommand(rest);
  if (first === "who-can" || first === "can-i") {
    return rest.includes("--help") || rest.includes("-h") ? { name: "help" } : parseAccessCommand(first, rest);
  }
  if (first !== "scan") throw new UsageError(`there is no command ${first}`);
  if (rest.includes("--help") || rest.includes("-h")) return { name: "help" };
  return { name: "scan", options: parseScan(rest) };
}

function parseScan(words: readonly string[]): ScanOptions {
  const given = new Map<string, string[]>();
  for (let i = 0; i < words.length; ) {
    const word = words[i] ?? "";
    const [name, inline] = splitOnce(word);
    if (!FLAGS.has(name))
      throw new UsageError(word.startsWith("-") ? `there is no option ${name}` : `what is ${word} for?`);
    const values = given.get(name) ?? [];
    given.set(name, values);
    i += 1;
    if (inline !== undefined) values.push(inline);
    // `-` alone is standard input, not an option.
    while (inline === undefined && i < words.length && (words[i] === "-" || !words[i]?.startsWith("-"))) {
      values.push(words[i] ?? "");
      i += 1;
      if (name !== "--manifests") break;
    }
    if (values.length === 0) throw new UsageError(`${name} needs a value`);
    if (values.length > 1 && !REPEATABLE.has(name)) throw new UsageError(`${name} is given twice`);
  }
  const one = (name: string) => given.get(name)?.[0];
  const options: ScanOptions = {
    source: parseSource(given),
    controls: given.get("--control") ?? [],
    imports: (given.get("--import") ?? []).map(parseImport),
    customFiles: given.get("--custom") ?? [],
    output: choice("--output", one("--output") ?? "table", OUTPUTS),
    failOn: choice("--fail-on", one("--fail-on") ?? "low", [...SEVERITIES, "never"] as const),
  };
  const scope = one("--scope");
  if (scope !== undefined) options.scopeFile = scope;
  const provider = one("--provider");
  if (provider !== undefined) options.provider = choice("--provider", provider, PROVIDERS);
  const asOf = one("--as-of");
  if (asOf !== undefined) options.asOf = parseTime(asOf);
  return options;
}
const FLAGS = new Set([
  "--manifests",
  "--kubeconfig",
  "--context",
  "--scope",
  "--control",
  "--output",
  "--fail-on",
  "--provider",
  "--as-of",
  "--import",
  "--custom",
]);
const REPEATABLE: ReadonlySet<string> = new Set(["--manifests", "--control", "--import", "--custom"]);

function parseSource(given: ReadonlyMap<string, string[]>): ScanOptions["source"] {
  const paths = given.get("--manifests");
  const file = given.get("--kubeconfig")?.[0];
  const context = given.get("--context")?.[0];
  if (paths !== undefined && file !== undefined)
    throw new UsageError("--manifests and --kubeconfig exclude each other");
  if (paths !== undefined) {
    if (context !== undefined) throw new UsageError("--context belongs to --kubeconfig");
    return { kind: "manifests", paths };
  }
  if (file === undefined) throw new UsageError("say what to scan: --manifests PATH... or --kubeconfig FILE");
  return context === undefined ? { kind: "kubeconfig", file } : { kind: "kubeconfig", file, context };
}

function choice<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw new UsageError(`${name} must be one of ${allowed.join(", ")}, not ${value}`);
  return found;
}
function parseTime(value: string): string {
  const time = new Date(value);
  if (!/^\d{4}-\d\d-\d\d/.test(value) || Number.isNaN(time.getTime()))
    throw new UsageError(`--as-of must be an ISO 8601 time, not ${value}`);
  return time.toISOString();
}
function splitOnce(word: string): [string, string | undefined] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}
