import { describe, expect, it } from "vitest";
import type { SnapshotManifest } from "@/lib/inventory/wire";
import type { Agent, Cluster, Enrolment, Scan, Snapshot } from "./db/generated/client";
import { type ClusterFacts, onboardingOf } from "./onboarding";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 10, minute));
const NOW = at(30);

const enrolment = (issued: number, rest: Partial<Enrolment> = {}) =>
  ({ createdAt: at(issued), expiresAt: at(issued + 60), usedAt: null, revokedAt: null, ...rest }) as Enrolment;
const agent = (enrolled: number, rest: Partial<Agent> = {}) =>
  ({
    id: `agent-${enrolled}`,
    createdAt: at(enrolled),
    agentVersion: "0.1.0",
    quarantinedAt: null,
    revokedAt: null,
    ...rest,
  }) as Agent;
const cluster = (agentState: string, collecting: Cluster["collecting"] = null) =>
  ({ agentState, collecting }) as Cluster;
const section = (name: string, status: string) => ({ name, status, objects: 1, chunks: [] });
const snapshot = (agentId: string, sections = [section("pods", "complete")]) =>
  ({
    agentId,
    objects: 90,
    announcedAt: at(5),
    manifest: { sections } as unknown as SnapshotManifest,
  }) as unknown as Snapshot;
const scan = (rest: Partial<Scan> = {}) =>
  ({
    state: "done",
    objects: 90,
    receivedAt: at(6),
    evaluatedAt: at(7),
    progressDone: 90,
    progressTotal: 90,
    pass: 200,
    fail: 150,
    unknown: 60,
    notApplicable: 25,
    error: null,
    ...rest,
  }) as Scan;

/** A cluster whose agent enrolled at minute 1 and whose first scan is done. */
const settled: ClusterFacts = {
  cluster: cluster("enrolled"),
  enrolment: enrolment(0, { usedAt: at(1) }),
  agent: agent(1),
  keys: [],
  snapshot: snapshot("agent-1"),
  scan: scan(),
  scanAgentId: "agent-1",
};
const states = (facts: ClusterFacts) => onboardingOf(facts, NOW).map((step) => step.state);
const text = (facts: ClusterFacts, id: string) => onboardingOf(facts, NOW).find((step) => step.id === id)?.text;

describe("the onboarding", () => {
  it("is done for an agent whose first scan is done", () => {
    expect(states(settled)).toEqual(["done", "done", "done", "done", "done"]);
  });

  it("starts afresh with a new token, whether the agent before it was revoked or still works", () => {
    const again = { ...settled, enrolment: enrolment(20) };
    const revoked = { ...again, cluster: cluster("awaiting-agent"), agent: agent(1, { revokedAt: at(19) }) };
    for (const facts of [again, revoked]) expect(new Set(states(facts))).toEqual(new Set(["waiting"]));
  });

  it("takes nothing of what the agent of today collects for the new one's inventory", () => {
    const collecting = { section: "pods", done: 3, total: 9 };
    const facts = { ...settled, enrolment: enrolment(20), cluster: cluster("enrolled", collecting) };
    expect(new Set(states(facts))).toEqual(new Set(["waiting"]));
    expect(states({ ...settled, cluster: cluster("enrolled", collecting), scan: null, snapshot: null })[3]).toBe(
      "running",
    );
  });

  it("shows the new agent's own steps once it has enrolled, not the results of the one before", () => {
    const facts = { ...settled, enrolment: enrolment(20, { usedAt: at(21) }), agent: agent(21) };
    expect(states(facts)).toEqual(["done", "done", "waiting", "waiting", "waiting"]);
    const reported = { ...facts, snapshot: snapshot("agent-21") };
    expect(states(reported)).toEqual(["done", "done", "done", "running", "waiting"]);
  });

  it("goes back to the agent that works when a token ran out unused, but not to one that was revoked", () => {
    const unused = enrolment(20, { expiresAt: at(25) });
    expect(states({ ...settled, enrolment: unused })).toEqual(["done", "done", "done", "done", "done"]);
    const facts = {
      ...settled,
      enrolment: unused,
      cluster: cluster("awaiting-agent"),
      agent: agent(1, { revokedAt: at(19) }),
    };
    expect(new Set(states(facts))).toEqual(new Set(["waiting"]));
  });

  it("counts all results, and names those that can't fail", () => {
    expect(text(settled, "first-results")).toBe("150 of 435 results fail, 25 not applicable.");
    expect(text({ ...settled, scan: scan({ notApplicable: 0 }) }, "first-results")).toBe("150 of 410 results fail.");
  });

  it("tells kinds that were read from those that the cluster doesn't serve or refused", () => {
    const sections = [
      section("pods", "complete"),
      section("nodes", "complete"),
      section("podtemplates", "complete"),
      section("routes", "unserved"),
      section("auditPolicy", "not-collected"),
    ];
    expect(text({ ...settled, snapshot: snapshot("agent-1", sections) }, "permissions")).toBe(
      "2 kinds of objects read, 1 not served by this cluster.",
    );
    const refused = snapshot("agent-1", [...sections, section("secrets", "forbidden")]);
    const step = onboardingOf({ ...settled, snapshot: refused }, NOW)[2];
    expect(step).toMatchObject({
      state: "warning",
      text: "secrets could not be read, 2 kinds of objects read, 1 not served by this cluster.",
      done: 2,
      total: 3,
    });
  });
});
