/**
 * sec-pan-discovery: no card numbers in Kubernetes objects and collected logs.
 *
 * Reads: the pattern scan that runs where the objects are read (13 to 19 digits with an issuer's range, its length and the Luhn
 *   check; magnetic stripe data), imported searches of logs and volumes, approved false positives. Every namespace, also those
 *   outside of the CDE: there a card number is worst.
 * Pass: everything was looked through and no hit is open.
 * Fail: a card number with context, or stripe data: critical. A number that card brands publish for tests: medium, and high in a
 *   CDE namespace, because test data has to be gone before a system goes into production (6.5.6).
 * Unknown: nobody looked; a part was not read; the list is cut off; a number that is right in form and without any word about cards
 *   near it, until a person has looked (one number in ten satisfies Luhn by chance).
 * Not applicable: never.
 * The value is never stored: a hit shows the last four digits at most.
 */
import type { ResourceRef } from "@/lib/inventory/inventory";
import type { CardDataScan } from "@/lib/inventory/imported-storage";
import {
  byOwner,
  evidenceOfHit,
  findHits,
  type FoundHit,
  shortWordsOfHit,
  unscannedSections,
  wordsOfHit,
} from "./pattern-hits";
import { clusterResult, nameSome } from "./population";
import { script } from "./prelude";
import { shortReason } from "./short-reason";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Result,
  type Severity,
} from "./types";
import { wordsOf } from "./workloads";

const CERTAIN: ReadonlySet<string> = new Set(["card-number", "track-data"]);

export const secPanDiscovery: Control = {
  id: "sec-pan-discovery",
  title: "No card numbers in Kubernetes objects and collected logs",
  severity: "critical",
  requirements: [
    {
      requirement: "3.5.1",
      kind: "fail-only",
      rationale: "A card number in an object of the API is stored readable.",
    },
    {
      requirement: "3.3.1",
      kind: "fail-only",
      rationale: "Stripe data in an object or a log is sensitive authentication data kept after authorization.",
    },
    {
      requirement: "12.10.7",
      kind: "supporting",
      rationale: "A card number where none is expected starts the incident procedure that this asks for.",
    },
    { requirement: "3.3.1.1", kind: "supporting", rationale: "The search covers track contents among other data." },
    {
      requirement: "3.3.1.2",
      kind: "supporting",
      rationale: "Where a card number was written, a verification code is often beside it.",
    },
    {
      requirement: "6.5.5",
      kind: "supporting",
      rationale: "Live card numbers in a namespace outside of the CDE show live data in pre-production.",
    },
    {
      requirement: "A3.2.5",
      kind: "supporting",
      rationale: "The search is one method of data discovery, for the objects of the cluster.",
    },
    {
      requirement: "A3.2.5.1",
      kind: "supporting",
      rationale: "The rules of the search are tested with planted numbers, which shows that the method works.",
    },
    {
      requirement: "A3.2.5.2",
      kind: "supporting",
      rationale: "A hit outside of the CDE is what the response procedure has to handle.",
    },
  ],
  judges: "component",
  sections: [],
  rule: {
    reads:
      "Rule, object, place and last four digits of every hit of the pattern scan, imported searches of logs and volumes, the register of false positives.",
    pass: "Every kind was looked through, and every hit was found to be none by a named person.",
    fail: "A card number with context or stripe data stands in an object or a log; a published test number (medium, high in the CDE).",
    unknown:
      "Nobody looked, a kind was not read, more was found than the list holds, or a number without context waits for a person.",
    notApplicable: "Never.",
    why: "Card numbers get into configuration, annotations and logs by accident, mostly outside of where they are protected.",
    cannotSee:
      "Databases, volumes, events and logs, unless the result of a search of them is imported; values of Secrets; numbers that are split or encoded in another way than Base64. A pass proves nothing.",
  },
  evaluate(context) {
    const found = findHits(context, "cards");
    const imported = (context.inventory.facts.cardDataScans ?? []).flatMap((scan) => judgeSearch(scan));
    if ("status" in found) return [found, ...imported];
    const open = found.hits.filter(({ closed }) => closed === undefined);
    const results = [...[...byOwner(open).values()].map((hits) => judgeObject(context, hits)), ...imported];
    const missing = unscannedSections(context, found.scan);
    if (missing.length > 0) {
      const [first = "pods"] = missing;
      results.push({
        ...clusterResult(
          "unknown",
          shortReason(`${nameSome(missing, 2)} not looked through`),
          `These kinds could not be read, so nobody looked for card numbers in them: ${nameSome(missing, 10)}. ${context.inventory.snapshot.sections[first]?.message ?? ""}`.trim(),
        ),
        part: "kinds not read",
      });
    }
    if (found.isTruncated) {
      results.push({
        ...clusterResult(
          "unknown",
          "more was found than the list of hits holds",
          `The list holds the first ${found.hits.length} hits of the cluster. It becomes known when those are repaired.`,
        ),
        part: "hits left out",
      });
    }
    if (results.some(({ status }) => status !== "pass")) return results;
    return [...results, clean(context, found.scan.objects, found.hits)];
  },
  verify: () => ({
    command: script(
      `CARDS='(^|[^0-9A-Za-z])(4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}|6(011|5[0-9]{2})[0-9]{12}|4[0-9]{3}([ -][0-9]{4}){3}|5[1-5][0-9]{2}([ -][0-9]{4}){3})([^0-9A-Za-z]|$)'`,
      `kubectl get cm,pods,deployments,statefulsets,daemonsets,cronjobs,services -A -o json | jq -r --arg cards "$CARDS" '.items[]|. as $o|del(.status,.metadata.managedFields,.metadata.uid,.metadata.resourceVersion)|[paths(type=="string") as $p|select(getpath($p)|test($cards))|$p|map(tostring)|join("/")]|unique[]|"\\($o.kind) \\($o.metadata.namespace)/\\($o.metadata.name) \\(.)"'`,
    ),
    expect:
      "No output, or places that a person has looked at. These are candidates without the Luhn check; only places are shown, never numbers.",
    needs: [],
  }),
  remediate(_, result) {
    return {
      summary: `Follow the incident procedure for card numbers found where none is expected: keep what shows how it got there, find out since when and who could read it, then remove it from ${wordsOf(result.object)}, from its repository, its history and every backup. If it is no card number, a named person enters it into the register of false positives.`,
      risk: "Removing it first destroys what shows how it got there. The object's consumers may rely on the value.",
    };
  },
};

function judgeObject(context: EvaluationContext, hits: readonly FoundHit[]): Result {
  const [first] = hits;
  const owner: ResourceRef = first?.owner ?? CLUSTER_REF;
  const words = `${wordsOf(owner)}${owner.namespace === undefined ? "" : ` in namespace ${owner.namespace}`}`;
  const evidence = hits.slice(0, 50).map(evidenceOfHit);
  const more = hits.length > 1 ? ` and ${hits.length - 1} more` : "";
  const places = nameSome(hits.map(wordsOfHit), 6);
  const certain = hits.filter(({ hit }) => CERTAIN.has(hit.rule));
  const tests = hits.filter(({ hit }) => hit.rule === "test-card-number");
  if (certain.length === 0 && tests.length === 0) {
    return {
      status: "unknown",
      object: owner,
      reason: shortReason(`a number that may be a card number${more}`),
      detail: `${words} holds ${places}. It has an issuer's range and satisfies the Luhn check, and nothing near it speaks of cards. It becomes known when a person looks and either removes it or enters it as a false positive.`,
      evidence,
    };
  }
  const inCde = owner.namespace !== undefined && context.scope.categoryOf(owner.namespace) === "cde";
  const severity: Severity = certain.length > 0 ? "critical" : inCde ? "high" : "medium";
  const [shown] = certain.length > 0 ? certain : tests;
  const advice =
    certain.length > 0
      ? "Treat it as an incident until it is known to be none."
      : inCde
        ? "Test data has to be removed before a system goes into production."
        : "No live number, but code that writes it here would write a live one too.";
  return {
    status: "fail",
    object: owner,
    severity,
    reason: shortReason(`${shown === undefined ? "a card number" : shortWordsOfHit(shown)}${more}`),
    detail: `${words} holds ${places}. The number itself stayed in the cluster. ${advice}`,
    evidence,
  };
}

/** An imported search of a log store or a volume, as one result about what was searched. */
function judgeSearch(scan: CardDataScan): Result[] {
  const object: ResourceRef = { apiVersion: "ringfence.dev/v1", kind: "SearchedStore", name: scan.target };
  const open = scan.hits.filter(({ falsePositiveBy }) => falsePositiveBy === undefined);
  const certain = open.filter(({ rule }) => CERTAIN.has(rule));
  const tests = open.filter(({ rule }) => rule === "test-card-number");
  const source = `${scan.tool} looked at ${scan.recordsScanned} records of ${scan.target} from ${scan.from} to ${scan.to} (source: ${scan.origin.name}).`;
  const evidence: EvidencePointer[] = (open.length > 0 ? open : scan.hits).slice(0, 50).map((hit) => ({
    ref: CLUSTER_REF,
    pointer: "/facts/cardDataScans",
    found: `${hit.rule} ${hit.masked ?? ""} at ${hit.location}`,
  }));
  if (certain.length > 0 || tests.length > 0) {
    const shown = certain.length > 0 ? certain : tests;
    return [
      {
        status: "fail",
        object,
        severity: certain.length > 0 ? "critical" : "medium",
        reason: shortReason(
          `${shown.length} ${certain.length > 0 ? "card numbers or stripe data" : "test card numbers"} in ${scan.target}`,
        ),
        detail: `${source} Found: ${nameSome(shown.map(({ location, masked }) => `${location}${masked === undefined ? "" : ` (${masked})`}`))}.`,
        evidence,
      },
    ];
  }
  if (open.length > 0 || scan.recordsScanned === 0) {
    return [
      {
        status: "unknown",
        object,
        reason: scan.recordsScanned === 0 ? "the search looked at nothing" : "numbers that may be card numbers",
        detail: `${source} ${open.length} numbers have the form of card numbers without context: a person has to look.`,
        evidence,
      },
    ];
  }
  return [
    {
      status: "pass",
      object,
      reason: scan.hits.length === 0 ? "no card number found" : "only false positives",
      detail: `${source} No hit is open.`,
      evidence:
        evidence.length > 0 ? evidence : [{ ref: CLUSTER_REF, pointer: "/facts/cardDataScans", found: scan.target }],
    },
  ];
}

function clean(context: EvaluationContext, objects: number, hits: readonly FoundHit[]): Result {
  if (objects === 0) {
    const detail =
      "Not one object was looked through, so nothing is known. Scan files that hold objects of kinds that are read, or the running cluster.";
    return clusterResult("unknown", "the search looked at nothing", detail);
  }
  const searched = context.inventory.facts.cardDataScans ?? [];
  const logs =
    searched.length === 0
      ? "No search of logs was imported, so nothing is said about them."
      : `Logs and volumes: ${nameSome(searched.map(({ target }) => target))}.`;
  const closed =
    hits.length === 0
      ? ""
      : ` ${hits.length} places were found to be none: ${nameSome(
          hits.map((hit) => `${wordsOf(hit.owner)} ${hit.hit.pointer}, ${hit.closed ?? ""}`),
          3,
        )}.`;
  return {
    ...clusterResult(
      "pass",
      hits.length === 0 ? `no card number in ${objects} objects` : "only approved false positives",
      `${objects} objects were looked through where they were read, and no hit is open.${closed} ${logs}`,
    ),
    evidence: [
      { ref: CLUSTER_REF, pointer: "/facts/patternScan", found: `${objects} objects` },
      ...hits.slice(0, 50).map(evidenceOfHit),
    ],
  };
}
