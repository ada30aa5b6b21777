import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { deleteCluster, ENROLMENT_MS, reenrolCluster, registerCluster, requestRescan, revokeCluster } from "./clusters";
import { withOrganization } from "./db/organization";
import { makeOrganization, makePrincipal, type TestOrganization, useTestEnvironment } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";
import { hashToken } from "./seal";

let database: TestDatabase;
let organization: TestOrganization;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  useTestEnvironment({ origin: "https://ringfence.example.com", agentImage: "registry.example.com/agent:1.2.3" });
  organization = await makeOrganization();
});

const BODY = { name: "pci-prod", project: "pci-production", provider: "eks" } as const;

/** What enrolment does (lib/server/ingest), in as far as ending it matters here. */
async function enrol(orgId: string, clusterId: string): Promise<string> {
  return withOrganization(
    orgId,
    async (tx) => {
      const agent = await tx.agent.create({ data: { orgId, clusterId, protocolVersion: 1, agentVersion: "0.1.0" } });
      await tx.agentKey.create({ data: { orgId, agentId: agent.id, publicKey: new Uint8Array(32), fingerprint: "f" } });
      await tx.enrolment.updateMany({
        where: { orgId, clusterId, revokedAt: null },
        data: { usedAt: new Date(), agentId: agent.id },
      });
      await tx.cluster.update({ where: { orgId_id: { orgId, id: clusterId } }, data: { agentState: "enrolled" } });
      return agent.id;
    },
    { role: "ingest" },
  );
}

describe("registering a cluster", () => {
  it("gives one command whose token lies in a Secret and nowhere else, and is stored as a hash for one hour", async () => {
    const engineer = await makePrincipal(organization, "platformEngineer");
    const now = new Date();
    const issued = await registerCluster(engineer, BODY, now);
    expect(issued.slug).toBe("pci-prod");
    expect(new Date(issued.expiresAt).getTime()).toBe(now.getTime() + ENROLMENT_MS);
    expect(issued.command.startsWith("kubectl apply -f - <<'")).toBe(true);
    expect(issued.command).toContain(issued.manifest);

    const objects = parseAllDocuments(issued.manifest).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as {
        kind: string;
        metadata: { name: string };
        stringData?: { token?: string };
        spec?: { template?: { spec?: { containers?: { image: string; env: { name: string; value: string }[] }[] } } };
      };
    });
    const kinds = objects.map((object) => object.kind);
    for (const kind of ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Secret", "Deployment"])
      expect(kinds).toContain(kind);
    expect(kinds[0]).toBe("Namespace");
    expect(kinds.at(-1)).toBe("Deployment");
    const holding = objects.filter((object) => JSON.stringify(object).includes(issued.token));
    expect(holding.map((object) => [object.kind, object.stringData?.token])).toEqual([["Secret", issued.token]]);
    const container = objects.at(-1)?.spec?.template?.spec?.containers?.[0];
    expect(container?.image).toBe("registry.example.com/agent:1.2.3");
    expect(container?.env).toContainEqual({ name: "RINGFENCE_URL", value: "https://ringfence.example.com" });
    expect(issued.manifest).not.toMatch(/__[A-Z_]+__/);

    const rows = await database.asSuperuser<{ token_hash: Buffer; text: string }>(
      "SELECT token_hash, e::text AS text FROM enrolment e WHERE cluster_id = $1",
      [issued.clusterId],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.token_hash).toEqual(hashToken(issued.token));
    expect(rows[0]?.text).not.toContain(issued.token);
    const trail = await database.asSuperuser<{ action: string; record: string }>(
      "SELECT action, record FROM audit_entry WHERE org_id = $1 ORDER BY seq",
      [organization.id],
    );
    expect(trail.at(-1)?.action).toBe("cluster:register");
    for (const entry of trail) expect(entry.record).not.toContain(issued.token);
  });

  it("refuses a name that a living cluster has, and takes it again once that is removed", async () => {
    const owner = await makePrincipal(organization, "owner");
    await registerCluster(owner, BODY);
    await expect(registerCluster(owner, BODY)).rejects.toMatchObject({ code: "conflict" });
    await deleteCluster(owner, "pci-prod");
    await expect(registerCluster(owner, BODY)).resolves.toMatchObject({ slug: "pci-prod" });
  });

  it("is for those who may, in the projects in which they may", async () => {
    for (const role of ["complianceOfficer", "assessor"] as const) {
      await expect(registerCluster(await makePrincipal(organization, role), BODY)).rejects.toMatchObject({
        code: "forbidden",
      });
    }
    const engineer = await makePrincipal(organization, "platformEngineer", { project: "development" });
    // A project that they can't see does not exist for them.
    await expect(registerCluster(engineer, BODY)).rejects.toMatchObject({ code: "not-found" });
    await expect(registerCluster(engineer, { ...BODY, name: "dev", project: "development" })).resolves.toMatchObject({
      slug: "dev",
    });
  });

  it("asks for a sign-in of the last hour", async () => {
    const owner = await makePrincipal(organization, "owner");
    await expect(registerCluster(owner, BODY, new Date(Date.now() + 61 * 60_000))).rejects.toMatchObject({
      code: "fresh-sign-in-required",
    });
  });
});

describe("a registered cluster", () => {
  it("gets a new token when it is enrolled again, and the open one ends", async () => {
    const owner = await makePrincipal(organization, "owner");
    const first = await registerCluster(owner, BODY);
    const second = await reenrolCluster(owner, "pci-prod");
    expect(second.token).not.toBe(first.token);
    const open = await withOrganization(organization.id, (tx) =>
      tx.enrolment.findMany({ where: { clusterId: first.clusterId, revokedAt: null } }),
    );
    expect(open.map((row) => Buffer.from(row.tokenHash))).toEqual([hashToken(second.token)]);
  });

  it("that is revoked has neither agent, key nor token left, and can be enrolled again", async () => {
    const owner = await makePrincipal(organization, "owner");
    const { clusterId } = await registerCluster(owner, BODY);
    await enrol(organization.id, clusterId);
    await reenrolCluster(owner, "pci-prod");
    await revokeCluster(owner, "pci-prod");
    const left = await withOrganization(organization.id, async (tx) => ({
      agents: await tx.agent.count({ where: { clusterId, revokedAt: null } }),
      keys: await tx.agentKey.count({ where: { revokedAt: null } }),
      tokens: await tx.enrolment.count({ where: { clusterId, revokedAt: null, usedAt: null } }),
      state: (await tx.cluster.findFirstOrThrow({ where: { id: clusterId } })).agentState,
    }));
    expect(left).toEqual({ agents: 0, keys: 0, tokens: 0, state: "revoked" });
    await reenrolCluster(owner, "pci-prod");
    const again = await withOrganization(organization.id, (tx) =>
      tx.cluster.findFirstOrThrow({ where: { id: clusterId } }),
    );
    expect(again.agentState).toBe("awaiting-agent");
  });

  it("that is removed is gone from every address, its agent refused, its rows kept", async () => {
    const owner = await makePrincipal(organization, "owner");
    const { clusterId } = await registerCluster(owner, BODY);
    const agentId = await enrol(organization.id, clusterId);
    await deleteCluster(owner, "pci-prod");
    for (const act of [reenrolCluster, revokeCluster, deleteCluster, requestRescan]) {
      await expect(act(owner, "pci-prod")).rejects.toMatchObject({ code: "not-found" });
    }
    const rows = await withOrganization(organization.id, (tx) => tx.agent.findMany({ where: { id: agentId } }));
    expect(rows[0]?.revokedAt).not.toBeNull();
  });

  it("is asked for a new snapshot only while an agent could hear it", async () => {
    const owner = await makePrincipal(organization, "owner");
    const { clusterId } = await registerCluster(owner, BODY);
    await expect(requestRescan(owner, "pci-prod")).rejects.toMatchObject({ code: "conflict" });
    await enrol(organization.id, clusterId);
    await expect(requestRescan(owner, "pci-prod")).resolves.toHaveProperty("requestedAt");
  });

  it("is 404 for another organization and 403 for its own people without the permission", async () => {
    const owner = await makePrincipal(organization, "owner");
    await registerCluster(owner, BODY);
    const stranger = await makePrincipal(await makeOrganization(), "owner");
    const assessor = await makePrincipal(organization, "assessor");
    for (const act of [reenrolCluster, revokeCluster, deleteCluster, requestRescan]) {
      await expect(act(stranger, "pci-prod"), act.name).rejects.toMatchObject({ code: "not-found" });
      await expect(act(assessor, "pci-prod"), act.name).rejects.toMatchObject({ code: "forbidden" });
    }
  });
});
