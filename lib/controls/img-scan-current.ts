/**
 * Every running CDE image has a recent vulnerability scan.
 *
 * Reads: the digests that run; Trivy Operator's VulnerabilityReports and uploaded scans (Trivy, Grype). CDE and connected-to namespaces.
 * Pass: a scan of exactly this build, with the scanner's name, at most seven days old, made with a database that was at most seven
 * days old where its date is given.
 * Fail: a scanner is connected and no scan of this build is known, or the newest is too old.
 * Unknown: no scanner is connected or its reports could not be read; the running digest is not known, or a report can't be tied to
 * it; the scan found neither an operating system nor a package (static binaries), and no bill of materials says what is inside.
 * Not applicable: no image runs in these namespaces; finished pods are not judged.
 *
 * PCI DSS asks for scans every three months and after significant changes. A changed image has another digest, so that it needs a
 * scan of its own at once; seven days for the rest keep new findings from waiting.
 */
import { judgeImages, placeWords, type RunningImage } from "./running-images";
import { SCAN_MAX_AGE_DAYS, scanState } from "./image-scans";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext } from "./types";
import { type Verdict, WORKLOAD_SECTIONS } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const imgScanCurrent: Control = {
  id: "img-scan-current",
  title: "Every running CDE image has a recent vulnerability scan",
  severity: "high",
  requirements: [
    {
      requirement: "6.3.1",
      kind: "primary",
      rationale: "Vulnerabilities of what runs can be known and ranked only if what runs is scanned.",
    },
    {
      requirement: "11.3.1",
      kind: "primary",
      rationale: "Scans of the images are the internal scans of what containers bring into the network.",
    },
    {
      requirement: "11.3.1.2",
      kind: "supporting",
      rationale: "Reading the packages inside the image sees what a scan with credentials sees.",
    },
    {
      requirement: "11.3.1.3",
      kind: "supporting",
      rationale: "A changed image has another digest, and without a scan of that digest the change was not scanned.",
    },
  ],
  judges: "image",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Running digests in CDE and connected-to namespaces, Trivy Operator's vulnerability reports, uploaded scans of Trivy and Grype.",
    pass: `A scan of exactly the running build, with its scanner's name and at most ${SCAN_MAX_AGE_DAYS} days old; its database no older by then, where its date is given.`,
    fail: "A scanner is connected and there is no scan of the running build, or the newest is too old.",
    unknown:
      "No scanner is connected, reports could not be read, the running digest is not known or can't be tied to a report, or the scan saw no packages.",
    notApplicable: "No image runs in these namespaces.",
    why: "A digest names one build, so that a scan of that digest is a scan of what runs.",
    cannotSee: "Weaknesses that no database lists, and how well the scanner reads languages and static binaries.",
  },
  evaluate: (context) => judgeImages(context, CATEGORIES, (image) => judge(context, image)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' . as $p|[allc|{name,image}][]|. as $c|[([$p.status.initContainerStatuses,$p.status.containerStatuses,$p.status.ephemeralContainerStatuses]|map(.//[])|add)[]|select(.name==$c.name)|.imageID][0] as $id|"runs \\($p.metadata.namespace)/\\($p.metadata.name) \\($c.image) \\($id//"-")"' | sort -u`,
      `kubectl get vulnerabilityreports.aquasecurity.github.io -A -o json 2>/dev/null | jq -r '.items[]|"scan \\(.metadata.namespace)/\\(.metadata.name) \\(.report.registry.server//"")/\\(.report.artifact.repository) \\(.report.artifact.digest//"-") \\(.report.scanner.name//"-") \\(.report.updateTimestamp//"-")"'`,
    ),
    expect: `For each running digest a scan with the same digest and a time within ${SCAN_MAX_AGE_DAYS} days. Scans outside the cluster (registry, pipeline) are shown by their own tools.`,
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Scan the running build: install Trivy Operator (helm upgrade --install trivy-operator aqua/trivy-operator -n trivy-system --create-namespace), or delete the old VulnerabilityReport so that it scans anew, or upload a scan of ${result.object.name}.`,
    risk: "Scans take processor time and pull every image once; spread them over the day.",
  }),
};

function judge(context: EvaluationContext, image: RunningImage): Verdict {
  const state = scanState(context, image);
  const subject = `${image.ref.name} (in ${placeWords(image)})`;
  const evidence = [...(state.scan === null ? [] : [state.scan.evidence]), ...image.evidence];
  const detail = `${subject}: ${state.words}.`;
  switch (state.status) {
    case "current":
      return {
        status: "pass",
        reason: shortReason(`scanned by ${state.scan.scanner} on ${state.scan.scannedAt.slice(0, 10)}`),
        detail,
        evidence,
      };
    case "missing":
      return { status: "fail", reason: "no scan of this build is known", detail, evidence };
    case "stale":
      return { status: "fail", reason: shortReason(state.words), detail, evidence };
    case "unknown":
      return { status: "unknown", reason: shortReason(state.words), detail, evidence };
  }
}
