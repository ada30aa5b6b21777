/** Imports about where audit events go: the store's settings, the shipper's output, the provider's record. */
import { z } from "zod";
import type { LogProtection, LogRetention, LogStore } from "../imported";
import { moment, name } from "../registers/approval";
import { documentImport } from "./types";

const days = z.number().int().min(0).nullable();
const retention = z.strictObject({
  deleteAfterDays: days,
  isAttached: z.boolean(),
  unattached: z.array(name).max(1000).default([]),
  searchableDays: days,
  oldestEventAt: moment.optional(),
  deliveringSince: moment.optional(),
  daysWithoutEvents: z
    .array(z.string().regex(/^\d{4}-\d\d-\d\d$/, "must be a day, such as 2026-11-21"))
    .max(400)
    .optional(),
});
const protection = z.strictObject({
  lock: z.enum(["compliance", "governance", "append-only", "none"]),
  lockDays: days,
  bypassIdentities: z.array(name).max(1000),
  writersThatCanDelete: z
    .array(z.strictObject({ name, kind: z.enum(["cluster", "shipper", "person", "role"]) }))
    .max(1000),
  breakGlass: z.array(name).max(100),
  unapprovedReaders: z.union([z.array(name).max(1000), z.literal("everyone")]),
  areReadsLogged: z.boolean(),
});

export const logStoreImport = documentImport(
  {
    id: "log-store",
    title: "Log store",
    nature: "fact",
    description:
      "Settings of a store that keeps the cluster's logs: when events are deleted, how far back they go, whether they are locked, and who can delete or read them.",
    howToGet:
      "Elasticsearch and OpenSearch: life-cycle policies with _ilm/explain, roles and the oldest event. CloudWatch, S3, Cloud Storage, Azure: retention, lock and access policy of the group, bucket or container.",
    controls: ["log-retention-12m", "log-immutable"],
    example: `stores:
  - name: k8s-pci-audit
    kind: opensearch
    retention:
      deleteAfterDays: 400
      isAttached: true
      searchableDays: 100
      oldestEventAt: 2025-10-17
    protection:
      lock: append-only
      lockDays: null
      bypassIdentities: []
      writersThatCanDelete: []
      breakGlass: [log-store-breakglass]
      unapprovedReaders: []
      areReadsLogged: true
`,
  },
  z.strictObject({
    stores: z
      .array(
        z.strictObject({
          name,
          kind: z.enum([
            "elasticsearch",
            "opensearch",
            "cloudwatch",
            "s3",
            "gcs",
            "azure-storage",
            "loki",
            "splunk",
            "other",
          ]),
          retention: retention.optional(),
          protection: protection.optional(),
        }),
      )
      .min(1)
      .max(50),
  }),
  ({ stores }, origin) => ({
    facts: {
      logStores: stores.map((store): LogStore => {
        const result: LogStore = { name: store.name, kind: store.kind };
        if (store.retention !== undefined) result.retention = { origin, ...defined(store.retention) } as LogRetention;
        if (store.protection !== undefined) result.protection = { origin, ...store.protection } as LogProtection;
        return result;
      }),
    },
  }),
);

export const logShipperImport = documentImport(
  {
    id: "log-shipper",
    title: "Output of the log shipper",
    nature: "fact",
    description:
      "How the process that ships audit logs reads and sends them. Its configuration lies in a ConfigMap or a Secret that the agent does not read.",
    howToGet:
      "From the shipper's configuration: what it tails, how it parses, and its output's TLS and login settings, without credentials.",
    controls: ["log-shipper-healthy"],
    example: `shippers:
  - shipper: audit-shipper
    tails: /var/log/kubernetes/audit/audit.log
    format: json
    scheme: https
    verifiesCertificate: true
    authenticates: true
    persistsPosition: true
`,
  },
  z.strictObject({
    shippers: z
      .array(
        z.strictObject({
          shipper: name,
          tails: name,
          format: z.enum(["json", "text"]),
          scheme: z.enum(["https", "http", "tls", "tcp"]),
          verifiesCertificate: z.boolean(),
          authenticates: z.boolean(),
          persistsPosition: z.boolean(),
        }),
      )
      .min(1)
      .max(100),
  }),
  ({ shippers }, origin) => ({ facts: { logShippers: shippers.map((shipper) => ({ origin, ...shipper })) } }),
);

const names = z.array(name).max(100);
export const auditRecordImport = documentImport(
  {
    id: "audit-record",
    title: "Audit logging of a managed control plane",
    nature: "fact",
    description: "What the provider's API says about the audit log of a control plane that it runs.",
    howToGet:
      "EKS: aws eks describe-cluster (enabled log types). GKE: gcloud projects get-iam-policy (Data Access of container.googleapis.com). AKS: az monitor diagnostic-settings list. OpenShift: spec.audit.profile of APIServer cluster.",
    controls: ["log-audit-enabled"],
    example: "provider: eks\nlogTypes: [audit, authenticator]\n",
  },
  z.discriminatedUnion("provider", [
    z.strictObject({ provider: z.literal("eks"), logTypes: names }),
    z.strictObject({ provider: z.literal("gke"), dataAccess: names }),
    z.strictObject({ provider: z.literal("aks"), categories: names }),
    z.strictObject({ provider: z.literal("openshift"), profile: name }),
    z.strictObject({ provider: z.literal("other"), delivered: z.boolean() }),
  ]),
  (record, origin) => ({ facts: { auditRecord: { origin, ...record } } }),
);

/** zod gives `undefined` for what is absent; facts leave it out. */
function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
