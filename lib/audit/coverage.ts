/**
 * The coverage matrix: how an audit policy records what PCI DSS 10.2.1.1 to 10.2.1.7 ask for.
 *
 * Each demand is asked as an ordinary person and as everybody whom the policy names, in each namespace given; the lowest level
 * found is the row's. Requests that nobody could be authenticated for are asked without a user: their only event is of the stage
 * ResponseStarted (the API server's filter for failed authentication writes no other), so a policy that omits that stage records
 * none of them.
 */
import { AUDIT_LEVELS, type AuditLevel, type AuditPolicy } from "@/lib/inventory/imported";
import { AUDIT_DEMANDS, type AuditDemand, LOGGED_REQUIREMENTS, type LoggedRequirement } from "./demands";
import {
  type AuditDecision,
  type AuditedRequest,
  type AuditedUser,
  evaluateAuditPolicy,
  isAtLeastLevel,
  isRecorded,
} from "./evaluate-policy";
import { identitiesIn, requestsFor, resourceWords } from "./request-cases";

export interface CoverageGap {
  /** Whose requests, for sentences. */
  who: string;
  verbs: string[];
  /** Level that they get; None when nothing is written. */
  level: AuditLevel;
  /** Rule that decides, counted from 1; null when none matches. */
  rule: number | null;
  /** The level would record, but the stage of the event is left out. */
  isStageOmitted: boolean;
}
export interface CoverageRow {
  requirement: LoggedRequirement;
  /** `secrets`, `deployments/scale.apps`, `requests without valid credentials`. */
  what: string;
  verbs: string[];
  floor: AuditLevel;
  /** The lowest level that any of the requests gets; None when one isn't recorded. */
  lowest: AuditLevel;
  /** Requests below the floor, Kubernetes' own components aside; empty when the demand is met. */
  gaps: CoverageGap[];
}

/** Where it makes no difference which namespace is asked. */
const ANY_NAMESPACE = "ringfence-any-namespace";
/** Paths that answer about no object and show something of the cluster. */
export const PROBED_PATHS = ["/", "/api", "/apis", "/metrics", "/logs/", "/openapi/v3"];
/** Paths that everybody may ask, and load balancers ask all day. */
export const PUBLIC_PATHS = ["/healthz", "/livez", "/readyz", "/version"];

/**
 * The rows in the order of the requirements.
 *
 * @param namespaces namespaces to ask for; when empty, an ordinary one and those that the policy names.
 */
export function auditCoverage(policy: AuditPolicy, namespaces: readonly string[] = []): CoverageRow[] {
  const named = policy.rules.flatMap((rule) => rule.namespaces ?? []).filter((name) => name !== "");
  const places = namespaces.length > 0 ? namespaces : [...new Set([ANY_NAMESPACE, ...named])];
  return LOGGED_REQUIREMENTS.flatMap((requirement) => [
    ...AUDIT_DEMANDS.filter((demand) => demand.requirements.includes(requirement)).map((demand) =>
      rowOf(policy, requirement, demand, places),
    ),
    ...(requirement === "10.2.1.4" ? refusalRows(policy, places) : []),
    ...(requirement === "10.2.1.3" ? [logUrlRow(policy)] : []),
  ]);
}

/** True when the event of a failed authentication is written under the decision. */
export function isFailedLoginRecorded(decision: AuditDecision): boolean {
  return decision.level !== "None" && !decision.omitStages.includes("ResponseStarted");
}

/** `deployments.apps`, `pods/exec`, for tables. */
export function demandWords(demand: AuditDemand): string {
  return demand.apiGroup === "" ? resourceWords(demand) : `${resourceWords(demand)}.${demand.apiGroup}`;
}

interface Asked {
  who: string;
  verb: string;
  decision: AuditDecision;
  isComponent: boolean;
  isWritten: boolean;
}

function rowOf(
  policy: AuditPolicy,
  requirement: LoggedRequirement,
  demand: AuditDemand,
  namespaces: readonly string[],
): CoverageRow {
  const asked = identitiesIn(policy).flatMap((identity) =>
    requestsFor(demand, policy, namespaces, identity.user).map(
      (request): Asked => ({ who: identity.words, isComponent: identity.isComponent, ...ask(policy, request) }),
    ),
  );
  return row(requirement, demandWords(demand), demand.verbs, demand.floor, asked);
}

/** Refused requests: without valid credentials, without any, and of a person who lacks the right. */
function refusalRows(policy: AuditPolicy, namespaces: readonly string[]): CoverageRow[] {
  const anonymous: AuditedUser = { username: "system:anonymous", groups: ["system:unauthenticated"] };
  const person: AuditedUser = { username: "ringfence:an-ordinary-user", groups: ["system:authenticated"] };
  const rows: [string, AuditedUser | null][] = [
    ["requests without valid credentials", null],
    ["anonymous requests", anonymous],
    ["requests of a person without the right", person],
  ];
  return rows.map(([what, user]) =>
    row(
      "10.2.1.4",
      what,
      ["get"],
      "Metadata",
      refusableRequests(user, namespaces).map((request) => ({
        who: what,
        isComponent: false,
        ...ask(policy, request),
      })),
    ),
  );
}

/** Requests for resources and URLs that may be refused. */
export function refusableRequests(user: AuditedUser | null, namespaces: readonly string[]): AuditedRequest[] {
  const about = { user, subresource: "", name: "" } as const;
  return [
    ...namespaces.flatMap((namespace): AuditedRequest[] => [
      { kind: "resource", ...about, verb: "get", apiGroup: "", resource: "secrets", namespace, name: "any" },
      { kind: "resource", ...about, verb: "list", apiGroup: "", resource: "pods", namespace },
      { kind: "resource", ...about, verb: "create", apiGroup: "apps", resource: "deployments", namespace },
    ]),
    { kind: "resource", ...about, verb: "list", apiGroup: "", resource: "nodes", namespace: "" },
    ...PROBED_PATHS.map((path): AuditedRequest => ({ kind: "url", user, verb: "get", path })),
  ];
}

function logUrlRow(policy: AuditPolicy): CoverageRow {
  const asked = identitiesIn(policy).map((identity): Asked => {
    const request: AuditedRequest = { kind: "url", user: identity.user, verb: "get", path: "/logs/kube-apiserver.log" };
    return { who: identity.words, isComponent: identity.isComponent, ...ask(policy, request) };
  });
  return row("10.2.1.3", "/logs of the API server", ["get"], "Metadata", asked);
}

function ask(policy: AuditPolicy, request: AuditedRequest): Pick<Asked, "verb" | "decision" | "isWritten"> {
  const decision = evaluateAuditPolicy(policy, request);
  const isWritten = request.user == null ? isFailedLoginRecorded(decision) : isRecorded(decision);
  return { verb: request.verb, decision, isWritten };
}

function row(
  requirement: LoggedRequirement,
  what: string,
  verbs: readonly string[],
  floor: AuditLevel,
  asked: readonly Asked[],
): CoverageRow {
  const gaps = new Map<string, CoverageGap>();
  let lowest: AuditLevel = "RequestResponse";
  for (const { who, verb, decision, isComponent, isWritten } of asked) {
    const level = isWritten ? decision.level : "None";
    if (isComponent) continue;
    if (AUDIT_LEVELS.indexOf(level) < AUDIT_LEVELS.indexOf(lowest)) lowest = level;
    if (isAtLeastLevel(level, floor)) continue;
    const rule = decision.ruleIndex === null ? null : decision.ruleIndex + 1;
    const isStageOmitted = !isWritten && decision.level !== "None";
    const key = [who, rule, level, isStageOmitted].join("\n");
    const gap = gaps.get(key) ?? { who, verbs: [], level, rule, isStageOmitted };
    if (!gap.verbs.includes(verb)) gap.verbs.push(verb);
    gaps.set(key, gap);
  }
  return { requirement, what, verbs: [...verbs], floor, lowest, gaps: [...gaps.values()] };
}
