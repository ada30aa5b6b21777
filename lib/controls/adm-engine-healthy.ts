/**
 * The policy engine is running, highly available and fails closed for the CDE.
 *
 * Reads: validating webhooks of policy engines and what they are asked, the endpoints behind their Services, exclusions inside
 * Gatekeeper, ValidatingAdmissionPolicies and their bindings. CDE namespaces. One result per engine.
 * Pass: a webhook of the engine that fails closed is asked about the creation and change of pods and about debug containers in every
 * CDE namespace, and two or more endpoints behind it are ready; or ValidatingAdmissionPolicies that fail closed and deny do so,
 * which run inside the API server.
 * Fail: failurePolicy Ignore, a CDE namespace left out by selector or by the engine's settings, no ready endpoint (high); debug
 * containers or changes not asked about (medium); a single ready endpoint (low); no engine at all (low, with advice).
 * Unknown: the engine lies outside the cluster, its endpoints or webhooks could not be read, a condition in CEL decides, or files,
 * which hold no webhooks of a running engine.
 * Not applicable: no CDE.
 *
 * Gatekeeper's own default is Ignore. Kyverno makes a webhook per failure policy, so that the one that is asked about the namespace's
 * pods and fails closed counts. Kyverno's resource filters lie in a ConfigMap that the agent does not read.
 */
import { refOf } from "@/lib/inventory/inventory";
import { renderJsonPatch } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import {
  asks,
  backingOf,
  DEBUG_CONTAINERS,
  type EngineWebhook,
  failsClosed,
  leftOutByEngine,
  PODS,
  type PolicyEngine,
  policyEngines,
  reaches,
} from "./policy-engines";
import { mapOf, maps, texts } from "./policy-cover";
import { script, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Remediation,
  type Result,
  type Severity,
} from "./types";
import { vapSelects } from "./validating-admission-policies";
import { distinct } from "./workloads";

const SECTIONS = [
  "namespaces",
  "validatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "gatekeeper-configs",
] as const;
const NATIVE = "ValidatingAdmissionPolicy";

export const admEngineHealthy: Control = {
  id: "adm-engine-healthy",
  title: "The policy engine is running, highly available and fails closed for the CDE",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "Policies keep insecure settings out only while their engine is asked and answers.",
    },
    {
      requirement: "10.7.2",
      kind: "primary",
      rationale: "An engine that is down or fails open is a failed security control that has to be noticed.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "Changes to production are checked at admission only while the engine fails closed.",
    },
  ],
  judges: "component",
  sections: [...SECTIONS],
  rule: {
    reads:
      "Validating webhooks of policy engines, endpoints behind them, exclusions inside Gatekeeper, ValidatingAdmissionPolicies and bindings, for every CDE namespace.",
    pass: "A webhook that fails closed is asked about creation, change and debug containers of pods in every CDE namespace, with two or more ready endpoints; or ValidatingAdmissionPolicies do so.",
    fail: "It fails open, leaves a CDE namespace out, or has no ready endpoint; medium when debug containers or changes are not asked about; low with a single endpoint or without any engine.",
    unknown:
      "The engine lies outside the cluster, endpoints or webhooks could not be read, a condition decides, or only files were read.",
    notApplicable: "No CDE in this cluster.",
    why: "The API server lets a pod in without asking when the webhook fails open, is not asked, or nobody answers and it may be ignored.",
    cannotSee:
      "Kyverno's resource filters, and whether the engine holds the right policies; adm-policies-enforced judges these.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      const results = [
        ...judgeEngines(context),
        ...invalidResults(context, ["ValidatingWebhookConfiguration", NATIVE]),
      ];
      const unreadable = findUnreadable(context, SECTIONS);
      // What was seen is judged; that there is no engine can be said only of a whole list.
      if (unreadable !== null) return [...results.filter(({ part }) => part !== undefined), unreadable];
      return results;
    }),
  verify: () => ({
    command: script(
      `kubectl get validatingwebhookconfigurations -o json | jq -r '.items[]|. as $w|.webhooks[]?|"webhook \\($w.metadata.name) \\(.name) \\(.failurePolicy//"Fail") service=\\(.clientConfig.service.namespace//"-")/\\(.clientConfig.service.name//"-") namespaces=\\(.namespaceSelector//{}|tojson) objects=\\(.objectSelector//{}|tojson) \\([.rules[]?|"\\(.operations//[]|join("+")):\\(.resources//[]|join("+"))"]|join(","))"'`,
      `kubectl get endpointslices -A -o json | jq -r '.items[]|. as $s|"endpoints \\(.metadata.namespace)/\\(.metadata.labels["kubernetes.io/service-name"]//"-") ready=\\([.endpoints[]?|select(.conditions.ready!=false)]|length)"'`,
      `kubectl get validatingadmissionpolicies -o json | jq -r '.items[]|"policy \\(.metadata.name) \\(.spec.failurePolicy//"Fail") \\([.spec.matchConstraints.resourceRules[]?|"\\(.operations//[]|join("+")):\\(.resources//[]|join("+"))"]|join(","))"'`,
      `kubectl get validatingadmissionpolicybindings -o json | jq -r '.items[]|"binding \\(.spec.policyName) \\(.spec.validationActions//[]|join("+")) \\(.spec.matchResources//{}|tojson)"'`,
    ),
    expect:
      "For the engine: Fail, selectors that hold for every CDE namespace, CREATE and UPDATE of pods and UPDATE of pods/ephemeralcontainers, and two or more ready endpoints of its Service.",
    needs: [],
  }),
  remediate: (context, result) => remediate(context, result),
};

interface Problem {
  severity: Severity;
  words: string;
}
const RANKS: readonly Severity[] = ["critical", "high", "medium", "low"];

function judgeEngines(context: EvaluationContext): Result[] {
  const { inventory } = context;
  const names = context.scope.inCategory("cde");
  const engines = policyEngines(inventory).map((engine) => judgeEngine(context, engine, names));
  const native = judgeNative(context, names);
  const results = [...engines, ...(native === null ? [] : [native])];
  if (results.length > 0) return results;
  if (inventory.snapshot.source === "manifests") {
    return [
      clusterResult(
        "unknown",
        "files hold no webhooks of a running engine",
        "Engines make their webhooks when they run, so that files don't show them, and no ValidatingAdmissionPolicy about pods of the CDE is among the files. The running cluster shows it.",
      ),
    ];
  }
  return [
    {
      ...clusterResult(
        "fail",
        "no policy engine is asked about pods of the CDE",
        "No webhook of a known policy engine and no ValidatingAdmissionPolicy with a denying binding is asked about pods of the CDE, so that nothing beyond Pod Security is demanded of them. ValidatingAdmissionPolicies need no engine.",
      ),
      severity: "low",
      evidence: [{ ref: CLUSTER_REF, pointer: "" }],
    },
  ];
}

function judgeEngine(context: EvaluationContext, engine: PolicyEngine, names: readonly string[]): Result {
  const { inventory } = context;
  const base = { object: CLUSTER_REF, part: engine.name };
  const aboutPods = engine.webhooks.filter(({ webhook }) => asks(webhook, "CREATE", PODS));
  const problems: Problem[] = [];
  const doubts: string[] = [];
  if (aboutPods.length === 0)
    problems.push({ severity: "high", words: "none of its webhooks is asked about new pods" });
  const carrying = new Set<EngineWebhook>();
  for (const name of aboutPods.length === 0 ? [] : names) {
    const labels = { "kubernetes.io/metadata.name": name, ...inventory.namespaces.get(name)?.metadata.labels };
    if (!inventory.namespaces.has(name))
      doubts.push(`namespace ${name} has no Namespace object, so its labels are not known`);
    const here = aboutPods.filter(({ webhook }) => reaches(webhook, labels));
    const closed = here.filter(({ webhook }) => failsClosed(webhook));
    if (here.length === 0) problems.push({ severity: "high", words: `its selectors leave out ${name}` });
    else if (closed.length === 0)
      problems.push({ severity: "high", words: `it fails open (failurePolicy Ignore) for ${name}` });
    const plain = closed.filter(({ webhook }) => (webhook.matchConditions ?? []).length === 0);
    if (closed.length > 0 && plain.length === 0)
      doubts.push(
        `conditions of ${nameSome(closed.map(({ webhook }) => webhook.name))} decide which requests of ${name} it is asked about`,
      );
    for (const entry of closed) carrying.add(entry);
    const all = plain.length > 0 ? plain : closed;
    if (closed.length > 0 && !all.some(({ webhook }) => asks(webhook, "UPDATE", PODS)))
      problems.push({ severity: "medium", words: `it is not asked about changes of pods in ${name}` });
    if (closed.length > 0 && !all.some(({ webhook }) => asks(webhook, "UPDATE", DEBUG_CONTAINERS)))
      problems.push({
        severity: "medium",
        words: `it is not asked about debug containers (UPDATE of pods/ephemeralcontainers) in ${name}`,
      });
  }
  const leftOut = leftOutByEngine(inventory, engine.name, names);
  problems.push(...leftOut.map(({ words }) => ({ severity: "high" as const, words })));
  const backings = [...(carrying.size > 0 ? carrying : aboutPods)].map(({ webhook }) => backingOf(inventory, webhook));
  for (const backing of backings) {
    if (!backing.known) doubts.push(backing.words);
    else if (backing.ready === 0)
      problems.push({ severity: "high", words: `${backing.words}, so that nobody answers` });
    else if (backing.ready === 1)
      problems.push({ severity: "low", words: `${backing.words}, so that one failure stops it` });
  }
  const evidence: EvidencePointer[] = [
    ...(aboutPods.length > 0 ? aboutPods : engine.webhooks).slice(0, 10).map(({ configuration, index, webhook }) => ({
      ref: refOf(configuration),
      pointer: `/webhooks/${index}`,
      found: `${webhook.failurePolicy ?? "Fail"}, namespaces ${JSON.stringify(webhook.namespaceSelector ?? {})}`,
    })),
    ...leftOut.map((entry) => entry.evidence),
    ...backings.flatMap((backing) => backing.evidence).slice(0, 10),
  ];
  const backed = distinct(backings.map(({ words }) => words));
  const timeouts = distinct([...carrying].map(({ webhook }) => `${webhook.timeoutSeconds ?? 10} s`));
  const told = ` ${nameSome(backed)}.${timeouts.length > 0 ? ` It is given ${timeouts.join(", ")} to answer.` : ""}`;
  return conclude(
    { ...base, evidence },
    problems,
    doubts,
    engine.name,
    `a webhook that fails closed is asked about pods in ${nameSome(names)}`,
    told,
  );
}

function conclude(
  base: { object: Result["object"]; part: string; evidence: EvidencePointer[] },
  problems: readonly Problem[],
  doubts: readonly string[],
  name: string,
  sound: string,
  told: string,
): Result {
  if (problems.length > 0) {
    const ordered = [...problems].sort((a, b) => RANKS.indexOf(a.severity) - RANKS.indexOf(b.severity));
    const words = distinct(ordered.map((problem) => problem.words));
    return {
      ...base,
      status: "fail",
      severity: ordered[0]?.severity ?? "high",
      reason: shortReason(`${name}: ${words[0] ?? ""}`),
      detail: `${name}: ${nameSome(words, 8)}.${doubts.length > 0 ? ` Not known: ${nameSome(distinct(doubts), 4)}.` : ""}${told}`,
    };
  }
  if (doubts.length > 0) {
    return {
      ...base,
      status: "unknown",
      reason: shortReason(`${name}: ${doubts[0] ?? ""}`),
      detail: `${name}: ${sound}; but ${nameSome(distinct(doubts), 4)}.`,
    };
  }
  return {
    ...base,
    status: "pass",
    reason: shortReason(`${name} fails closed for every CDE namespace`),
    detail: `${name}: ${sound}.${told}`,
  };
}

/** The API server's own policies about pods of the CDE; null when there is none. */
function judgeNative({ inventory }: EvaluationContext, names: readonly string[]): Result | null {
  const bindings = inventory.list("validatingadmissionpolicybindings");
  const found = names.map((name) => {
    const namespace = {
      name,
      labels: { "kubernetes.io/metadata.name": name, ...inventory.namespaces.get(name)?.metadata.labels },
      images: [],
    };
    const policies = inventory
      .list("validatingadmissionpolicies")
      .filter(
        (policy) =>
          vapSelects(mapOf(policy.spec?.matchConstraints), namespace) === "all" &&
          bindings.some(
            ({ spec }) =>
              spec?.policyName === policy.metadata.name &&
              texts(spec.validationActions).includes("Deny") &&
              vapSelects(mapOf(spec.matchResources), namespace, true) === "all",
          ),
      );
    return { name, policies };
  });
  const policies = [...new Set(found.flatMap((entry) => entry.policies))];
  if (policies.length === 0) return null;
  const problems: Problem[] = [];
  for (const { name, policies: here } of found) {
    const closed = here.filter(({ spec }) => spec?.failurePolicy === undefined || spec.failurePolicy === "Fail");
    if (here.length === 0) problems.push({ severity: "high", words: `no policy is bound to ${name}` });
    else if (closed.length === 0)
      problems.push({ severity: "high", words: `its policies fail open (failurePolicy Ignore) for ${name}` });
    else if (!closed.some(({ spec }) => asksUpdates(mapOf(spec?.matchConstraints), DEBUG_CONTAINERS)))
      problems.push({
        severity: "medium",
        words: `no policy is asked about debug containers (UPDATE of pods/ephemeralcontainers) in ${name}`,
      });
  }
  const evidence = policies.map((policy) => ({
    ref: refOf(policy),
    pointer: "/spec/failurePolicy",
    found: typeof policy.spec?.failurePolicy === "string" ? policy.spec.failurePolicy : "Fail",
  }));
  const words = nameSome(policies.map(({ metadata }) => metadata.name));
  return conclude(
    { object: CLUSTER_REF, part: NATIVE, evidence },
    problems,
    [],
    NATIVE,
    `${words} fail closed and deny in ${nameSome(names)}`,
    " They run inside the API server.",
  );
}
function asksUpdates(constraints: Record<string, unknown>, resources: readonly string[]): boolean {
  return maps(constraints.resourceRules).some(
    (rule) =>
      texts(rule.operations).some((operation) => operation === "UPDATE" || operation === "*") &&
      texts(rule.resources).some((resource) => resources.includes(resource)),
  );
}

/** Webhooks that somebody installs can be patched; Kyverno writes its own from the policies' failurePolicy. */
function remediate(context: EvaluationContext, result: Result): Remediation {
  const risk =
    "While an engine that fails closed is down, pods of the CDE can't be created or changed: run three replicas with a PodDisruptionBudget, and leave the engine's own namespace out.";
  const engine = policyEngines(context.inventory).find(({ name }) => name === result.part);
  if (engine === undefined) {
    return {
      summary:
        result.part === NATIVE
          ? "Set failurePolicy Fail, bind the policies to every CDE namespace with validationActions [Deny], and name pods and pods/ephemeralcontainers with CREATE and UPDATE."
          : "Bind ValidatingAdmissionPolicies that deny to the CDE namespaces; adm-policies-enforced hands out one. They need no engine.",
      risk,
    };
  }
  const summary = `Install ${engine.name} with failurePolicy Fail, three replicas and a PodDisruptionBudget, with rules for CREATE and UPDATE of pods and pods/ephemeralcontainers, and without exclusions of CDE namespaces.`;
  if (engine.name === "Kyverno")
    return {
      summary: `${summary} Kyverno writes its webhooks from the policies: set spec.failurePolicy: Fail in them.`,
      risk,
    };
  const open = engine.webhooks.filter(({ webhook }) => asks(webhook, "CREATE", PODS) && !failsClosed(webhook));
  const [first] = open;
  if (first === undefined) return { summary, risk };
  const own = open.filter(({ configuration }) => configuration === first.configuration);
  return {
    summary: `${summary} The patch makes the webhook fail closed; set it in the engine's Helm values too, or its next release takes it back.`,
    manifest: renderJsonPatch(
      own.map(({ index }) => ({ op: "replace", path: `/webhooks/${index}/failurePolicy`, value: "Fail" })),
    ),
    apply: `kubectl patch validatingwebhookconfiguration ${shellQuote(first.configuration.metadata.name)} --type=json --patch-file patch.yaml`,
    risk,
  };
}
