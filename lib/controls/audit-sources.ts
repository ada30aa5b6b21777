/**
 * What a snapshot says about API audit logging, shared by the controls that judge it.
 *
 * The flags of self-managed API servers show whether there is a policy and a place for the events, never what the policy says: the
 * file lies on the control-plane host and has to be imported. Managed control planes show neither; there the provider's record
 * counts.
 */
import {
  evaluateAuditPolicy,
  identitiesIn,
  isAtLeastLevel,
  isRecorded,
  type ProbedResource,
  requestsFor,
  resourceWords,
} from "@/lib/audit";
import type { AuditDecision } from "@/lib/audit";
import { type ComponentInstance, componentFlags, mayHideInstances } from "@/lib/inventory/flags";
import type { AuditLevel, AuditPolicy, ImportedAuditPolicy } from "@/lib/inventory/imported";
import type { Inventory } from "@/lib/inventory/inventory";
import type { ManifestObject } from "./manifest";
import { isControlPlaneNode } from "./nodes-in-scope";
import { clusterResult, nameSome } from "./population";
import { CLUSTER_REF, type EvidencePointer, type Result } from "./types";

export interface AuditFlags {
  instance: ComponentInstance;
  hasPolicy: boolean;
  /** Path of the log, "-" for stdout, null when there is no log backend. A path that was redacted is "". */
  logPath: string | null;
  hasWebhook: boolean;
}

/** The audit flags of every visible API server; null (with the reason) when none is visible. */
export function auditFlags(
  inventory: Inventory,
): { visible: true; servers: AuditFlags[]; hiddenNodes: readonly string[] } | { visible: false; reason: string } {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) return flags;
  const servers = flags.instances.map((instance): AuditFlags => {
    // `--flag=` with nothing behind it switches the backend off, as leaving the flag out does.
    const valueOf = (name: string): string | null => {
      const setting = instance.flags.get(name);
      if (setting === undefined || setting.value === "") return null;
      return setting.value ?? "";
    };
    return {
      instance,
      hasPolicy: valueOf("audit-policy-file") !== null,
      logPath: valueOf("audit-log-path"),
      hasWebhook: valueOf("audit-webhook-config-file") !== null,
    };
  });
  return { visible: true, servers, hiddenNodes: flags.hiddenNodes };
}

/** True when the API server records events and hands them to somebody. */
export function recordsEvents(server: AuditFlags): boolean {
  return server.hasPolicy && (server.logPath !== null || server.hasWebhook);
}

/** Evidence for what an API server's flags say about auditing; the container itself when a flag is missing. */
export function auditFlagEvidence(server: AuditFlags): EvidencePointer[] {
  const { instance } = server;
  const found = ["audit-policy-file", "audit-log-path", "audit-webhook-config-file"].flatMap((name) => {
    const setting = instance.flags.get(name);
    return setting === undefined
      ? []
      : [{ ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" }];
  });
  return found.length > 0 ? found : [{ ref: instance.ref, pointer: instance.pointer }];
}

export interface PolicyProblem {
  /** `not-recorded`: no event. `body`: it holds the request or response body. `shallow`: it lacks the body that is asked for. */
  kind: "not-recorded" | "body" | "shallow";
  words: string;
  evidence: EvidencePointer;
}

/** What is asked of a resource: at least Metadata, and, where bodies hold credentials, no more than that. */
export interface PolicyQuestion extends ProbedResource {
  mustBeRecorded: boolean;
  mayHoldBodies: boolean;
  /** More than Metadata, where the content of the request must be known. */
  floor?: AuditLevel;
}

/** The newest file of each API server with its place in the facts: an older upload says nothing about today. */
export function currentPolicies(inventory: Inventory): { imported: ImportedAuditPolicy; index: number }[] {
  const newest = new Map<string, { imported: ImportedAuditPolicy; index: number }>();
  for (const [index, imported] of (inventory.facts.auditPolicies ?? []).entries()) {
    const known = newest.get(imported.instance);
    const isNewer = known === undefined || known.imported.origin.collectedAt <= imported.origin.collectedAt;
    if (isNewer) newest.set(imported.instance, { imported, index });
  }
  return [...newest.values()].sort((a, b) => a.index - b.index);
}

/** Every way in which the policy misses the questions, folded by rule, resource and identity. */
export function policyProblems(
  imported: ImportedAuditPolicy,
  index: number,
  questions: readonly PolicyQuestion[],
  namespaces: readonly string[],
): PolicyProblem[] {
  const { policy } = imported;
  const folded = new Map<
    string,
    {
      kind: PolicyProblem["kind"];
      decision: AuditDecision;
      who: string;
      what: string;
      verbs: Set<string>;
      namespaces: Set<string>;
    }
  >();
  for (const identity of identitiesIn(policy)) {
    for (const question of questions) {
      for (const request of requestsFor(question, policy, namespaces, identity.user)) {
        const decision = evaluateAuditPolicy(policy, request);
        const kind = problemKind(decision, question, identity.isComponent);
        if (kind === null) continue;
        const key = [kind, decision.ruleIndex, identity.words, resourceWords(question)].join("\n");
        const entry = folded.get(key) ?? {
          kind,
          decision,
          who: identity.words,
          what: resourceWords(question),
          verbs: new Set<string>(),
          namespaces: new Set<string>(),
        };
        entry.verbs.add(request.verb);
        if (request.namespace !== "") entry.namespaces.add(request.namespace);
        else if (question.isNamespaced) entry.namespaces.add("all namespaces at once");
        folded.set(key, entry);
      }
    }
  }
  return [...folded.values()].map((entry) => {
    const { decision } = entry;
    const rule =
      decision.ruleIndex === null
        ? "no rule matches"
        : `rule ${decision.ruleIndex + 1} decides level ${decision.level}`;
    const where = entry.namespaces.size > 0 ? ` in ${nameSome([...entry.namespaces], 3)}` : "";
    const effect =
      entry.kind === "body"
        ? "bodies are recorded"
        : isLeftOut(decision)
          ? "its end is left out (omitStages)"
          : entry.kind === "shallow"
            ? "what was sent is not recorded"
            : "nothing is recorded";
    return {
      kind: entry.kind,
      words: `${entry.what} ${[...entry.verbs].join(", ")} by ${entry.who}${where}: ${rule}, ${effect}`,
      evidence: ruleEvidence(policy, index, decision),
    };
  });
}

function problemKind(
  decision: AuditDecision,
  question: PolicyQuestion,
  isComponent: boolean,
): PolicyProblem["kind"] | null {
  if (!isRecorded(decision)) return question.mustBeRecorded && !isComponent ? "not-recorded" : null;
  if (question.floor !== undefined && !isComponent && !isAtLeastLevel(decision.level, question.floor)) return "shallow";
  const holdsBodies = decision.level === "Request" || decision.level === "RequestResponse";
  return holdsBodies && !question.mayHoldBodies ? "body" : null;
}

function isLeftOut(decision: AuditDecision): boolean {
  return decision.level !== "None" && decision.omitStages.includes("ResponseComplete");
}

function ruleEvidence(policy: AuditPolicy, index: number, decision: AuditDecision): EvidencePointer {
  const rules = `/facts/auditPolicies/${index}/policy/rules`;
  return decision.ruleIndex === null
    ? { ref: CLUSTER_REF, pointer: rules, found: `${policy.rules.length} rules, none matches` }
    : { ref: CLUSTER_REF, pointer: `${rules}/${decision.ruleIndex}`, found: decision.level };
}

/** API servers whose policy file was not imported, by name; and a word for those that nobody could list. */
export function serversWithoutPolicy(inventory: Inventory): string[] {
  const imported = new Set((inventory.facts.auditPolicies ?? []).map((policy) => policy.instance));
  const flags = auditFlags(inventory);
  if (!flags.visible) {
    // Where the API server is no pod (k3s), its nodes say how many there are.
    const nodes = inventory.nodes.filter(isControlPlaneNode).map(({ metadata }) => metadata.name);
    const hidden = mayHideInstances(inventory) ? ["API servers that could not be listed"] : [];
    return [...nodes.filter((name) => !imported.has(name)), ...hidden];
  }
  const missing = flags.servers
    .map(({ instance }) => instance)
    .filter(({ ref, nodeName }) => !imported.has(ref.name) && !(nodeName !== null && imported.has(nodeName)))
    .map(({ ref }) => ref.name);
  return [...missing, ...flags.hiddenNodes.filter((node) => !imported.has(node))];
}

/**
 * The answer for a cluster where no policy file was imported: a fail when the flags show that nothing is recorded at all, else
 * `unknown` with what would settle it.
 */
export function withoutImportedPolicy(inventory: Inventory): Result {
  const flags = auditFlags(inventory);
  if (flags.visible) {
    const silent = flags.servers.filter((server) => !recordsEvents(server));
    if (silent.length > 0) {
      const names = silent.map((server) => server.instance.ref.name);
      return {
        ...clusterResult(
          "fail",
          `no audit events at all on ${nameSome(names, 2)}`,
          `${names.join(", ")} run without an audit policy or without a place for the events, so no request is recorded there.`,
        ),
        severity: "critical",
        evidence: silent.flatMap(auditFlagEvidence),
      };
    }
    return clusterResult(
      "unknown",
      "the audit policy is a file on the control-plane host",
      "The API servers run with an audit policy, but the file lies on the control-plane host and is not visible through the API. It becomes known when a node collector or an upload brings the file of every API server.",
    );
  }
  return clusterResult(
    "unknown",
    "the audit policy is not visible",
    `${flags.reason}. It becomes known when the provider's audit policy, or the file of every API server, is imported.`,
  );
}

/**
 * The policy that the remediations hand out. Requests that carry credentials stay at Metadata; interactive use is named without
 * verbs, because a WebSocket exec is a `get`; the last rule catches everything else, failed logins among it.
 */
export function recommendedAuditPolicy(): ManifestObject {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [
      {
        level: "Metadata",
        resources: [
          { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
          { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        ],
      },
      {
        level: "Metadata",
        resources: [
          {
            group: "",
            resources: [
              "pods/exec",
              "pods/attach",
              "pods/portforward",
              "pods/proxy",
              "pods/ephemeralcontainers",
              "services/proxy",
              "nodes/proxy",
            ],
          },
        ],
      },
      {
        level: "RequestResponse",
        verbs: ["create", "update", "patch", "delete", "deletecollection"],
        resources: [
          { group: "rbac.authorization.k8s.io" },
          { group: "networking.k8s.io" },
          { group: "admissionregistration.k8s.io" },
        ],
      },
      { level: "Metadata" },
    ],
  };
}

export const POLICY_FILE_APPLY =
  "# on every control-plane node: write it to the path of --audit-policy-file; the API server reads it when it is restarted";
