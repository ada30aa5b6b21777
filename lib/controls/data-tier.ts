/**
 * Which workloads store account data, as far as anybody has said so.
 *
 * Declared: by the inventory of components, or by a label `tier`, `pci-tier` or `data-tier` of the pods or the namespace with a value
 * such as encrypted-datastore or database. Likely: by a component label or an image of a database, which says that data is stored,
 * but not whose.
 */
import { allContainers, type Workload } from "@/lib/inventory/inventory";
import type { EvaluationContext } from "./types";

const TIER_KEYS = ["tier", "pci-tier", "data-tier"];
const TIER_VALUE = /(^|[-_.])(data-?store|data-?base|db|storage|card-?data)$/i;
const LIKELY_LABEL = /^(data-?base|db|primary|datastore|cache)$/i;
const DATABASE_IMAGE =
  /(?:^|\/)(?:postgres(?:ql)?|mysql|mariadb|percona|mongo(?:db)?|redis|valkey|cassandra|scylla|elasticsearch|opensearch|mssql|oracle|couchdb|couchbase|cockroach(?:db)?|etcd|clickhouse|vitess|yugabyte|influxdb|minio)(?:-(?!exporter|operator|proxy|client|ui)[a-z]+)*(?:[:@]|$)/i;

export type DataTier = { tier: "declared" | "likely"; because: string } | null;

/** Whether the workload stores account data, or probably stores data; null when nothing says so. */
export function dataTierOf(context: EvaluationContext, workload: Workload): DataTier {
  const entry = context.registers?.components?.find(
    ({ kind, namespace, name, storesAccountData }) =>
      storesAccountData &&
      kind === workload.ref.kind &&
      (namespace ?? "") === workload.namespace &&
      name === workload.ref.name,
  );
  if (entry !== undefined)
    return { tier: "declared", because: `the inventory of components says so (${entry.purpose})` };
  const namespaceLabels = context.inventory.namespaces.get(workload.namespace)?.metadata.labels ?? {};
  for (const [labels, whose] of [
    [workload.labels, "its pods carry"],
    [namespaceLabels, "its namespace carries"],
  ] as const) {
    const key = TIER_KEYS.find((candidate) => TIER_VALUE.test(labels[candidate] ?? ""));
    if (key !== undefined) return { tier: "declared", because: `${whose} ${key}=${labels[key]}` };
  }
  const component = workload.labels["app.kubernetes.io/component"] ?? "";
  if (LIKELY_LABEL.test(component))
    return { tier: "likely", because: `its pods carry app.kubernetes.io/component=${component}` };
  for (const { spec } of workload.variants) {
    const found = allContainers(spec).find(({ container }) => DATABASE_IMAGE.test(container.image ?? ""));
    if (found !== undefined) return { tier: "likely", because: `it runs ${found.container.image}` };
  }
  return null;
}
