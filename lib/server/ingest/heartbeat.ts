/** The heartbeat: what the agent is doing; the answer is three values and never a command. */
import { RingfenceError } from "@/lib/errors";
import type { HeartbeatRequest, HeartbeatResponse } from "@/lib/inventory/wire";
import { withOrganization } from "../db/organization";
import type { AgentCaller } from "./authenticate";

/**
 * Notes versions and progress. "Check again" is answered until a snapshot is announced.
 *
 * @throws RingfenceError `conflict` when the cluster's identity is not the one that was enrolled
 */
export async function heartbeat(agent: AgentCaller, message: HeartbeatRequest): Promise<HeartbeatResponse> {
  return withOrganization(
    agent.orgId,
    async (tx) => {
      const collecting = message.collecting === null ? null : JSON.stringify(message.collecting);
      const rows = await tx.$queryRaw<
        { paused: boolean; want_full: boolean; cluster_uid: string | null; interval_seconds: number }[]
      >`
        update cluster set agent_version = ${message.agentVersion},
          kubernetes_version = coalesce(${message.kubernetesVersion}::text, kubernetes_version),
          cluster_uid = coalesce(cluster_uid, ${message.clusterUid}::text), collecting = ${collecting}::jsonb
        where org_id = ${agent.orgId}::uuid and id = ${agent.clusterId}::uuid
        returning paused, rescan_requested_at is not null as want_full, cluster_uid, interval_seconds`;
      const cluster = rows[0];
      if (cluster === undefined) throw new RingfenceError("gone", "The cluster was removed.");
      assertSameCluster(cluster.cluster_uid, message.clusterUid);
      return {
        // Between two scans, not between two heartbeats: those are the protocol's own thirty seconds.
        intervalSeconds: cluster.interval_seconds,
        paused: cluster.paused || agent.isQuarantined,
        wantFull: cluster.want_full && !agent.isQuarantined,
      };
    },
    { role: "ingest" },
  );
}

/**
 * An enrolment is for one cluster, known by the UID of its namespace kube-system. A state that was copied into another
 * cluster must not report that one under this one's name.
 *
 * @throws RingfenceError `conflict`
 */
export function assertSameCluster(enrolled: string | null, reported: string | null | undefined): void {
  if (enrolled !== null && reported != null && enrolled !== reported) {
    throw new RingfenceError(
      "conflict",
      "This agent was enrolled in another cluster (the UID of kube-system differs). Enrol it again.",
    );
  }
}
