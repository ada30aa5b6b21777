import { cdeNamespace, namespace, staticPod } from "@/lib/fixtures/builders";
import type { LogStore } from "@/lib/inventory/imported";
import { logLocalRotation } from "./log-local-rotation";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "sizes by jane", collectedAt: "2026-11-21T10:00:00Z" } as const;
const PATH = "--audit-log-path=/var/log/kubernetes/audit.log";
const server = (flags: string[], node = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], node);
const rotation = (size: number, backup: number, age: number) => [
  PATH,
  `--audit-log-maxsize=${size}`,
  `--audit-log-maxbackup=${backup}`,
  `--audit-log-maxage=${age}`,
];
const store = (deleteAfterDays: number | null): LogStore => ({
  name: "k8s-pci-audit",
  kind: "opensearch",
  retention: { origin, deleteAfterDays, isAttached: true, unattached: [], searchableDays: null },
});
const facts = (bytesPerDay: number | null, stores: LogStore[] = [store(400)]) => ({
  facts: {
    ...(bytesPerDay === null ? {} : { auditVolumes: [{ origin, days: 7, bytesPerDay }] }),
    ...(stores.length > 0 ? { logStores: stores } : {}),
  },
});
const GB = 1e9;

describeControl(logLocalRotation, [
  {
    name: "room for five days, and a store that keeps a year",
    objects: [cde, server(rotation(500, 20, 30))],
    options: facts(2 * GB),
    status: "pass",
    says: "lasts 5 days",
    assessor: { prints: "--audit-log-maxbackup=20" },
  },
  {
    name: "ten files of 100 MB, whatever maxage says",
    objects: [cde, server(rotation(100, 10, 365))],
    options: facts(5 * GB),
    status: "fail",
    object: "Pod/kube-system/kube-apiserver-cp-1",
    says: "hold 1.2 GB, for at most 365 days; at 5.0 GB a day that lasts 5 hours",
    assessor: { prints: "--audit-log-maxage=365" },
  },
  {
    name: "between one and three days",
    objects: [cde, server(rotation(500, 20, 30))],
    options: facts(5 * GB),
    status: "fail",
    severity: "low",
  },
  {
    name: "maxage deletes before the size does",
    objects: [cde, server(rotation(500, 100, 2))],
    options: facts(1 * GB),
    status: "fail",
    severity: "low",
    says: "lasts 2 days",
  },
  {
    name: "maxbackup 0 keeps every file, and may fill the disk",
    objects: [cde, server(rotation(100, 0, 7))],
    options: facts(5 * GB),
    status: "pass",
    says: "watch the room on the disk",
  },
  {
    name: "no rotation flag at all",
    objects: [cde, server([PATH])],
    options: facts(5 * GB),
    status: "pass",
    says: "as long as the disk has room",
  },
  {
    name: "maxsize 0, where documentation and library disagree",
    objects: [cde, server([PATH, "--audit-log-maxbackup=10"])],
    options: facts(5 * GB),
    status: "unknown",
    says: "calls that no limit",
  },
  {
    name: "a measurement of the very node comes before one for all",
    objects: [cde, server(rotation(500, 20, 30))],
    options: {
      facts: {
        ...facts(1 * GB).facts,
        auditVolumes: [
          { origin, days: 7, bytesPerDay: 1 * GB },
          { origin, instance: "cp-1", days: 7, bytesPerDay: 50 * GB },
        ],
      },
    },
    status: "fail",
  },
  {
    name: "the last value of a flag wins",
    objects: [cde, server([...rotation(500, 20, 30), "--audit-log-maxbackup=1"])],
    options: facts(2 * GB),
    status: "fail",
  },
  {
    name: "the store keeps events for 90 days only",
    objects: [cde, server(rotation(500, 20, 30))],
    options: facts(2 * GB, [store(90)]),
    status: "fail",
    severity: "low",
    says: "keeps events 90 days",
  },
  {
    name: "a store that never deletes",
    objects: [cde, server(rotation(500, 20, 30))],
    options: facts(2 * GB, [store(null)]),
    status: "pass",
  },
  {
    name: "no store is connected",
    objects: [cde, server(rotation(500, 20, 30))],
    options: facts(2 * GB, []),
    status: "unknown",
    says: "local files alone never do",
  },
  {
    name: "the volume is not known: the size alone is computed",
    objects: [cde, server(rotation(100, 10, 365))],
    options: facts(null),
    status: "unknown",
    says: "hold 1.2 GB",
  },
  {
    name: "a flag that is no number",
    objects: [cde, server([PATH, "--audit-log-maxsize=big"])],
    options: facts(1 * GB),
    status: "unknown",
  },
  { name: "standard output", objects: [cde, server(["--audit-log-path=-"])], options: facts(1), status: "unknown" },
  {
    name: "webhook only",
    objects: [cde, server(["--audit-policy-file=/p", "--audit-webhook-config-file=/w"])],
    options: facts(1 * GB),
    status: "not-applicable",
  },
  { name: "managed", objects: [cde], options: { provider: "gke" }, status: "not-applicable" },
  { name: "flags are not visible", objects: [cde], options: { provider: "k3s" }, status: "unknown" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
