/** Imports about logging, detection and alerting: records of the log store, the alerting system and host agents. */
import { z } from "zod";
import { AUDIT_EVENT_FIELDS } from "../imported-audit-log";
import { DETECTIONS, SECURITY_FUNCTIONS, WATCHED_FILES } from "../imported-monitoring";
import { moment, name, words } from "../registers/approval";
import { documentImport } from "./types";

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, "must be a day, such as 2026-11-21");
const count = z.number().int().min(0);
const several = <T extends z.ZodType>(of: T, most = 5000) => z.array(of).min(1).max(most);
const list = <T extends z.ZodType>(of: T, most = 5000) => z.array(of).max(most);
/** zod gives `undefined` for what is absent; facts leave it out. */
function clean<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

export const auditVolumeImport = documentImport(
  {
    id: "audit-volume",
    title: "Volume of the audit logs",
    nature: "fact",
    description:
      "How many bytes a day each API server writes into its audit log, so that the local buffer can be judged.",
    howToGet:
      "On each control-plane node: size and time of the rotated files beside the audit log, or the bytes that the shipper counts for the file.",
    controls: ["log-local-rotation"],
    example: "volumes:\n  - { instance: control-plane-1, days: 7, bytesPerDay: 2400000000 }\n",
  },
  z.strictObject({
    volumes: several(
      z.strictObject({ instance: name.optional(), days: z.number().positive(), bytesPerDay: z.number().positive() }),
      100,
    ),
  }),
  ({ volumes }, origin) => ({
    facts: {
      auditVolumes: volumes.map(({ instance, ...rest }) => ({
        origin,
        ...rest,
        ...(instance === undefined ? {} : { instance }),
      })),
    },
  }),
);

export const logFreshnessImport = documentImport(
  {
    id: "log-freshness",
    title: "Newest events in the log store",
    nature: "fact",
    description:
      "What the store holds of this cluster: the newest audit event of each API server, whether a request made for the purpose was found, which fields events lack, and the newest event of each CDE namespace.",
    howToGet:
      "Ask the store for the newest event per API server and per namespace; send a request with an invalid token and look for its audit id a few minutes later.",
    controls: ["log-siem-fresh"],
    example: `store: k8s-pci-audit
servers:
  - { instance: control-plane-1, newestEventAt: "2026-11-21T11:58:00Z" }
canary: { sentAt: "2026-11-21T11:50:00Z", auditId: 0f6f4a1e-5a0e-4a43-9a0a-7b1a8f7d3c55, foundAt: "2026-11-21T11:52:30Z" }
sample: { events: 500, missing: { source: 0 } }
workloads:
  - { namespace: cde-processing, newestEventAt: "2026-11-21T11:57:00Z" }
`,
  },
  z.strictObject({
    store: name,
    servers: list(z.strictObject({ instance: name, newestEventAt: moment.nullable() }), 100),
    canary: z.strictObject({ sentAt: moment, auditId: name, foundAt: moment.nullable() }).optional(),
    sample: z.strictObject({ events: count, missing: z.partialRecord(z.enum(AUDIT_EVENT_FIELDS), count) }).optional(),
    workloads: list(z.strictObject({ namespace: name, newestEventAt: moment.nullable() })).optional(),
  }),
  (record, origin) => ({ facts: { logFreshness: [{ origin, ...clean(record) }] } }),
);

export const detectionRulesImport = documentImport(
  {
    id: "detection-rules",
    title: "Detection rules",
    nature: "fact",
    description:
      "Rules of the SIEM over the cluster's events, each with what it detects, its receivers and its last test, and the days on which the events were reviewed.",
    howToGet: "Export the rules of the SIEM that read the audit log, and the records of its daily review.",
    controls: ["log-alerting-daily-review"],
    example: `system: SIEM
rules:
  - name: Shell in a CDE container
    detects: [exec-in-cde]
    isEnabled: true
    receivers: [soc-oncall]
    testedAt: 2026-06-01
reviews:
  - { isAutomated: true, days: [2026-11-19, 2026-11-20] }
`,
  },
  z.strictObject({
    system: name,
    rules: list(
      z.strictObject({
        name,
        detects: several(z.enum(DETECTIONS), 20),
        isEnabled: z.boolean(),
        receivers: list(name, 100),
        testedAt: moment.optional(),
      }),
    ),
    reviews: list(z.strictObject({ isAutomated: z.boolean(), days: list(day, 1000) }), 100).optional(),
  }),
  ({ system, rules, reviews }, origin) => ({
    facts: {
      detectionRules: [{ origin, system, rules: rules.map(clean) }],
      ...(reviews === undefined ? {} : { logReviews: reviews.map((review) => ({ origin, ...review })) }),
    },
  }),
);

export const failureAlarmsImport = documentImport(
  {
    id: "failure-alarms",
    title: "Alarms about failed security functions, and their incidents",
    nature: "fact",
    description:
      "Alarms of the monitoring system for each security function with their receivers, and the failures of the last twelve months with cause and fix.",
    howToGet:
      "Export alarms and receivers of the monitoring system (without addresses and keys), and incidents of the ticket system.",
    controls: ["mon-control-failure-alerts", "mon-change-detection"],
    example: `system: Monitoring
alarms:
  - { name: CalicoNodeDown, watches: network-plugin, isEnabled: true, receivers: [platform-oncall] }
incidents:
  from: 2025-11-21
  to: 2026-11-21
  list:
    - id: INC-1042
      function: log-shipper
      startedAt: "2026-08-02T03:10:00Z"
      endedAt: "2026-08-02T04:00:00Z"
      cause: the disk of the node was full
      fix: the buffer has a limit now
`,
  },
  z.strictObject({
    system: name,
    alarms: list(
      z.strictObject({ name, watches: z.enum(SECURITY_FUNCTIONS), isEnabled: z.boolean(), receivers: list(name, 100) }),
    ),
    incidents: z
      .strictObject({
        from: moment,
        to: moment,
        list: list(
          z.strictObject({
            id: name,
            function: z.enum(SECURITY_FUNCTIONS),
            startedAt: moment,
            endedAt: moment.nullable(),
            cause: words.nullable(),
            fix: words.nullable(),
          }),
        ),
      })
      .optional(),
  }),
  ({ system, alarms, incidents }, origin) => ({
    facts: {
      failureAlarms: [{ origin, system, alarms }],
      ...(incidents === undefined
        ? {}
        : { failureIncidents: [{ origin, from: incidents.from, to: incidents.to, incidents: incidents.list }] }),
    },
  }),
);

export const sensorRecordImport = documentImport(
  {
    id: "sensor-record",
    title: "Runtime sensor",
    nature: "fact",
    description:
      "What a runtime sensor says of itself: nodes on which its driver receives events, age of its rules, outputs, and the last test event that arrived outside the cluster.",
    howToGet: "From the sensor's console, or its metrics and the receiver's log; for host agents too.",
    controls: ["mon-runtime-detection"],
    example: `sensor: falco
nodes: [{ node: node-1, isSeeing: true }]
rulesUpdatedAt: 2026-10-30
outputs: [{ name: SIEM, isOutsideCluster: true }]
testEventAt: 2026-11-10
`,
  },
  z.strictObject({
    sensor: name,
    nodes: list(z.strictObject({ node: name, isSeeing: z.boolean() })).optional(),
    rulesUpdatedAt: moment.optional(),
    outputs: list(z.strictObject({ name, isOutsideCluster: z.boolean() }), 100),
    testEventAt: moment.optional(),
  }),
  (record, origin) => ({ facts: { sensorRecords: [{ origin, ...clean(record) }] } }),
);

export const malwareProtectionImport = documentImport(
  {
    id: "malware-protection",
    title: "Malware protection of nodes",
    nature: "fact",
    description:
      "Nodes on which a malware scanner is active, when its signatures were updated, and whether it ships its logs.",
    howToGet: "Export the nodes from the console of the malware scanner.",
    controls: ["mon-antimalware"],
    example: `product: Endpoint scanner
nodes:
  - { node: node-1, isActive: true, updatedAt: "2026-11-21T02:00:00Z", shipsLogs: true }
`,
  },
  z.strictObject({
    product: name,
    nodes: several(
      z.strictObject({ node: name, isActive: z.boolean(), updatedAt: moment.nullable(), shipsLogs: z.boolean() }),
    ),
  }),
  (record, origin) => ({ facts: { malwareProtection: [{ origin, ...record }] } }),
);

export const fileIntegrityImport = documentImport(
  {
    id: "file-integrity",
    title: "File integrity monitoring of nodes",
    nature: "fact",
    description:
      "Nodes that a file integrity tool watches, which files, when it last compared them, and who receives its alerts.",
    howToGet:
      "Export agents, their rules and last scans from the tool (AIDE, Wazuh, osquery …), or the provider's record of an immutable system.",
    controls: ["mon-change-detection"],
    example: `tool: Host integrity
receivers: [soc-oncall]
nodes:
  - node: control-plane-1
    covers: [control-plane-manifests, pki, audit-policy, kubelet-configuration, runtime-binaries]
    comparedAt: "2026-11-20T03:00:00Z"
`,
  },
  z.strictObject({
    tool: name,
    receivers: list(name, 100),
    nodes: several(
      z.strictObject({ node: name, covers: list(z.enum(WATCHED_FILES), 10), comparedAt: moment.nullable() }),
    ),
  }),
  (record, origin) => ({ facts: { fileIntegrity: [{ origin, ...record }] } }),
);

export const deliveryRecordImport = documentImport(
  {
    id: "delivery-record",
    title: "Delivery from version control",
    nature: "fact",
    description:
      "Applications that a delivery tool outside the cluster manages, with revision and state, and whether the branches behind them need a review.",
    howToGet: "Export from the delivery tool or platform, and the branch protection from the repository's settings.",
    controls: ["chg-gitops-in-sync"],
    example: `tool: Cluster profiles
applications:
  - { name: cde-base, namespaces: [cde-processing], isSynced: true, revision: 4.2.0 }
repositories:
  - { url: "https://git.example.com/platform/cde", branch: main, isProtected: true }
`,
  },
  z.strictObject({
    tool: name,
    applications: list(
      z.strictObject({
        name,
        namespaces: several(name, 1000),
        isSynced: z.boolean(),
        outOfSyncSince: moment.optional(),
        revision: name.nullable(),
      }),
    ),
    repositories: list(z.strictObject({ url: name, branch: name, isProtected: z.boolean() }), 1000).optional(),
  }),
  ({ tool, applications, repositories }, origin) => ({
    facts: {
      deliveryRecords: [{ origin, tool, applications: applications.map(clean) }],
      ...(repositories === undefined ? {} : { sourceProtection: [{ origin, repositories }] }),
    },
  }),
);
