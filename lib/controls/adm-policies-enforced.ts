/**
 * The required admission policies are in enforce mode for every CDE namespace.
 *
 * Reads: Pod Security labels; Kyverno ClusterPolicies and Policies; Gatekeeper constraints and templates;
 * ValidatingAdmissionPolicies and their bindings; webhooks of other policy engines. One result per CDE namespace, with the outcomes
 * that lack cover named in it.
 * Required outcomes: no privileged containers, no hostPath, read-only root file systems, non-root users, images from allowed
 * registries, signed images, pinning to CDE nodes.
 * Pass: each outcome is brought about by Pod Security or by policies that are loaded, deny, and apply to the namespace; for
 * ordinary, init and ephemeral containers alike.
 * Fail: some outcome is not: no policy, effective action Audit, warn or dryrun, not Ready, spec.admission=false, the namespace scoped
 * out by a wrong label, or a list of containers that the pattern does not ask.
 * Unknown: an outcome hangs on a policy whose body (CEL, Rego, JMESPath) or status is not understood, on another engine, on sections
 * that were not read, or on a Namespace object that is missing; no scope is declared. Only a canary that is refused proves such a
 * policy.
 * Not applicable: never for a CDE; a cluster without any.
 *
 * Kyverno's spec.validationFailureAction may say Audit while rules enforce, and the reverse; what counts is the effective action per
 * rule and namespace. Ready=True means loaded, not enforcing. A policy that matches only Pod still stops the pods of Deployments
 * that were let in.
 */
import { expressionsFor } from "./admission-expressions";
import { ALL_PROBE_IDS, OUTCOME_WORDS, OUTCOMES, type Outcome, podSecurityProbes } from "./admission-outcomes";
import { POLICY_SECTIONS, policyCovers } from "./admission-policies";
import type { PolicyCover } from "./policy-cover";
import type { Inventory } from "@/lib/inventory/inventory";
import { refOf, refKey } from "@/lib/inventory/inventory";
import { matchesSelector } from "@/lib/inventory/selectors";
import { minorOfVersion, podSecurityLabel, resolvePolicy, visitContainers } from "@/lib/podsecurity";
import { kyvernoNotes } from "./kyverno-notes";
import { renderManifest } from "./manifest";
import { judgeNamespaces, namespaceRef, nameSome } from "./population";
import { script } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { distinct } from "./workloads";

/** Validating webhooks of engines that decide about pods and whose rules are not in the snapshot. */
const OTHER_ENGINES =
  /kubewarden|opa(?:-|$)|policy\.sigstore|cosign|connaisseur|portieris|ratify|stackrox|sensor|aqua|prisma|neuvector|sysdig|jspolicy|polaris|datree|policy/i;
const KNOWN_ENGINES = /kyverno|gatekeeper/i;

export const admPoliciesEnforced: Control = {
  id: "adm-policies-enforced",
  title: "The required admission policies are in enforce mode for every CDE namespace",
  severity: "critical",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "Policies that deny keep insecure settings out of the CDE at the moment when somebody tries to bring them in.",
    },
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale:
        "The required outcomes are the hardening standard for pods, and enforcing them applies it to all of them.",
    },
    {
      requirement: "6.3.3",
      kind: "supporting",
      rationale: "Only approved registries and signed images let patched images in and keep others out.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "A change that breaks the standard is refused, whoever makes it.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces", ...POLICY_SECTIONS, "validatingwebhookconfigurations"],
  rule: {
    reads:
      "Pod Security labels, Kyverno, Gatekeeper and ValidatingAdmissionPolicy objects, as they apply to each CDE namespace.",
    pass: "Each of seven outcomes is denied by Pod Security or by a loaded policy that applies to the namespace, for every kind of container.",
    fail: "An outcome is not covered, or only by a policy that audits, is not ready, or leaves the namespace or some containers out.",
    unknown: "Cover depends on a policy body, engine or section that cannot be judged.",
    notApplicable: "Only in a cluster without CDE.",
    why: "What a policy does is found by asking it about pods that have to be refused; names and labels of policies prove nothing.",
    cannotSee:
      "Exceptions (PolicyException and the like), and whether the engine's webhook is up and fails closed; other controls judge that. policies.kyverno.io policies.",
  },
  evaluate: (context) => judgeNamespaces(context, ["cde"], (namespace) => [judge(context, namespace)]),
  verify: () => ({
    command: script(
      "kubectl get ns -L pci-scope -L pod-security.kubernetes.io/enforce",
      `kubectl get clusterpolicies,policies.kyverno.io -A -o json 2>/dev/null | jq -r '.items[]|. as $p|.spec.rules[]|select(.validate or .verifyImages)|[$p.metadata.name,.name,(.validate.failureAction//.verifyImages[0]?.failureAction//$p.spec.validationFailureAction//"Audit"),((.validate.failureActionOverrides//$p.spec.validationFailureActionOverrides//[])|tojson),(($p.status.conditions//[])|map("\\(.type)=\\(.status)")|join(","))]|@tsv'`,
      `kubectl get constraints -o json 2>/dev/null | jq -r '.items[]|[.kind,.metadata.name,(.spec.enforcementAction//"deny"),(.spec.match//{}|tojson)]|@tsv'`,
      `kubectl get validatingadmissionpolicybindings -o json | jq -r '.items[]|[.metadata.name,.spec.policyName,(.spec.validationActions|join(",")),(.spec.matchResources//{}|tojson)]|@tsv'`,
    ),
    expect:
      "For each CDE namespace and outcome a policy with Enforce, deny or Deny whose match includes the namespace, Ready where it has a status. Then try a pod that must be refused with kubectl apply --dry-run=server.",
    needs: [],
  }),
  remediate: (context, result) => remediate(context, result),
};

function judge(context: EvaluationContext, name: string): Result {
  const { inventory } = context;
  const object = inventory.namespaces.get(name);
  if (object === undefined) {
    return {
      status: "unknown",
      object: namespaceRef(name),
      reason: "no Namespace object, so its labels are not known",
      detail: `Namespace ${name} is not among the objects. Its labels decide what Pod Security and the policies' selectors do in it.`,
      evidence: [],
    };
  }
  // The API server itself sets this label on every namespace; a manifest may lack it, and selectors use it.
  const labels = { "kubernetes.io/metadata.name": name, ...object.metadata.labels };
  const images = distinct(
    inventory
      .workloadsIn(name)
      .flatMap((workload) =>
        workload.variants.flatMap((v) => visitContainers(v.spec).map((c) => c.container.image ?? "")),
      ),
  ).filter((image) => image !== "");
  const { enforce } = resolvePolicy(labels).policy;
  const builtIn = podSecurityProbes(enforce, minorOfVersion(inventory.facts.gitVersion) ?? undefined);
  const covers = policyCovers(inventory, { name, labels, images });
  const active = covers.filter((cover) => cover.gap === null);
  const covered = new Set([...builtIn, ...active.flatMap((cover) => cover.probes)]);

  const unread = inventory.readable(...POLICY_SECTIONS);
  const foreign = otherEngines(inventory, labels);
  const failed: string[] = [];
  const unsure: string[] = [];
  const kept: string[] = [];
  for (const outcome of OUTCOMES) {
    const open = ALL_PROBE_IDS[outcome].filter((probe) => !covered.has(probe.id));
    const who = sourcesOf(outcome, builtIn, active, enforce.level);
    if (open.length === 0) {
      kept.push(`${OUTCOME_WORDS[outcome]}: ${who}`);
      continue;
    }
    const possible = active.filter((cover) => cover.possible.includes(outcome)).map((cover) => cover.words);
    const parts = distinct(open.map((probe) => probe.words));
    const isPartly = open.length < ALL_PROBE_IDS[outcome].length;
    const gaps = covers
      .filter(
        (cover) =>
          cover.gap !== null &&
          (cover.possible.includes(outcome) || cover.probes.some((id) => open.some((probe) => probe.id === id))),
      )
      .map((cover) => `${cover.words}: ${cover.gap}`);
    const words = `${OUTCOME_WORDS[outcome]}${isPartly ? ` (${who}, but not for ${parts.join(", ")})` : ""}${gaps.length > 0 ? ` [${nameSome(gaps, 3)}]` : ""}`;
    if (possible.length > 0)
      unsure.push(`${words}: perhaps by ${nameSome(possible, 3)}, whose content or status is not understood`);
    else if (!unread.known) unsure.push(`${words}: ${unread.message}`);
    else if (foreign.length > 0)
      unsure.push(`${words}: perhaps by ${nameSome(foreign, 3)}, whose rules are not in the snapshot`);
    else failed.push(words);
  }
  const evidence = evidenceOf(object, covers);
  const keptWords = kept.length > 0 ? ` Covered: ${kept.join("; ")}.` : "";
  const unsureWords =
    unsure.length > 0 ? ` Not known: ${unsure.join("; ")}. A canary that is refused would prove it.` : "";
  const notes = notesOn(inventory, covers);
  if (failed.length > 0) {
    return {
      status: "fail",
      object: refOf(object),
      reason: `${failed.length} of ${OUTCOMES.length} outcomes not enforced`,
      detail: `Namespace ${name}: no policy enforces ${failed.join("; ")}.${unsureWords}${keptWords}${notes}`,
      evidence,
    };
  }
  if (unsure.length > 0) {
    return {
      status: "unknown",
      object: refOf(object),
      reason: `${unsure.length} of ${OUTCOMES.length} outcomes cannot be judged`,
      detail: `Namespace ${name}:${unsureWords}${keptWords}${notes}`,
      evidence,
    };
  }
  return {
    status: "pass",
    object: refOf(object),
    reason: `all ${OUTCOMES.length} outcomes are enforced`,
    detail: `Namespace ${name}:${keptWords}${notes}`,
    evidence,
  };
}

/** Faults of the Kyverno policies that say something about the namespace, beside what they leave out. */
function notesOn(inventory: Inventory, covers: readonly PolicyCover[]): string {
  const policies = [...inventory.list("kyverno-clusterpolicies"), ...inventory.list("kyverno-policies")];
  const concerned = new Set(covers.map(({ ref }) => refKey(ref)));
  const notes = policies
    .filter((policy) => concerned.has(refKey(refOf(policy))))
    .flatMap((policy) => kyvernoNotes(policy.spec).map((words) => `${policy.kind} ${policy.metadata.name}: ${words}`));
  return notes.length === 0 ? "" : ` Beside that: ${nameSome(notes, 8)}.`;
}

function sourcesOf(
  outcome: Outcome,
  builtIn: readonly string[],
  active: readonly PolicyCover[],
  level: string,
): string {
  const has = (ids: readonly string[]) => ALL_PROBE_IDS[outcome].some((probe) => ids.includes(probe.id));
  const sources = [
    ...(has(builtIn) ? [`Pod Security ${level}`] : []),
    ...active.filter((cover) => has(cover.probes)).map((cover) => cover.words),
  ];
  return nameSome(sources, 3);
}

/** The namespace's label and the effective action of every policy that says something about it. */
function evidenceOf(object: Parameters<typeof refOf>[0], covers: readonly PolicyCover[]): EvidencePointer[] {
  const label = podSecurityLabel("enforce", "level");
  const pointer = `/metadata/labels/${label.replaceAll("/", "~1")}`;
  const found = object.metadata.labels?.[label];
  return [
    found === undefined ? { ref: refOf(object), pointer } : { ref: refOf(object), pointer, found },
    ...covers.map((cover) => ({
      ref: cover.ref,
      pointer: cover.pointer,
      found: cover.gap === null ? cover.action : `${cover.action}: ${cover.gap}`,
    })),
  ];
}

/** Webhooks of other engines that are asked about new pods of the namespace. */
function otherEngines(inventory: Inventory, labels: Record<string, string>): string[] {
  return inventory.list("validatingwebhookconfigurations").flatMap((configuration) => {
    const name = configuration.metadata.name;
    return (configuration.webhooks ?? []).flatMap((webhook) => {
      const text = `${name} ${webhook.name}`;
      if (KNOWN_ENGINES.test(text) || !OTHER_ENGINES.test(text)) return [];
      const asksPods = (webhook.rules ?? []).some(
        (rule) =>
          (rule.resources ?? []).some((resource) => resource === "pods" || resource === "*" || resource === "*/*") &&
          (rule.operations ?? []).some((operation) => operation === "CREATE" || operation === "*"),
      );
      const isHere = webhook.namespaceSelector === undefined || matchesSelector(webhook.namespaceSelector, labels);
      return asksPods && isHere ? [`webhook ${webhook.name}`] : [];
    });
  });
}

/** One policy of the API server's own kind, which needs no engine, bound to the namespaces of the CDE. */
function remediate({ scope }: EvaluationContext, result: Result) {
  const name = "ringfence-cde-pods";
  const expressions = expressionsFor(["registry.example.com/"], {
    key: "node-restriction.kubernetes.io/pool",
    value: "cde",
  });
  const isByLabel = Object.keys(scope.settings.namespaces).length === 0;
  return {
    summary: `Deny what must not come into ${result.object.name}: the policy below needs no engine. Put your registry and your node pool's label into it. Signatures need an engine as well, for example a Kyverno rule with verifyImages, attestors and failureAction Enforce.`,
    manifest: renderManifest(
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: {
            resourceRules: [
              {
                apiGroups: [""],
                apiVersions: ["v1"],
                operations: ["CREATE", "UPDATE"],
                resources: ["pods", "pods/ephemeralcontainers"],
              },
            ],
          },
          validations: expressions.map(({ expression, message }) => ({ expression, message })),
        },
      },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ["Deny"],
          matchResources: {
            namespaceSelector: isByLabel
              ? { matchLabels: { [scope.settings.labelKey]: scope.settings.values.cde } }
              : {
                  matchExpressions: [
                    { key: "kubernetes.io/metadata.name", operator: "In", values: scope.inCategory("cde") },
                  ],
                },
          },
        },
      },
    ),
    apply: "kubectl apply -f policy.yaml",
    risk: "Pods that break an outcome are refused from then on, at the next rollout or eviction too; bind it with validationActions [Warn, Audit] first and read the warnings.",
  };
}
