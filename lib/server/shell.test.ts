/** The figures beside every page, against the lists that they stand for. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cdeNamespace, minimalPodSpec, node, runningDeployment, snapshotOf } from "@/lib/fixtures/builders";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { seedCluster } from "./evaluate/testing";
import { listFindings } from "./findings";
import { seedEnrolment, setTestEnvironment, TestAgent } from "./ingest/testing";
import { listProjects } from "./projects";
import { getShellFacts } from "./shell";
import { makeOrganization, makePrincipal, type TestOrganization } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
let organization: TestOrganization;
const privileged = minimalPodSpec({
  containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
});

async function scannedCluster(project: string, names: readonly string[]): Promise<string> {
  const cluster = await seedCluster(database, { orgId: organization.id, projectId: organization.projects[project] });
  const agent = new TestAgent();
  await agent.enrol(await seedEnrolment(database, cluster));
  const objects = names.flatMap((name) => runningDeployment(name, "cde", privileged));
  const { body } = await agent.reportSnapshot(snapshotOf([cdeNamespace("cde"), node(), ...objects]));
  const scan = { orgId: cluster.orgId, clusterId: cluster.clusterId, seq: Number(body.scanSeq) };
  expect(await evaluateScan(scan, { isLastAttempt: true })).toBe("stored");
  return cluster.clusterId;
}

beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
  organization = await makeOrganization();
  await scannedCluster("pci-production", ["api", "web"]);
  await scannedCluster("development", ["tool"]);
});
afterAll(() => database.drop());

describe("the shell's facts", () => {
  it("count what the lists of the same person hold", async () => {
    const owner = await makePrincipal(organization, "owner");
    const engineer = await makePrincipal(organization, "platformEngineer", { project: "development" });
    const counts: number[] = [];
    for (const principal of [owner, engineer]) {
      const facts = await getShellFacts(principal);
      expect(facts.openFindings).toBe((await listFindings(principal, {})).total);
      expect(facts.projects).toEqual((await listProjects(principal)).items.map(({ slug, name }) => ({ slug, name })));
      counts.push(facts.openFindings ?? 0);
    }
    expect(counts[1]).toBeGreaterThan(0);
    expect(counts[0]).toBeGreaterThan(counts[1] ?? 0);
  });

  it("leave out a cluster that was deleted", async () => {
    const owner = await makePrincipal(organization, "owner");
    const before = (await getShellFacts(owner)).openFindings;
    const clusterId = await scannedCluster("development", ["short-lived"]);
    expect((await getShellFacts(owner)).openFindings).toBeGreaterThan(before ?? 0);
    await database.asSuperuser("update cluster set deleted_at = now() where id = $1", [clusterId]);
    expect((await getShellFacts(owner)).openFindings).toBe(before);
  });
});
