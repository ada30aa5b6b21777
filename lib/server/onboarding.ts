/** The five steps from "waiting for the agent" to first results, each with what was really counted. */
import { z } from "zod";
import type { ClusterDetail } from "@/lib/api/clusters";
import type { SnapshotManifest } from "@/lib/inventory/wire";
import type { Agent, AgentKey, Cluster, Enrolment, Scan, Snapshot } from "./db/generated/client";
import { isoOrNull } from "./lens";

/** Everything about a cluster that its page and the onboarding are drawn from. */
export interface ClusterFacts {
  cluster: Cluster;
  enrolment: Enrolment | null;
  agent: Agent | null;
  keys: AgentKey[];
  /** The newest snapshot that was announced or committed. */
  snapshot: Snapshot | null;
  scan: Scan | null;
  /** Whose snapshot the scan is of. */
  scanAgentId: string | null;
}

type Step = ClusterDetail["onboarding"][number];

/** As the heartbeat stores it. */
const collecting = z.object({ section: z.string(), done: z.number().int(), total: z.number().int() }).nullable();

/** The steps of the enrolment that is under way, or of the last one that an agent took. */
export function onboardingOf(facts: ClusterFacts, now: Date): Step[] {
  const own = sinceEnrolment(facts, now);
  return [firstContact(own), identity(own), permissions(own), firstInventory(own), firstResults(own)];
}

/**
 * A new command starts the steps afresh: while its token is open, or nothing else is left to wait for, what earlier agents did
 * counts for nothing. After that the newest agent's own steps count.
 */
function sinceEnrolment(facts: ClusterFacts, now: Date): ClusterFacts {
  const { enrolment, cluster, snapshot, scan, scanAgentId } = facts;
  const isUnused = enrolment !== null && enrolment.usedAt === null;
  const isAwaited =
    isUnused &&
    ((enrolment.revokedAt === null && enrolment.expiresAt > now) || cluster.agentState === "awaiting-agent");
  const agent = isAwaited && facts.agent !== null && facts.agent.createdAt < enrolment.createdAt ? null : facts.agent;
  return {
    ...facts,
    agent,
    // What the agent of today is collecting is not the new one's.
    cluster: agent === null ? { ...cluster, collecting: null } : cluster,
    snapshot: agent !== null && snapshot?.agentId === agent.id ? snapshot : null,
    scan: agent !== null && scanAgentId === agent.id ? scan : null,
  };
}

function step(id: Step["id"], state: Step["state"], text: string, rest: Partial<Step> = {}): Step {
  return { id, state, at: null, done: null, total: null, text, ...rest };
}

function firstContact({ agent }: ClusterFacts): Step {
  if (agent === null) return step("first-contact", "waiting", "Waiting for the agent's first call.");
  return step("first-contact", "done", `Agent ${agent.agentVersion} called.`, { at: agent.createdAt.toISOString() });
}

function identity({ agent, keys }: ClusterFacts): Step {
  if (agent === null) return step("identity", "waiting", "The agent makes its own key and proves that it holds it.");
  const at = agent.createdAt.toISOString();
  if (agent.quarantinedAt !== null) {
    return step("identity", "failed", agent.quarantineReason ?? "The agent is in quarantine.", {
      at: isoOrNull(agent.quarantinedAt),
    });
  }
  if (agent.revokedAt !== null)
    return step("identity", "failed", "The agent was revoked.", { at: isoOrNull(agent.revokedAt) });
  const key = keys.find((each) => each.agentId === agent.id && each.revokedAt === null);
  return step("identity", "done", `Its key is ${key?.fingerprint.slice(0, 16) ?? "known"}.`, { at });
}

function permissions({ snapshot }: ClusterFacts): Step {
  if (snapshot === null)
    return step("permissions", "waiting", "What the agent may read shows with its first inventory.");
  const { sections } = snapshot.manifest as unknown as SnapshotManifest;
  const asked = sections.filter((section) => section.name !== "podtemplates" && section.status !== "not-collected");
  const unserved = asked.filter((section) => section.status === "unserved").length;
  const refused = asked.filter((section) => section.status === "forbidden" || section.status === "failed");
  const read = asked.length - unserved - refused.length;
  const counts = { done: read, total: asked.length - unserved, at: snapshot.announcedAt.toISOString() };
  const words = [
    ...(refused.length === 0 ? [] : [`${refused.map((section) => section.name).join(", ")} could not be read`]),
    `${read} ${read === 1 ? "kind" : "kinds"} of objects read`,
    ...(unserved === 0 ? [] : [`${unserved} not served by this cluster`]),
  ];
  return step("permissions", refused.length === 0 ? "done" : "warning", `${words.join(", ")}.`, counts);
}

function firstInventory({ agent, cluster, snapshot, scan }: ClusterFacts): Step {
  const text = (objects: number) => `${objects.toLocaleString("en")} objects.`;
  if (scan !== null) {
    return step("first-inventory", "done", text(scan.objects), {
      at: scan.receivedAt.toISOString(),
      done: scan.objects,
      total: scan.objects,
    });
  }
  if (snapshot !== null) {
    return step("first-inventory", "running", `Receiving ${text(snapshot.objects)}`, { total: snapshot.objects });
  }
  const progress = collecting.safeParse(cluster.collecting);
  if (progress.success && progress.data !== null) {
    const { section, done, total } = progress.data;
    return step("first-inventory", "running", `Reading ${section}.`, { done, total: total > 0 ? total : null });
  }
  return step(
    "first-inventory",
    "waiting",
    agent === null ? "Starts when the agent is in." : "The agent begins in a moment.",
  );
}

function firstResults({ scan }: ClusterFacts): Step {
  if (scan === null) return step("first-results", "waiting", "Follow the first inventory.");
  const counts = { done: scan.progressDone, total: scan.progressTotal };
  switch (scan.state) {
    case "queued":
      return step("first-results", "waiting", "Waiting for a worker.", counts);
    case "evaluating":
      return step("first-results", "running", "Evaluating.", counts);
    case "failed":
      return step("first-results", "failed", scan.error ?? "The evaluation failed.", {
        at: isoOrNull(scan.evaluatedAt),
      });
    default:
      return step("first-results", "done", resultWords(scan), { at: isoOrNull(scan.evaluatedAt) });
  }
}

/** "150 of 435 results fail, 25 not applicable.": all results, as everywhere else, and how many of them can't fail. */
function resultWords({ pass, fail, unknown, notApplicable }: Scan): string {
  const total = pass + fail + unknown + notApplicable;
  const failing = `${fail.toLocaleString("en")} of ${total.toLocaleString("en")} results fail`;
  return notApplicable === 0 ? `${failing}.` : `${failing}, ${notApplicable.toLocaleString("en")} not applicable.`;
}
