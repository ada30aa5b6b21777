/**
 * The audit policy is valid and has no dead, shadowed or hiding rules.
 *
 * Reads: the imported audit policy of every API server, decoded strictly, rule by rule; the cluster's namespaces.
 * Pass: no unknown field, every rule can match, no rule of level None takes requests that must be recorded, no stage is left out
 * that holds the only event, the last rule catches everything else at Metadata or higher.
 * Fail: an unknown field (the API server drops it with a warning, and the rule matches more than was meant), wildcards or verbs that
 * no request has, rules that miss sessions over WebSocket, namespaces that don't exist, rules that an earlier one shadows, a rule that watches a ConfigMap instead of the
 * policy's file, hiding rules, a missing catch-all.
 * Unknown: the policy file (of some API server) was not imported, or nobody looked for unknown fields; no scope is declared.
 * Not applicable: the provider fixes the policy and publishes no file to lint.
 *
 * The policy is a file that the API server reads when it starts: a ConfigMap of its name is nothing, and a changed file counts after
 * a restart. omitManagedFields is a field since Kubernetes 1.23.
 */
import { lintAuditPolicy, type PolicyDefect } from "@/lib/audit";
import type { ImportedAuditPolicy } from "@/lib/inventory/imported";
import type { Provider } from "@/lib/inventory/snapshot";
import {
  currentPolicies,
  POLICY_FILE_APPLY,
  recommendedAuditPolicy,
  serversWithoutPolicy,
  withoutImportedPolicy,
} from "./audit-sources";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const FIXED_POLICY: readonly Provider[] = ["eks", "gke", "aks", "openshift"];

export const logPolicyLint: Control = {
  id: "log-policy-lint",
  title: "The audit policy is valid and has no dead, shadowed or hiding rules",
  severity: "medium",
  requirements: [
    {
      requirement: "10.2.1",
      kind: "primary",
      rationale:
        "A rule that never matches, or that hides what another one should record, leaves the log active in name only.",
    },
    {
      requirement: "10.2.1.6",
      kind: "supporting",
      rationale: "A rule of level None is a pause of the log for whoever it names.",
    },
    {
      requirement: "10.2.1.4",
      kind: "supporting",
      rationale:
        "Without a last rule for everything else, requests that nobody thought of, refused ones too, are not recorded.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads: "The audit policy file of every API server, decoded strictly, and the namespaces that exist.",
    pass: "No unknown field, no rule that can't match or is never reached, none that hides, no stage left out, a catch-all at the end.",
    fail: "Any of these defects, each with the number of its rule.",
    unknown: "The policy file of an API server was not imported, or not looked through for unknown fields.",
    notApplicable: "The provider fixes the policy; a cluster without CDE.",
    why: "The API server starts with a policy that says something else than its author meant, and warns once in its own log.",
    cannotSee: "Whether the file was changed after the API server started.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `kubectl -n kube-system logs -l component=kube-apiserver --tail=-1 | grep -i 'Audit policy contains errors' || echo 'no warning in the log that is left'`,
    expect:
      "No warning. The log may have been rotated since the API server started: then read the file beside the reference of audit.k8s.io/v1. Nothing but the file shows rules that never match.",
    needs: [],
  }),
  remediate: () => ({
    summary:
      "Correct the rules that are named, or start again from the policy below; write verbs as requests have them, names under resources, and end with a rule of level Metadata that restricts nothing. Restart the API server: it reads the file only then.",
    manifest: renderManifest(recommendedAuditPolicy()),
    apply: POLICY_FILE_APPLY,
    risk: "A file that doesn't parse keeps the API server from starting: change one control-plane node at a time.",
  }),
};

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const policies = currentPolicies(inventory);
  if (policies.length === 0) {
    if (FIXED_POLICY.includes(inventory.provider)) {
      return clusterResult(
        "not-applicable",
        "the provider fixes the audit policy",
        "The provider writes the audit policy of this control plane, and nobody here can change it, so there is no file to lint. What it records is judged by the other controls on audit policies.",
      );
    }
    return withoutImportedPolicy(inventory);
  }
  const failing = policies
    .map(({ imported, index }) => ({ imported, defects: defectsOf(context, imported, index) }))
    .filter(({ defects }) => defects.length > 0);
  if (failing.length > 0) {
    const all = failing.flatMap(({ defects }) => defects);
    return {
      ...clusterResult(
        "fail",
        shortReason(
          all.length === 1 ? (all[0]?.words ?? "") : `${all.length} defects, the first: ${all[0]?.words ?? ""}`,
        ),
        `${failing.map(({ imported, defects }) => `${imported.instance}: ${defects.map(({ words }) => words).join("; ")}`).join(". ")}.`,
      ),
      evidence: all.map(({ evidence }) => evidence),
    };
  }
  const names = policies.map(({ imported }) => imported.instance);
  const unchecked = policies.filter(({ imported }) => imported.unknownFields === undefined);
  if (unchecked.length > 0) {
    return clusterResult(
      "unknown",
      "the policy was not looked through for unknown fields",
      `The rules of ${names.join(", ")} are sound as far as they were read, but the source of ${unchecked.map(({ imported }) => imported.instance).join(", ")} doesn't say whether the file holds fields that the API server drops. Upload the file itself.`,
    );
  }
  const missing = serversWithoutPolicy(inventory);
  if (missing.length > 0) {
    return clusterResult(
      "unknown",
      shortReason(`policy of ${nameSome(missing, 2)} not imported`),
      `The policy of ${names.join(", ")} has no defect; that of ${missing.join(", ")} was not imported, and every API server has its own file.`,
    );
  }
  return {
    ...clusterResult(
      "pass",
      "no defect in the audit policy",
      `${names.join(", ")}: no unknown field, every rule can match and is reached, none hides what must be recorded, and the last rule catches everything else.`,
    ),
    evidence: policies.map(({ imported, index }) => ({
      ref: CLUSTER_REF,
      pointer: `/facts/auditPolicies/${index}/policy/rules`,
      found: `${imported.policy.rules.length} rules`,
    })),
  };
}

interface Defect {
  words: string;
  evidence: EvidencePointer;
}

function defectsOf({ inventory, scope }: EvaluationContext, imported: ImportedAuditPolicy, index: number): Defect[] {
  const at = `/facts/auditPolicies/${index}`;
  const unknown = (imported.unknownFields ?? []).map(
    (field, i): Defect => ({
      words: `${field} is no field there: the API server drops it with a warning${widens(field, imported)}`,
      evidence: { ref: CLUSTER_REF, pointer: `${at}/unknownFields/${i}`, found: field },
    }),
  );
  const isComplete = inventory.snapshot.source !== "manifests" && inventory.readable("namespaces").known;
  const found = lintAuditPolicy(imported.policy, {
    existing: isComplete ? inventory.namespaceNames : null,
    judged: scope.inCategory("cde", "connected-to"),
  }).map(({ rule, words }): Defect => {
    const pointer = rule === null ? `${at}/policy` : `${at}/policy/rules/${rule - 1}`;
    return { words: withRule({ rule, words }), evidence: { ref: CLUSTER_REF, pointer } };
  });
  return [...unknown, ...found];
}

function withRule({ rule, words }: Pick<PolicyDefect, "rule" | "words">): string {
  return rule === null ? words : `rule ${rule}: ${words}`;
}

/** What the rule matches once the field is gone. */
function widens(field: string, { policy }: ImportedAuditPolicy): string {
  const [, number, name] = /^rules\[(\d+)\]\.(\w+)$/.exec(field) ?? [];
  if (number === undefined) return "";
  const rule = `rule ${Number(number) + 1}`;
  if (name !== "resourceNames" && name !== "resourceName") return `, so ${rule} matches without it`;
  const isAboutConfigMaps = policy.rules[Number(number)]?.resources?.some(({ resources = [] }) =>
    resources.includes("configmaps"),
  );
  const file = isAboutConfigMaps
    ? " (the audit policy itself is a file on the host: no ConfigMap's change is a change of it)"
    : "";
  return `, so ${rule} matches objects of every name; names belong into an entry of resources${file}`;
}
