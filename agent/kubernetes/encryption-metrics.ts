/**
 * What the API server's `/metrics` tells about encryption at rest, without reading a Secret or etcd.
 *
 * `apiserver_storage_transformation_operations_total` counts, for each resource and each transformer prefix, how many
 * objects went to and came from storage (Kubernetes docs, "Encrypting Confidential Data at Rest"; metric is ALPHA or BETA
 * by version). A server without such a series tells nothing: the fact stays absent, which is `unknown`.
 */
export interface EncryptionTransformer {
  operation: string;
  resource: string;
  prefix: string;
  count: number;
}

const METRIC = "apiserver_storage_transformation_operations_total";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const SAMPLE = /^apiserver_storage_transformation_operations_total\{(.*)\}\s+([0-9.eE+]+)(?:\s+\d+)?$/;

/** Successful operations, added up over other labels; undefined when the server has no such series. */
export function parseEncryptionTransformers(metrics: Buffer): EncryptionTransformer[] | undefined {
  const found = new Map<string, EncryptionTransformer>();
  // The text may have tens of thousands of lines: look for ours instead of cutting it all up.
  for (let at = metrics.indexOf(METRIC); at >= 0; at = metrics.indexOf(METRIC, at + 1)) {
    if (at > 0 && metrics[at - 1] !== 0x0a) continue;
    const end = metrics.indexOf(0x0a, at);
    const sample = SAMPLE.exec(metrics.toString("utf8", at, end < 0 ? metrics.length : end).trim());
    if (sample === null) continue;
    const labels = new Map([...(sample[1] ?? "").matchAll(LABEL)].map((match) => [match[1], match[2] ?? ""] as const));
    const status = labels.get("status");
    if (status !== undefined && status !== "OK") continue;
    const entry = {
      operation: labels.get("transformation_type") ?? "",
      resource: labels.get("resource") ?? "",
      // What stores as it is has no prefix; written to storage it is counted under the empty one, read from it as `identity`.
      prefix: labels.get("transformer_prefix") === "" ? "identity" : (labels.get("transformer_prefix") ?? ""),
      count: Number(sample[2]),
    };
    if (entry.operation === "" || !Number.isFinite(entry.count)) continue;
    const key = `${entry.operation}\n${entry.resource}\n${entry.prefix}`;
    const before = found.get(key);
    if (before === undefined) found.set(key, entry);
    else before.count += entry.count;
  }
  if (found.size === 0) return undefined;
  return [...found.values()].sort(
    (a, b) => compare(a.resource, b.resource) || compare(a.prefix, b.prefix) || compare(a.operation, b.operation),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
