/** An agent in the audit trail. */
export function agentActor(agentId: string, clusterSlug: string): { type: "agent"; id: string; name: string } {
  return { type: "agent", id: agentId, name: `agent of ${clusterSlug}` };
}
