/** Documents from the upload to the results that they change: who may, what is refused, what a scan records, what stays. */
import { createHash, randomUUID } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DELETE as withdrawRoute } from "@/app/api/o/[org]/clusters/[cluster]/imports/[import]/route";
import { POST as checkRoute } from "@/app/api/o/[org]/clusters/[cluster]/imports/check/route";
import { GET as listRoute, POST as uploadRoute } from "@/app/api/o/[org]/clusters/[cluster]/imports/route";
import { importsPage, type ImportsPage } from "@/lib/api/imports";
import type { Role } from "@/lib/access";
import { cdeNamespace, node, snapshotOf } from "@/lib/fixtures/builders";
import { findImportKind } from "@/lib/inventory/imports";
import { withOrganization } from "./db/organization";
import { scanAgain } from "./evaluate/again";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { seedCluster, type TestCluster } from "./evaluate/testing";
import { seedEnrolment, TEST_ORIGIN, TestAgent } from "./ingest/testing";
import { openScanPackage } from "./packages";
import type { RouteHandler } from "./route";
import { makeOrganization, makePrincipal, type TestOrganization, useTestEnvironment } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

const RECORD = findImportKind("encryption-record");
const ACCESS = findImportKind("approved-access");
if (RECORD === null || ACCESS === null) throw new Error("a kind that this test needs is gone");

let database: TestDatabase;
let organization: TestOrganization;
const tokens = {} as Record<Role, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  useTestEnvironment({ origin: TEST_ORIGIN });
  organization = await makeOrganization();
  for (const role of ["owner", "complianceOfficer", "platformEngineer", "assessor"] as const) {
    tokens[role] = (await makePrincipal(organization, role)).token;
  }
});
afterAll(() => database.drop());

interface World {
  cluster: TestCluster;
  agent: TestAgent;
}

/** A cluster on EKS with one evaluated scan. */
async function start(of: TestOrganization = organization): Promise<World> {
  const cluster = await seedCluster(database, {
    orgId: of.id,
    projectId: of.projects["pci-production"],
    provider: "eks",
  });
  const agent = new TestAgent();
  await agent.enrol(await seedEnrolment(database, cluster));
  const world = { cluster, agent };
  await report(world, new Date(Date.now() - 60_000));
  return world;
}
async function report({ cluster, agent }: World, at: Date): Promise<number> {
  const snapshot = snapshotOf([cdeNamespace("cde"), node()], { provider: "eks", collectedAt: at.toISOString() });
  const { body } = await agent.reportSnapshot(snapshot);
  const seq = Number(body.scanSeq);
  await evaluate(cluster, seq);
  return seq;
}
const evaluate = (cluster: TestCluster, seq: number) =>
  evaluateScan({ orgId: cluster.orgId, clusterId: cluster.clusterId, seq }, { isLastAttempt: false });

/** What a worker does of the job that an upload leaves behind. */
async function follow(cluster: TestCluster): Promise<number | null> {
  const seq = await scanAgain(cluster.orgId, cluster.clusterId);
  if (seq !== null) expect(await evaluate(cluster, seq)).toBe("stored");
  return seq;
}

function call(
  handler: RouteHandler,
  as: Role,
  slug: string,
  options: {
    method?: string;
    address?: string;
    body?: BodyInit;
    type?: string;
    id?: string;
    of?: TestOrganization;
  } = {},
): Promise<Response> {
  const { method = "GET", address = "", body, type = "application/octet-stream", id, of = organization } = options;
  const request = new Request(`${TEST_ORIGIN}/api/o/${of.slug}/clusters/${slug}/imports${address}`, {
    method,
    body,
    headers: {
      cookie: `ringfence-session=${tokens[as]}`,
      ...(method === "GET" ? {} : { origin: TEST_ORIGIN, "sec-fetch-site": "same-origin" }),
      ...(body === undefined ? {} : { "content-type": type }),
    },
    duplex: "half",
  } as RequestInit);
  const params = { org: of.slug, cluster: slug, ...(id === undefined ? {} : { import: id }) };
  return handler(request, { params: Promise.resolve(params) });
}

interface Answer {
  id: string;
  digest: string;
  clusters: number;
  error?: { code: string; message: string; details?: { where: string; message: string }[] };
}
async function upload(
  as: Role,
  slug: string,
  query: Record<string, string>,
  body: BodyInit,
  options: { type?: string } = {},
): Promise<{ status: number; body: Answer }> {
  const address = `?${new URLSearchParams(query)}`;
  const response = await call(uploadRoute, as, slug, { method: "POST", address, body, ...options });
  return { status: response.status, body: (await response.json()) as Answer };
}
const uploadRecord = (slug: string, name = "record.yaml", text = RECORD.example) =>
  upload("platformEngineer", slug, { kind: "encryption-record", name }, text);
async function withdraw(as: Role, slug: string, id: string) {
  const response = await call(withdrawRoute, as, slug, { method: "DELETE", address: `/${id}`, id });
  return { status: response.status, body: (await response.json()) as Answer };
}
async function list(as: Role, slug: string): Promise<ImportsPage> {
  const response = await call(listRoute, as, slug);
  expect(response.status).toBe(200);
  return importsPage.parse(await response.json());
}
async function statusOf(cluster: TestCluster, control = "sec-etcd-encryption-on"): Promise<string | undefined> {
  const rows = await database.asSuperuser<{ status: string }>(
    "select status from control_status where cluster_id = $1 and control_id = $2 and to_seq is null",
    [cluster.clusterId, control],
  );
  return rows[0]?.status;
}
const scanOf = async (cluster: TestCluster, seq: number) =>
  (await database.asSuperuser("select * from scan where cluster_id = $1 and seq = $2", [cluster.clusterId, seq]))[0];

describe("an uploaded document", () => {
  it("changes results within one re-evaluation, over the same snapshot, and withdrawing it changes them back", async () => {
    const { cluster } = await start();
    expect(await statusOf(cluster)).toBe("unknown");
    const before = await list("assessor", cluster.slug);
    const kind = before.kinds.find(({ id }) => id === "encryption-record");
    expect(kind?.controls.find(({ id }) => id === "sec-etcd-encryption-on")).toMatchObject({ status: "unknown" });
    expect(before).toMatchObject({ documents: [], isPending: false, lastScanSeq: 1 });

    const made = await uploadRecord(cluster.slug);
    expect(made).toMatchObject({ status: 201, body: { clusters: 1 } });
    const digest = createHash("sha256").update(RECORD.example).digest("hex");
    expect(made.body.digest).toBe(digest);
    expect((await list("assessor", cluster.slug)).isPending).toBe(true);
    const jobs = await database.asSuperuser<{ payload: unknown; task: string }>(
      `select j.payload, t.identifier as task from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id where j.key = $1`,
      [`${cluster.orgId}:evaluate-again:${cluster.clusterId}`],
    );
    expect(jobs).toEqual([{ task: "evaluate-again", payload: { orgId: cluster.orgId, clusterId: cluster.clusterId } }]);

    expect(await follow(cluster)).toBe(2);
    expect(await statusOf(cluster)).not.toBe("unknown");
    const [first, second] = [await scanOf(cluster, 1), await scanOf(cluster, 2)];
    expect(second).toMatchObject({
      snapshot_id: first?.snapshot_id,
      // The evidence is as old as the snapshot: an upload makes nothing fresher.
      as_of: first?.as_of,
      received_at: first?.received_at,
      imports: [{ id: made.body.id, digest }],
    });
    expect(first?.imports).toEqual([]);
    const after = await list("assessor", cluster.slug);
    expect(after.isPending).toBe(false);
    expect(after.documents).toMatchObject([
      { id: made.body.id, digest, scope: "cluster", ended: null, isInLastScan: true, mayWithdraw: false },
    ]);

    // Nothing to do for the second of two jobs.
    expect(await follow(cluster)).toBeNull();
    expect((await withdraw("complianceOfficer", cluster.slug, made.body.id)).status).toBe(200);
    expect(await follow(cluster)).toBe(3);
    expect(await statusOf(cluster)).toBe("unknown");
    expect((await withdraw("complianceOfficer", cluster.slug, made.body.id)).body.error?.code).toBe("gone");
    const ended = (await list("owner", cluster.slug)).ended;
    expect(ended).toMatchObject([{ id: made.body.id, ended: { how: "withdrawn" }, mayWithdraw: false }]);
  });

  it("stays with the scan that used it: evaluated again it says the same, though the document has ended since", async () => {
    const { cluster } = await start();
    await uploadRecord(cluster.slug);
    const seq = (await follow(cluster)) ?? 0;
    const recorded = await scanOf(cluster, seq);
    const newer = RECORD.example.replace(/2026-\d\d-\d\d/, "2026-11-02");
    await uploadRecord(cluster.slug, "record.yaml", `${newer}\n# a newer reading\n`);
    await follow(cluster);
    // As if the worker had died after settling what the scan is evaluated with.
    await database.asSuperuser("update scan set state = 'evaluating' where cluster_id = $1 and seq = $2", [
      cluster.clusterId,
      seq,
    ]);
    expect(await evaluate(cluster, seq)).toBe("stored");
    const again = await scanOf(cluster, seq);
    expect(again?.imports).toEqual(recorded?.imports);
    expect(again?.results_digest).toEqual(recorded?.results_digest);
  });

  it("is superseded by a newer one of its kind and name, and by no other", async () => {
    const { cluster } = await start();
    const [a, b] = [await uploadRecord(cluster.slug, "a.yaml"), await uploadRecord(cluster.slug, "b.yaml")];
    const again = await uploadRecord(cluster.slug, "a.yaml");
    const { documents, ended } = await list("owner", cluster.slug);
    expect(documents.map(({ id, name }) => [name, id])).toEqual([
      ["a.yaml", again.body.id],
      ["b.yaml", b.body.id],
    ]);
    expect(ended).toMatchObject([{ id: a.body.id, ended: { how: "superseded", by: null } }]);
  });

  it("for the whole organization reaches every cluster of it and none of another", async () => {
    const mine = await makeOrganization();
    const officer = await makePrincipal(mine, "complianceOfficer");
    tokens.complianceOfficer = officer.token;
    const [one, two] = [await start(mine), await start(mine)];
    const foreign = await start();
    const query = new URLSearchParams({ kind: "approved-access", name: "access.yaml", scope: "organization" });
    const response = await call(uploadRoute, "complianceOfficer", one.cluster.slug, {
      method: "POST",
      address: `?${query}`,
      body: ACCESS.example,
      of: mine,
    });
    expect(response.status).toBe(201);
    const { id, clusters } = (await response.json()) as Answer;
    expect(clusters).toBe(2);
    for (const { cluster } of [one, two]) {
      const seq = await follow(cluster);
      expect((await scanOf(cluster, seq ?? 0))?.imports).toMatchObject([{ id }]);
    }
    expect(await follow(foreign.cluster)).toBeNull();
    expect((await list("owner", foreign.cluster.slug)).documents).toEqual([]);
    expect((await withdraw("owner", foreign.cluster.slug, id)).status).toBe(404);
    tokens.complianceOfficer = (await makePrincipal(organization, "complianceOfficer")).token;
  });

  it("waits for the first snapshot where there is none yet", async () => {
    const cluster = await seedCluster(database, {
      orgId: organization.id,
      projectId: organization.projects["pci-production"],
      provider: "eks",
    });
    expect((await uploadRecord(cluster.slug)).body.clusters).toBe(0);
    expect(await follow(cluster)).toBeNull();
    const agent = new TestAgent();
    await agent.enrol(await seedEnrolment(database, cluster));
    await report({ cluster, agent }, new Date(Date.now() - 60_000));
    expect(await statusOf(cluster)).not.toBe("unknown");
  });

  it("goes into the evidence package with its digest and what it said", async () => {
    const { cluster } = await start();
    const { body } = await uploadRecord(cluster.slug, "../../etc/record.yaml");
    const seq = (await follow(cluster)) ?? 0;
    const owner = await makePrincipal(organization, "owner");
    const folder = mkdtempSync(join(tmpdir(), "ringfence-imports-"));
    try {
      const { stream } = await openScanPackage(owner, cluster.slug, seq);
      writeFileSync(join(folder, "p.zip"), Buffer.from(await new Response(stream).arrayBuffer()));
      execFileSync("python3", ["-m", "zipfile", "-e", join(folder, "p.zip"), join(folder, "out")]);
      const [file = ""] = readdirSync(join(folder, "out/imports"));
      expect(file).toBe(`encryption-record-${body.digest.slice(0, 12)}-${body.id.slice(0, 8)}.json`);
      const held = JSON.parse(readFileSync(join(folder, "out/imports", file), "utf8")) as Record<string, unknown>;
      expect(held).toMatchObject({ sha256: body.digest, name: "../../etc/record.yaml", scope: "cluster" });
      expect(Object.keys(held.facts as object)).toEqual(["encryptionRecord"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("an upload is refused", () => {
  let slug = "";
  beforeAll(async () => {
    slug = (await start()).cluster.slug;
  });
  const query = { kind: "encryption-record", name: "r.yaml" };

  it("with the place at fault when the document can't be read", async () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ["a: [", /line 1/],
      ["", /empty/],
      [new Uint8Array([0xff, 0xfe, 0x00]), /UTF-8/],
      ["x: &a 1\ny: *a\n", /alias at line 2/],
      ["nonsense: true", /nonsense|expected|Invalid/i],
    ];
    for (const [text, words] of cases) {
      const { status, body } = await upload("owner", slug, query, text as BodyInit);
      expect([status, body.error?.code]).toEqual([400, "invalid-input"]);
      expect(body.error?.message).toMatch(words);
      expect(body.error?.details?.[0]?.where).not.toBe("");
    }
  });

  it("when it holds a private key, a token or a card number; nothing is stored and the trail has place and kind", async () => {
    const secrets = {
      "private-key": "-----BEGIN EC PRIVATE KEY-----",
      "card-number": "4111 1111 1111 1111",
      "cloud-token": `AKIA${"A".repeat(16)}`,
    };
    for (const [kind, secret] of Object.entries(secrets)) {
      const { status, body } = await upload("owner", slug, query, `${RECORD.example}\n# ${secret}\n`);
      expect([status, body.error?.code]).toEqual([422, "secret-detected"]);
      expect(JSON.stringify(body)).not.toContain(secret);
      const [entry] = await database.asSuperuser<{ detail: Record<string, unknown>; outcome: string }>(
        "select detail, outcome from audit_entry where org_id = $1 and action = 'import:refuse' order by seq desc limit 1",
        [organization.id],
      );
      expect(entry).toMatchObject({ outcome: "refused", detail: { kind: "encryption-record", secret: kind } });
      expect(JSON.stringify(entry)).not.toContain(secret);
    }
    // Spelt in pieces that only the value puts together.
    const folded = ACCESS.example.replace(/reason: .*/, 'reason: "\\x34111\\x20\\x31111 1111 1111"');
    const access = { kind: "approved-access", name: "a.yaml" };
    expect((await upload("owner", slug, access, folded)).body.error?.code).toBe("secret-detected");
    expect((await list("owner", slug)).documents).toEqual([]);
  });

  it("while it streams in, when it is larger than its kind allows", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const { status, body } = await upload("owner", slug, query, endless);
    expect([status, body.error?.code]).toEqual([413, "too-large"]);
    expect(sent).toBeLessThan(RECORD.maxBytes + 10 * 65_536);
  });

  it("as another content type, of a kind that doesn't exist, from the future, or as a fact about everything", async () => {
    expect((await upload("owner", slug, query, "x", { type: "text/plain" })).status).toBe(415);
    expect((await upload("owner", slug, { ...query, kind: "nothing" }, "x")).status).toBe(404);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    for (const changes of [{ collectedAt: tomorrow }, { scope: "organization" }, { name: " " }, { scope: "galaxy" }]) {
      const { body } = await upload("owner", slug, { ...query, ...changes } as typeof query, RECORD.example);
      expect(body.error?.code, JSON.stringify(changes)).toBe("invalid-input");
    }
  });

  it("with a NUL, which the database can't hold", async () => {
    const text = ACCESS.example.replace(/reason: .*/, 'reason: "a\\0b"');
    const { body } = await upload("owner", slug, { kind: "approved-access", name: "a.yaml" }, text);
    expect(body.error?.message).toMatch(/NUL/);
  });

  it("from whoever may not: assessors never, engineers no registers, strangers see nothing", async () => {
    expect((await upload("assessor", slug, query, RECORD.example)).status).toBe(403);
    const access = { kind: "approved-access", name: "a.yaml" };
    const refused = await upload("platformEngineer", slug, access, ACCESS.example);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: "forbidden" } } });
    expect((await upload("complianceOfficer", slug, access, ACCESS.example)).status).toBe(201);
    const { documents, kinds } = await list("platformEngineer", slug);
    expect(documents).toMatchObject([{ mayWithdraw: false }]);
    expect((await withdraw("platformEngineer", slug, documents[0]?.id ?? "")).status).toBe(403);
    expect((await withdraw("assessor", slug, documents[0]?.id ?? "")).status).toBe(403);
    expect(kinds.find(({ id }) => id === "approved-access")?.uploadableTo).toEqual([]);
    expect(kinds.find(({ id }) => id === "encryption-record")?.uploadableTo).toEqual(["cluster"]);
    const officers = (await list("complianceOfficer", slug)).kinds;
    expect(officers.find(({ id }) => id === "approved-access")?.uploadableTo).toEqual(["cluster", "organization"]);
    expect((await withdraw("owner", slug, randomUUID())).status).toBe(404);

    const elsewhere = await makePrincipal(organization, "platformEngineer", { project: "development" });
    const mine = tokens.platformEngineer;
    tokens.platformEngineer = elsewhere.token;
    expect((await upload("platformEngineer", slug, query, RECORD.example)).status).toBe(404);
    expect((await call(listRoute, "platformEngineer", slug)).status).toBe(404);
    tokens.platformEngineer = mine;
  });
});

describe("checking a document", () => {
  it("says what it would add, or where it is wrong, and stores nothing", async () => {
    const { cluster } = await start();
    const check = async (body: string) => {
      const address = "/check?kind=approved-access&name=a.yaml";
      const response = await call(checkRoute, "owner", cluster.slug, { method: "POST", address, body });
      return { status: response.status, body: (await response.json()) as unknown };
    };
    expect(await check(ACCESS.example)).toEqual({
      status: 200,
      body: { problem: null, adds: [{ name: "approvedAccess", entries: 1 }] },
    });
    expect(await check("access:\n  - {}")).toMatchObject({ body: { problem: { where: "access[0].subject" } } });
    expect(await check("# 4111111111111111")).toMatchObject({ body: { problem: { where: "line 1" } } });
    expect((await list("owner", cluster.slug)).documents).toEqual([]);
  });
});

describe("the table", () => {
  it("lets nobody change or delete a document, and lets it end once", async () => {
    const { cluster } = await start();
    const { body } = await uploadRecord(cluster.slug);
    const change = (sql: string) =>
      withOrganization(organization.id, (tx) => tx.$executeRawUnsafe(`${sql} where id = '${body.id}'`));
    await expect(change("update import set parts = '{}'")).rejects.toThrow(/permission denied/);
    await expect(change("delete from import")).rejects.toThrow(/permission denied/);
    const owner = (sql: string) => database.asSuperuser(`${sql} where id = '${body.id}'`);
    await expect(owner("update import set parts = '{}'")).rejects.toThrow(/only ends/);
    await expect(owner("delete from import")).rejects.toThrow(/insert-only/);
    await change("update import set superseded_at = now()");
    await expect(change("update import set superseded_at = null")).rejects.toThrow(/only ends/);
  });

  it("takes clusters on k3s and RKE2", async () => {
    for (const provider of ["k3s", "rke2"]) {
      await expect(seedCluster(database, { orgId: organization.id, provider })).resolves.toBeDefined();
    }
  });
});
