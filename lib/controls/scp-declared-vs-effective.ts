/**
 * scp-declared-vs-effective: declared scope is not lower than the scope the cluster state implies.
 *
 * Reads: everything that ties a namespace to the CDE: who reaches whom, which pods share nodes, what service accounts may do inside,
 *   webhooks and aggregated APIs, signs of card data; and the declared category of each namespace.
 * Pass: no factor implies a higher category than the declared one.
 * Fail: a namespace declared out of scope, or without a label beside others that have one, has a factor that makes it connected-to;
 *   or one that is not declared CDE holds card data.
 * Unknown: no factor decides it, and one could not be told (policies that nobody may enforce, lists that were not read, files).
 * Not applicable: no CDE namespace.
 * The effective category is the highest of all factors; each factor is shown with its chain of objects (scope-factors.ts).
 * Traps: traffic of nodes is no connection of a namespace; a node agent on CDE nodes makes its namespace connected-to and no more.
 */
import type { NamespaceScope } from "@/lib/scope/types";
import { renderManifest } from "./manifest";
import { PATH_SECTIONS } from "./network-paths";
import { judgeCluster, namespaceRef, scopeEvidence, undeclaredNamespaces } from "./population";
import { script, selectNamespaces } from "./prelude";
import { RBAC_SECTIONS } from "./cde-rights";
import { SERVICE_SECTIONS, type ScopeFactor, ScopeFactorIndex, type ScopeFactors } from "./scope-factors";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";

export const scpDeclaredVsEffective: Control = {
  id: "scp-declared-vs-effective",
  title: "Declared scope is not lower than the scope the cluster state implies",
  severity: "critical",
  requirements: [
    {
      requirement: "12.5.2",
      kind: "fail-only",
      rationale: "A documented scope that leaves out a namespace with a way into the CDE is not accurate.",
    },
    {
      requirement: "12.5.2.1",
      kind: "supporting",
      rationale: "Service providers confirm their scope more often; the factors found are what they confirm.",
    },
    {
      requirement: "1.2.3",
      kind: "supporting",
      rationale: "A network diagram has to show the connections that really exist between namespaces.",
    },
    {
      requirement: "A3.2.1",
      kind: "supporting",
      rationale: "Scope is documented and confirmed every quarter from what is connected, not from what was labelled.",
    },
    {
      requirement: "A3.2.2",
      kind: "supporting",
      rationale: "The effect of a change on the scope shows as a new factor of a namespace.",
    },
  ],
  judges: "namespace",
  sections: [...PATH_SECTIONS, ...RBAC_SECTIONS, ...SERVICE_SECTIONS],
  rule: {
    reads:
      "Reachability under the policies, pods per node, rights of service accounts in the CDE, webhook and APIService backends, the inventory of components, labels and the pattern scan; the declared category.",
    pass: "No factor implies a higher category than the declared one.",
    fail: "A namespace declared out of scope or without a label has a path, a shared node, rights or a service that ties it to the CDE; or one that is not CDE holds card data.",
    unknown: "No factor decides it, and one of them could not be told.",
    notApplicable: "The cluster has no CDE namespace.",
    why: "Scope follows from what is connected to or can affect the security of the CDE, whatever a label says.",
    cannotSee: "Connections outside the cluster, shared databases and queues, and people who work in both.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      const cde = declaredCde(context);
      const index = new ScopeFactorIndex(context, cde);
      return [
        ...context.scope.namespaces
          .filter(({ category }) => category !== "undeclared")
          .map((namespace) => judge(context, namespace, cde, index)),
        ...undeclaredNamespaces(context),
      ];
    }),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '[.items[]|select(.status.phase!="Succeeded" and .status.phase!="Failed")|select(.spec.nodeName)|{n:.spec.nodeName,ns:.metadata.namespace}]|group_by(.n)[]|select(any(.[];.ns as $x|$cde|index($x)))|.[0].n as $n|[.[].ns]|unique-$cde|select(length>0)|"node \\($n): \\(join(","))"'`,
      `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o json | jq -r '.items[]|. as $c|.webhooks[]?|select(.clientConfig.service)|"webhook \\($c.metadata.name): \\(.clientConfig.service.namespace)"' | sort -u`,
      `kubectl get apiservices -o json | jq -r '.items[]|select(.spec.service)|"api \\(.metadata.name): \\(.spec.service.namespace)"'`,
      `kubectl get ns -o json | jq -r '.items[]|"namespace \\(.metadata.name): \\((.metadata.labels//{})[${JSON.stringify(scope.settings.labelKey)}]//"-")"'`,
    ),
    expect:
      "Every namespace behind `node`, `webhook` and `api` is declared connected-to or CDE in its `namespace` line. Network paths and rights of accounts are shown by net-cross-scope-ingress and rbac-cross-scope-subjects.",
    needs: [],
  }),
  remediate(context, result) {
    const name = result.object.name;
    const found = new ScopeFactorIndex(context, declaredCde(context)).of(name);
    const implied = highest(found.factors);
    const { labelKey, values, namespaces } = context.scope.settings;
    const ways = [...new Set(found.factors.map(({ kind }) => CUTS[kind]))].join("; ");
    const summary = `Declare ${name} as ${implied}, so that every control judges it, or cut each tie: ${ways}.`;
    const risk =
      "Declaring it brings the namespace, and the people who work in it, under the controls for its category; cutting a tie stops what uses it.";
    if (Object.hasOwn(namespaces, name))
      return { summary: `${summary} The scope file decides here: change it there.`, risk };
    return {
      summary,
      manifest: renderManifest({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { [labelKey]: implied === "cde" ? values.cde : values["connected-to"] } },
      }),
      apply: `kubectl apply -f ${name}-scope.yaml`,
      risk,
    };
  },
};

const CUTS: Record<ScopeFactor["kind"], string> = {
  network: "a NetworkPolicy that denies the path",
  node: "a node pool of its own for the CDE",
  rights: "taking the rights from the service account",
  service: "a namespaceSelector that leaves the CDE out, or moving the service",
  "card data": "removing the card data",
};

/** The namespaces that somebody declared CDE; where nobody did, those that count as CDE for want of a label. */
function declaredCde({ scope }: EvaluationContext): string[] {
  const all = scope.namespaces.filter(({ category }) => category === "cde");
  const declared = all.filter((namespace) => !isUnlabelled(namespace));
  return (declared.length > 0 ? declared : all).map(({ namespace }) => namespace);
}
function isUnlabelled({ reasons }: NamespaceScope): boolean {
  return reasons.some(({ code }) => code === "missing-label");
}

function highest(factors: readonly ScopeFactor[]): "cde" | "connected-to" {
  return factors.some(({ implies }) => implies === "cde") ? "cde" : "connected-to";
}

function judge(
  context: EvaluationContext,
  entry: NamespaceScope,
  cde: readonly string[],
  index: ScopeFactorIndex,
): Result {
  const { namespace, category, reasons } = entry;
  const object = namespaceRef(namespace);
  const declaration = reasons.map(({ text }) => text).join("; ");
  const own = scopeEvidence(context, namespace);
  if (cde.includes(namespace)) {
    return {
      status: "pass",
      object,
      reason: "declared CDE; nothing is higher",
      detail: `Namespace ${namespace} is CDE (${declaration}), the highest category.`,
      evidence: own,
    };
  }
  const found = index.of(namespace);
  const isLow = category !== "connected-to";
  const words = isUnlabelled(entry) ? "has no scope label" : `is declared ${category}`;
  const decisive = found.factors.filter(({ implies }) => implies === "cde" || isLow);
  if (decisive.length > 0) {
    return {
      status: "fail",
      object,
      ...(isUnlabelled(entry) ? { severity: "high" as const } : {}),
      reason: shortReason(`${words}, but ${decisive[0]?.text}`),
      detail: `Namespace ${namespace} ${words} (${declaration}), and the state of the cluster makes it ${highest(decisive)}: ${listed(decisive)}.`,
      evidence: [...decisive.flatMap(({ evidence }) => evidence).slice(0, 20), ...own],
    };
  }
  return isLow && found.doubts.length > 0
    ? doubtful(object, words, declaration, found, own)
    : {
        status: "pass",
        object,
        reason: shortReason(isLow ? "nothing ties it to the CDE" : "nothing implies more than connected-to"),
        detail: `Namespace ${namespace} ${words} (${declaration}). ${found.factors.length > 0 ? `Its ties: ${listed(found.factors)}` : "No network path, shared node, right, webhook or API ties it to the CDE"}, and nothing says that it holds card data.`,
        evidence: [...found.factors.flatMap(({ evidence }) => evidence).slice(0, 20), ...own],
      };
}

/** Each factor in words, the first eight. */
function listed(factors: readonly ScopeFactor[]): string {
  const words = factors.slice(0, 8).map(({ kind, text }) => `${kind}: ${text}`);
  return `${words.join("; ")}${factors.length > 8 ? `; and ${factors.length - 8} more` : ""}`;
}

function doubtful(
  object: Result["object"],
  words: string,
  declaration: string,
  { doubts }: ScopeFactors,
  evidence: Result["evidence"],
): Result {
  return {
    status: "unknown",
    object,
    reason: shortReason(doubts[0] ?? "a factor could not be told"),
    detail: `Namespace ${object.name} ${words} (${declaration}). Nothing that was read ties it to the CDE, but ${doubts.join("; ")}.`,
    evidence,
  };
}
