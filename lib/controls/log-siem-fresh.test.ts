import { cdeNamespace, namespace, staticPod } from "@/lib/fixtures/builders";
import type { LogFreshness } from "@/lib/inventory/imported-monitoring";
import { logSiemFresh } from "./log-siem-fresh";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const apiserver = (node: string) => staticPod("kube-apiserver", ["kube-apiserver"], node);
const origin = { by: "store-api", name: "k8s-pci-audit", collectedAt: "2026-11-21T11:00:00Z" } as const;
const RECORD: LogFreshness = {
  origin,
  store: "k8s-pci-audit",
  servers: [{ instance: "cp-1", newestEventAt: "2026-11-21T10:58:00Z" }],
  canary: { sentAt: "2026-11-21T10:40:00Z", auditId: "canary-1", foundAt: "2026-11-21T10:42:00Z" },
  sample: { events: 500, missing: { source: 0 } },
  workloads: [{ namespace: "cde", newestEventAt: "2026-11-21T10:00:00Z" }],
};
const record = (change: Partial<LogFreshness> = {}) => ({ facts: { logFreshness: [{ ...RECORD, ...change }] } });
const without = (...keys: (keyof LogFreshness)[]) => ({
  facts: {
    logFreshness: [
      Object.fromEntries(
        Object.entries(RECORD).filter(([key]) => !keys.includes(key as never)),
      ) as never as LogFreshness,
    ],
  },
});
const answer = (time: string) => ({
  curl: JSON.stringify({ aggregations: { n: { buckets: [{ key: "cp-1", last: { value_as_string: time } }] } } }),
});

describeControl(logSiemFresh, [
  {
    name: "everything arrives",
    objects: [cde, apiserver("cp-1")],
    options: record(),
    status: "pass",
    object: "LogStore/k8s-pci-audit",
    says: "canary-1",
    assessor: { prints: "cp-1\t2026-11-21T10:58:00Z", recorded: answer("2026-11-21T10:58:00Z") },
  },
  {
    name: "the newest event is two hours old",
    objects: [cde],
    options: record({ servers: [{ instance: "cp-1", newestEventAt: "2026-11-21T08:58:00Z" }] }),
    status: "fail",
    says: "was 2 hours old",
    assessor: { prints: "cp-1\t2026-11-21T08:58:00Z", recorded: answer("2026-11-21T08:58:00Z") },
  },
  {
    name: "one of two API servers never arrives",
    objects: [cde, apiserver("cp-1"), apiserver("cp-2")],
    options: record(),
    status: "fail",
    says: "does not list API server kube-apiserver-cp-2",
  },
  {
    name: "the API servers could not be listed",
    objects: [cde],
    options: { ...record(), sections: { pods: { status: "forbidden" } } },
    status: "unknown",
    says: "nobody could list the API servers",
  },
  {
    name: "a server without any event",
    objects: [cde],
    options: record({ servers: [...RECORD.servers, { instance: "cp-2", newestEventAt: null }] }),
    status: "fail",
    says: "no event of API server cp-2",
  },
  {
    name: "the canary was lost",
    objects: [cde],
    options: record({ canary: { sentAt: "2026-11-21T10:00:00Z", auditId: "c", foundAt: null } }),
    status: "fail",
    says: "canary with audit id c was not found",
  },
  {
    name: "the canary was late",
    objects: [cde],
    options: record({ canary: { sentAt: "2026-11-21T10:00:00Z", auditId: "c", foundAt: "2026-11-21T10:40:00Z" } }),
    status: "fail",
    says: "after 40 minutes",
  },
  {
    name: "the canary was asked for too early",
    objects: [cde],
    options: record({ canary: { sentAt: "2026-11-21T10:59:00Z", auditId: "c", foundAt: null } }),
    status: "unknown",
  },
  {
    name: "a field is missing",
    objects: [cde],
    options: record({ sample: { events: 500, missing: { user: 12 } } }),
    status: "fail",
    says: "12 of 500 sampled events lack user",
  },
  {
    name: "a CDE namespace is silent",
    objects: [cde],
    options: record({ workloads: [{ namespace: "cde", newestEventAt: "2026-11-19T10:00:00Z" }] }),
    status: "fail",
    says: "workloads in cde sent nothing since",
  },
  {
    name: "a CDE namespace that was approved as silent",
    objects: [cde, cdeNamespace("cde-batch")],
    options: {
      ...record({ workloads: [...(RECORD.workloads ?? []), { namespace: "cde-batch", newestEventAt: null }] }),
      registers: {
        silentNamespaces: [{ namespace: "cde-batch", reason: "r", approvedBy: "m", approvedAt: "2026-09-01" }],
      },
    },
    status: "pass",
  },
  {
    name: "an approval that has expired",
    objects: [cde],
    options: {
      ...record({ workloads: [{ namespace: "cde", newestEventAt: null }] }),
      registers: {
        silentNamespaces: [
          { namespace: "cde", reason: "r", approvedBy: "m", approvedAt: "2025-09-01", expiresAt: "2026-01-01" },
        ],
      },
    },
    status: "fail",
  },
  {
    name: "a CDE namespace was not asked for",
    objects: [cde, cdeNamespace("cde-new")],
    options: record(),
    status: "unknown",
    says: "workload events of cde-new were not asked for",
  },
  { name: "no canary was sent", objects: [cde], options: without("canary"), status: "unknown" },
  { name: "no sample", objects: [cde], options: without("sample"), status: "unknown" },
  { name: "no workloads", objects: [cde], options: without("workloads"), status: "unknown" },
  {
    name: "an old record",
    objects: [cde],
    options: record({ origin: { ...origin, collectedAt: "2026-11-19T11:00:00Z" } }),
    status: "unknown",
    says: "49 hours old",
  },
  { name: "no store is connected", objects: [cde], status: "unknown" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
