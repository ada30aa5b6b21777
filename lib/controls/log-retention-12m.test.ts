import { cdeNamespace, namespace } from "@/lib/fixtures/builders";
import type { LogRetention } from "@/lib/inventory/imported";
import { logRetention12m } from "./log-retention-12m";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const good: LogRetention = {
  origin: { by: "store-api", name: "GET _ilm/policy/k8s-audit", collectedAt: "2026-11-21T10:00:00Z" },
  deleteAfterDays: 400,
  isAttached: true,
  unattached: [],
  searchableDays: 100,
  oldestEventAt: "2025-11-20T00:00:00Z",
  deliveringSince: "2025-01-01T00:00:00Z",
  daysWithoutEvents: [],
};
const store = (changes: Partial<LogRetention> = {}) => ({
  facts: { logStores: [{ name: "k8s-audit", kind: "elasticsearch" as const, retention: { ...good, ...changes } }] },
});

describeControl(logRetention12m, [
  {
    name: "a year and more, attached, searchable, complete",
    assessor: {
      prints: '"delete": "400d"',
      recorded: {
        curl: '{"audit": {"policy": {"phases": {"delete": {"min_age": "400d"}}}}, "indices": {"audit-1": {"policy": "audit", "age": "300d", "phase": "warm"}}, "hits": {"hits": [{"_source": {"@timestamp": "2025-11-20T00:00:00Z"}}]}}',
      },
    },
    objects: [cde],
    options: store(),
    status: "pass",
    object: "LogStore/k8s-audit",
  },
  { name: "exactly 365 days", objects: [cde], options: store({ deleteAfterDays: 365 }), status: "pass" },
  {
    name: "never deleted (CloudWatch without retention)",
    objects: [cde],
    options: store({ deleteAfterDays: null, searchableDays: null }),
    status: "pass",
    says: "never deleted",
  },
  {
    name: "92 days searchable, the rest frozen",
    objects: [cde],
    options: store({ searchableDays: 92 }),
    status: "pass",
  },
  {
    name: "364 days",
    assessor: {
      prints: '"delete": "364d"',
      recorded: {
        curl: '{"audit": {"policy": {"phases": {"delete": {"min_age": "364d"}}}}, "indices": {"audit-1": {"policy": "audit", "age": "300d", "phase": "warm"}}, "hits": {"hits": [{"_source": {"@timestamp": "2025-11-20T00:00:00Z"}}]}}',
      },
    },
    objects: [cde],
    options: store({ deleteAfterDays: 364 }),
    status: "fail",
    says: "deleted after 364 days",
  },
  {
    name: "the policy exists but no template uses it",
    objects: [cde],
    options: store({ isAttached: false, unattached: ["k8s-audit-000001"] }),
    status: "fail",
    says: "not attached to k8s-audit-000001",
  },
  {
    name: "one index in use is not covered",
    objects: [cde],
    options: store({ unattached: ["k8s-old"] }),
    status: "fail",
  },
  {
    name: "the last three months are archived",
    objects: [cde],
    options: store({ searchableDays: 30 }),
    status: "fail",
    says: "30 days can be searched",
  },
  {
    name: "the history is shorter than the delivery",
    objects: [cde],
    options: store({ oldestEventAt: "2026-09-01T00:00:00Z" }),
    status: "fail",
    says: "oldest event is 81 days old",
  },
  {
    name: "days without events",
    objects: [cde],
    options: store({ daysWithoutEvents: ["2026-07-04"] }),
    status: "fail",
    says: "2026-07-04",
  },
  {
    name: "a cluster younger than a year passes for its configuration, and says so",
    objects: [cde],
    options: store({ deliveringSince: "2026-08-01T00:00:00Z", oldestEventAt: "2026-08-01T01:00:00Z" }),
    status: "pass",
    says: "cannot be shown yet",
  },
  {
    name: "the oldest event was not read",
    objects: [cde],
    options: store({ oldestEventAt: undefined }),
    status: "unknown",
    says: "oldest event not read",
  },
  {
    name: "a young history whose beginning nobody knows",
    objects: [cde],
    options: store({ deliveringSince: undefined, oldestEventAt: "2026-09-01T00:00:00Z" }),
    status: "unknown",
  },
  {
    name: "an old history whose beginning nobody knows",
    objects: [cde],
    options: store({ deliveringSince: undefined }),
    status: "pass",
  },
  {
    name: "a store without retention settings",
    objects: [cde],
    options: { facts: { logStores: [{ name: "s3", kind: "s3" }] } },
    status: "unknown",
    object: "LogStore/s3",
  },
  { name: "no store connected", objects: [cde], status: "unknown", says: "no log store is connected" },
  {
    name: "connected-to systems need it too",
    objects: [namespace("ops", { "pci-scope": "connected-to" })],
    options: store({ deleteAfterDays: 30 }),
    status: "fail",
  },
  {
    name: "nothing in scope",
    objects: [namespace("dev", { "pci-scope": "out-of-scope" })],
    options: store(),
    status: "not-applicable",
  },
]);
