/**
 * Audit and workload events arrive in the central store within minutes and carry the required fields.
 *
 * Reads: the imported record of what each log store holds: newest event per API server, a canary request, a sample's missing
 * fields, newest event per namespace; the API servers that the cluster shows; the register of silent namespaces.
 * Pass: at the moment of the record (at most 24 hours ago) the newest event of every API server was younger than 15 minutes, the
 * canary was found within 15 minutes, no sampled event lacks user, verb, time, status, source or object, and every CDE namespace
 * had events of its workloads within 24 hours or is declared silent.
 * Fail: older, an API server is missing, the canary was lost or late, a field is missing, a namespace is silent.
 * Unknown: no store is connected, the record is older than 24 hours or lacks a part; no scope is declared.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 *
 * A total count that grows does not show that one of three API servers stopped: each is asked for. Success or failure of 10.2.2 is
 * responseStatus.code, the type of event is verb and objectRef. The first of sourceIPs can be set by the client; the last is the
 * address that the API server saw.
 */
import { componentFlags, mayHideInstances } from "@/lib/inventory/flags";
import type { LogFreshness } from "@/lib/inventory/imported-monitoring";
import { isApprovedAt } from "@/lib/inventory/registers";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { hoursBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const FRESH_MINUTES = 15;
const RECORD_HOURS = 24;
const WORKLOAD_HOURS = 24;

export const logSiemFresh: Control = {
  id: "log-siem-fresh",
  title: "Audit and workload events arrive in the central store within minutes and carry the required fields",
  severity: "critical",
  requirements: [
    {
      requirement: "10.3.3",
      kind: "primary",
      rationale: "The newest event of each source shows whether logs are brought to the central store promptly.",
    },
    {
      requirement: "10.2.2",
      kind: "primary",
      rationale: "A sample of the stored events shows whether each of them carries the details that are asked for.",
    },
    {
      requirement: "10.7.2",
      kind: "primary",
      rationale: "A source that went silent is a failed security control, and it has to be noticed.",
    },
    {
      requirement: "10.2.1",
      kind: "supporting",
      rationale: "Events that never arrive are as if logging were off.",
    },
    {
      requirement: "10.4.1",
      kind: "supporting",
      rationale: "Only what has arrived can be reviewed.",
    },
    {
      requirement: "A1.2.1",
      kind: "supporting",
      rationale: "A provider's customer can be given its own events only when they arrive.",
    },
  ],
  judges: "log-store",
  sections: ["namespaces"],
  rule: {
    reads:
      "What each log store holds of this cluster, as imported: newest event per API server and per namespace, a canary request, a sample of events.",
    pass: "Every API server's newest event was younger than 15 minutes, the canary was found, no field is missing, every CDE namespace had events within 24 hours.",
    fail: "A source is older or missing, the canary was lost or late, a field is missing, a namespace is silent without approval.",
    unknown: "No store is connected, or the record is older than 24 hours or lacks a part.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "Only the store itself can say what has arrived; a running shipper and a growing count say little.",
    cannotSee: "Events that were never made, and whether somebody reads the store.",
  },
  evaluate: (context) => judgeCluster(context, ["cde", "connected-to"], () => judge(context)),
  verify: () => ({
    command: `curl -s --cacert ca.pem -u "$ES_USER:$ES_PASS" "$ES_URL/$INDEX-*/_search?size=0" -H 'content-type: application/json' -d '{"aggs":{"n":{"terms":{"field":"server.keyword"},"aggs":{"last":{"max":{"field":"requestReceivedTimestamp"}}}}}}' | jq -r '.aggregations.n.buckets[]|[.key,.last.value_as_string]|@tsv'`,
    expect:
      "One line for each API server, none older than 15 minutes. Set ES_URL, ES_USER, ES_PASS and INDEX first; the names of fields depend on the mapping. Then send one request with an invalid token and search its audit id.",
    needs: ["curl", "read access to the log store"],
  }),
  remediate: () => ({
    summary:
      "Repair the shipper of the source that is named, and raise an alert when a source is silent: the rule below does so for a shipper that counts what it sends. Approve namespaces whose workloads write nothing.",
    manifest: renderManifest({
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name: "audit-log-silence", namespace: "monitoring" },
      spec: {
        groups: [
          {
            name: "audit-log-silence",
            rules: [
              {
                alert: "AuditLogSilent",
                expr: "sum by (node) (rate(fluentbit_output_proc_records_total[15m])) == 0",
                for: "15m",
                labels: { severity: "critical" },
                annotations: { summary: "No audit event was sent from {{ $labels.node }} for 15 minutes" },
              },
            ],
          },
        ],
      },
    }),
    apply: "# the metric's name is that of your shipper; apply the rule where your Prometheus reads its rules",
    risk: "None for the cluster; an alert without a receiver helps nobody.",
  }),
};

function judge(context: EvaluationContext): Result[] {
  const records = newestOf(context.inventory.facts.logFreshness ?? [], ({ store }) => store);
  if (records.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no log store is connected",
        "Nobody has imported what the log store holds of this cluster. It becomes known when the store is connected, or its newest events per API server and namespace are uploaded.",
      ),
    ];
  }
  return records.map(({ record, index }) => judgeStore(context, record, index));
}

interface Finding {
  words: string;
  evidence: EvidencePointer;
}

function judgeStore(context: EvaluationContext, record: LogFreshness, index: number): Result {
  const object = { ...CLUSTER_REF, kind: "LogStore", name: record.store };
  const source = sourceOf(record.origin);
  const at = (field: string, found: string): EvidencePointer => ({
    ref: CLUSTER_REF,
    pointer: `/facts/logFreshness/${index}${field}`,
    found,
  });
  const age = hoursBetween(record.origin.collectedAt, context.asOf);
  if (age > RECORD_HOURS) {
    return {
      status: "unknown",
      object,
      reason: `the record is ${Math.floor(age)} hours old`,
      detail: `What log store ${record.store} held ${Math.floor(age)} hours ago says nothing about now. ${source}`,
      evidence: [at("/origin/collectedAt", record.origin.collectedAt)],
    };
  }
  const problems: Finding[] = [];
  const gaps: string[] = [];
  judgeServers(context, record, at, problems, gaps);
  judgeCanary(record, at, problems, gaps);
  judgeSample(record, at, problems, gaps);
  judgeWorkloads(context, record, at, problems, gaps);
  if (problems.length > 0) {
    return {
      status: "fail",
      object,
      reason: shortReason(problems[0]?.words ?? ""),
      detail: `Log store ${record.store}: ${problems.map(({ words }) => words).join("; ")}. ${source}`,
      evidence: problems.map(({ evidence }) => evidence),
    };
  }
  if (gaps.length > 0) {
    return {
      status: "unknown",
      object,
      reason: shortReason(gaps[0] ?? ""),
      detail: `Log store ${record.store}: what was asked is in order, but ${gaps.join("; ")}. ${source}`,
      evidence: [at("", record.store)],
    };
  }
  return {
    status: "pass",
    object,
    reason: `all ${record.servers.length} API servers and every CDE namespace arrive`,
    detail: `Log store ${record.store}: the newest event of ${nameSome(record.servers.map(({ instance }) => instance))} was younger than ${FRESH_MINUTES} minutes, the canary (audit id ${record.canary?.auditId ?? ""}) was found, none of ${record.sample?.events ?? 0} sampled events lacks a field. ${source}`,
    evidence: [
      at("/servers", record.servers.map(({ newestEventAt }) => newestEventAt).join(", ")),
      at("/canary/foundAt", record.canary?.foundAt ?? ""),
    ],
  };
}

type At = (field: string, found: string) => EvidencePointer;

function judgeServers(
  { inventory }: EvaluationContext,
  record: LogFreshness,
  at: At,
  problems: Finding[],
  gaps: string[],
): void {
  for (const [i, { instance, newestEventAt }] of record.servers.entries()) {
    const late = newestEventAt === null ? null : hoursBetween(newestEventAt, record.origin.collectedAt) * 60;
    if (late !== null && late <= FRESH_MINUTES) continue;
    problems.push({
      words:
        late === null
          ? `it holds no event of API server ${instance}`
          : `the newest event of API server ${instance} was ${minutes(late)} old`,
      evidence: at(`/servers/${i}/newestEventAt`, newestEventAt ?? "null"),
    });
  }
  if (record.servers.length === 0) gaps.push("no API server was asked for");
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) {
    if (mayHideInstances(inventory))
      gaps.push("nobody could list the API servers, so some may be missing from the record");
    return;
  }
  const named = new Set(record.servers.map(({ instance }) => instance));
  const missing = [
    ...flags.instances
      .filter(({ ref, nodeName }) => !named.has(ref.name) && !(nodeName !== null && named.has(nodeName)))
      .map(({ ref }) => ref.name),
    ...flags.hiddenNodes.filter((node) => !named.has(node)),
  ];
  for (const name of missing) {
    problems.push({ words: `it does not list API server ${name}`, evidence: at("/servers", [...named].join(", ")) });
  }
}

function judgeCanary({ canary, origin }: LogFreshness, at: At, problems: Finding[], gaps: string[]): void {
  if (canary === undefined) gaps.push("no canary was sent");
  else if (hoursBetween(canary.sentAt, origin.collectedAt) > RECORD_HOURS) {
    gaps.push(`the last canary was sent at ${canary.sentAt}, more than a day before`);
  } else if (canary.foundAt === null) {
    // What was sent a minute ago may still be under way.
    if (hoursBetween(canary.sentAt, origin.collectedAt) * 60 <= FRESH_MINUTES) {
      gaps.push("the canary was asked for too early");
    } else {
      problems.push({
        words: `the canary with audit id ${canary.auditId} was not found`,
        evidence: at("/canary/foundAt", "null"),
      });
    }
  } else {
    const took = hoursBetween(canary.sentAt, canary.foundAt) * 60;
    if (took > FRESH_MINUTES) {
      problems.push({
        words: `the canary arrived after ${minutes(took)}`,
        evidence: at("/canary/foundAt", canary.foundAt),
      });
    }
  }
}

function judgeSample({ sample }: LogFreshness, at: At, problems: Finding[], gaps: string[]): void {
  if (sample === undefined || sample.events === 0) {
    gaps.push("no events were sampled for their fields");
    return;
  }
  for (const [field, count] of Object.entries(sample.missing)) {
    if (count === 0) continue;
    problems.push({
      words: `${count} of ${sample.events} sampled events lack ${field}`,
      evidence: at(`/sample/missing/${field}`, String(count)),
    });
  }
}

function judgeWorkloads(
  { scope, registers, asOf }: EvaluationContext,
  record: LogFreshness,
  at: At,
  problems: Finding[],
  gaps: string[],
): void {
  const silent = new Set(
    (registers?.silentNamespaces ?? []).filter((entry) => isApprovedAt(entry, asOf)).map(({ namespace }) => namespace),
  );
  const asked = scope.inCategory("cde").filter((namespace) => !silent.has(namespace));
  const unasked: string[] = [];
  for (const namespace of asked) {
    const i = record.workloads?.findIndex((entry) => entry.namespace === namespace) ?? -1;
    const entry = record.workloads?.[i];
    if (entry === undefined) {
      unasked.push(namespace);
      continue;
    }
    const { newestEventAt } = entry;
    if (newestEventAt !== null && hoursBetween(newestEventAt, record.origin.collectedAt) <= WORKLOAD_HOURS) continue;
    problems.push({
      words:
        newestEventAt === null
          ? `it holds no event of workloads in ${namespace}`
          : `workloads in ${namespace} sent nothing since ${newestEventAt}`,
      evidence: at(`/workloads/${i}/newestEventAt`, newestEventAt ?? "null"),
    });
  }
  if (unasked.length > 0) gaps.push(`workload events of ${nameSome(unasked)} were not asked for`);
}

function minutes(count: number): string {
  return count < 120 ? `${Math.floor(count)} minutes` : `${Math.floor(count / 60)} hours`;
}
