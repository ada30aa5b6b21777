/**
 * Critical fixes are applied within a month and high findings are resolved.
 *
 * Reads: the vulnerabilities of the newest scan of each running build (Trivy Operator, uploads), the register of decisions about
 * vulnerabilities and of the organization's own ranking. CDE and connected-to namespaces. What is due when: vulnerability-dues.ts.
 * Pass: the build has a current scan (img-scan-current), no critical one with a fix is older than 30 days, and no high or critical
 * one is older than 90 days without a decision.
 * Fail: some is. Critical for a critical one with a fix. An old scan of the same build can fail, and never pass.
 * Unknown: the build has no current scan; a critical or high vulnerability has no date; the report was cut before its end.
 * Not applicable: no image runs in these namespaces.
 *
 * PCI DSS v4.0.1 limits the month to critical vulnerabilities, by the entity's own ranking (6.3.1). "Not affected" needs a named
 * author and a date. No fix is no failure of 6.3.3; 11.3.1 still asks that it is handled.
 */
import { nameSome } from "./population";
import { judgeImages, placeWords, type RunningImage } from "./running-images";
import { type ImageScan, scanState } from "./image-scans";
import { CRITICAL_FIX_DAYS, duesOf, QUARTER_DAYS } from "./vulnerability-dues";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer } from "./types";
import { type Verdict, WORKLOAD_SECTIONS } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const imgNoOverdueVulns: Control = {
  id: "img-no-overdue-vulns",
  title: "Critical fixes are applied within a month and high findings are resolved",
  severity: "critical",
  requirements: [
    {
      requirement: "6.3.3",
      kind: "primary",
      rationale: "A critical vulnerability of a running build whose fix is older than a month was not patched in time.",
    },
    {
      requirement: "11.3.1",
      kind: "primary",
      rationale: "High and critical vulnerabilities that a quarterly scan found have to be resolved.",
    },
    {
      requirement: "6.3.1",
      kind: "supporting",
      rationale: "The result applies the organization's own ranking, so that it shows whether there is one.",
    },
    {
      requirement: "11.3.1.1",
      kind: "supporting",
      rationale: "What is neither high nor critical is named by its count, to be handled by the risk analysis.",
    },
  ],
  judges: "image",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Vulnerabilities of the newest scan of each running build in CDE and connected-to namespaces, decisions about them, and the organization's ranking.",
    pass: `The scan is current, no critical vulnerability with a fix is older than ${CRITICAL_FIX_DAYS} days, and no high or critical one is older than ${QUARTER_DAYS} days without a decision.`,
    fail: "Some is older; critical for a critical vulnerability whose fix was not installed.",
    unknown:
      "The running build has no current scan, a critical or high vulnerability has no date, or the report was cut.",
    notApplicable: "No image runs in these namespaces.",
    why: "A build does not change, so that what its scan shows is in production as long as the build runs.",
    cannotSee:
      "When the organization first learned of a vulnerability, and when a fix was released, unless the scanner says so; publication stands in.",
  },
  evaluate: (context) => judgeImages(context, CATEGORIES, (image) => judge(context, image)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get vulnerabilityreports.aquasecurity.github.io -A -o json 2>/dev/null | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $r|(.report.vulnerabilities//[])[]|select(.severity=="CRITICAL" or .severity=="HIGH")|"\\($r.metadata.namespace) \\($r.report.artifact.repository) \\(.severity) \\(.vulnerabilityID) \\(.resource) fixed=\\(.fixedVersion//"") published=\\(.publishedDate//"-")"'`,
    ),
    expect: `No CRITICAL line with a fix that was published more than ${CRITICAL_FIX_DAYS} days ago, and no line older than ${QUARTER_DAYS} days without a decision in the register.`,
    needs: [],
  }),
  remediate(context, result) {
    const fixes = fixesOf(context, result.object.name);
    return {
      summary: `Build the image anew on a current base and roll it out${fixes.length > 0 ? `: ${nameSome(fixes, 10)}` : ""}. Record a decision for what has no fix or can't be reached.`,
      risk: "New versions of packages may behave differently; run the application's tests on the new image.",
    };
  },
};

function judge(context: EvaluationContext, image: RunningImage): Verdict {
  const state = scanState(context, image);
  const subject = `${image.ref.name} (in ${placeWords(image)})`;
  const scan = state.scan;
  const dues = scan === null ? [] : duesOf(context, image, scan.vulnerabilities);
  const evidence = [
    ...(scan === null
      ? []
      : evidenceOf(
          scan,
          dues.filter(({ state: s }) => s !== "settled").map(({ vulnerability }) => vulnerability.id),
        )),
    ...image.evidence.slice(0, 4),
  ];
  const overdue = dues.filter((due) => due.state === "overdue");
  const settled = dues.filter((due) => due.state === "settled");
  const settledWords =
    settled.length === 0
      ? ""
      : ` Settled: ${nameSome(
          settled.map(({ words }) => words),
          5,
        )}.`;
  const scanWords = scan === null ? "" : ` ${state.words}.`;
  if (overdue.length > 0) {
    const isUnpatched = overdue.some(
      ({ rank, vulnerability }) => rank === "critical" && (vulnerability.fixedVersion ?? "") !== "",
    );
    return {
      status: "fail",
      severity: isUnpatched ? "critical" : "high",
      reason: shortReason(
        `${overdue.length} overdue: ${nameSome(
          overdue.map(({ vulnerability }) => vulnerability.id),
          2,
        )}`,
      ),
      detail: `${subject}: ${nameSome(
        overdue.map(({ words }) => words),
        10,
      )}.${settledWords}${scanWords}`,
      evidence,
    };
  }
  if (state.status !== "current") {
    return {
      status: "unknown",
      reason: shortReason(`no current scan: ${state.words}`),
      detail: `${subject}: ${state.words}. Without a current scan nobody can say that nothing is overdue.${settledWords}`,
      evidence,
    };
  }
  const undated = dues.filter((due) => due.state === "undated");
  if (undated.length > 0) {
    return {
      status: "unknown",
      reason: shortReason(
        `${undated.length} without a date: ${nameSome(
          undated.map(({ vulnerability }) => vulnerability.id),
          2,
        )}`,
      ),
      detail: `${subject}: ${nameSome(
        undated.map(({ words }) => words),
        10,
      )}.${settledWords}${scanWords}`,
      evidence,
    };
  }
  const { omitted, vulnerabilities } = state.scan;
  // Reports keep the worst first, so that only a list of nothing but critical and high ones can hide more of them.
  if (omitted > 0 && vulnerabilities.every(({ severity }) => severity === "CRITICAL" || severity === "HIGH")) {
    return {
      status: "unknown",
      reason: `the report lists ${vulnerabilities.length} and leaves ${omitted} out`,
      detail: `${subject}: the report was cut after its ${vulnerabilities.length} worst entries; critical or high ones may be among the other ${omitted}.${settledWords}${scanWords}`,
      evidence,
    };
  }
  const open = dues.filter((due) => due.state === "open");
  const openWords =
    open.length === 0
      ? ""
      : ` Not due yet: ${nameSome(
          open.map(({ words }) => words),
          5,
        )}.`;
  const others = vulnerabilities.length + omitted - dues.length;
  return {
    status: "pass",
    reason:
      open.length > 0 ? `nothing overdue, ${open.length} to come` : "no critical or high vulnerability is overdue",
    detail: `${subject}: nothing is overdue; ${others} of lower rank.${openWords}${settledWords}${scanWords}`,
    evidence,
  };
}

/** Where the named vulnerabilities stand in the report, or the scan as a whole. */
function evidenceOf(scan: ImageScan, ids: readonly string[]): EvidencePointer[] {
  const places = scan.vulnerabilities.flatMap(({ id, severity, publishedAt }, index): EvidencePointer[] =>
    ids.includes(id) && scan.evidence.pointer !== ""
      ? [
          {
            ref: scan.evidence.ref,
            pointer: `/report/vulnerabilities/${index}`,
            found: `${id} ${severity} ${publishedAt ?? ""}`.trim(),
          },
        ]
      : [],
  );
  return [scan.evidence, ...places.slice(0, 30)];
}

/** `openssl 3.0.1 → 3.0.2`, for the image that the result is about. */
function fixesOf(context: EvaluationContext, name: string): string[] {
  const digest = name.slice(name.indexOf("@") + 1);
  const image: RunningImage = {
    ref: { apiVersion: "ringfence.dev/v1", kind: "Image", name },
    reference: name,
    repository: name.split("@")[0] ?? name,
    tags: [],
    digests: [digest],
    places: [],
    evidence: [],
  };
  const { scan } = scanState(context, image);
  const overdue =
    scan === null ? [] : duesOf(context, image, scan.vulnerabilities).filter(({ state }) => state === "overdue");
  return [
    ...new Set(
      overdue.flatMap(({ vulnerability: { package: part, installedVersion, fixedVersion } }) =>
        fixedVersion === undefined ? [] : [`${part} ${installedVersion ?? ""} → ${fixedVersion}`],
      ),
    ),
  ];
}
