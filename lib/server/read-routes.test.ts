/** Every address that reads, as a browser calls it: the promised shape for a member, nothing for anybody else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET as getCluster } from "@/app/api/o/[org]/clusters/[cluster]/route";
import { GET as getPackage } from "@/app/api/o/[org]/clusters/[cluster]/scans/[seq]/package/route";
import { GET as getPackageDigest } from "@/app/api/o/[org]/clusters/[cluster]/scans/[seq]/package/digest/route";
import { GET as listScans } from "@/app/api/o/[org]/clusters/[cluster]/scans/route";
import { GET as listFleet } from "@/app/api/o/[org]/clusters/route";
import { GET as getControl } from "@/app/api/o/[org]/controls/[control]/route";
import { GET as listGuideErrors } from "@/app/api/o/[org]/controls/guides/route";
import { GET as listControls } from "@/app/api/o/[org]/controls/route";
import { GET as getFinding } from "@/app/api/o/[org]/findings/[number]/route";
import { GET as listFindings } from "@/app/api/o/[org]/findings/route";
import { GET as getRequirement } from "@/app/api/o/[org]/requirements/[number]/route";
import { GET as listRequirements } from "@/app/api/o/[org]/requirements/route";
import { GET as listResults } from "@/app/api/o/[org]/results/route";
import { GET as listScope } from "@/app/api/o/[org]/scope/route";
import { cdeNamespace, deployment, minimalPodSpec, snapshotOf } from "@/lib/fixtures/builders";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { seedCluster } from "./evaluate/testing";
import { seedEnrolment, TEST_ORIGIN, TestAgent } from "./ingest/testing";
import type { RouteHandler } from "./route";
import {
  makeOrganization,
  makePerson,
  makePrincipal,
  type TestOrganization,
  useTestEnvironment,
} from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
let organization: TestOrganization;
let token: string;
let strangersToken: string;

beforeAll(async () => {
  database = await createTestDatabase();
  useTestEnvironment({ origin: TEST_ORIGIN });
  organization = await makeOrganization();
  token = (await makePrincipal(organization, "assessor")).token;
  strangersToken = (await makePerson()).token;
  const cluster = await seedCluster(database, {
    orgId: organization.id,
    projectId: organization.projects.development,
    slug: "one",
  });
  const agent = new TestAgent();
  await agent.enrol(await seedEnrolment(database, cluster));
  const privileged = minimalPodSpec({
    containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
  });
  const collectedAt = new Date(Date.now() - 60_000).toISOString();
  await agent.reportSnapshot(snapshotOf([cdeNamespace("cde"), deployment("web", "cde", privileged)], { collectedAt }));
  await evaluateScan({ orgId: organization.id, clusterId: cluster.clusterId, seq: 1 }, { isLastAttempt: true });
});
afterAll(() => database.drop());

const ADDRESSES: [string, RouteHandler, Record<string, string>][] = [
  ["clusters?pageSize=10&sort=worst", listFleet, {}],
  ["clusters/one", getCluster, { cluster: "one" }],
  ["clusters/one/scans?page=1", listScans, { cluster: "one" }],
  ["requirements?view=leaves&pageSize=5", listRequirements, {}],
  ["requirements/1.3.1?cluster=one", getRequirement, { number: "1.3.1" }],
  ["controls?severity=high", listControls, {}],
  ["controls?family=pod&coverage=automated", listControls, {}],
  ["controls/guides?topic=Admission", listGuideErrors, {}],
  ["controls/pod-no-privileged", getControl, { control: "pod-no-privileged" }],
  ["results?control=pod-no-privileged&status=fail", listResults, {}],
  ["findings?sort=priority", listFindings, {}],
  ["findings/1", getFinding, { number: "1" }],
  ["scope?view=workloads", listScope, {}],
  ["clusters/one/scans/1/package", getPackage, { cluster: "one", seq: "1" }],
  ["clusters/one/scans/1/package/digest", getPackageDigest, { cluster: "one", seq: "1" }],
];

function call(address: string, handler: RouteHandler, params: Record<string, string>, as: string): Promise<Response> {
  const request = new Request(`${TEST_ORIGIN}/api/o/${organization.slug}/${address}`, {
    headers: { cookie: `ringfence-session=${as}` },
  });
  return handler(request, { params: Promise.resolve({ org: organization.slug, ...params }) });
}

describe.each(ADDRESSES)("GET %s", (address, handler, params) => {
  it("answers an assessor in the promised shape, and stores nothing anywhere", async () => {
    const response = await call(address, handler, params, token);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    if (response.headers.get("content-type") === "application/zip") {
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.subarray(0, 2).toString()).toBe("PK");
      expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="[A-Za-z0-9.-]+\.zip"$/);
    } else {
      // The route itself parses its answer by the schema of lib/api; here only that something real came.
      const body = (await response.json()) as { items?: unknown[] };
      expect(body.items === undefined || body.items.length > 0).toBe(true);
    }
  });

  it("answers 404 to somebody of no organization", async () => {
    const response = await call(address, handler, params, strangersToken);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not-found" } });
  });
});

describe("a query that makes no sense", () => {
  it.each([
    ["clusters?page=0", listFleet],
    ["results?status=green", listResults],
    ["findings?pageSize=100000", listFindings],
  ] as [string, RouteHandler][])("%s is refused with the field at fault", async (address, handler) => {
    const response = await call(address, handler, {}, token);
    expect(response.status).toBe(400);
    const body = (await response.json()) as { error: { details: { where: string }[] } };
    expect(body.error.details[0]?.where).toMatch(/^query\./);
  });
});
