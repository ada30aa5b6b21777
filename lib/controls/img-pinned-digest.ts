/**
 * img-pinned-digest: CDE images are pinned by digest and never use latest.
 *
 * Reads: the image of every init, ordinary and ephemeral container of live pods (or of the template where no pod lives) and the
 *   imageID that runs. CDE and connected-to namespaces.
 * Pass: every image reference ends in @sha256:… and, where a pod reports what runs, the digest is the same.
 * Fail: a tag only is medium; the tag latest or no tag (which means latest) is high.
 * Unknown: pods weren't read, no scope is declared, or an image is pinned and the running digest is another: it may be the
 *   platform's manifest within a pinned index, which only the registry can tell.
 * Not applicable: no live pod and no template in the namespace; finished pods aren't judged.
 * Where no status is there (a template, a pod that hasn't started), only the reference is judged, and the detail says so.
 * Traps: `repo:tag@sha256:…` is pinned; a colon before the last slash is a port; imagePullPolicy Always with a tag can run
 *   different code on each node.
 */
import type { PodVariant, Workload } from "@/lib/inventory/inventory";
import { allContainers } from "@/lib/inventory/inventory";
import type { Container, Pod } from "@/lib/inventory/kinds";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control, EvidencePointer } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  findWorkload,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";
import { shortReason } from "./short-reason";

const CATEGORIES = ["cde", "connected-to"] as const;

export const imgPinnedDigest: Control = {
  id: "img-pinned-digest",
  title: "CDE images are pinned by digest and never use latest",
  severity: "medium",
  requirements: [
    {
      requirement: "6.3.2",
      kind: "supporting",
      rationale: "An inventory of components can be tied to what runs only by digest.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "A tag that is moved changes production without any change procedure.",
    },
    { requirement: "11.5.2", kind: "supporting", rationale: "A pinned image can't be replaced unnoticed." },
    {
      requirement: "6.3.3",
      kind: "supporting",
      rationale: "Whether a fix is installed can be told only if it is known which build runs.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads: "Image references of all containers and the digests that run.",
    pass: "Every reference is pinned by sha256, and the running digest is the same where it is reported.",
    fail: "A reference has only a tag (medium), or latest or no tag (high).",
    unknown: "Pods were not read, no scope is declared, or the running digest differs from the pinned one.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "A digest names one build for ever; a tag names whatever was pushed last.",
    cannotSee:
      "Whether the pinned build is free of known weaknesses, and whether a differing digest is the platform's manifest of the pinned index.",
  },
  evaluate: (context) => judgeWorkloads(context, CATEGORIES, (workload) => judge(workload)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' . as $p|allc|select((.image//"")|test("@sha256:[0-9a-f]{64}$")|not)|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.image)"'`,
    ),
    expect: "No output. Each line is a pod and an image that is not pinned by digest.",
    needs: [],
  }),
  remediate(context, result) {
    const workload = findWorkload(context, result);
    const running = workload === undefined ? new Map<string, string>() : runningDigests(workload.pods);
    const words = {
      summary:
        "Write each image with the digest of the build that was tested (the patch takes the digest that runs now, where it is reported), and let the pipeline or Kyverno's mutateDigest keep it so.",
      risk: "A pinned image no longer follows its tag: fixes arrive only by changing the digest, so the update has to be automated.",
    };
    // Without a digest that is seen to run there is nothing to write into a patch: the registry has to be asked.
    if (running.size === 0) return words;
    return remediateWorkload(context, result, words, (spec) => ({
      containers: Object.fromEntries(
        [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) => {
          const digest = running.get(container.name);
          const image = container.image ?? "";
          if (isPinned(image) || digest === undefined || image === "") return [];
          return [[container.name, { image: `${image}@${digest}` }]];
        }),
      ),
    }));
  },
};

const DIGEST = /@(sha256:[0-9a-f]{64})$/;
function isPinned(image: string): boolean {
  return DIGEST.test(image);
}
/** The tag of a reference without digest; "latest" when it has none. A colon before the last slash is a registry's port. */
export function tagOf(image: string): string {
  const reference = image.split("@", 1)[0] ?? "";
  const colon = reference.lastIndexOf(":");
  return colon > reference.lastIndexOf("/") ? reference.slice(colon + 1) : "latest";
}

/** Container name → digest that runs, where every pod reports the same one. */
function runningDigests(pods: readonly Pod[]): Map<string, string> {
  const found = new Map<string, Set<string>>();
  for (const pod of pods) {
    for (const status of statusesOf(pod)) {
      const digest = DIGEST.exec(status.imageID ?? "")?.[1];
      if (digest !== undefined) found.set(status.name, (found.get(status.name) ?? new Set()).add(digest));
    }
  }
  return new Map(
    [...found].flatMap(([name, digests]) => (digests.size === 1 ? [...digests].map((d) => [name, d] as const) : [])),
  );
}

function statusesOf(pod: Pod) {
  return [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ];
}

interface Finding {
  kind: "no-image" | "latest" | "tag" | "differs";
  text: string;
  evidence: EvidencePointer;
}

function judge(workload: Workload): Verdict {
  const found = new Map<string, Finding>();
  let unreported = 0;
  const images = new Set<string>();
  for (const variant of workload.variants) {
    const pods = workload.pods.filter((pod) => variant.podNames.includes(pod.metadata.name));
    for (const { container, pointer } of allContainers(variant.spec)) {
      images.add(container.image ?? "(none)");
      const finding = judgeContainer(variant, container, pointer, pods);
      if (finding === "unreported") unreported++;
      else if (finding !== null) found.set(`${finding.kind}/${container.name}/${finding.text}`, finding);
    }
  }
  const findings = [...found.values()];
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const all = findings.map((finding) => finding.text);
  const evidence = findings.map((finding) => finding.evidence);
  const failing = findings.filter((finding) => finding.kind === "latest" || finding.kind === "tag");
  if (failing.length > 0) {
    const isLatest = failing.some((finding) => finding.kind === "latest");
    return {
      status: "fail",
      severity: isLatest ? "high" : "medium",
      reason: shortReason(
        `${failing.length === 1 ? "an image is" : `${failing.length} images are`} not pinned${isLatest ? ", latest" : ""}: ${failing[0]?.text}`,
      ),
      detail: `${subject}: ${nameSome(all, 8)}.`,
      evidence,
    };
  }
  if (findings.length > 0) {
    return {
      status: "unknown",
      reason:
        findings[0]?.kind === "no-image" ? "a container has no image" : "the running digest is not the pinned one",
      detail: `${subject}: ${nameSome(all, 8)}. The registry, or the build's record, tells whether the running digest belongs to the pinned image.`,
      evidence,
    };
  }
  const part =
    unreported > 0
      ? " What runs is not reported for some of them, so only the references were judged."
      : " The digests that run are the same.";
  return {
    status: "pass",
    reason: unreported > 0 ? "all references are pinned by digest" : "all images are pinned and run as pinned",
    detail: `${subject}: ${nameSome([...images], 6)}.${part}`,
    evidence: workload.variants.flatMap((variant) =>
      allContainers(variant.spec).map(({ container, pointer }) =>
        specEvidence(variant, `${pointer}/image`, container.image),
      ),
    ),
  };
}

function judgeContainer(
  variant: PodVariant,
  container: Container,
  pointer: string,
  pods: readonly Pod[],
): Finding | "unreported" | null {
  const image = container.image ?? "";
  const evidence = specEvidence(variant, `${pointer}/image`, container.image);
  if (image === "") return { kind: "no-image", text: `${container.name} has no image`, evidence };
  const pinned = DIGEST.exec(image)?.[1];
  if (pinned === undefined) {
    const tag = tagOf(image);
    const pulls = image.includes("@")
      ? ", which names no valid sha256 digest"
      : container.imagePullPolicy === "Always"
        ? ", pulled anew at each start, so that nodes may run different builds"
        : "";
    return { kind: tag === "latest" ? "latest" : "tag", text: `${container.name} runs ${image}${pulls}`, evidence };
  }
  const ids = pods.flatMap((pod) =>
    statusesOf(pod)
      .filter((status) => status.name === container.name)
      .flatMap((status) => status.imageID || []),
  );
  if (ids.length === 0) return "unreported";
  const other = ids.find((id) => DIGEST.exec(id)?.[1] !== pinned);
  return other === undefined
    ? null
    : { kind: "differs", text: `${container.name} is pinned to ${pinned} and runs ${other}`, evidence };
}
