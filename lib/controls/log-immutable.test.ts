import { cdeNamespace, daemonSet, namespace } from "@/lib/fixtures/builders";
import type { LogProtection } from "@/lib/inventory/imported";
import { logImmutable } from "./log-immutable";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const good: LogProtection = {
  origin: { by: "cloud-api", name: "s3api get-object-lock-configuration", collectedAt: "2026-11-21T10:00:00Z" },
  lock: "compliance",
  lockDays: 400,
  bypassIdentities: [],
  writersThatCanDelete: [],
  breakGlass: [],
  unapprovedReaders: [],
  areReadsLogged: true,
};
const store = (changes: Partial<LogProtection> = {}) => ({
  facts: { logStores: [{ name: "audit-bucket", kind: "s3" as const, protection: { ...good, ...changes } }] },
});

describeControl(logImmutable, [
  {
    name: "locked in compliance mode",
    assessor: {
      prints: "COMPLIANCE",
      recorded: {
        aws: '{"ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":365}}}}\n',
      },
    },
    objects: [cde],
    options: store(),
    status: "pass",
    object: "LogStore/audit-bucket",
  },
  { name: "locked for ever", objects: [cde], options: store({ lockDays: null }), status: "pass" },
  {
    name: "append-only with a break-glass role",
    objects: [cde],
    options: store({
      lock: "append-only",
      bypassIdentities: ["break-glass"],
      breakGlass: ["break-glass"],
      writersThatCanDelete: [{ name: "break-glass", kind: "role" }],
    }),
    status: "pass",
    says: "Break-glass: break-glass",
  },
  {
    name: "append-only that somebody else can lift",
    objects: [cde],
    options: store({ lock: "append-only", bypassIdentities: ["admins"] }),
    status: "fail",
    says: "admins can lift",
  },
  {
    name: "no lock (an index block that an administrator can take away is none)",
    objects: [cde],
    options: store({ lock: "none", lockDays: null }),
    status: "fail",
    says: "nothing locks",
  },
  {
    name: "governance mode with a broad bypass",
    assessor: {
      prints: "GOVERNANCE",
      recorded: {
        aws: '{"ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":365}}}}\n',
      },
    },
    objects: [cde],
    options: store({ lock: "governance", bypassIdentities: ["everyone-in-ops"] }),
    status: "fail",
    says: "everyone-in-ops can",
  },
  {
    name: "governance mode without bypass today",
    objects: [cde],
    options: store({ lock: "governance" }),
    status: "fail",
  },
  {
    name: "a lock that ends early",
    objects: [cde],
    options: store({ lockDays: 90 }),
    status: "fail",
    says: "ends after 90 days",
  },
  {
    name: "the shipper's credential can delete",
    objects: [cde],
    options: store({ writersThatCanDelete: [{ name: "fluent-bit", kind: "shipper" }] }),
    status: "fail",
    says: "shipper fluent-bit",
  },
  {
    name: "the cluster's identity can delete",
    objects: [cde],
    options: store({ writersThatCanDelete: [{ name: "node-role", kind: "cluster" }] }),
    status: "fail",
  },
  {
    name: "everybody reads",
    objects: [cde],
    options: store({ unapprovedReaders: "everyone" }),
    status: "fail",
    says: "everybody can read",
  },
  {
    name: "a reader who is not on the list",
    objects: [cde],
    options: store({ unapprovedReaders: ["bob"] }),
    status: "fail",
    says: "bob",
  },
  { name: "reads are not logged", objects: [cde], options: store({ areReadsLogged: false }), status: "fail" },
  {
    name: "a running forwarder is no proof",
    objects: [cde, namespace("monitoring"), daemonSet("fluentd-audit-shipper", "monitoring")],
    status: "unknown",
    says: "no log store",
  },
  {
    name: "a store whose protection was not read",
    objects: [cde],
    options: { facts: { logStores: [{ name: "x", kind: "other" }] } },
    status: "unknown",
    object: "LogStore/x",
  },
  {
    name: "nothing in scope",
    objects: [namespace("dev", { "pci-scope": "out-of-scope" })],
    options: store(),
    status: "not-applicable",
  },
]);
