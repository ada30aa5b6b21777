/**
 * index.html: the scan as one self-contained page without script, to read on any screen and to print.
 *
 * Status is told by word and shape first, colour only helps. Failing and unknown results are all shown; of passing and
 * not-applicable ones the first hundred per control, with the count of the rest and the file that holds them.
 */
import { worstStatus } from "@/lib/assessment/status";
import type { RequirementPart, RequirementStatus } from "@/lib/assessment/types";
import type { Control, Result, ResultStatus } from "@/lib/controls/types";
import { SECTIONS } from "@/lib/inventory/sections";
import { childrenOf, leavesOf, PCI_VERSION } from "@/lib/pci";
import type { EvidenceSource } from "./package";
import { DOES_NOT_PROVE, PROVES } from "./readme";

const SHOWN_WITHOUT_FAULT = 100;

/** Shape, word and colour class of every status. */
const STATUS: Record<RequirementStatus, { shape: string; word: string; tone: string }> = {
  fail: { shape: "⬣", word: "Fail", tone: "bad" },
  unknown: { shape: "▲", word: "Could not evaluate", tone: "warn" },
  "not-assessed": { shape: "◌", word: "Not assessed", tone: "quiet" },
  "needs-attestation": { shape: "□", word: "Needs attestation", tone: "quiet" },
  "compensating-control": { shape: "◆", word: "Compensating control", tone: "good" },
  attested: { shape: "■", word: "Attested", tone: "good" },
  pass: { shape: "●", word: "Pass", tone: "good" },
  "not-applicable": { shape: "⊖", word: "Not applicable", tone: "quiet" },
};
const COVERAGE = {
  automated: "automated",
  partial: "partly automated",
  manual: "by people",
  provider: "by the provider",
  "outside-kubernetes": "outside Kubernetes",
} as const;
const LINK = { primary: "decides", "fail-only": "can only fail it", supporting: "informs" } as const;

export function* renderIndex(source: EvidenceSource): Generator<string> {
  const { organization, project, cluster, scan, assessment, snapshot } = source;
  const title = `Evidence: ${cluster.name}, scan ${scan.seq}`;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="eyebrow">Ringfence evidence package · PCI DSS ${PCI_VERSION}</p>
<h1>${escape(cluster.name)}, scan ${scan.seq}</h1>
<dl class="facts">
${fact("Organization", organization)}${fact("Project", project)}${fact("Provider", snapshot.provider)}${fact("Kubernetes", snapshot.facts.gitVersion ?? "not readable")}
${fact("Collected", snapshot.collectedAt)}${fact("Evaluated as of", assessment.asOf)}${fact("Catalogue", catalogWords(source))}${fact("Snapshot", scan.snapshotId)}
${fact("Agent", scan.agentVersion ?? "none")}${fact("Chain", scan.commitDigest ?? "none")}
</dl>
</header>
<nav aria-label="Contents"><a href="#proves">What this proves</a> <a href="#requirements">Requirements</a> <a href="#controls">Controls</a> <a href="#scope">Scope</a> <a href="#read">What was read</a> <a href="#imports">What was uploaded</a> <a href="#custom">The organization's own controls</a></nav>
<main>
<section id="proves"><h2>What this proves</h2><ul>${items(PROVES)}</ul><h2>What it does not prove</h2><ul>${items(DOES_NOT_PROVE)}</ul></section>
`;
  yield* requirementsSection(source);
  yield* controlsSection(source);
  yield scopeSection(source);
  yield readSection(source);
  yield importsSection(source);
  yield customSection(source);
  yield "</main>\n</body>\n</html>\n";
}

function* requirementsSection({ assessment }: EvidenceSource): Generator<string> {
  const byId = new Map(assessment.requirements.map((r) => [r.requirement, r]));
  const counts = new Map<RequirementStatus, number>();
  for (const { status } of assessment.requirements) counts.set(status, (counts.get(status) ?? 0) + 1);
  const summary = (Object.keys(STATUS) as RequirementStatus[])
    .filter((status) => counts.has(status))
    .map((status) => `<li>${badge(status)} ${counts.get(status)}</li>`)
    .join("");
  yield `<section id="requirements"><h2>Requirements</h2>
<p>Of ${assessment.requirements.length} requirements that can be tested or attested. Titles are our own words.</p><ul class="counts">${summary}</ul>\n`;
  for (const principal of childrenOf(null)) {
    const leaves = leavesOf(principal.id);
    const worst = worstStatus(leaves.map((leaf) => byId.get(leaf.id)?.status ?? "not-assessed"));
    yield `<h3>${escape(principal.id)} ${escape(principal.title)}</h3><p class="quiet">Worst of its ${leaves.length}: ${STATUS[worst].word}</p>
<table><thead><tr><th scope="col">Number</th><th scope="col">Requirement</th><th scope="col">Status</th><th scope="col">Coverage</th><th scope="col">From</th></tr></thead><tbody>\n`;
    for (const { id, title } of leaves) {
      const assessed = byId.get(id);
      if (assessed === undefined) continue;
      const from = [
        ...assessed.parts.map(partText),
        ...assessed.attestations.map((a) => `${escape(a.id)} (${STATUS[a.status].word})`),
      ].join(", ");
      yield `<tr id="r-${id}"><th scope="row">${id}</th><td>${escape(title)}</td><td>${badge(assessed.status)}</td><td>${COVERAGE[assessed.coverage]}</td><td>${from || "nothing yet"}</td></tr>\n`;
    }
    yield "</tbody></table>\n";
  }
  yield "</section>\n";
}

/** A control that the release lacked has no article to lead to. */
function partText({ control, kind, status }: RequirementPart): string {
  return status === "not-assessed"
    ? `<code>${escape(control)}</code> (${LINK[kind]}, not in this release: ${STATUS[status].word})`
    : `<a href="#${control}">${control}</a> (${LINK[kind]}: ${STATUS[status].word})`;
}

function* controlsSection(source: EvidenceSource): Generator<string> {
  const { assessment, controls } = source;
  yield `<section id="controls"><h2>Controls</h2>\n`;
  for (const control of controls) {
    const results = assessment.results.find((entry) => entry.control === control.id)?.results ?? [];
    const summary = assessment.controls.find((entry) => entry.control === control.id);
    yield* controlArticle(control, summary?.status ?? "unknown", results, source);
  }
  yield "</section>\n";
}

function* controlArticle(
  control: Control,
  status: ResultStatus,
  results: readonly Result[],
  { assessment }: EvidenceSource,
): Generator<string> {
  const { rule } = control;
  const verify = control.verify({ scope: assessment.scope });
  const needs =
    verify.needs.length === 0 ? "" : ` It needs ${verify.needs.map(escape).join(", ")} beside kubectl and jq.`;
  yield `<article id="${control.id}"><h3>${badge(status)} ${escape(control.title)}</h3>
<p class="quiet"><code>${control.id}</code> · severity ${control.severity} · ${control.requirements
    .map((link) => `<a href="#r-${link.requirement}">${link.requirement}</a> (${LINK[link.kind]})`)
    .join(", ")}</p>
<dl>${fact("Reads", rule.reads)}${fact("Pass", rule.pass)}${fact("Fail", rule.fail)}${fact("Could not evaluate", rule.unknown)}${fact("Not applicable", rule.notApplicable)}${fact("Why we take this as evidence", rule.why)}${fact("What it cannot see", rule.cannotSee)}</dl>
<p>To see the same without Ringfence:${needs}</p><pre>${escape(verify.command)}</pre><p>${escape(verify.expect)}</p>
`;
  const faults = results.filter((r) => r.status === "fail" || r.status === "unknown");
  const others = results.filter((r) => r.status !== "fail" && r.status !== "unknown");
  const shown = [...faults, ...others.slice(0, SHOWN_WITHOUT_FAULT)];
  yield `<table><thead><tr><th scope="col">Status</th><th scope="col">Object</th><th scope="col">Reason</th><th scope="col">Detail</th></tr></thead><tbody>\n`;
  for (const result of shown) yield resultRow(result);
  if (shown.length === 0) yield `<tr><td colspan="4">The control gave no result.</td></tr>\n`;
  yield "</tbody></table>\n";
  const left = results.length - shown.length;
  if (left > 0) yield `<p class="quiet">${left} more results that neither fail nor are unknown: see results.csv.</p>\n`;
  yield "</article>\n";
}

function resultRow({ status, object, part, reason, detail, evidence }: Result): string {
  const place = object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
  const pointers = evidence
    .slice(0, 5)
    .map(
      (e) =>
        `<li><code>${escape(`${e.ref.kind} ${e.ref.name} ${e.pointer}`)}</code>${e.found === undefined ? "" : `: ${escape(e.found)}`}</li>`,
    )
    .join("");
  const list = pointers === "" ? "" : `<ul class="pointers">${pointers}</ul>`;
  const what = part === undefined ? "" : ` · ${escape(part)}`;
  return `<tr><td>${badge(status)}</td><td>${escape(object.kind)} <b>${escape(place)}</b>${what}</td><td>${escape(reason)}</td><td>${escape(detail)}${list}</td></tr>\n`;
}

function scopeSection({ assessment }: EvidenceSource): string {
  const { scope } = assessment;
  const rows = scope.namespaces
    .map(
      (n) =>
        `<tr><th scope="row">${escape(n.namespace)}</th><td>${n.category}</td><td>${n.reasons.map((r) => escape(r.text)).join("; ")}</td></tr>`,
    )
    .join("\n");
  const declared = scope.declared
    ? ""
    : "<p>The cluster declares no scope: controls about the CDE could not be evaluated.</p>";
  return `<section id="scope"><h2>Scope</h2>${declared}
<table><thead><tr><th scope="col">Namespace</th><th scope="col">Category</th><th scope="col">Why</th></tr></thead><tbody>\n${rows}\n</tbody></table></section>\n`;
}

function readSection({ snapshot, scan }: EvidenceSource): string {
  const rows = SECTIONS.map(({ name }) => {
    const section = snapshot.sections[name];
    return `<tr><th scope="row">${name}</th><td>${section?.status ?? "not-collected"}</td><td>${section?.objects.length ?? 0}</td><td>${escape(section?.message ?? "")}</td></tr>`;
  }).join("\n");
  const invalid = snapshot.invalid
    .map(
      (i) =>
        `<li>${escape([i.kind, i.namespace, i.name].filter(Boolean).join(" "))} (${escape(i.where)}): ${escape(i.problem)}</li>`,
    )
    .join("");
  return `<section id="read"><h2>What was read</h2><p>The whole population, no sample. ${scan.droppedFields} fields and values were taken out before anything left the cluster.</p>
<table><thead><tr><th scope="col">List</th><th scope="col">Status</th><th scope="col">Objects</th><th scope="col">Note</th></tr></thead><tbody>\n${rows}\n</tbody></table>
${invalid === "" ? "" : `<h3>Objects that are not valid</h3><ul>${invalid}</ul>`}</section>\n`;
}

function importsSection({ imports }: EvidenceSource): string {
  const rows = imports
    .map((document) => {
      const { title, name, scope, digest, collectedAt, uploadedAt, uploadedBy } = document;
      const of = scope === "organization" ? "the whole organization" : "this cluster";
      return `<tr><th scope="row">${escape(title)}</th><td>${escape(name)}</td><td>${of}</td><td>${escape(collectedAt)}</td><td>${escape(uploadedAt)}, ${escape(uploadedBy)}</td><td><code>${digest}</code></td></tr>`;
    })
    .join("\n");
  const body =
    imports.length === 0
      ? "<p>No uploaded document was used.</p>"
      : `<p>What each of them said is in the folder <code>imports</code>. The digest is that of the file: <code>sha256sum</code> prints it.</p>
<table><thead><tr><th scope="col">Kind</th><th scope="col">File</th><th scope="col">About</th><th scope="col">Read</th><th scope="col">Uploaded</th><th scope="col">SHA-256</th></tr></thead><tbody>\n${rows}\n</tbody></table>`;
  return `<section id="imports"><h2>What was uploaded</h2>${body}</section>\n`;
}

function customSection({ customControls }: EvidenceSource): string {
  const rows = customControls
    .map((control) => {
      const { id, revision, createdAt, createdBy, digest, definition } = control;
      const counts = definition.requirements.map(({ requirement, kind }) => `${requirement} (${kind})`).join(", ");
      const expressions = definition.validations
        .map(({ expression }) => `<code>${escape(expression.trim())}</code>`)
        .join("<br>");
      return `<tr><th scope="row">${escape(definition.title)}<br><code>${escape(id)}</code></th><td>${revision}</td><td>${escape(definition.kinds.join(", "))}</td><td>${expressions}</td><td>${escape(counts === "" ? "nothing" : counts)}</td><td>${escape(createdAt)}, ${escape(createdBy)}</td><td><code>${digest}</code></td></tr>`;
    })
    .join("\n");
  const body =
    customControls.length === 0
      ? "<p>None ran.</p>"
      : `<p>The organization wrote these controls and what they count toward; they are no part of the catalogue. Each is whole in the folder <code>custom-controls</code>.</p>
<table><thead><tr><th scope="col">Control</th><th scope="col">Revision</th><th scope="col">Kinds</th><th scope="col">Expressions</th><th scope="col">Counts toward</th><th scope="col">Saved</th><th scope="col">SHA-256</th></tr></thead><tbody>\n${rows}\n</tbody></table>`;
  return `<section id="custom"><h2>The organization's own controls</h2>${body}</section>\n`;
}

function catalogWords({ assessment: { catalogVersion }, scan: { codeVersion } }: EvidenceSource): string {
  return codeVersion == null || codeVersion === catalogVersion
    ? catalogVersion
    : `${catalogVersion}, evaluated by the code of ${codeVersion}`;
}

function badge(status: RequirementStatus): string {
  const { shape, word, tone } = STATUS[status];
  return `<span class="badge ${tone}"><span aria-hidden="true">${shape}</span> ${word}</span>`;
}
function fact(name: string, value: string): string {
  return `<div><dt>${name}</dt><dd>${escape(value)}</dd></div>`;
}
function items(texts: readonly string[]): string {
  return texts.map((text) => `<li>${escape(text)}</li>`).join("");
}
const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Text for an element or a quoted attribute; control characters, which could hide text, become a replacement sign. */
export function escape(text: string): string {
  return text
    .replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c)
    .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b6470;--line:#d8dde3;--bad:#a3171f;--warn:#8a5a00;--good:#0f6b3a;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2abb6;--line:#363c44;--bad:#ff8f8f;--warn:#f2c063;--good:#7fd6a2;--paper:#14171a}}
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem;color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,sans-serif}
h1{margin:.2em 0}h2{margin:2.2em 0 .4em;border-bottom:1px solid var(--line)}h3{margin:1.6em 0 .3em}
.eyebrow,.quiet,dt{color:var(--soft)}nav a{margin-right:1rem}a{color:inherit}
table{width:100%;border-collapse:collapse;font-size:13px}th,td{padding:.35rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead{display:table-header-group}tr{break-inside:avoid}
pre{padding:.6rem;border:1px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}
dl>div{display:grid;grid-template-columns:12rem 1fr;gap:.75rem}dd{margin:0}.facts{columns:2}.facts>div{grid-template-columns:8rem 1fr;break-inside:avoid}
.counts{display:flex;flex-wrap:wrap;gap:1.2rem;padding:0;list-style:none}.pointers{margin:.3rem 0 0;padding-left:1rem}
.badge{white-space:nowrap;font-weight:600;font-size:.85em}.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.badge.quiet{color:var(--soft)}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--bad:#a3171f;--warn:#8a5a00;--good:#0f6b3a;--paper:#fff}body{max-width:none;padding:0;font-size:11px}nav{display:none}article,#requirements h3{break-inside:auto}h2,h3{break-after:avoid}@page{margin:15mm}}
`;
