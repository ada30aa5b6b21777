/** A whole cluster as one snapshot in memory: what the command line evaluates. The agent itself never holds one. */
import type { KubeConfig } from "@kubernetes/client-node";
import { byNamespaceAndName } from "@/lib/inventory/create-snapshot";
import { type Provider, type Section, SNAPSHOT_SCHEMA_VERSION, type Snapshot } from "@/lib/inventory/snapshot";
import { type CollectOptions, collect } from "./collect";

/**
 * @param options.provider what the operator says; else what the cluster shows, else `other`
 * @param options.collectedAt ISO 8601, UTC
 * @throws CollectionFailed when the cluster can't be read at all
 */
export async function collectSnapshot(
  config: KubeConfig,
  options: CollectOptions & { provider?: Provider; collectedAt: string },
): Promise<Snapshot> {
  const snapshot: Snapshot = {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    source: "kubeconfig",
    provider: options.provider ?? "other",
    collectedAt: options.collectedAt,
    facts: {},
    sections: {},
    invalid: [],
  };
  const sections = new Map<string, Section>();
  for await (const event of collect(config, options)) {
    if (event.type === "facts") {
      snapshot.facts = event.facts;
      snapshot.provider = options.provider ?? event.provider ?? "other";
    } else if (event.type === "start" || event.type === "restart") {
      sections.set(event.section, { name: event.section, status: "complete", objects: [] });
    } else if (event.type === "objects") {
      sections.get(event.section)?.objects.push(...(event.objects as never[]));
    } else if (event.type === "scanned") {
      snapshot.facts.patternScan = event.patternScan;
    } else {
      const section = sections.get(event.section);
      if (section === undefined) continue;
      section.status = event.status;
      if (event.message !== undefined) section.message = event.message;
      if (event.resourceVersion !== undefined) section.resourceVersion = event.resourceVersion;
      section.objects.sort(byNamespaceAndName);
      snapshot.invalid.push(...event.invalid);
    }
  }
  snapshot.sections = Object.fromEntries(sections) as Snapshot["sections"];
  return snapshot;
}
