/**
 * CDE images come only from approved internal registries.
 *
 * Reads: the image of every init, ordinary and ephemeral container of live pods, or of the template where no pod lives; the register
 * of approved registries. CDE and connected-to namespaces.
 * Pass: host and repository lie below an approved prefix, for every container.
 * Fail: an image from anywhere else, also one whose approval has expired or is for the other scope category.
 * Unknown: no register of registries was given; a container has no image; pods were not read; no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * `alpine` is docker.io/library/alpine. A prefix ends at a slash: registry.example.com is none of registry.example.com.evil.net.
 * A mirror that a node's runtime is set to is not visible here. Add-ons of the cluster may have prefixes of their own, approved for
 * connected-to only.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { isApprovedAt } from "@/lib/inventory/registers";
import type { ImageRegistry } from "@/lib/inventory/registers/image-registries";
import { visitContainers } from "@/lib/podsecurity";
import { isBelow, isPublicHub, parseImage } from "./image-reference";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const imgTrustedRegistry: Control = {
  id: "img-trusted-registry",
  title: "CDE images come only from approved internal registries",
  severity: "high",
  requirements: [
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "Images from the organization's own registry went through its change procedure; others did not.",
    },
    {
      requirement: "6.5.4",
      kind: "supporting",
      rationale: "Approved registries separate who builds images from who can bring them into production.",
    },
    {
      requirement: "6.3.3",
      kind: "supporting",
      rationale: "Only images of registries that somebody watches receive fixes in time.",
    },
    {
      requirement: "12.8.1",
      kind: "supporting",
      rationale: "Every foreign registry is a third party whose software runs in the CDE.",
    },
    {
      requirement: "2.2.4",
      kind: "supporting",
      rationale: "What runs is limited to what was approved, so that unneeded software has no way in.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Image references of all containers of live pods in CDE and connected-to namespaces, and the register of approved registries.",
    pass: "Every image lies below an approved prefix.",
    fail: "An image comes from anywhere else.",
    unknown:
      "No register of registries was given, a container has no image, pods could not be listed, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "The reference names the registry that the runtime asks for the image.",
    cannotSee: "Mirrors that the runtime of a node is set to, and who may push to an approved registry.",
  },
  evaluate: (context) => judgeWorkloads(context, CATEGORIES, (workload) => judge(context, workload)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' .metadata.namespace as $n|allc|(.image//"")|split("/") as $p|(if ($p|length)>1 and ($p[0]|test("[.:]|^localhost$")) then $p[0] else "docker.io" end) as $h|"\\($n) \\($h) \\(.)"' | sort | uniq -c`,
    ),
    expect: "Only hosts and paths that the register of approved registries holds for the namespace's scope.",
    needs: [],
  }),
  remediate(context, result) {
    const [target] = prefixesFor(context, result.object.namespace ?? "");
    const words = {
      summary: `Copy the images into an approved registry and refer to them there${target === undefined ? "" : ` (the patch names them below ${target.prefix})`}; let admission refuse others.`,
      risk: "Pods can't start until the images lie there under these names; copy them first, by digest.",
    };
    if (target === undefined) return words;
    const prefix = target.prefix.replace(/\/+$/, "");
    return remediateWorkload(context, result, words, (spec) => ({
      containers: Object.fromEntries(
        [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ name, image = "" }) => {
          const parsed = parseImage(image);
          if (parsed === null || isApproved(context, result.object.namespace ?? "", image)) return [];
          const path = parsed.repository.slice(parsed.host.length + 1).replace(/^library\//, "");
          const tag = parsed.tag === null ? "" : `:${parsed.tag}`;
          const digest = parsed.digest === null ? "" : `@${parsed.digest}`;
          return [[name, { image: `${prefix}/${path}${tag}${digest}` }]];
        }),
      ),
    }));
  },
};

/** Approved registries that hold for the namespace's scope at this moment. */
function prefixesFor(context: EvaluationContext, namespace: string): ImageRegistry[] {
  const category = context.scope.categoryOf(namespace);
  return (context.registers?.imageRegistries ?? []).filter(
    (entry) =>
      isApprovedAt(entry, context.asOf) &&
      (entry.scopes === undefined || entry.scopes.some((scope) => scope === category)),
  );
}
function isApproved(context: EvaluationContext, namespace: string, image: string): boolean {
  const parsed = parseImage(image);
  return parsed !== null && prefixesFor(context, namespace).some(({ prefix }) => isBelow(parsed.repository, prefix));
}

function judge(context: EvaluationContext, workload: Workload): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const images = workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).map(({ container, pointer }) => ({
      container: container.name,
      image: container.image ?? "",
      evidence: specEvidence(variant, `${pointer}/image`, container.image),
    })),
  );
  const evidence = images.map((entry) => entry.evidence);
  const pullSecrets = distinct(
    workload.variants.flatMap(({ spec }) => (spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? [])),
  );
  const secretWords = pullSecrets.length > 0 ? ` Pull secrets: ${nameSome(pullSecrets)}.` : "";
  if ((context.registers?.imageRegistries ?? []).length === 0) {
    return {
      status: "unknown",
      reason: "no register of approved registries was given",
      detail: `${subject}: images ${nameSome(distinct(images.map(({ image }) => image)))}. Import the list of approved image registries, so that it can be said whether these are among them.${secretWords}`,
      evidence,
    };
  }
  const foreign = images.filter(({ image }) => image !== "" && !isApproved(context, workload.namespace, image));
  if (foreign.length > 0) {
    const words = distinct(
      foreign.map(({ container, image }) => {
        const parsed = parseImage(image);
        const hub = parsed !== null && isPublicHub(parsed.host) ? `, a public hub (${parsed.host})` : "";
        return `container ${container} runs ${image}${hub}`;
      }),
    );
    const hosts = distinct(foreign.map(({ image }) => parseImage(image)?.host ?? ""));
    return {
      status: "fail",
      reason: shortReason(
        `${foreign.length === 1 ? "an image comes" : `${foreign.length} images come`} from ${nameSome(hosts, 3)}`,
      ),
      detail: `${subject}: ${nameSome(words, 8)}. None of the approved prefixes for ${context.scope.categoryOf(workload.namespace)} namespaces holds them.${secretWords}`,
      evidence: foreign.map((entry) => entry.evidence),
    };
  }
  const nameless = images.filter(({ image }) => image === "");
  if (nameless.length > 0) {
    return {
      status: "unknown",
      reason: "a container has no image",
      detail: `${subject}: ${nameSome(nameless.map(({ container }) => container))} has no image in its specification.`,
      evidence,
    };
  }
  return {
    status: "pass",
    reason: "every image comes from an approved registry",
    detail: `${subject}: ${nameSome(distinct(images.map(({ image }) => image)))}.${secretWords}`,
    evidence,
  };
}
