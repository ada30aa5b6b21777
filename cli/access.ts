/**
 * `who-can`: who may make a request, and through which binding, role and rule.
 * `can-i`: whether a user may make it, answered as `kubectl auth can-i` does: yes or no, exit status 0 or 1.
 */
import { createInventory } from "@/lib/inventory/create-inventory";
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import type { Snapshot } from "@/lib/inventory/snapshot";
import { identityOf, requestOf } from "@/lib/rbac/ask";
import { authorize, type Path, whoCanIn } from "@/lib/rbac/authorize";
import { grantsOf } from "@/lib/rbac/grants";
import { type AccessRequest, describeRule, isUrlRequest } from "@/lib/rbac/rules";
import { describeSubject } from "@/lib/rbac/subjects";
import { UsageError } from "./usage-error";

export interface AccessOptions {
  source: { kind: "manifests"; paths: string[] } | { kind: "kubeconfig"; file: string; context?: string };
  verb: string;
  what: string;
  objectName?: string;
  subresource?: string;
  namespace: string;
  output: "text" | "json";
}
export type AccessCommand =
  | ({ name: "who-can"; superUser?: string } & AccessOptions)
  | ({ name: "can-i"; as: string; groups: string[]; isQuiet: boolean } & AccessOptions);

export interface AccessAnswer {
  code: 0 | 1;
  out: string;
  /** For standard error: warnings, and the binding behind a yes. */
  err: string[];
}

const WITH_VALUE: Readonly<Record<string, string>> = {
  "-n": "--namespace",
  "--namespace": "--namespace",
  "-o": "--output",
  "--output": "--output",
  "--as": "--as",
  "--as-group": "--as-group",
  "--subresource": "--subresource",
  "--kubeconfig": "--kubeconfig",
  "--context": "--context",
  "--super-user": "--super-user",
};
const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  "-A": "-A",
  "--all-namespaces": "-A",
  "-q": "-q",
  "--quiet": "-q",
};

/** Parses the words after the command's name. Throws UsageError. */
export function parseAccessCommand(name: AccessCommand["name"], words: readonly string[]): AccessCommand {
  const { given, paths, rest } = readWords(words);
  const one = (flag: string): string | undefined => {
    const values = given.get(flag) ?? [];
    if (values.length > 1) throw new UsageError(`${flag} is given twice`);
    return values[0];
  };
  const [verb, what = "", objectName, ...more] = rest;
  if (verb === undefined || what === "") {
    throw new UsageError(`${name} needs a verb and a resource, for example ${name} get secrets/token -n shop`);
  }
  if (more.length > 0) throw new UsageError(`what is ${more[0]} for?`);
  if (given.has("-A") && given.has("--namespace")) throw new UsageError("-n and -A exclude each other");
  const isUrl = what.startsWith("/");
  const subresource = one("--subresource");
  if (isUrl && (subresource !== undefined || objectName !== undefined)) {
    throw new UsageError("a path has neither a name nor a subresource");
  }
  // kubectl asks for TYPE/NAME; who-can for RESOURCE/SUBRESOURCE and the name behind it.
  const slash = name === "who-can" && !isUrl ? what.indexOf("/") : -1;
  if (slash >= 0 && subresource !== undefined) throw new UsageError("the subresource is given twice");
  if (name === "can-i" && !isUrl && what.includes("/") && objectName !== undefined) {
    throw new UsageError("the object's name is given twice");
  }
  const sub = slash >= 0 ? what.slice(slash + 1) : subresource;
  const namespace = given.has("-A") ? "" : (one("--namespace") ?? (name === "can-i" ? "default" : ""));
  const options: AccessOptions = {
    source: sourceOf(paths, one("--kubeconfig"), one("--context")),
    verb,
    what: slash >= 0 ? what.slice(0, slash) : what,
    ...(objectName === undefined ? {} : { objectName }),
    ...(sub === undefined ? {} : { subresource: sub }),
    namespace,
    output: outputOf(one("--output")),
  };
  const groups = given.get("--as-group") ?? [];
  const as = one("--as");
  const superUser = one("--super-user");
  if (name === "who-can") {
    if (as !== undefined || groups.length > 0 || given.has("-q")) {
      throw new UsageError("--as, --as-group and --quiet belong to can-i");
    }
    return { name, ...options, ...(superUser === undefined ? {} : { superUser }) };
  }
  if (superUser !== undefined) throw new UsageError("--super-user belongs to who-can");
  if (as === undefined) throw new UsageError("can-i needs --as USER, for example --as system:serviceaccount:shop:web");
  return { name, ...options, as, groups, isQuiet: given.has("-q") };
}

/** Flags may stand before, between and behind the words. `--manifests` takes every word up to the next flag. */
function readWords(words: readonly string[]): { given: Map<string, string[]>; paths: string[]; rest: string[] } {
  const given = new Map<string, string[]>();
  const paths: string[] = [];
  const rest: string[] = [];
  const add = (flag: string, value: string): void => void given.set(flag, [...(given.get(flag) ?? []), value]);
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    if (!word.startsWith("-") || word === "-") {
      rest.push(word);
      continue;
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const flag = equals < 0 ? word : word.slice(0, equals);
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    if (flag === "--manifests") {
      const before = paths.length;
      if (value !== undefined) paths.push(value);
      // A verb and a resource that come later would be swallowed: one path, and more only once both words are there.
      while (value === undefined && (words[i + 1] === "-" || (words[i + 1] ?? "-").startsWith("-") === false)) {
        if (paths.length > before && rest.length < 2) break;
        i += 1;
        paths.push(words[i] ?? "");
      }
      if (paths.length === before) throw new UsageError("--manifests needs a value");
    } else if (WITHOUT_VALUE[flag] !== undefined && value === undefined) {
      add(WITHOUT_VALUE[flag], "");
    } else {
      const long = WITH_VALUE[flag];
      if (long === undefined) throw new UsageError(`there is no option ${flag}`);
      if (value === undefined) {
        i += 1;
        value = words[i];
      }
      if (value === undefined) throw new UsageError(`${flag} needs a value`);
      add(long, value);
    }
  }
  return { given, paths, rest };
}

function sourceOf(paths: string[], file: string | undefined, context: string | undefined): AccessOptions["source"] {
  if (paths.length > 0 && file !== undefined) {
    throw new UsageError("--manifests and --kubeconfig exclude each other");
  }
  if (paths.length > 0) {
    if (context !== undefined) throw new UsageError("--context belongs to --kubeconfig");
    return { kind: "manifests", paths };
  }
  if (file === undefined) throw new UsageError("say where to look: --manifests PATH... or --kubeconfig FILE");
  return context === undefined ? { kind: "kubeconfig", file } : { kind: "kubeconfig", file, context };
}
function outputOf(value: string | undefined): "text" | "json" {
  if (value === undefined || value === "text" || value === "table") return "text";
  if (value === "json") return "json";
  throw new UsageError(`--output must be text or json, not ${value}`);
}

/** Answers from a snapshot. Throws UsageError when its RBAC could not be read, because then nobody knows the answer. */
export function answerAccess(command: AccessCommand, snapshot: Snapshot): AccessAnswer {
  const inventory = createInventory(snapshot);
  const readable = inventory.readable("roles", "clusterroles", "rolebindings", "clusterrolebindings");
  if (!readable.known) throw new UsageError(`rights are not known: ${readable.message}`);
  const grants = grantsOf(inventory);
  const { request, warnings } = requestOf(
    {
      verb: command.verb,
      what: command.what,
      ...(command.objectName === undefined ? {} : { name: command.objectName }),
      ...(command.subresource === undefined ? {} : { subresource: command.subresource }),
      namespace: command.namespace,
    },
    grants,
  );
  const err = [...warnings.map((warning) => `Warning: ${warning}`), ...doubtsOf(inventory)];
  if (command.name === "can-i") return canI(command, grants, request, err);
  return whoCan(command, grants, request, err);
}

function canI(
  command: AccessCommand & { name: "can-i" },
  grants: ReturnType<typeof grantsOf>,
  request: AccessRequest,
  err: string[],
): AccessAnswer {
  const identity = identityOf(command.as, command.groups);
  const decision = authorize(grants, identity, request);
  const code = decision.allowed ? 0 : 1;
  const path = decision.allowed && decision.by === "binding" ? decision.path : null;
  if (command.output === "json") {
    const answer = {
      allowed: decision.allowed,
      by: decision.allowed ? decision.by : null,
      user: identity,
      request,
      path: path === null ? null : pathJson(path),
    };
    return { code, out: `${JSON.stringify(answer, null, 2)}\n`, err };
  }
  const ground = !decision.allowed
    ? []
    : [path === null ? "by system:masters, which needs no binding" : `by ${pathText(path)}`];
  return {
    code,
    out: command.isQuiet ? "" : `${decision.allowed ? "yes" : "no"}\n`,
    err: command.isQuiet ? [] : [...err, ...ground],
  };
}

function whoCan(
  command: AccessCommand & { name: "who-can" },
  grants: ReturnType<typeof grantsOf>,
  request: AccessRequest,
  err: string[],
): AccessAnswer {
  const allowed = whoCanIn(grants, request, command.superUser === undefined ? {} : { superUser: command.superUser });
  const bySubject = new Map<string, { subject: SubjectJson; paths: Path[] }>();
  for (const { subject, path, bindingNamespace } of allowed) {
    const namespace = subject.kind === "ServiceAccount" ? subject.namespace || bindingNamespace : undefined;
    // A service account without namespace in a ClusterRoleBinding is nobody.
    if (namespace === "") continue;
    const named: SubjectJson = {
      kind: subject.kind,
      ...(namespace === undefined ? {} : { namespace }),
      name: subject.name,
    };
    const key = describeSubject(named);
    const entry = bySubject.get(key) ?? { subject: named, paths: [] };
    if (path !== null) entry.paths.push(path);
    bySubject.set(key, entry);
  }
  const subjects = [...bySubject.values()];
  if (command.output === "json") {
    const answer = {
      request,
      subjects: subjects.map(({ subject, paths }) => ({
        ...subject,
        isSuperuser: paths.length === 0,
        paths: paths.map(pathJson),
      })),
    };
    return { code: 0, out: `${JSON.stringify(answer, null, 2)}\n`, err };
  }
  const rows = subjects.flatMap(({ subject, paths }) => {
    const who = describeSubject(subject);
    return paths.length === 0
      ? [[who, "needs no binding"] as const]
      : paths.map((path) => [who, pathText(path)] as const);
  });
  const width = Math.max(...rows.map(([who]) => who.length));
  const lines = rows.map(([who, through]) => `${who.padEnd(width)}  ${through}\n`);
  return { code: 0, out: `${requestText(request)}:\n${lines.join("")}`, err };
}

interface SubjectJson {
  kind: string;
  namespace?: string;
  name: string;
}

function pathText({ binding, role, rule }: Path): string {
  const place = binding.namespace === undefined ? "" : ` in ${binding.namespace}`;
  const via = rule.role.name === role.name ? "" : `, to which ${rule.role.kind} ${rule.role.name} adds`;
  return `${binding.kind} ${binding.name}${place} → ${role.kind} ${role.name}${via}, rules[${rule.index}] ${describeRule(rule.rule)}`;
}
function pathJson({ binding, subjectIndex, role, rule }: Path): unknown {
  const refJson = ({ kind, namespace, name }: ResourceRef) => ({ kind, namespace: namespace ?? null, name });
  return {
    binding: refJson(binding),
    subjectIndex,
    role: refJson(role),
    rule: { role: refJson(rule.role), index: rule.index, ...rule.rule },
  };
}
function requestText(request: AccessRequest): string {
  if (isUrlRequest(request)) return `${request.verb} ${request.url}`;
  const { verb, group, resource, subresource, name, namespace = "" } = request;
  const type = `${resource}${subresource === undefined ? "" : `/${subresource}`}${group === "" ? "" : `.${group}`}`;
  return `${verb} ${type}${name === undefined ? "" : ` ${name}`} ${namespace === "" ? "in the whole cluster" : `in namespace ${namespace}`}`;
}

/** What could be missing from the answer. */
function doubtsOf(inventory: Inventory): string[] {
  const rbac = new Set(["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", ""]);
  const invalid = inventory.invalid
    .filter(({ kind }) => rbac.has(kind))
    .map(({ where, kind, name, problem }) => `Warning: ${where}: ${[kind, name, problem].filter(Boolean).join(" ")}`);
  const missing = grantsOf(inventory)
    .filter(({ roleState }) => inventory.snapshot.source === "manifests" && roleState === "missing")
    .map(
      ({ binding, roleRef }) =>
        `Warning: ${binding.kind} ${binding.metadata.name} names ${roleRef.kind} ${roleRef.name}, which is not among the files`,
    );
  return [...invalid, ...missing];
}
