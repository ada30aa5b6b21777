/**
 * Direct human changes in the CDE are detected and tied to a change record.
 *
 * Reads: changes by people that imported audit logs show, the register of change records (break-glass use among them) and of
 * deployment identities.
 * Pass, for a namespace: within the last 30 days no person changed an object of it without an approved record of that time.
 * Fail: a change without one.
 * Unknown: no audit log was imported, or the logs don't cover the 30 days whole; no scope is declared.
 * Not applicable: a cluster without CDE.
 *
 * The audit log is the proof, and the only source that is used: the managers in metadata.managedFields are what clients call
 * themselves, one request can empty the list, and it holds the last write of each manager only. So the projection does not carry
 * them; the command for the assessor shows them as a hint. Pipelines are told apart by the register of deployment identities, not by
 * the name of a program. Scaling and the annotation of a restart are changes too. After a change the cluster is to be assessed
 * again (6.5.2): linked records without that are named.
 */
import type { AuditLogSummary, HumanWrite } from "@/lib/inventory/imported-audit-log";
import { type ChangeRecord, endOf, isApprovedAt, startOf } from "@/lib/inventory/registers";
import {
  findUndeclared,
  namespaceRef,
  nameSome,
  noNamespaceResult,
  undeclaredNamespaces,
  clusterResult,
} from "./population";
import { script, selectNamespaces } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const PERIOD_DAYS = 30;
/** The newest log may be some days old when it is uploaded. */
const FRESH_DAYS = 7;
const DAY_MS = 86_400_000;

export const chgOutOfBand: Control = {
  id: "chg-out-of-band",
  title: "Direct human changes in the CDE are detected and tied to a change record",
  severity: "high",
  requirements: [
    {
      requirement: "6.5.1",
      kind: "primary",
      rationale: "A change that a person makes past the pipeline needs the same record and approval as any other.",
    },
    {
      requirement: "1.2.2",
      kind: "primary",
      rationale: "Network policies that a person changes directly are changes of network controls.",
    },
    {
      requirement: "10.2.1.2",
      kind: "supporting",
      rationale: "The log of what administrators did is what is compared with the records.",
    },
    { requirement: "11.5.2", kind: "supporting", rationale: "A change without a record is an unauthorised one." },
    {
      requirement: "6.5.2",
      kind: "supporting",
      rationale: "The record says when the cluster was assessed again after the change.",
    },
    {
      requirement: "A3.2.2.1",
      kind: "supporting",
      rationale: "A change of the CDE may change its scope, and has to be noticed for that.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces"],
  rule: {
    reads: "Changes by people in imported audit logs, change records and deployment identities.",
    pass: "Within 30 days nobody changed an object of the namespace without an approved record of that time.",
    fail: "A change by a person that no record covers.",
    unknown: "No audit log of the whole period was imported.",
    notApplicable: "Only in a cluster without CDE.",
    why: "Whoever may write can change the CDE past every review, and the audit log is where that shows.",
    cannotSee:
      "Changes on nodes and in data; people behind a pipeline's identity; requests that the audit policy leaves out.",
  },
  evaluate,
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get deploy,sts,ds,netpol,roles,rolebindings,cm -A -o json --show-managed-fields | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $o|(.metadata.managedFields//[])[]|select((.manager//"")|test("(?i)kubectl|lens|k9s|dashboard|mozilla"))|[$o.kind,$o.metadata.namespace,$o.metadata.name,.manager,.operation,.time]|@tsv'`,
    ),
    expect:
      "Each line is a hint to a change by hand: compare its time with the change records. Clients choose these names and can empty the list, so that no line proves nothing: take the audit log's write events by people for that.",
    needs: [],
  }),
  remediate: (_context, result) => ({
    summary: `For each change that is named in ${result.object.name}: link it to its change or break-glass record with approval and time, or put it back from the source. Then import the records. Take write access from whoever doesn't need it.`,
    risk: "Putting a change back may break what it repaired: ask who made it.",
  }),
};

function evaluate(context: EvaluationContext): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory("cde");
  const unknown = undeclaredNamespaces(context);
  if (names.length === 0) return unknown.length > 0 ? unknown : [noNamespaceResult(["cde"])];
  const { inventory, asOf } = context;
  const end = Date.parse(asOf);
  const logs = (inventory.facts.auditLogs ?? []).map((log, index) => ({ log, index }));
  const inPeriod = logs.filter(({ log }) => Date.parse(log.to) >= end - PERIOD_DAYS * DAY_MS);
  if (inPeriod.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no audit log of the last 30 days was imported",
        "Who changed what is visible in the audit log only, and none of this period was imported. Import the logs of all API servers for the last 30 days.",
      ),
      ...unknown,
    ];
  }
  const cover = coverOf(
    inPeriod.map(({ log }) => log),
    asOf,
  );
  const changes = inPeriod.flatMap(({ log, index }) =>
    log.writes
      .map((write, i) => ({ write, pointer: `/facts/auditLogs/${index}/writes/${i}` }))
      .filter(({ write }) => Date.parse(write.at) >= end - PERIOD_DAYS * DAY_MS && !isPipeline(context, write)),
  );
  return [...names.map((name) => judgeNamespace(context, name, changes, cover)), ...unknown];
}

interface Change {
  write: HumanWrite;
  pointer: string;
}

function judgeNamespace(
  context: EvaluationContext,
  namespace: string,
  changes: readonly Change[],
  cover: { gap: string | null; words: string },
): Result {
  const object = namespaceRef(namespace);
  // One request may stand in the files of two servers or two uploads.
  const seen = new Set<string>();
  const own = changes.filter(({ write }) => {
    if (write.namespace !== namespace || seen.has(write.auditId)) return false;
    seen.add(write.auditId);
    return true;
  });
  const linked = own.map((change) => ({ change, record: recordFor(context, change.write) }));
  const bare = linked.filter(({ record }) => record === null);
  if (bare.length > 0) {
    return {
      status: "fail",
      object,
      reason: `${bare.length} ${bare.length === 1 ? "change" : "changes"} by people without a record`,
      detail: `In namespace ${namespace}: ${nameSome(
        bare.map(({ change }) => wordsOf(change.write)),
        8,
      )}. No approved change or break-glass record covers ${bare.length === 1 ? "it" : "them"}. ${cover.words}`,
      evidence: bare
        .slice(0, 20)
        .map(
          ({ change }): EvidencePointer => ({ ref: CLUSTER_REF, pointer: change.pointer, found: change.write.auditId }),
        ),
    };
  }
  if (cover.gap !== null) {
    return {
      status: "unknown",
      object,
      reason: cover.gap,
      detail: `In namespace ${namespace} no change without a record was found, but ${cover.gap}. ${cover.words}`,
      evidence: [],
    };
  }
  const records = [...new Set(linked.flatMap(({ record }) => (record === null ? [] : [record])))];
  const unassessed = records.filter(({ reassessedAt }) => reassessedAt === undefined).map(({ id }) => id);
  const note = unassessed.length > 0 ? ` Not assessed again after the change: ${nameSome(unassessed)}.` : "";
  return {
    status: "pass",
    object,
    reason: own.length === 0 ? "nobody changed it by hand" : `${own.length} changes by people, each with a record`,
    detail:
      own.length === 0
        ? `In namespace ${namespace} no person changed an object within ${PERIOD_DAYS} days. ${cover.words}`
        : `In namespace ${namespace} each of ${own.length} changes by people is covered by ${nameSome(records.map(({ id }) => id))}.${note} ${cover.words}`,
    evidence: [
      ...own.slice(0, 20).map((change) => ({ ref: CLUSTER_REF, pointer: change.pointer, found: change.write.auditId })),
      { ref: CLUSTER_REF, pointer: "/facts/auditLogs", found: cover.words },
    ],
  };
}

/** Whether the logs hold every day of the period. */
function coverOf(logs: readonly AuditLogSummary[], asOf: string): { gap: string | null; words: string } {
  const end = Date.parse(asOf);
  const first = end - PERIOD_DAYS * DAY_MS;
  const last = logs.map(({ to }) => Date.parse(to)).reduce((a, b) => Math.max(a, b), 0);
  const missing: string[] = [];
  for (let day = Date.parse(new Date(first).toISOString().slice(0, 10)); day <= last && day <= end; day += DAY_MS) {
    const text = new Date(day).toISOString().slice(0, 10);
    const isHeld = logs.some(
      ({ from, to, daysWithoutEvents }) =>
        from.slice(0, 10) <= text && text <= to.slice(0, 10) && !daysWithoutEvents.includes(text),
    );
    if (!isHeld) missing.push(text);
  }
  const words = `Audit logs up to ${new Date(last).toISOString()}, ${logs.length} imported.`;
  const leftOut = logs.reduce((sum, log) => sum + log.leftOut.writes, 0);
  if (missing.length > 0)
    return { gap: `the audit logs miss ${missing.length} of the last ${PERIOD_DAYS} days`, words };
  if (end - last > FRESH_DAYS * DAY_MS) return { gap: "the newest audit log is older than a week", words };
  if (leftOut > 0) return { gap: `${leftOut} changes did not fit into the imported summary`, words };
  return { gap: null, words };
}

function isPipeline({ registers, asOf }: EvaluationContext, { username, impersonatedBy }: HumanWrite): boolean {
  const actor = impersonatedBy ?? username;
  return (registers?.deploymentIdentities ?? []).some(
    (entry) => isApprovedAt(entry, asOf) && fits(entry.username, actor),
  );
}

function recordFor({ registers }: EvaluationContext, write: HumanWrite): ChangeRecord | null {
  const at = Date.parse(write.at);
  const [resource = ""] = write.resource.split("/");
  const people = [write.username, ...(write.impersonatedBy === undefined ? [] : [write.impersonatedBy])];
  return (
    (registers?.changeRecords ?? []).find(
      (record) =>
        startOf(record.from) <= at &&
        at < endOf(record.to) &&
        isApprovedInTime(record, write.at) &&
        record.namespaces.includes(write.namespace ?? "") &&
        (record.users === undefined || record.users.some((name) => people.includes(name))) &&
        (record.objects === undefined ||
          record.objects.some((object) => object === `${resource}/*` || object === `${resource}/${write.name ?? ""}`)),
    ) ?? null
  );
}

/** Changes are approved before they are made; break-glass use may be approved within a week after it. */
function isApprovedInTime(record: ChangeRecord, at: string): boolean {
  const moment = record.isBreakGlass ? new Date(Date.parse(at) + 7 * DAY_MS).toISOString() : at;
  return startOf(record.approvedAt) <= Date.parse(moment);
}

function wordsOf(write: HumanWrite): string {
  const who = write.impersonatedBy === undefined ? write.username : `${write.impersonatedBy} as ${write.username}`;
  return `${who} ${write.verb} ${write.resource}${write.name === undefined ? "" : ` ${write.name}`} at ${write.at}`;
}
function fits(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
