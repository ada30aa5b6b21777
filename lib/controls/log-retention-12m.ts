/**
 * Logs are kept 12 months with three months at once available.
 *
 * Reads: the imported settings of every store that keeps the cluster's logs: when events are deleted, whether that policy is
 * attached to everything in use, how long events stay where they can be searched at once, and how far back they go.
 * Pass: deletion after 365 days or later (or never), attached everywhere, 92 days searchable, and the oldest event as old as the
 * delivery, at most 365 days. A cluster that delivers for less than a year passes for its configuration.
 * Fail: earlier deletion, a policy that is not attached, an archive instead of search within the last 92 days, a history that is
 * shorter than it should be, or days without events.
 * Unknown: no store is connected, or its settings or its oldest event were not read; no scope is declared.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 *
 * Elasticsearch counts the age from rollover, so events really live longer: fine. No retention at all on CloudWatch means never
 * deleted: fine. Frozen tiers are slow but searchable and accepted beyond 92 days. Flags like --audit-log-maxage are a local buffer
 * and no retention.
 */
import type { LogRetention, LogStore } from "@/lib/inventory/imported";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "./types";

const KEEP_DAYS = 365;
const SEARCHABLE_DAYS = 92;
const DAY_MS = 86_400_000;
/** The newest index or group of a day may still be under way when the store is asked. */
const HISTORY_SLACK_DAYS = 2;

export const logRetention12m: Control = {
  id: "log-retention-12m",
  title: "Logs are kept 12 months with three months at once available",
  severity: "critical",
  requirements: [
    {
      requirement: "10.5.1",
      kind: "primary",
      rationale:
        "The store's deletion age, its attachment and the oldest event show how long logs really stay and how fast they can be read.",
    },
  ],
  judges: "log-store",
  sections: ["namespaces"],
  rule: {
    reads: "Retention settings and oldest event of every log store, as imported from the store or uploaded.",
    pass: "Events live 365 days or longer everywhere, the last 92 days can be searched at once, and the history is as long as it should be.",
    fail: "Earlier deletion, an unattached policy, too short a searchable period, missing history, or days without events.",
    unknown: "No store is connected, or its settings or oldest event were not read.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "The setting says what will be kept, the oldest event what has been; only both together show twelve months.",
    cannotSee: "Copies outside the stores that are connected, and whether a store holds every source's events.",
  },
  evaluate: (context) => judgeCluster(context, ["cde", "connected-to"], () => judgeStores(context)),
  verify: () => ({
    command: [
      "# Elasticsearch (OpenSearch: _plugins/_ism); set ES_URL, ES_USER, ES_PASS, POLICY and INDEX first",
      `curl -s --cacert ca.pem -u "$ES_USER:$ES_PASS" "$ES_URL/_ilm/policy/$POLICY" | jq '.[].policy.phases|{delete:.delete.min_age}'`,
      `curl -s --cacert ca.pem -u "$ES_USER:$ES_PASS" "$ES_URL/$INDEX-*/_ilm/explain" | jq '.indices|to_entries[]|{index:.key,policy:.value.policy,age:.value.age,phase:.value.phase}'`,
      `curl -s --cacert ca.pem -u "$ES_USER:$ES_PASS" "$ES_URL/$INDEX-*/_search?size=1&sort=@timestamp:asc" | jq -r '.hits.hits[0]._source["@timestamp"]'`,
      "# CloudWatch: aws logs describe-log-groups --query 'logGroups[].[logGroupName,retentionInDays]'",
    ].join("\n"),
    expect:
      "Deletion at 365 days or later (CloudWatch: 365 or more, or null), the policy on every index, and an oldest event that is a year old or as old as the delivery.",
    needs: ["curl"],
  }),
  remediate: (_context, result) => ({
    summary: `Keep events of ${result.object.name} for at least ${KEEP_DAYS} days and the last ${SEARCHABLE_DAYS} in a tier that is searched at once; put the policy into the index template, because a policy that no index uses does nothing. What was deleted is gone: record the gap. The document is the body of an Elasticsearch life-cycle policy.`,
    manifest: `policy:
  phases:
    hot:
      min_age: 0ms
      actions:
        rollover:
          max_age: 7d
    cold:
      min_age: ${SEARCHABLE_DAYS + 8}d
      actions: {}
    delete:
      min_age: ${KEEP_DAYS + 35}d
      actions:
        delete: {}
`,
    apply:
      'yq -o json policy.yaml | curl -s --cacert ca.pem -u "$ES_USER:$ES_PASS" -X PUT -H "Content-Type: application/json" -d @- "$ES_URL/_ilm/policy/$POLICY"',
    risk: "The store grows to a year of events; plan room and cost before the policy is attached.",
  }),
};

function judgeStores({ inventory, asOf }: EvaluationContext): Result[] {
  const stores = inventory.facts.logStores ?? [];
  if (stores.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no log store is connected",
        "Nobody has imported the settings of the store that keeps this cluster's logs. It becomes known when the store is connected or its retention settings and oldest event are uploaded.",
      ),
    ];
  }
  return stores.map((store, i) => judgeStore(store, i, asOf));
}

function judgeStore(store: LogStore, index: number, asOf: string): Result {
  const object = { ...CLUSTER_REF, kind: "LogStore", name: store.name };
  const at = (field: string, found?: string) => {
    const pointer = { ref: CLUSTER_REF, pointer: `/facts/logStores/${index}/retention${field}` };
    return found === undefined ? pointer : { ...pointer, found };
  };
  const { retention } = store;
  if (retention === undefined) {
    return {
      status: "unknown",
      object,
      reason: "its retention was not read",
      detail: `The retention settings of log store ${store.name} were not imported.`,
      evidence: [],
    };
  }
  const problems: { words: string; evidence: ReturnType<typeof at> }[] = [];
  const { deleteAfterDays, searchableDays } = retention;
  if (deleteAfterDays !== null && deleteAfterDays < KEEP_DAYS) {
    problems.push({
      words: `events are deleted after ${deleteAfterDays} days, before ${KEEP_DAYS}`,
      evidence: at("/deleteAfterDays", String(deleteAfterDays)),
    });
  }
  if (!retention.isAttached || retention.unattached.length > 0) {
    const where = retention.unattached.length > 0 ? ` to ${nameSome(retention.unattached, 3)}` : "";
    problems.push({
      words: `the retention policy is not attached${where}`,
      evidence: at("/isAttached", String(retention.isAttached)),
    });
  }
  if (searchableDays !== null && searchableDays < SEARCHABLE_DAYS) {
    problems.push({
      words: `only the last ${searchableDays} days can be searched at once, fewer than ${SEARCHABLE_DAYS}`,
      evidence: at("/searchableDays", String(searchableDays)),
    });
  }
  const history = judgeHistory(retention, asOf);
  if (history.problem !== null)
    problems.push({ words: history.problem, evidence: at("/oldestEventAt", retention.oldestEventAt) });
  const gaps = retention.daysWithoutEvents ?? [];
  if (gaps.length > 0) {
    problems.push({
      words: `there are no events on ${nameSome(gaps)}`,
      evidence: at("/daysWithoutEvents", String(gaps.length)),
    });
  }
  const source = `Source: ${retention.origin.name}, read ${retention.origin.collectedAt}.`;
  if (problems.length > 0) {
    return {
      status: "fail",
      object,
      reason: problems[0]?.words ?? "",
      detail: `Log store ${store.name}: ${problems.map((problem) => problem.words).join("; ")}. ${source}`,
      evidence: problems.map((problem) => problem.evidence),
    };
  }
  const kept = deleteAfterDays === null ? "events are never deleted" : `events are kept ${deleteAfterDays} days`;
  if (history.words === null) {
    return {
      status: "unknown",
      object,
      reason: "configured for a year, oldest event not read",
      detail: `Log store ${store.name}: ${kept}, but its oldest event was not read, so nobody knows what is really there. ${source}`,
      evidence: [at("/deleteAfterDays", String(deleteAfterDays))],
    };
  }
  return {
    status: "pass",
    object,
    reason: deleteAfterDays === null ? "never deleted" : `kept ${deleteAfterDays} days`,
    detail: `Log store ${store.name}: ${kept}, ${searchableDays === null ? "all" : `the last ${searchableDays} days`} searchable at once; ${history.words}. ${source}`,
    evidence: [at("/deleteAfterDays", String(deleteAfterDays)), at("/oldestEventAt", retention.oldestEventAt)],
  };
}

/** Whether events go back as far as they should. `words` is null when the oldest event was not read. */
function judgeHistory(retention: LogRetention, asOf: string): { problem: string | null; words: string | null } {
  const { oldestEventAt, deliveringSince } = retention;
  if (oldestEventAt === undefined) return { problem: null, words: null };
  const now = Date.parse(asOf);
  const ageDays = Math.floor((now - Date.parse(oldestEventAt)) / DAY_MS);
  if (deliveringSince === undefined) {
    return ageDays >= KEEP_DAYS - HISTORY_SLACK_DAYS
      ? { problem: null, words: `the oldest event is ${ageDays} days old` }
      : { problem: null, words: null };
  }
  const deliveredDays = Math.floor((now - Date.parse(deliveringSince)) / DAY_MS);
  const expected = Math.min(deliveredDays, KEEP_DAYS) - HISTORY_SLACK_DAYS;
  if (ageDays < expected) {
    return {
      problem: `the oldest event is ${ageDays} days old, though events are delivered for ${deliveredDays} days`,
      words: null,
    };
  }
  return {
    problem: null,
    words:
      deliveredDays < KEEP_DAYS
        ? `the cluster delivers for ${deliveredDays} days, so twelve months of history cannot be shown yet; the configuration is right and the history complete so far`
        : `the oldest event is ${ageDays} days old`,
  };
}
