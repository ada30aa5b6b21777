/**
 * `audit-level`: the level and stages that requests get under an audit policy, as the API server decides.
 * `audit-coverage`: the policy beside PCI DSS 10.2.1.1 to 10.2.1.7.
 */
import { parseDocument } from "yaml";
import { z } from "zod";
import {
  auditCoverage,
  type AuditedRequest,
  BEYOND_THE_POLICY,
  type CoverageRow,
  evaluateAuditPolicy,
  type LoggedRequirement,
} from "@/lib/audit";
import { parseAuditPolicy, type ParsedAuditPolicy } from "@/lib/inventory/audit-policy";
import { parseFlags } from "./flags";
import { UsageError } from "./usage-error";

export type AuditCommand =
  | { name: "audit-level"; policy: string; attributes: string; output: "json" | "table" }
  | { name: "audit-coverage"; policy: string; namespaces: string[]; output: "json" | "table" };

/** Reads a file; `-` is standard input. */
export type ReadText = (file: string) => Promise<string>;
export interface AuditAnswer {
  text: string;
  /** Fields that the API server would drop and what it would refuse, for standard error. */
  warnings: string[];
}

/** Parses the words after the command's name. Throws UsageError. */
export function parseAuditCommand(name: AuditCommand["name"], words: readonly string[]): AuditCommand {
  const own = name === "audit-level" ? "--attributes" : "--namespace";
  const flags = parseFlags(words, ["--policy", own, "--output"], ["--namespace"]);
  const one = (flag: string) => flags.get(flag)?.[0];
  const policy = one("--policy");
  if (policy === undefined) throw new UsageError(`${name} needs --policy FILE`);
  const output = one("--output") ?? (name === "audit-level" ? "json" : "table");
  if (output !== "json" && output !== "table") throw new UsageError(`--output must be json or table, not ${output}`);
  if (name === "audit-coverage") return { name, policy, namespaces: flags.get("--namespace") ?? [], output };
  const attributes = one("--attributes");
  if (attributes === undefined) throw new UsageError("audit-level needs --attributes FILE");
  if (policy === "-" && attributes === "-")
    throw new UsageError("--policy and --attributes can't both be standard input");
  return { name, policy, attributes, output };
}

/** Runs one of the two commands. Throws UsageError for a file that holds something else. */
export async function runAudit(command: AuditCommand, read: ReadText): Promise<AuditAnswer> {
  const { policy, unknownFields, refusals } = await readPolicy(command.policy, read);
  const dropped = unknownFields.map(
    (field) =>
      `${command.policy}: ${field} is no field of an audit policy; the API server drops it, and so does this answer`,
  );
  const warnings = [
    ...dropped,
    ...refusals.map((refusal) => `${command.policy}: ${refusal}; no API server starts with it`),
  ];
  if (command.name === "audit-coverage") {
    const rows = auditCoverage(policy, command.namespaces);
    return { text: command.output === "json" ? coverageJson(rows) : coverageTable(rows), warnings };
  }
  const { requests, isList } = readRequests(await read(command.attributes), command.attributes);
  const answers = requests.map((request) => {
    const { level, omitStages, omitManagedFields, ruleIndex } = evaluateAuditPolicy(policy, request);
    return { level, omitStages, omitManagedFields, rule: ruleIndex === null ? null : ruleIndex + 1 };
  });
  if (command.output === "json")
    return { text: `${JSON.stringify(isList ? answers : answers[0], null, 2)}\n`, warnings };
  const lines = answers.map(({ level, omitStages, rule }) =>
    [level, rule === null ? "no rule" : `rule ${rule}`, omitStages.length > 0 ? `omits ${omitStages.join(", ")}` : ""]
      .join("  ")
      .trimEnd(),
  );
  return { text: `${lines.join("\n")}\n`, warnings };
}

async function readPolicy(file: string, read: ReadText): Promise<ParsedAuditPolicy> {
  const document = parseDocument(await read(file), { uniqueKeys: true, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) throw new UsageError(`${file}: ${error.message.split("\n")[0] ?? "is not YAML"}`);
  try {
    return parseAuditPolicy(document.toJS({ maxAliasCount: 100 }));
  } catch (problem) {
    throw new UsageError(`${file}: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
}

/** What the API server's authorizer is given of a request (authorizer.Attributes). */
const attributes = z.object({
  user: z.object({ username: z.string().default(""), groups: z.array(z.string()).nullish() }).nullish(),
  verb: z.string().default(""),
  namespace: z.string().default(""),
  apiGroup: z.string().default(""),
  resource: z.string().default(""),
  subresource: z.string().default(""),
  name: z.string().default(""),
  path: z.string().default(""),
  resourceRequest: z.boolean(),
});

/** One object, a list of them, or a line for each. */
function readRequests(text: string, file: string): { requests: AuditedRequest[]; isList: boolean } {
  const { values, isList } = readValues(text, file);
  const requests = values.map((value, i): AuditedRequest => {
    const parsed = attributes.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageError(
        `${file}: request ${i + 1}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`,
      );
    }
    const { user, verb, resourceRequest, path, ...rest } = parsed.data;
    const known = user == null ? null : { username: user.username, groups: user.groups ?? [] };
    return resourceRequest
      ? { kind: "resource", user: known, verb, ...rest }
      : { kind: "url", user: known, verb, path };
  });
  if (requests.length === 0) throw new UsageError(`${file} holds no request`);
  return { requests, isList };
}

function readValues(text: string, file: string): { values: unknown[]; isList: boolean } {
  try {
    const whole = JSON.parse(text) as unknown;
    return Array.isArray(whole) ? { values: whole, isList: true } : { values: [whole], isList: false };
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    const values = lines.map((line, i): unknown => {
      try {
        return JSON.parse(line);
      } catch {
        throw new UsageError(`${file}: line ${i + 1} is not JSON`);
      }
    });
    return { values, isList: true };
  }
}

function coverageJson(rows: readonly CoverageRow[]): string {
  const requirements = byRequirement(rows).map(([requirement, own]) => ({
    requirement,
    isCovered: own.every(({ gaps }) => gaps.length === 0),
    beyondThePolicy: BEYOND_THE_POLICY[requirement] ?? null,
    requests: own.map(({ requirement: _, what, verbs, floor, lowest, gaps }) => ({
      request: what,
      verbs,
      asked: floor,
      lowest,
      gaps,
    })),
  }));
  return `${JSON.stringify({ requirements }, null, 2)}\n`;
}

function coverageTable(rows: readonly CoverageRow[]): string {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const sections = byRequirement(rows).map(([requirement, own]) => {
    const met = own.filter(({ gaps }) => gaps.length === 0).length;
    const lines = own.map(({ what, floor, lowest, gaps }) => {
      const [first] = gaps;
      const rule = first === undefined ? "" : first.rule === null ? "no rule" : `rule ${first.rule}`;
      const more = gaps.length > 1 ? ` and ${gaps.length - 1} more` : "";
      const stage = first?.isStageOmitted ? ", its stage is left out" : "";
      const gap = first === undefined ? "" : `  ${first.verbs.join(", ")} by ${first.who}: ${rule}${stage}${more}`;
      return `  ${gaps.length === 0 ? "yes" : "no "}  ${what.padEnd(width)}  ${lowest.padEnd(15)}  asked: ${floor}${gap}`;
    });
    const note = BEYOND_THE_POLICY[requirement];
    return [`${requirement}  ${met} of ${own.length}`, ...lines, ...(note === undefined ? [] : [`  ${note}`])].join(
      "\n",
    );
  });
  return `${sections.join("\n\n")}\n`;
}

function byRequirement(rows: readonly CoverageRow[]): [LoggedRequirement, CoverageRow[]][] {
  const groups = new Map<LoggedRequirement, CoverageRow[]>();
  for (const row of rows) groups.set(row.requirement, [...(groups.get(row.requirement) ?? []), row]);
  return [...groups];
}
