/** The API server's clock, the agent's own, and when each kubelet last renewed its lease: all of one answer, so that they can be compared. */
import type { ClockReading } from "@/lib/inventory/imported-control-plane";
import { type KubernetesApi, KubernetesUnavailable } from "./api";
import { MalformedPage, parseExact } from "./list-page";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases?limit=5000";

/** Undefined when leases may not be listed or the answer carries no date: the fact stays absent, which is `unknown`. */
export async function readClock(
  api: KubernetesApi,
  now: () => Date,
  signal?: AbortSignal,
): Promise<ClockReading | undefined> {
  try {
    const answer = await api.get(LEASES, signal);
    const readAt = now();
    const serverAt = new Date(answer.date ?? "");
    if (answer.status !== 200 || Number.isNaN(serverAt.getTime())) return undefined;
    const { items = [] } = parseExact(answer.body) as { items?: unknown[] };
    const leases = items.flatMap((item) => {
      const { metadata, spec } = item as { metadata?: { name?: unknown }; spec?: { renewTime?: unknown } };
      const at = new Date(String(spec?.renewTime ?? ""));
      if (typeof metadata?.name !== "string" || Number.isNaN(at.getTime())) return [];
      return [{ node: metadata.name, renewedAt: at.toISOString() }];
    });
    return { serverAt: serverAt.toISOString(), readAt: readAt.toISOString(), leases };
  } catch (error) {
    if (error instanceof KubernetesUnavailable || error instanceof MalformedPage) return undefined;
    throw error;
  }
}
