/**
 * A software bill of materials exists for every running CDE image.
 *
 * Reads: the digests that run; Trivy Operator's SbomReports and uploaded documents (CycloneDX, SPDX), of which only counts, package
 * types, base image and the names of shells and package managers are kept. CDE namespaces.
 * Pass: a bill of materials of exactly this build, with tool and time, at least one component, and the base image or package types.
 * Fail: a source is connected and this build has none, or only one that is empty or incomplete.
 * Unknown: no source is connected or reports could not be read; the running digest is not known or can't be tied to a report.
 * Not applicable: no image runs in these namespaces; finished pods are not judged.
 *
 * The requirement speaks of the entity's own software and the parts of others inside it; for vendors' images it is good practice.
 * A static binary gives an empty list when it is scanned: take the one from its build. Shells and package managers are named as
 * advice.
 */
import { allSboms, type ImageSbom, sbomsOf } from "./image-sboms";
import { mayBeOfImage } from "./image-scans";
import { nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import { judgeImages, placeWords, type RunningImage } from "./running-images";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext } from "./types";
import { type Verdict, WORKLOAD_SECTIONS } from "./workloads";

const CATEGORIES = ["cde"] as const;

export const imgSbomAvailable: Control = {
  id: "img-sbom-available",
  title: "A software bill of materials exists for every running CDE image",
  severity: "medium",
  requirements: [
    {
      requirement: "6.3.2",
      kind: "primary",
      rationale:
        "A bill of materials of the running build is the inventory of own software and of the parts of others in it.",
    },
    {
      requirement: "6.3.1",
      kind: "supporting",
      rationale: "Whether a newly published vulnerability concerns the build is found by its components.",
    },
    {
      requirement: "12.5.1",
      kind: "supporting",
      rationale: "The components of its images belong to what is in the scope.",
    },
  ],
  judges: "image",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Running digests in CDE namespaces, Trivy Operator's SBOM reports, uploaded CycloneDX and SPDX documents; counts and package types, not the lists.",
    pass: "A bill of materials of exactly the running build, with tool, time, components, and base image or package types.",
    fail: "A source is connected and the build has none, or only an empty or incomplete one.",
    unknown:
      "No source is connected, reports could not be read, or the running digest is not known or can't be tied to a report.",
    notApplicable: "No image runs in these namespaces.",
    why: "A digest names one build, so that a list of that digest is a list of what runs.",
    cannotSee:
      "Whether the list is complete: code that was copied in, or built without a package manager, may be missing.",
  },
  evaluate: (context) => judgeImages(context, CATEGORIES, (image) => judge(context, image)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get sbomreports.aquasecurity.github.io -A -o json 2>/dev/null | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|"\\(.metadata.namespace)/\\(.metadata.name) \\(.report.artifact.repository) \\(.report.artifact.digest//"-") components=\\(.report.components.components//[]|length)"'`,
      `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select(.status.phase!="Succeeded" and .status.phase!="Failed")|(.status.containerStatuses//[])[]|"runs \\(.imageID//"-")"' | sort -u`,
    ),
    expect:
      "For each digest that runs a report with more than zero components. Documents from the build are shown by its own tools.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Make the bill of materials where the image is built and attach it to the image: syft ${result.object.name} -o cyclonedx-json > sbom.json; cosign attest --type cyclonedx --predicate sbom.json ${result.object.name}. Then upload it, or let Trivy Operator write SbomReports.`,
    risk: "None for what runs; the list itself should be readable only by those who need it.",
  }),
};

function judge(context: EvaluationContext, image: RunningImage): Verdict {
  const subject = `${image.ref.name} (in ${placeWords(image)})`;
  const found = sbomsOf(context, image);
  const good = found.find((sbom) => lacksOf(sbom).length === 0);
  if (good !== undefined) {
    const parts = good.ecosystems.length > 0 ? `package types ${nameSome(good.ecosystems)}` : "no package types";
    const advice =
      good.tools.length === 0
        ? ""
        : ` Advice: the image holds ${nameSome(good.tools)}; a smaller base image would not.`;
    return {
      status: "pass",
      reason: shortReason(`${good.components} components listed by ${good.tool}`),
      detail: `${subject}: ${good.words} lists ${good.components} components (${parts}; base image ${good.operatingSystem || "not recorded"}), made by ${good.tool} at ${good.createdAt}.${advice}`,
      evidence: [good.evidence, ...image.evidence],
    };
  }
  const [first] = found;
  if (first !== undefined) {
    const lacks = lacksOf(first);
    return {
      status: "fail",
      reason: shortReason(`its bill of materials lacks ${lacks.join(", ")}`),
      detail: `${subject}: ${first.words} lacks ${lacks.join(", ")}. A static binary has to bring the list from its build.`,
      evidence: [first.evidence, ...image.evidence],
    };
  }
  const doubt = whyUnknown(context, image);
  if (doubt !== null)
    return { status: "unknown", reason: shortReason(doubt), detail: `${subject}: ${doubt}.`, evidence: image.evidence };
  return {
    status: "fail",
    reason: "no bill of materials of this build is known",
    detail: `${subject}: neither a SbomReport nor an uploaded document names its digest.`,
    evidence: image.evidence,
  };
}

function lacksOf(sbom: ImageSbom): string[] {
  return [
    ...(sbom.components === 0 ? ["components"] : []),
    ...(sbom.tool === "" ? ["the tool's name"] : []),
    ...(sbom.createdAt === "" ? ["a time"] : []),
    ...(sbom.components > 0 && sbom.ecosystems.length === 0 && sbom.operatingSystem === ""
      ? ["base image and package types"]
      : []),
  ];
}

function whyUnknown(context: EvaluationContext, image: RunningImage): string | null {
  const { inventory } = context;
  const maybe = allSboms(context).find((sbom) => mayBeOfImage(sbom, image));
  if (maybe !== undefined)
    return `${maybe.words} is about ${maybe.repository}:${maybe.tag} and names a digest that no pod reports; pin the image by digest`;
  const hasUploads = (inventory.facts.sboms ?? []).length > 0;
  const readable = inventory.readable("trivy-sbomreports");
  const isFiles = inventory.snapshot.source === "manifests";
  if (!readable.known && !(hasUploads && isFiles)) return `SBOM reports could not be read: ${readable.message}`;
  const isServed = inventory.snapshot.sections["trivy-sbomreports"]?.status === "complete";
  if (!isServed && !hasUploads)
    return "the cluster has no reports of Trivy Operator, and no bill of materials was uploaded";
  if (image.digests.length === 0)
    return "the digest that runs is not known, so no list can be tied to it; pin the image by digest";
  return null;
}
