/**
 * CDE workloads run on a cluster without out-of-scope workloads.
 *
 * Reads: the scope of every namespace. The system's own namespaces, and `default` while it runs nothing, are left out.
 * Pass: every other namespace is CDE or connected-to.
 * Fail: a namespace is out of scope. Low, and advice: separation inside a cluster is allowed where it is proven.
 * Unknown: a namespace has no label or its scope isn't known; files show only some of a cluster's namespaces; no scope is declared.
 * Not applicable: the cluster holds no CDE namespace.
 *
 * The standard does not ask for clusters of their own. The links support only, so that the result never decides a requirement.
 */
import { dedicationOf } from "./dedicated-cluster";
import { clusterResult, judgeCluster, nameSome, namespaceRef, scopeEvidence } from "./population";
import { script } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";

export const isoDedicatedCluster: Control = {
  id: "iso-dedicated-cluster",
  title: "CDE workloads run on a cluster without out-of-scope workloads",
  severity: "low",
  requirements: [
    {
      requirement: "2.2.3",
      kind: "supporting",
      rationale: "On a cluster of its own no function of another security level shares a node with the CDE.",
    },
    {
      requirement: "12.5.2",
      kind: "supporting",
      rationale: "The scope is easier to confirm where the cluster's border is the CDE's border.",
    },
    {
      requirement: "6.5.3",
      kind: "supporting",
      rationale: "Production that has a cluster of its own is separated from everything that is not production.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads: "The scope of every namespace; those of the system itself are left out.",
    pass: "Every namespace is CDE or connected-to.",
    fail: "A namespace is out of scope; advice only, because separation inside a cluster is allowed where it is proven.",
    unknown: "A namespace carries no label, its scope is not known, no scope is declared, or only files were read.",
    notApplicable: "The cluster holds no CDE namespace.",
    why: "Namespaces of a cluster share its nodes, its network and its control plane unless something separates them.",
    cannotSee:
      "Whether what the labels say is true, and whether the separation inside the cluster holds; other controls judge that.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: ({ scope }) => ({
    command: script(
      `kubectl get ns -o json | jq -r '.items[]|((.metadata.labels//{})[${JSON.stringify(scope.settings.labelKey)}]//"UNLABELLED")+" "+.metadata.name' | sort`,
    ),
    expect: `Only ${scope.settings.values.cde} and ${scope.settings.values["connected-to"]}, besides the system's own namespaces. A scope file wins over labels.`,
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Plan to move what is out of scope to another cluster, or prove the separation inside this one. ${result.reason}.`,
    risk: "Moving workloads is a project: their data, addresses and pipelines move with them.",
  }),
};

function judge(context: EvaluationContext): Result {
  const { status, foreign, unlabelled, inside } = dedicationOf(context);
  const evidence = (names: readonly string[]) =>
    names.slice(0, 50).flatMap((name) => {
      const found = scopeEvidence(context, name);
      return found.length > 0 ? found : [{ ref: namespaceRef(name), pointer: "/metadata/labels" }];
    });
  const insideWords = ` CDE and connected-to: ${inside.length === 0 ? "none" : nameSome(inside)}.`;
  const unlabelledWords = unlabelled.length === 0 ? "" : ` Not labelled: ${nameSome(unlabelled)}.`;
  switch (status) {
    case "shared":
      return {
        ...clusterResult(
          "fail",
          shortReason(`out-of-scope namespaces beside the CDE: ${nameSome(foreign, 3)}`),
          `Out of scope: ${nameSome(foreign, 20)}.${insideWords}${unlabelledWords} The standard allows this where the separation is proven.`,
        ),
        evidence: evidence(foreign),
      };
    case "unknown":
      return {
        ...clusterResult(
          "unknown",
          unlabelled.length > 0
            ? shortReason(`namespaces without a scope label: ${nameSome(unlabelled, 3)}`)
            : "files show only some of a cluster's namespaces",
          unlabelled.length > 0
            ? `These namespaces say nothing about their scope: ${nameSome(unlabelled, 20)}.${insideWords} Label them, or name them in a scope file.`
            : `Every namespace among the files is CDE or connected-to.${insideWords} Which others the cluster holds is known from the running cluster.`,
        ),
        evidence: evidence(unlabelled),
      };
    case "dedicated":
      return {
        ...clusterResult(
          "pass",
          "every namespace is CDE or connected-to",
          `No namespace is out of scope, and each says what it is.${insideWords}`,
        ),
        evidence: evidence(inside),
      };
  }
}
