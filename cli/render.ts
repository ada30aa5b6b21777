/** The four output formats. */
import type { ResultStatus, Severity } from "@/lib/controls/types";
import { REQUIREMENT_STATUSES, type RequirementPart } from "@/lib/assessment/types";
import type { Output } from "./options";
import type { ReportResult, ScanOutcome } from "./report";

export function render(
  output: Output,
  outcome: ScanOutcome,
  { version, isTerminal }: { version: string; isTerminal: boolean },
): string {
  switch (output) {
    case "table":
      return renderTable(outcome, isTerminal);
    case "json":
      return `${JSON.stringify(outcome.report, null, 2)}\n`;
    case "sarif":
      return renderSarif(outcome, version);
    case "junit":
      return renderJunit(outcome);
  }
}

const WORD: Record<ResultStatus, string> = {
  pass: "pass",
  fail: "FAIL",
  unknown: "COULD NOT EVALUATE",
  "not-applicable": "not applicable",
};

/** Failing and unknown results line by line, the rest in numbers. Names can't write escape sequences into the terminal. */
function renderTable({ report }: ScanOutcome, isTerminal: boolean): string {
  // A document that could not be read makes every control unknown about it; it is named once, on standard error.
  const rows = report.results
    .filter((r) => (r.status === "fail" || r.status === "unknown") && r.object.kind !== "Document")
    .sort((a, b) => rank(a) - rank(b))
    .map((r) => {
      const name = r.part === undefined ? nameOf(r.object) : `${nameOf(r.object)} (${r.part})`;
      return [WORD[r.status], r.severity, r.control, name, r.reason].map(clean);
    });
  const header = ["STATUS", "SEVERITY", "CONTROL", "OBJECT", "REASON"];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]) =>
    row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join("  ");
  const red = (text: string) => (isTerminal ? `\u001b[31m${text}\u001b[0m` : text);
  const out =
    rows.length === 0
      ? []
      : [line(header), ...rows.map((row) => (row[0] === WORD.fail ? red(line(row)) : line(row))), ""];

  const count = (status: ResultStatus) => report.results.filter((r) => r.status === status).length;
  out.push(
    `${count("fail")} failed, ${count("unknown")} could not be evaluated, ${count("pass")} passed, ${count("not-applicable")} not applicable (catalogue ${report.catalogVersion})`,
  );
  const statuses = REQUIREMENT_STATUSES.map(
    (status) => [status, report.requirements.filter((r) => r.status === status).length] as const,
  );
  const named = statuses.filter(([, n]) => n > 0).map(([status, n]) => `${n} ${status}`);
  out.push(`Of ${report.requirements.length} PCI DSS requirements: ${named.join(", ")}`);
  const failing = report.requirements.filter((r) => r.status === "fail").map((r) => r.requirement);
  if (failing.length > 0) out.push(`Failing: ${failing.join(", ")}`);
  const lacking = report.requirements.filter((r) => r.status === "not-assessed" && r.parts.some(isMissing));
  if (lacking.length > 0)
    out.push(
      `Not assessed, because a control that decides is not in this release: ${lacking.map((r) => r.requirement).join(", ")}`,
    );
  return `${out.join("\n")}\n`;
}
function isMissing(part: RequirementPart): boolean {
  return part.status === "not-assessed";
}
function rank(result: ReportResult): number {
  return ["critical", "high", "medium", "low"].indexOf(result.severity) + (result.status === "fail" ? 0 : 10);
}
function nameOf({ kind, namespace, name }: ReportResult["object"]): string {
  return namespace === null ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "?");
}

const LEVEL: Record<Severity, "error" | "warning" | "note"> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
};
/** SARIF's result.kind; `open`: the evaluation could not come to a conclusion (SARIF 2.1.0, 3.27.9). */
const KIND: Record<ResultStatus, string> = {
  pass: "pass",
  fail: "fail",
  unknown: "open",
  "not-applicable": "notApplicable",
};
/** As code scanners read `security-severity`. */
const SCORE: Record<Severity, string> = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.0" };

function renderSarif({ report, controls, placeOf, problems }: ScanOutcome, version: string): string {
  const used = controls.filter((control) => report.results.some((r) => r.control === control.id));
  const index = new Map(used.map((control, i) => [control.id, i]));
  const results = report.results.map((r) => {
    const place = placeOf(r.object);
    const logical = {
      name: r.object.name,
      fullyQualifiedName: `${nameOf(r.object)}${r.part === undefined ? "" : `/${r.part}`}`,
      kind: "resource",
    };
    const location =
      place === undefined
        ? { logicalLocations: [logical] }
        : {
            physicalLocation: { artifactLocation: { uri: uriOf(place.path) }, region: { startLine: place.line } },
            logicalLocations: [logical],
          };
    return {
      ruleId: r.control,
      ruleIndex: index.get(r.control),
      kind: KIND[r.status],
      level: r.status === "fail" ? LEVEL[r.severity] : "none",
      message: { text: `${r.reason}. ${r.detail}` },
      locations: [location],
      partialFingerprints: { "ringfence/v1": [r.control, nameOf(r.object), r.part ?? ""].join("|") },
      properties: { status: r.status, severity: r.severity, requirements: r.requirements },
    };
  });
  const rules = used.map((control) => ({
    id: control.id,
    name: control.id,
    shortDescription: { text: control.title },
    fullDescription: { text: control.rule.fail || control.title },
    help: { text: [control.rule.why, control.rule.cannotSee].filter(Boolean).join(" ") || control.title },
    defaultConfiguration: { level: LEVEL[control.severity] },
    properties: {
      tags: ["pci-dss", ...control.requirements.map((link) => `pci-dss-${link.requirement}`)],
      "security-severity": SCORE[control.severity],
    },
  }));
  const notifications = problems.map(({ where, problem }) => ({
    level: "error",
    message: { text: `${where}: ${problem}` },
  }));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Ringfence",
            version,
            semanticVersion: version,
            rules,
            properties: { catalogVersion: report.catalogVersion },
          },
        },
        invocations: [{ executionSuccessful: problems.length === 0, toolExecutionNotifications: notifications }],
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}
function uriOf(path: string): string {
  return path.split(/[\\/]/).map(encodeURIComponent).join("/");
}

/** One suite per control. What could not be evaluated or doesn't apply is `skipped` with the reason: JUnit has no better word. */
function renderJunit({ report, controls, problems, placeOf }: ScanOutcome): string {
  const suites = controls
    .map((control) => ({ control, rows: report.results.filter((result) => result.control === control.id) }))
    .filter((suite) => suite.rows.length > 0)
    .map(({ control, rows: own }) => {
      const cases = own.map((result) => {
        const place = placeOf(result.object);
        const file = place === undefined ? "" : ` file="${xml(place.path)}" line="${place.line}"`;
        const name = `${nameOf(result.object)}${result.part === undefined ? "" : ` ${result.part}`}`;
        const head = `    <testcase classname="${xml(control.id)}" name="${xml(name)}" time="0"${file}`;
        if (result.status === "pass") return `${head}/>`;
        if (result.status === "fail") {
          const body = `${result.detail}\nPCI DSS ${result.requirements.join(", ")}`;
          return `${head}>\n      <failure message="${xml(result.reason)}" type="${result.severity}">${xml(body)}</failure>\n    </testcase>`;
        }
        return `${head}>\n      <skipped message="${xml(`${WORD[result.status].toLowerCase()}: ${result.reason}`)}"/>\n    </testcase>`;
      });
      const failures = own.filter((result) => result.status === "fail").length;
      const skipped = own.filter((result) => result.status === "unknown" || result.status === "not-applicable").length;
      return `  <testsuite name="${xml(`${control.id}: ${control.title}`)}" tests="${own.length}" failures="${failures}" errors="0" skipped="${skipped}" time="0" timestamp="${xml(report.scannedAt)}">\n${cases.join("\n")}\n  </testsuite>`;
    });
  if (problems.length > 0) {
    const cases = problems.map(
      ({ where, problem }) =>
        `    <testcase classname="inputs" name="${xml(where)}" time="0">\n      <error message="${xml(problem)}" type="invalid"/>\n    </testcase>`,
    );
    suites.push(
      `  <testsuite name="inputs" tests="${problems.length}" failures="0" errors="${problems.length}" skipped="0" time="0" timestamp="${xml(report.scannedAt)}">\n${cases.join("\n")}\n  </testsuite>`,
    );
  }
  const failures = report.results.filter((r) => r.status === "fail").length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="Ringfence" tests="${report.results.length + problems.length}" failures="${failures}" errors="${problems.length}" time="0">\n${suites.join("\n")}\n</testsuites>\n`;
}
const XML: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
};
/** Text of an attribute or element; characters that XML 1.0 can't hold become a replacement sign. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"'\n]/g, (c) => XML[c] ?? c);
}
