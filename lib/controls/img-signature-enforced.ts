/**
 * Unsigned or wrongly signed images are rejected in the CDE.
 *
 * Reads: Kyverno rules with verifyImages and ImageValidatingPolicies, sigstore ClusterImagePolicies, webhooks of other engines, the
 * provider's record (signature-sources.ts), images of the namespace's workloads, and the answer to an unsigned canary. CDE
 * namespaces.
 * Pass: policies in deny mode verify signatures by named keys or identities for every image that the namespace uses, and a canary with
 * an unsigned image was refused within the last seven days.
 * Fail: no such policy, audit mode, required=false, an image that no pattern covers, a keyless identity with a wildcard subject or
 * issuer; or the canary was accepted, whatever the policies say.
 * Unknown: the policies look right and no canary has proven it; an engine or policy whose content is not understood may do it; the
 * provider may do it (GKE, OpenShift) and its record was not imported; sections were not read; no scope is declared.
 * Not applicable: never for a CDE; a cluster without any.
 *
 * Signed does not mean scanned or reviewed. Docker's content trust (Notary v1) is discontinued; Cosign and Notation count.
 */
import { refOf } from "@/lib/inventory/inventory";
import { visitContainers } from "@/lib/podsecurity";
import { POLICY_SECTIONS } from "./admission-policies";
import { answersIn, denialOf } from "./canary-answers";
import { renderJsonPatch } from "./manifest";
import { mapOf, maps } from "./policy-cover";
import { judgeNamespaces, namespaceRef, nameSome } from "./population";
import { script, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import { type SignatureSource, signatureSources } from "./signature-sources";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result } from "./types";
import { distinct, WORKLOAD_SECTIONS } from "./workloads";

const SECTIONS = [
  "namespaces",
  ...POLICY_SECTIONS,
  "kyverno-imagevalidatingpolicies",
  "sigstore-clusterimagepolicies",
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
] as const;

export const imgSignatureEnforced: Control = {
  id: "img-signature-enforced",
  title: "Unsigned or wrongly signed images are rejected in the CDE",
  severity: "high",
  requirements: [
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "A signature is given at the end of the change procedure, so that nothing gets in beside it.",
    },
    {
      requirement: "6.5.4",
      kind: "supporting",
      rationale: "Who can sign is not who can deploy, which keeps the roles of building and operating apart.",
    },
    {
      requirement: "6.2.3",
      kind: "supporting",
      rationale: "A pipeline that signs only what was reviewed lets admission demand the review.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "An image that somebody changed no longer fits its signature and is refused.",
    },
    {
      requirement: "6.3.2",
      kind: "supporting",
      rationale: "Signed attestations tie the list of components to the very image.",
    },
  ],
  judges: "namespace",
  sections: [...SECTIONS, ...WORKLOAD_SECTIONS.filter((section) => section !== "namespaces")],
  rule: {
    reads:
      "Policies that verify image signatures, the images of each CDE namespace, the provider's record, and the answer to an unsigned canary.",
    pass: "Policies in deny mode verify signatures by named keys or identities for every image in use, and an unsigned canary was refused.",
    fail: "No such policy, audit mode, required=false, an uncovered image, a wildcard identity, or an accepted canary.",
    unknown:
      "No canary has proven policies that look right, a policy or engine is not understood, or the provider's record is missing.",
    notApplicable: "Only in a cluster without CDE.",
    why: "Admission is the one place that every image of a pod passes, and a refused unsigned image shows that it is guarded.",
    cannotSee: "What was done before signing: signed does not mean scanned or reviewed. Where the keys are kept.",
  },
  evaluate: (context) => judgeNamespaces(context, ["cde"], (namespace) => [judge(context, namespace)]),
  verify: () => ({
    command: script(
      `kubectl get clusterpolicies,policies.kyverno.io -A -o json 2>/dev/null | jq -r '.items[]|. as $p|.spec.rules[]?|select(.verifyImages)|. as $r|.verifyImages[]|"kyverno \\($p.metadata.name) \\($r.name) action=\\(.failureAction//$p.spec.validationFailureAction//"Audit") required=\\(if .required==false then "false" else "true" end) images=\\([.imageReferences[]?]|join(",")) identities=\\([.attestors[]?.entries[]?|if .keyless then "\\(.keyless.subject//.keyless.subjectRegExp//"-")|\\(.keyless.issuer//.keyless.issuerRegExp//"-")" elif .keys then "key" else "other" end]|join(","))"'`,
      `kubectl get imagevalidatingpolicies.policies.kyverno.io -o json 2>/dev/null | jq -r '.items[]|"kyverno-cel \\(.metadata.name) \\(.spec.validationActions//.spec.validationAction//[]|join(",")) \\([.spec.matchImageReferences[]?|.glob//.expression]|join(","))"'`,
      `kubectl get clusterimagepolicies.policy.sigstore.dev -o json 2>/dev/null | jq -r '.items[]|"sigstore \\(.metadata.name) mode=\\(.spec.mode//"enforce") images=\\([.spec.images[]?.glob]|join(","))"'`,
      `kubectl get ns -l policy.sigstore.dev/include=true -o json | jq -r '.items[]|"included \\(.metadata.name)"'`,
    ),
    expect:
      "For each CDE namespace a policy with Enforce, Deny or mode=enforce whose patterns cover its images, with a key or an identity without wildcards. Then try an unsigned image with kubectl create --dry-run=server: it must be refused.",
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
      detail: `Namespace ${name} is not among the objects. Its labels decide which policies hold in it.`,
      evidence: [],
    };
  }
  const sources = signatureSources(inventory, namespaceOf(context, name));
  const images = imagesOf(context, name);
  const canary = answersIn(context, name).get("unsigned-image");
  const isRefused = canary !== undefined && !canary.isAccepted && denialOf(canary.message).by === "engine";
  const isSound = (source: SignatureSource) => source.gap === null && source.weaknesses.length === 0;
  const good = sources.filter(
    (source) => isSound(source) && (source.doubt === null || (source.doubt.byCanary && isRefused)),
  );
  const doubtful = sources.filter((source) => isSound(source) && source.doubt !== null && !good.includes(source));
  const bare = images.filter((image) => !good.some((source) => source.covers(image)));
  const base = { object: refOf(object), evidence: evidenceOf(context, name, sources) };
  const words = sources.map(describe);
  const told = words.length === 0 ? "" : ` Found: ${nameSome(words, 6)}.`;
  if (canary?.isAccepted === true) {
    return {
      ...base,
      status: "fail",
      reason: "an unsigned image was accepted",
      detail: `Namespace ${name}: on ${canary.triedAt} admission accepted a pod with an unsigned image.${told}`,
    };
  }
  if (good.length > 0 && bare.length === 0) {
    const by = nameSome(distinct(good.map((source) => source.words)), 3);
    const covered = images.length === 0 ? "no image runs there now" : `it covers ${nameSome(images, 4)}`;
    if (isRefused) {
      return {
        ...base,
        status: "pass",
        reason: shortReason(`verified by ${by}, and an unsigned image was refused`),
        detail: `Namespace ${name}: ${by} denies; ${covered}. On ${canary?.triedAt ?? ""} ${denialOf(canary?.message ?? "").words} refused an unsigned image.`,
      };
    }
    const answer =
      canary === undefined
        ? "nobody has tried an unsigned image in the last seven days"
        : denialOf(canary.message).words;
    return {
      ...base,
      status: "unknown",
      reason: "no refused canary proves it yet",
      detail: `Namespace ${name}: ${by} denies; ${covered}. But ${answer}. Try a pod with an unsigned image by kubectl create --dry-run=server and import the answer.`,
    };
  }
  const unread = inventory.readable(...SECTIONS);
  const isHidden =
    (inventory.provider === "gke" || inventory.provider === "openshift") &&
    inventory.facts.imageAdmissionRecord === undefined;
  const open = bare.length > 0 ? `images that no sound policy covers: ${nameSome(bare, 4)}` : "no sound policy";
  const doubts = [
    ...doubtful
      .filter((source) => images.length === 0 || bare.some((image) => source.covers(image)))
      .map((source) => `${source.words} may verify them, but ${source.doubt?.words ?? ""}`),
    ...(unread.known ? [] : [unread.message]),
    ...(isHidden ? ["the provider may refuse unsigned images itself, and its record was not imported"] : []),
  ];
  if (doubts.length > 0) {
    return {
      ...base,
      status: "unknown",
      reason: shortReason(`not known whether signatures are enforced: ${doubts[0] ?? ""}`),
      detail: `Namespace ${name}: ${open}. ${doubts.join("; ")}.${told}`,
    };
  }
  const problems = distinct(sources.flatMap((source) => (source.gap === null ? source.weaknesses : [source.gap])));
  return {
    ...base,
    status: "fail",
    reason: shortReason(
      sources.length === 0
        ? "no policy verifies image signatures"
        : `signatures are not enforced: ${problems[0] ?? open}`,
    ),
    detail: `Namespace ${name}: ${sources.length === 0 ? "no policy verifies image signatures" : open}.${told}`,
  };
}

function describe(source: SignatureSource): string {
  const state =
    source.gap ?? (source.weaknesses.length > 0 ? source.weaknesses.join(", ") : (source.doubt?.words ?? "denies"));
  return `${source.words}: ${state}`;
}

function namespaceOf({ inventory }: EvaluationContext, name: string) {
  const labels = { "kubernetes.io/metadata.name": name, ...inventory.namespaces.get(name)?.metadata.labels };
  return { name, labels, images: [] };
}

function imagesOf({ inventory }: EvaluationContext, name: string): string[] {
  return distinct(
    inventory
      .workloadsIn(name)
      .flatMap((workload) =>
        workload.variants.flatMap(({ spec }) =>
          visitContainers(spec).flatMap(({ container }) => container.image ?? []),
        ),
      ),
  ).filter((image) => image !== "");
}

function evidenceOf(context: EvaluationContext, name: string, sources: readonly SignatureSource[]): EvidencePointer[] {
  const object = context.inventory.namespaces.get(name);
  return [
    ...(object === undefined
      ? []
      : [{ ref: refOf(object), pointer: "/metadata/labels", found: JSON.stringify(object.metadata.labels ?? {}) }]),
    ...sources.map((source) => ({ ref: source.ref, pointer: source.pointer, found: describe(source) })),
  ];
}

/** A rule that only audits is set to deny; anything else needs a decision about keys that nobody can make from here. */
function remediate(context: EvaluationContext, result: Result): Remediation {
  const { inventory } = context;
  const risk =
    "Pods whose image has no valid signature are refused from then on, at evictions too; read the policy's reports first.";
  const auditing = signatureSources(inventory, namespaceOf(context, result.object.name)).find(
    ({ ref, gap, weaknesses }) =>
      ref.kind === "ClusterPolicy" && gap === "effective action Audit" && weaknesses.length === 0,
  );
  const policy = inventory.list("kyverno-clusterpolicies").find(({ metadata }) => metadata.name === auditing?.ref.name);
  if (auditing === undefined || policy === undefined) {
    return {
      summary: `Sign the images in the pipeline (cosign sign) and refuse others in ${result.object.name}: a Kyverno ClusterPolicy with verifyImages, imageReferences for every registry in use, attestors with your key or with subject and issuer of your pipeline, failureAction Enforce. Then try an unsigned image.`,
      risk,
    };
  }
  const steps = maps(policy.spec?.rules).flatMap((rule, index) =>
    maps(rule.verifyImages).flatMap((check, position) =>
      check.failureAction === "Enforce"
        ? []
        : [
            {
              op: "add" as const,
              path: `/spec/rules/${index}/verifyImages/${position}/failureAction`,
              value: "Enforce",
            },
          ],
    ),
  );
  const overrides = isOverridden(policy.spec)
    ? [{ op: "remove" as const, path: "/spec/validationFailureActionOverrides" }]
    : [];
  return {
    summary: `Let ${auditing.words} deny instead of audit.`,
    manifest: renderJsonPatch([...steps, ...overrides]),
    apply: `kubectl patch clusterpolicy ${shellQuote(policy.metadata.name)} --type=json --patch-file patch.yaml`,
    risk,
  };
}
function isOverridden(spec: Record<string, unknown> | undefined): boolean {
  return maps(mapOf(spec).validationFailureActionOverrides).length > 0;
}
