/**
 * `pss`: whether pods, and the pods of every kind that makes some, would be let in at a level of the Pod Security Standards, with the
 * API server's own words.
 *
 * Every document is judged, also a second one of the same name. Kinds are those that the admission plug-in PodSecurity looks into:
 * Pod, PodTemplate, ReplicationController, ReplicaSet, Deployment, DaemonSet, StatefulSet, Job, CronJob.
 */
import { projectObject } from "@/lib/inventory/redaction";
import { sectionOfKind } from "@/lib/inventory/sections";
import type { CronJob, Pod, PodTemplate, TemplatedWorkload } from "@/lib/inventory/kinds";
import {
  type CheckViolation,
  evaluatePodSecurity,
  parseLevel,
  parseVersion,
  type PodSecurityLevel,
  type PodSecurityVersion,
} from "@/lib/podsecurity";
import { readDocuments } from "./documents";
import { parseFlags } from "./flags";
import { type ManifestFile, manifestFiles } from "./manifests";
import { UsageError } from "./usage-error";

export interface PssCommand {
  name: "pss";
  level: PodSecurityLevel;
  version: PodSecurityVersion;
  paths: string[];
  output: "json" | "table";
}

export interface JudgedObject {
  object: { apiVersion: string; kind: string; namespace: string | null; name: string };
  /** File and line. */
  where: string;
  allowed: boolean;
  violations: { check: string; reason: string; detail: string; fields: string[] }[];
}
export interface PssAnswer {
  /** 0 all allowed, 1 some forbidden, 2 something could not be read. */
  code: 0 | 1 | 2;
  text: string;
  /** What could not be judged, each with file and line, for standard error. */
  problems: string[];
}

/** Where the pod's specification and annotations stand, by kind. */
const KINDS: ReadonlySet<string> = new Set([
  "Pod",
  "PodTemplate",
  "ReplicationController",
  "ReplicaSet",
  "Deployment",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "CronJob",
]);

/** Parses the words after `pss`. Throws UsageError. */
export function parsePssCommand(words: readonly string[]): PssCommand {
  const flags = parseFlags(spread(words), ["--level", "--version", "--manifests", "--output"], ["--manifests"]);
  const one = (flag: string) => flags.get(flag)?.[0];
  const levelText = one("--level");
  if (levelText === undefined) throw new UsageError("pss needs --level privileged, baseline or restricted");
  const level = parseLevel(levelText);
  if (level === null) throw new UsageError(`--level must be privileged, baseline or restricted, not ${levelText}`);
  const versionText = one("--version") ?? "latest";
  const version = parseVersion(versionText);
  if (version === null) throw new UsageError(`--version must be latest or v1.x, such as v1.32, not ${versionText}`);
  const paths = flags.get("--manifests");
  if (paths === undefined) throw new UsageError("pss needs --manifests PATH...");
  const output = one("--output") ?? "table";
  if (output !== "json" && output !== "table") throw new UsageError(`--output must be json or table, not ${output}`);
  return { name: "pss", level, version, paths, output };
}

/** `--manifests a b` as `--manifests a --manifests b`. */
function spread(words: readonly string[]): string[] {
  const out: string[] = [];
  let flag = "";
  let values = 0;
  for (const word of words) {
    const isFlag = word.startsWith("-") && word !== "-";
    if (isFlag) {
      flag = word;
      values = 0;
    } else {
      if (flag === "--manifests" && values > 0) out.push(flag);
      values += 1;
    }
    out.push(word);
  }
  return out;
}

/** Judges every manifest below the command's paths. Throws UsageError for a path that can't be read. */
export async function runPss(command: PssCommand, readStdin: () => Promise<string>): Promise<PssAnswer> {
  const judged: JudgedObject[] = [];
  const problems: string[] = [];
  for (const file of await manifestFiles(command.paths, readStdin)) await judgeFile(command, file, judged, problems);
  const isForbidden = judged.some(({ allowed }) => !allowed);
  return {
    code: problems.length > 0 ? 2 : isForbidden ? 1 : 0,
    text: command.output === "json" ? `${JSON.stringify(judged, null, 2)}\n` : table(judged, command),
    problems,
  };
}

async function judgeFile(
  command: PssCommand,
  file: ManifestFile,
  judged: JudgedObject[],
  problems: string[],
): Promise<void> {
  let text: string;
  try {
    text = await file.text();
  } catch (error) {
    problems.push(`${file.path}:1: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  const { documents, broken } = readDocuments(text);
  const found = [
    ...broken.map(({ line, problem }) => ({ line, result: `${file.path}:${line}: ${problem}` })),
    ...documents.map(({ line, value }) => ({ line, result: judge(command, value, `${file.path}:${line}`) })),
  ].sort((a, b) => a.line - b.line);
  for (const { result } of found) {
    if (typeof result === "string") problems.push(result);
    else if (result !== null) judged.push(result);
  }
}

/** A text for an object that is not valid, null for one that makes no pod. */
function judge({ level, version }: PssCommand, value: unknown, where: string): JudgedObject | string | null {
  const { apiVersion, kind } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || apiVersion === "" || kind === "")
    return `${where}: is no Kubernetes object: it has no apiVersion and kind`;
  if (!KINDS.has(kind)) return null;
  const known = kind === "PodTemplate" && apiVersion === "v1" ? asController(value) : { apiVersion, kind, value };
  const section = sectionOfKind(known.apiVersion, known.kind);
  // A kind of that name in another group (a Knative or Volcano Job) makes its pods itself, and these are judged.
  if (section === undefined) return null;
  const { object, problems } = projectObject(section.name, named(known.value), where);
  if (object === undefined)
    return `${where}: ${kind} ${problems[0]?.name ?? ""} ${problems[0]?.problem ?? "is not valid"}`;
  const pod = podOf(kind, object);
  const { allowed, violations } = evaluatePodSecurity(
    { annotations: pod.metadata?.annotations ?? {}, spec: pod.spec },
    level,
    version,
  );
  const { name, namespace } = object.metadata;
  return {
    object: { apiVersion, kind, namespace: namespace ?? null, name },
    where,
    allowed,
    violations: violations.map((violation) => ({
      check: violation.check,
      reason: violation.reason,
      detail: violation.detail,
      fields: fieldsOf(kind, violation),
    })),
  };
}

function podOf(kind: string, object: object): PodTemplate {
  if (kind === "Pod") {
    const { metadata, spec } = object as Pod;
    return { metadata: { annotations: metadata.annotations ?? {} }, spec };
  }
  return kind === "CronJob"
    ? (object as CronJob).spec.jobTemplate.spec.template
    : (object as TemplatedWorkload).spec.template;
}

/** A PodTemplate holds its template at the top, where other kinds have it in their spec. */
function asController(value: unknown): { apiVersion: string; kind: string; value: unknown } {
  const { metadata, template } = value as { metadata?: unknown; template?: unknown };
  const [apiVersion, kind] = ["v1", "ReplicationController"];
  return { apiVersion, kind, value: { apiVersion, kind, metadata, spec: { template } } };
}

/** An object that the API server would name, or that nobody has named, is judged all the same. */
function named(value: unknown): unknown {
  const { metadata, ...rest } = value as { metadata?: unknown };
  if (metadata === undefined || metadata === null) return { ...rest, metadata: { name: "(no name)" } };
  if (typeof metadata !== "object" || Array.isArray(metadata)) return value;
  const { name, generateName } = metadata as { name?: unknown; generateName?: unknown };
  if (name !== undefined && name !== null && name !== "") return value;
  const own = typeof generateName === "string" && generateName !== "" ? `${generateName}*` : "(no name)";
  return { ...rest, metadata: { ...metadata, name: own } };
}

const SPEC: Readonly<Record<string, string>> = {
  Pod: "",
  PodTemplate: "/template",
  CronJob: "/spec/jobTemplate/spec/template",
};
/** JSON pointers of the forbidden fields, from the top of the object. */
function fieldsOf(kind: string, { fields }: CheckViolation): string[] {
  const template = SPEC[kind] ?? "/spec/template";
  return fields.map((field) =>
    field.in === "spec" ? `${template}/spec${field.pointer}` : `${template}/metadata/annotations${field.pointer}`,
  );
}

function table(judged: readonly JudgedObject[], { level, version }: PssCommand): string {
  const lines = judged.flatMap(({ object, where, allowed, violations }) => {
    const { kind, namespace, name } = object;
    const words = clean([kind, namespace, name].filter((part) => part !== null).join("/"));
    if (allowed) return [`allowed    ${words}  ${clean(where)}`];
    return [
      `FORBIDDEN  ${words}  ${clean(where)}`,
      ...violations.map(
        ({ check, reason, detail }) =>
          `           ${check}: ${clean(detail === "" ? reason : `${reason} (${detail})`)}`,
      ),
    ];
  });
  const forbidden = judged.filter(({ allowed }) => !allowed).length;
  const words = version === "latest" ? "latest" : `v1.${version}`;
  return `${[...lines, `${forbidden} of ${judged.length} forbidden at ${level}:${words}`].join("\n")}\n`;
}
/** Names can't write escape sequences into the terminal. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "?");
}
