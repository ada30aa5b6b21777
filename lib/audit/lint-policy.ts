/**
 * What is wrong with an audit policy apart from what it leaves out: rules that can never match, rules that an earlier one takes
 * everything from, rules of level None that hide what must be recorded, stages left out, no catch-all at the end.
 *
 * Comparison in audit policies is exact, so a wildcard in verbs, users, groups or namespaces matches nothing; `bind`, `escalate`,
 * `approve`, `impersonate` and `use` are checks of authorization and never the verb of a request.
 */
import type { AuditGroupResources, AuditPolicy, AuditPolicyRule } from "@/lib/inventory/imported";
import { auditCoverage } from "./coverage";

export interface PolicyDefect {
  kind: "never-matches" | "shadowed" | "hides" | "stage" | "no-catch-all" | "watches-nothing" | "half-matches";
  /** Counted from 1; null for the policy as a whole. */
  rule: number | null;
  /** A sentence without its end. */
  words: string;
}

/** Verbs of requests for resources, and methods of requests for URLs. */
const VERBS: ReadonlySet<string> = new Set([
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
  ...["post", "put", "head", "options"],
]);
const AUTHORIZATION_VERBS: ReadonlySet<string> = new Set(["bind", "escalate", "approve", "impersonate", "use", "sign"]);
/** Their requests carry no name, so that a rule with names never matches them. */
const NAMELESS: ReadonlySet<string> = new Set(["create", "deletecollection"]);

/**
 * The defects in the order of the rules.
 *
 * @param options.existing namespaces of the cluster; null when they are not known
 * @param options.judged namespaces whose requests must not be hidden; empty for any
 */
export function lintAuditPolicy(
  policy: AuditPolicy,
  options: { existing: readonly string[] | null; judged: readonly string[] },
): PolicyDefect[] {
  const defects = policy.rules.flatMap((rule, i) => [
    ...neverMatching(rule, options.existing).map(
      (words): PolicyDefect => ({ kind: "never-matches", rule: i + 1, words }),
    ),
    ...watchesNothing(rule, i + 1),
    ...halfMatching(rule, i + 1),
    ...shadowed(policy, i),
  ]);
  return [...defects, ...hiding(policy, options.judged), ...stages(policy), ...catchAll(policy)];
}

function neverMatching(rule: AuditPolicyRule, existing: readonly string[] | null): string[] {
  const words: string[] = [];
  for (const verb of rule.verbs ?? []) {
    if (verb === "*")
      words.push('the verb "*" matches nothing: verbs are compared as they stand; leave verbs out for all');
    else if (AUTHORIZATION_VERBS.has(verb)) {
      words.push(`the verb ${verb} matches nothing: it is checked by authorization and is never the verb of a request`);
    } else if (!VERBS.has(verb)) words.push(`no request has the verb ${JSON.stringify(verb)}`);
  }
  for (const key of ["users", "userGroups"] as const) {
    const starred = (rule[key] ?? []).filter((name) => name.includes("*"));
    for (const name of starred)
      words.push(`${JSON.stringify(name)} in ${key} matches nothing: names are compared as they stand`);
  }
  for (const name of rule.namespaces ?? []) {
    if (name.includes("*")) {
      words.push(`the namespace ${JSON.stringify(name)} matches nothing: names are compared as they stand`);
    } else if (name !== "" && existing !== null && !existing.includes(name)) {
      words.push(`there is no namespace ${name}`);
    }
  }
  for (const { resources = [], resourceNames = [] } of rule.resources ?? []) {
    for (const pattern of resources) {
      if (!isPossiblePattern(pattern)) words.push(`no resource fits ${JSON.stringify(pattern)}`);
    }
    const verbs = rule.verbs ?? [];
    if (resourceNames.length > 0 && verbs.length > 0 && verbs.every((verb) => NAMELESS.has(verb))) {
      words.push(`requests with the verb ${verbs.join(", ")} carry no name, so resourceNames never match them`);
    }
  }
  return words;
}

/** `*`, `pods`, `pods/log`, `pods/*`, `*` + `/scale`. */
function isPossiblePattern(pattern: string): boolean {
  if (pattern === "*") return true;
  const parts = pattern.split("/");
  if (parts.length > 2 || parts.some((part) => part === "")) return false;
  const [resource = "", subresource] = parts;
  if (resource === "*") return subresource !== undefined && !subresource.includes("*");
  return !resource.includes("*") && (subresource === undefined || subresource === "*" || !subresource.includes("*"));
}

/** The policy is a file; guides let a rule watch a ConfigMap of its name, which nobody ever writes. */
function watchesNothing(rule: AuditPolicyRule, number: number): PolicyDefect[] {
  const names = (rule.resources ?? [])
    .filter(({ resources = [] }) => resources.includes("configmaps"))
    .flatMap(({ resourceNames = [] }) => resourceNames)
    .filter((name) => /audit.*policy/i.test(name));
  return names.map((name) => ({
    kind: "watches-nothing",
    rule: number,
    words: `it watches the ConfigMap ${name}, but the audit policy is a file on the host and its changes are no request`,
  }));
}

const SESSIONS = ["pods/exec", "pods/attach", "pods/portforward"];
/** A session over SPDY is a create, one over WebSocket (kubectl since about 1.30) a get: a rule with one of them misses the other. */
function halfMatching({ verbs = [], resources = [] }: AuditPolicyRule, number: number): PolicyDefect[] {
  const sessions = SESSIONS.filter((session) => resources.some((entry) => entry.resources?.includes(session)));
  const lacks = ["get", "create"].filter((verb) => !verbs.includes(verb));
  if (sessions.length === 0 || verbs.length === 0 || lacks.length !== 1) return [];
  const [lacking = ""] = lacks;
  const words = `its verbs lack ${lacking}, the verb of ${sessions.join(", ")} over ${lacking === "get" ? "WebSocket" : "SPDY"}: leave verbs out`;
  return [{ kind: "half-matches", rule: number, words }];
}

function shadowed({ rules }: AuditPolicy, index: number): PolicyDefect[] {
  const rule = rules[index];
  const by = rule === undefined ? -1 : rules.findIndex((earlier, i) => i < index && covers(earlier, rule));
  if (by < 0) return [];
  return [
    {
      kind: "shadowed",
      rule: index + 1,
      words: `it is never reached: rule ${by + 1} (level ${rules[by]?.level ?? ""}) matches all of its requests first`,
    },
  ];
}

/** True when every request that `later` matches is one that `earlier` matches. False where that can't be told from one rule. */
function covers(earlier: AuditPolicyRule, later: AuditPolicyRule): boolean {
  if (!coversList(earlier.users, later.users) || !coversList(earlier.userGroups, later.userGroups)) return false;
  if (!coversList(earlier.verbs, later.verbs)) return false;
  const isAboutResources = (rule: AuditPolicyRule) => isGiven(rule.resources) || isGiven(rule.namespaces);
  if (isAboutResources(earlier)) {
    if (!isAboutResources(later)) return false;
    return coversList(earlier.namespaces, later.namespaces) && coversResources(earlier.resources, later.resources);
  }
  if (!isGiven(earlier.nonResourceURLs)) return true;
  if (isAboutResources(later) || !isGiven(later.nonResourceURLs)) return false;
  const patterns = earlier.nonResourceURLs;
  return later.nonResourceURLs.every((url) => patterns.some((pattern) => coversUrl(pattern, url)));
}

function coversList(earlier: readonly string[] | undefined, later: readonly string[] | undefined): boolean {
  return !isGiven(earlier) || (isGiven(later) && later.every((item) => earlier.includes(item)));
}
function coversResources(
  earlier: readonly AuditGroupResources[] | undefined,
  later: readonly AuditGroupResources[] | undefined,
): boolean {
  if (!isGiven(earlier)) return true;
  return isGiven(later) && later.every((entry) => earlier.some((candidate) => coversEntry(candidate, entry)));
}
function coversEntry(earlier: AuditGroupResources, later: AuditGroupResources): boolean {
  if (earlier.group !== "*" && (earlier.group ?? "") !== (later.group ?? "")) return false;
  if (!isGiven(earlier.resources)) return true;
  if (!coversList(earlier.resourceNames, later.resourceNames)) return false;
  const patterns = earlier.resources;
  return isGiven(later.resources) && later.resources.every((one) => patterns.some((p) => coversPattern(p, one)));
}
function coversPattern(earlier: string, later: string): boolean {
  if (earlier === "*" || earlier === later) return true;
  const [resource, subresource] = later.split("/");
  return earlier === `${resource ?? ""}/*` || (subresource !== undefined && earlier === `*/${subresource}`);
}
function coversUrl(earlier: string, later: string): boolean {
  return earlier === "*" || earlier === later || (earlier.endsWith("*") && later.startsWith(earlier.slice(0, -1)));
}

function hiding(policy: AuditPolicy, judged: readonly string[]): PolicyDefect[] {
  const byRule = new Map<number, Set<string>>();
  for (const { what, gaps } of auditCoverage(policy, judged)) {
    for (const { rule, isStageOmitted, level, who } of gaps) {
      if (rule === null || level !== "None" || isStageOmitted) continue;
      const found = byRule.get(rule) ?? new Set<string>();
      found.add(what === who ? what : `${what} by ${who}`);
      byRule.set(rule, found);
    }
  }
  return [...byRule].map(([rule, found]) => {
    const names = [...found];
    const rest = names.length > 4 ? ` and ${names.length - 4} more` : "";
    return { kind: "hides", rule, words: `level None hides ${names.slice(0, 4).join(", ")}${rest}` };
  });
}

const HIDDEN_STAGES = {
  ResponseComplete: "which is the record of what happened",
  ResponseStarted: "which is the only event of a failed login, and the first one of a watch or a session",
} as const;
function stages(policy: AuditPolicy): PolicyDefect[] {
  const places: [AuditPolicyRule["omitStages"], number | null][] = [
    [policy.omitStages, null],
    ...policy.rules.map((rule, i): [AuditPolicyRule["omitStages"], number] => [
      rule.level === "None" ? [] : rule.omitStages,
      i + 1,
    ]),
  ];
  return places.flatMap(([omitted, rule]) =>
    (["ResponseComplete", "ResponseStarted"] as const)
      .filter((stage) => omitted?.includes(stage))
      // A rule about users never sees a failed login, so leaving its first stage out hides none.
      .filter((stage) => stage === "ResponseComplete" || rule === null || mayMeetNobody(policy.rules[rule - 1]))
      .map(
        (stage): PolicyDefect => ({
          kind: "stage",
          rule,
          words: `omitStages leaves out ${stage}, ${HIDDEN_STAGES[stage]}`,
        }),
      ),
  );
}
function mayMeetNobody(rule: AuditPolicyRule | undefined): boolean {
  return rule !== undefined && !isGiven(rule.users) && !isGiven(rule.userGroups);
}

function catchAll({ rules }: AuditPolicy): PolicyDefect[] {
  const last = rules.at(-1);
  const isOpen = last !== undefined && covers(last, { level: "Metadata" });
  if (isOpen && last.level !== "None") return [];
  return [
    {
      kind: "no-catch-all",
      rule: isOpen ? rules.length : null,
      words: isOpen
        ? "the last rule has level None, so whatever no other rule matches is not recorded"
        : "there is no last rule for everything else, and requests that match no rule are not recorded",
    },
  ];
}

function isGiven<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}
