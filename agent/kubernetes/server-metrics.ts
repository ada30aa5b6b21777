/**
 * What else the API server's `/metrics` tells: whether audit events reach their backend, and how many Secrets are stored.
 *
 * `apiserver_audit_event_total` and `apiserver_audit_error_total` count since the start of the one API server that answered;
 * `apiserver_storage_objects` (`apiserver_resource_objects` in newer versions) is how many objects of a resource are stored.
 */
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const SAMPLE = /^[a-z_]+(?:\{(.*)\})?\s+([0-9.eE+]+)(?:\s+\d+)?$/;
const COUNTED_RESOURCES = ["secrets", "configmaps"];

function* samples(metrics: Buffer, name: string): Generator<{ labels: Map<string, string>; value: number }> {
  for (let at = metrics.indexOf(name); at >= 0; at = metrics.indexOf(name, at + 1)) {
    if (at > 0 && metrics[at - 1] !== 0x0a) continue;
    const next = metrics[at + name.length];
    // `{` or a space: another metric's name may begin alike.
    if (next !== 0x7b && next !== 0x20) continue;
    const end = metrics.indexOf(0x0a, at);
    const match = SAMPLE.exec(metrics.toString("utf8", at, end < 0 ? metrics.length : end).trim());
    const value = Number(match?.[2]);
    if (match === null || !Number.isFinite(value)) continue;
    const labels = [...(match[1] ?? "").matchAll(LABEL)].map((label) => [label[1] ?? "", label[2] ?? ""] as const);
    yield { labels: new Map(labels), value };
  }
}

/** Events and failed ones; undefined when the server has no such series. */
export function parseAuditDelivery(
  metrics: Buffer,
): { events: number; errors: { plugin: string; count: number }[] } | undefined {
  const [events] = samples(metrics, "apiserver_audit_event_total");
  if (events === undefined) return undefined;
  const errors = [...samples(metrics, "apiserver_audit_error_total")]
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => ({ plugin: labels.get("plugin") ?? "unknown", count: value }))
    .sort((a, b) => (a.plugin < b.plugin ? -1 : 1));
  return { events: events.value, errors };
}

/** Stored objects of the resources that controls ask about; undefined when the server has no such series. */
export function parseStoredObjects(metrics: Buffer): { resource: string; count: number }[] | undefined {
  const found = new Map<string, number>();
  for (const name of ["apiserver_storage_objects", "apiserver_resource_objects"]) {
    for (const { labels, value } of samples(metrics, name)) {
      const resource = labels.get("resource") ?? "";
      if (COUNTED_RESOURCES.includes(resource) && (labels.get("group") ?? "") === "" && value >= 0) {
        found.set(resource, value);
      }
    }
  }
  return found.size === 0 ? undefined : [...found].map(([resource, count]) => ({ resource, count }));
}
