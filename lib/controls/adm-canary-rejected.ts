/**
 * Known-bad workloads are rejected in each CDE namespace.
 *
 * Reads: what the API server answered to seven kinds of pods that must be refused (uploaded; the agent does not try them, because even
 * a dry run needs the right to create pods). CDE namespaces.
 * Pass: every canary was refused by a policy within the last seven days, and at least one that Pod Security accepts was refused by a
 * policy engine.
 * Fail: a canary was accepted.
 * Unknown: nobody has tried, a canary is missing or older than seven days, or something else than a policy refused it (RBAC, a webhook
 * that could not be called, a refused dry run).
 * Not applicable: never for a CDE; a cluster without any.
 *
 * In a restricted namespace Pod Security refuses the privileged canary before any webhook is asked. A pod that fulfils restricted and
 * has a writable root file system proves the engine. Always by a dry run on the server: a real create leaves a privileged pod
 * behind where the control fails.
 */
import { CANARIES, type AdmissionCanary, type Canary } from "@/lib/inventory/imported-images";
import { answersIn, CANARY_MAX_AGE_DAYS, denialOf, ENGINE_CANARIES } from "./canary-answers";
import { judgeNamespaces, namespaceRef, nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const CANARY_WORDS: Record<Canary, string> = {
  privileged: "privileged pod",
  "host-path": "pod with hostPath",
  "root-user": "pod that runs as root",
  "writable-root": "pod with a writable root file system",
  "unsigned-image": "unsigned image",
  "foreign-registry": "image of a foreign registry",
  "wrong-node": "pod that is not pinned to CDE nodes",
};

export const admCanaryRejected: Control = {
  id: "adm-canary-rejected",
  title: "Known-bad workloads are rejected in each CDE namespace",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "A refused canary shows that insecure settings are kept out in fact, whatever the policies' texts say.",
    },
    {
      requirement: "10.7.2",
      kind: "supporting",
      rationale: "A canary that gets in shows a failed security control that nobody else has noticed.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "Canaries notice when somebody has weakened what guards against changed images and settings.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces"],
  rule: {
    reads: "Uploaded answers of the API server to pods that must be refused, per CDE namespace.",
    pass: `Each of seven canaries was refused by a policy within ${CANARY_MAX_AGE_DAYS} days, and an engine refused one that Pod Security accepts.`,
    fail: "A canary was accepted.",
    unknown:
      "Canaries were not tried, are missing or too old, or were refused by something that is no policy: RBAC, a webhook that can't be called, a refused dry run.",
    notApplicable: "Only in a cluster without CDE.",
    why: "A dry run on the server takes the same way through admission as a real create, and stores nothing.",
    cannotSee:
      "Pods that another identity creates, if policies make exceptions for it; and whoever wrote the upload is believed.",
  },
  evaluate: (context) => judgeNamespaces(context, ["cde"], (namespace) => [judge(context, namespace)]),
  verify: ({ scope }, result) => ({
    command: script(
      result?.object.kind === "Namespace" ? `CDE='${JSON.stringify([result.object.name])}'` : selectNamespaces(scope),
      "# A dry run: nothing is stored. Needs the right to create pods. Put an approved image with its digest into IMAGE.",
      `IMAGE="\${IMAGE:-registry.example.com/approved/app@sha256:${"0".repeat(64)}}"`,
      `for n in $(echo "$CDE" | jq -r '.[]'); do`,
      `  jq -nc --arg n "$n" --arg i "$IMAGE" '{apiVersion:"v1",kind:"Pod",metadata:{name:"canary",namespace:$n},spec:{containers:[{name:"c",image:$i,securityContext:{privileged:true}}]}}' | kubectl create --dry-run=server -o name -f - 2>&1 | sed "s|^|$n privileged: |"`,
      `  jq -nc --arg n "$n" --arg i "$IMAGE" '{apiVersion:"v1",kind:"Pod",metadata:{name:"canary",namespace:$n},spec:{securityContext:{runAsNonRoot:true,runAsUser:10001,seccompProfile:{type:"RuntimeDefault"}},containers:[{name:"c",image:$i,securityContext:{allowPrivilegeEscalation:false,capabilities:{drop:["ALL"]},readOnlyRootFilesystem:false}}]}}' | kubectl create --dry-run=server -o name -f - 2>&1 | sed "s|^|$n writable-root: |"`,
      "done",
    ),
    expect:
      "Two errors per namespace. The first may name Pod Security; the second must name a webhook or a ValidatingAdmissionPolicy. A line that ends in pod/canary was accepted.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Find out why admission let it in and correct the policy's mode, selector or exclusion. ${result.reason}.`,
    risk: "A policy that refuses more may refuse workloads that run today; let it warn first.",
  }),
};

function judge(context: EvaluationContext, name: string): Result {
  const answers = answersIn(context, name);
  const object = namespaceRef(name);
  const evidence = [...scopeEvidence(context, name), ...[...answers.values()].map(evidenceOf)];
  const words = CANARIES.flatMap((canary) => {
    const answer = answers.get(canary);
    return answer === undefined
      ? []
      : [`${CANARY_WORDS[canary]}: ${answer.isAccepted ? "accepted" : denialOf(answer.message).words}`];
  });
  const told = words.length === 0 ? "" : ` ${words.join("; ")}.`;
  const accepted = CANARIES.filter((canary) => answers.get(canary)?.isAccepted === true);
  if (accepted.length > 0) {
    const isReal = accepted.some((canary) => answers.get(canary)?.isDryRun === false);
    return {
      status: "fail",
      object,
      reason: shortReason(
        `accepted: ${nameSome(
          accepted.map((canary) => CANARY_WORDS[canary]),
          3,
        )}`,
      ),
      detail: `Namespace ${name}: admission accepted ${nameSome(
        accepted.map((canary) => CANARY_WORDS[canary]),
        7,
      )}.${isReal ? " It was no dry run, so the pod may still be there: delete it." : ""}${told}`,
      evidence,
    };
  }
  const missing = CANARIES.filter((canary) => !answers.has(canary));
  const unclear = CANARIES.filter((canary) => {
    const answer = answers.get(canary);
    return answer !== undefined && denialOf(answer.message).by === "none";
  });
  const proven = ENGINE_CANARIES.some((canary) => {
    const answer = answers.get(canary);
    return answer !== undefined && denialOf(answer.message).by === "engine";
  });
  if (missing.length > 0 || unclear.length > 0 || !proven) {
    const reason =
      answers.size === 0
        ? "nobody has tried a canary in the last seven days"
        : missing.length > 0
          ? `not tried: ${nameSome(
              missing.map((canary) => CANARY_WORDS[canary]),
              3,
            )}`
          : unclear.length > 0
            ? `refused, and not by a policy: ${nameSome(
                unclear.map((canary) => CANARY_WORDS[canary]),
                3,
              )}`
            : "no engine refused what Pod Security accepts";
    return {
      status: "unknown",
      object,
      reason: shortReason(reason),
      detail: `Namespace ${name}: ${reason}.${told} Try each canary by kubectl create --dry-run=server and import the answers.`,
      evidence,
    };
  }
  return {
    status: "pass",
    object,
    reason: "every canary was refused by a policy",
    detail: `Namespace ${name}:${told}`,
    evidence,
  };
}

function evidenceOf({ canary, triedAt, isAccepted, message, origin }: AdmissionCanary): EvidencePointer {
  const answer = isAccepted ? "accepted" : message.slice(0, 200);
  return { ref: CLUSTER_REF, pointer: "", found: `${origin.name}, ${canary}, ${triedAt}: ${answer}` };
}
