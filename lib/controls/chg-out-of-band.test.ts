import { cdeNamespace, deployment, namespace } from "@/lib/fixtures/builders";
import type { AuditLogSummary, HumanWrite } from "@/lib/inventory/imported-audit-log";
import type { ChangeRecord, DeploymentIdentity } from "@/lib/inventory/registers";
import { chgOutOfBand } from "./chg-out-of-band";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const WRITE: HumanWrite = {
  auditId: "a-1",
  at: "2026-11-20T09:14:02.000Z",
  username: "ann@example.com",
  verb: "patch",
  apiGroup: "apps",
  resource: "deployments",
  namespace: "cde",
  name: "api",
  client: "kubectl",
};
const log = (writes: Partial<HumanWrite>[], change: Partial<AuditLogSummary> = {}): AuditLogSummary => ({
  origin: { by: "upload", name: "audit.log by jane", collectedAt: "2026-11-21T10:00:00Z" },
  from: "2026-10-20T00:00:00.000Z",
  to: "2026-11-21T09:00:00.000Z",
  requests: 10_000,
  daysWithoutEvents: [],
  unreadableLines: 0,
  unauthorized: { count: 0 },
  forbidden: { count: 0 },
  missingFields: {},
  users: [],
  writes: writes.map((write) => ({ ...WRITE, ...write })),
  leftOut: { users: 0, uses: 0, writes: 0 },
  ...change,
});
const RECORD: ChangeRecord = {
  id: "CHG-1",
  isBreakGlass: false,
  from: "2026-11-20T09:00:00Z",
  to: "2026-11-20T10:00:00Z",
  namespaces: ["cde"],
  reason: "r",
  approvedBy: "maria",
  approvedAt: "2026-11-19",
};
const PIPELINE: DeploymentIdentity = { username: "ann@*", reason: "r", approvedBy: "m", approvedAt: "2026-01-01" };
const options = (
  writes: Partial<HumanWrite>[],
  records: Partial<ChangeRecord>[] = [],
  change: Partial<AuditLogSummary> = {},
) => ({
  facts: { auditLogs: [log(writes, change)] },
  registers: { changeRecords: records.map((record) => ({ ...RECORD, ...record })) },
});
const edited = deployment("api", "cde", undefined, {
  metadata: {
    managedFields: [
      {
        manager: "kubectl-edit",
        operation: "Update",
        apiVersion: "apps/v1",
        time: "2026-11-20T09:14:02Z",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": {} },
      },
    ],
  },
});

describeControl(chgOutOfBand, [
  {
    name: "nobody changed anything",
    objects: [cde, deployment("api")],
    options: options([]),
    status: "pass",
    object: "Namespace/cde",
    assessor: { prints: "", hides: "kubectl-edit" },
  },
  {
    name: "a change without a record",
    objects: [cde, edited],
    options: options([{}]),
    status: "fail",
    says: "ann@example.com patch deployments api at 2026-11-20T09:14:02.000Z",
    assessor: { prints: "Deployment\tcde\tapi\tkubectl-edit\tUpdate\t2026-11-20T09:14:02Z" },
  },
  { name: "a change with its record", objects: [cde], options: options([{}], [{}]), status: "pass", says: "CHG-1" },
  {
    name: "a record that says when the cluster was assessed again",
    objects: [cde],
    options: options([{}], [{}]),
    status: "pass",
    says: "Not assessed again after the change: CHG-1",
  },
  {
    name: "a record for the very object",
    objects: [cde],
    options: options([{}], [{ objects: ["deployments/api"], users: ["ann@example.com"] }]),
    status: "pass",
  },
  {
    name: "a record for another object",
    objects: [cde],
    options: options([{}], [{ objects: ["deployments/other"] }]),
    status: "fail",
  },
  { name: "a record for another person", objects: [cde], options: options([{}], [{ users: ["bo"] }]), status: "fail" },
  {
    name: "a record for another namespace",
    objects: [cde],
    options: options([{}], [{ namespaces: ["x"] }]),
    status: "fail",
  },
  {
    name: "a record for another time",
    objects: [cde],
    options: options([{}], [{ from: "2026-11-19T09:00:00Z", to: "2026-11-19T10:00:00Z" }]),
    status: "fail",
  },
  {
    name: "approved after the change",
    objects: [cde],
    options: options([{}], [{ approvedAt: "2026-11-21" }]),
    status: "fail",
  },
  {
    name: "break-glass use that was approved the day after",
    objects: [cde],
    options: options([{}], [{ approvedAt: "2026-11-21", isBreakGlass: true }]),
    status: "pass",
  },
  {
    name: "scaling is a change too",
    objects: [cde],
    options: options([{ resource: "deployments/scale" }], [{ objects: ["deployments/api"] }]),
    status: "pass",
  },
  {
    name: "a pipeline by its user name, not by what its program calls itself",
    objects: [cde],
    options: { ...options([{}]), registers: { deploymentIdentities: [PIPELINE] } },
    status: "pass",
  },
  {
    name: "a person who acts as a service account",
    objects: [cde],
    options: options([{ username: "system:serviceaccount:cde:deployer", impersonatedBy: "ann@example.com" }]),
    status: "fail",
    says: "ann@example.com as system:serviceaccount:cde:deployer",
  },
  {
    name: "a change in another namespace",
    objects: [cde, namespace("tools", { "pci-scope": "out-of-scope" })],
    options: options([{ namespace: "tools" }]),
    status: "pass",
  },
  {
    name: "a change of last spring",
    objects: [cde],
    options: options([{ at: "2026-04-01T00:00:00.000Z" }], [], { from: "2026-03-01T00:00:00.000Z" }),
    status: "pass",
  },
  {
    name: "the log begins a week ago",
    objects: [cde],
    options: options([], [], { from: "2026-11-14T00:00:00.000Z" }),
    status: "unknown",
    says: "miss 23 of the last 30 days",
  },
  {
    name: "a day without events",
    objects: [cde],
    options: options([], [], { daysWithoutEvents: ["2026-11-10"] }),
    status: "unknown",
  },
  {
    name: "the log ends ten days ago",
    objects: [cde],
    options: options([], [], { to: "2026-11-11T00:00:00.000Z" }),
    status: "unknown",
  },
  {
    name: "more changes than the summary holds",
    objects: [cde],
    options: options([], [], { leftOut: { users: 0, uses: 0, writes: 7 } }),
    status: "unknown",
  },
  { name: "managed fields alone say nothing", objects: [cde, edited], status: "unknown", says: "no audit log" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
