/** A running cluster as a snapshot, by the agent's own collector: the same lists, the same redaction, nothing sent anywhere. */
import { CollectionFailed } from "@/agent/collect";
import { collectSnapshot } from "@/agent/collect-snapshot";
import type { Provider, Section, Snapshot } from "@/lib/inventory/snapshot";
import { UsageError } from "./options";
import type { ClusterInput } from "./report";

/** Throws UsageError for a kubeconfig or context that can't be used, or a cluster that can't be read at all. */
export async function scanCluster(
  { file, context }: { file: string; context?: string },
  options: { collectedAt: string; provider?: Provider },
): Promise<{ snapshot: Snapshot; input: ClusterInput }> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new UsageError(
      `the kubeconfig ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (context !== undefined) {
    const names = config.getContexts().map((c) => c.name);
    if (!names.includes(context))
      throw new UsageError(`${file} has no context ${context}; it has: ${names.join(", ")}`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new UsageError(`${file} has no current context that names a cluster; choose one with --context`);
  const snapshot = await collectSnapshot(config, options).catch((error: unknown) => {
    if (error instanceof CollectionFailed) throw new UsageError(`${cluster.server} can't be read: ${error.message}`);
    throw error;
  });
  const unread = (Object.values(snapshot.sections) as Section[])
    .filter((section) => section.status !== "complete" && section.status !== "unserved")
    .map(({ name, status, message }) => ({ section: name, status, message: message ?? status }));
  return { snapshot, input: { kubeconfig: file, context: config.getCurrentContext(), server: cluster.server, unread } };
}
