/** Catalogue versions against the real database: an organization keeps its version until an officer activates another. */
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POST as activateRoute } from "@/app/api/o/[org]/catalog/activate/route";
import { GET as versionRoute } from "@/app/api/o/[org]/catalog/[version]/route";
import { POST as previewRoute } from "@/app/api/o/[org]/catalog/preview/route";
import { GET as pageRoute } from "@/app/api/o/[org]/catalog/route";
import type { Role } from "@/lib/access";
import { type CatalogPage, catalogPage, catalogVersionView } from "@/lib/api/catalog";
import { type CatalogDocument, catalogDocumentOf } from "@/lib/assessment/catalog-document";
import { CATALOG_VERSION } from "@/lib/assessment/catalog-version";
import { CONTROLS } from "@/lib/controls";
import { cdeNamespace, deployment, minimalPodSpec, node, snapshotOf } from "@/lib/fixtures/builders";
import { LEAF_REQUIREMENTS } from "@/lib/pci";
import { digestOf, registerCatalog } from "./catalog";
import { getControl, listControls } from "./controls";
import { scanAgain } from "./evaluate/again";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { previewCatalog } from "./evaluate/preview";
import { seedCluster, type TestCluster } from "./evaluate/testing";
import { listFindings } from "./findings";
import { listFleet, listScans } from "./fleet";
import { seedEnrolment, TEST_ORIGIN, TestAgent } from "./ingest/testing";
import { openScanPackage } from "./packages";
import type { Principal } from "./principal";
import { getRequirement } from "./requirements";
import type { RouteHandler } from "./route";
import { makeOrganization, makePrincipal, type TestOrganization, useTestEnvironment } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

const OLD = "2026.10.1";
/** In the older version it was called, rated and linked otherwise. */
const CHANGED = "pod-no-privileged";
/** The older version doesn't have it yet. */
const NEW = "img-no-overdue-vulns";

let database: TestDatabase;
let organization: TestOrganization;
let cluster: TestCluster;
let owner: Principal;
const tokens = {} as Record<Role, string>;

function olderDocument(): CatalogDocument {
  const own = catalogDocumentOf();
  const [template] = own.controls;
  if (template === undefined) throw new Error("there are no controls");
  const controls = own.controls
    .filter(({ id }) => id !== NEW)
    .map((control) =>
      control.id === CHANGED
        ? {
            ...control,
            title: "As it was called then",
            severity: "low" as const,
            revision: control.revision + 1,
            requirements: [{ requirement: "6.2.4", kind: "primary" as const, rationale: "as it was seen then" }],
          }
        : control,
    );
  return { ...own, version: OLD, controls: [...controls, { ...template, id: "pod-of-old", title: "Of old" }] };
}

async function storeVersion(document: CatalogDocument): Promise<void> {
  await database.asSuperuser("insert into catalog (version, digest, document) values ($1, decode($2, 'hex'), $3)", [
    document.version,
    digestOf(document),
    JSON.stringify(document),
  ]);
}

beforeAll(async () => {
  database = await createTestDatabase();
  useTestEnvironment({ origin: TEST_ORIGIN });
  await registerCatalog();
  organization = await makeOrganization();
  await storeVersion(olderDocument());
  await database.asSuperuser(
    `insert into catalog_activation (org_id, seq, version, activated_at, activated_by_name)
     values ($1, 2, $2, now(), 'an older release')`,
    [organization.id, OLD],
  );
  for (const role of ["owner", "complianceOfficer", "platformEngineer", "assessor"] as const) {
    const principal = await makePrincipal(organization, role);
    tokens[role] = principal.token;
    if (role === "owner") owner = principal;
  }
  cluster = await seedCluster(database, {
    orgId: organization.id,
    projectId: organization.projects["pci-production"],
    slug: "one",
  });
  const agent = new TestAgent();
  await agent.enrol(await seedEnrolment(database, cluster));
  const privileged = minimalPodSpec({
    containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
  });
  const collectedAt = new Date(Date.now() - 60_000).toISOString();
  const objects = [cdeNamespace("cde"), node(), deployment("web", "cde", privileged)];
  await agent.reportSnapshot(snapshotOf(objects, { collectedAt }));
  await evaluate(1);
});
afterAll(() => database.drop());

async function evaluate(seq: number): Promise<void> {
  const scan = { orgId: organization.id, clusterId: cluster.clusterId, seq };
  expect(await evaluateScan(scan, { isLastAttempt: false })).toBe("stored");
}
function call(handler: RouteHandler, as: Role, address: string, options: { body?: unknown; version?: string } = {}) {
  const isChange = options.body !== undefined;
  const request = new Request(`${TEST_ORIGIN}/api/o/${organization.slug}/catalog${address}`, {
    method: isChange ? "POST" : "GET",
    headers: {
      cookie: `ringfence-session=${tokens[as]}`,
      ...(isChange ? { origin: TEST_ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/json" } : {}),
    },
    ...(isChange ? { body: JSON.stringify(options.body) } : {}),
  });
  const params = { org: organization.slug, ...(options.version === undefined ? {} : { version: options.version }) };
  return handler(request, { params: Promise.resolve(params) });
}
async function page(as: Role = "assessor"): Promise<CatalogPage> {
  const response = await call(pageRoute, as, "");
  expect(response.status).toBe(200);
  return catalogPage.parse(await response.json());
}
const ran = async () =>
  (
    await database.asSuperuser<{ control_id: string }>(
      "select control_id from control_status where cluster_id = $1 and to_seq is null",
      [cluster.clusterId],
    )
  ).map((row) => row.control_id);
async function packageOf(seq: number): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-catalog-"));
  try {
    const { stream } = await openScanPackage(owner, "one", seq);
    writeFileSync(join(folder, "p.zip"), Buffer.from(await new Response(stream).arrayBuffer()));
    execFileSync("python3", ["-m", "zipfile", "-e", join(folder, "p.zip"), join(folder, "out")]);
    return JSON.parse(readFileSync(join(folder, "out/results.json"), "utf8")) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("while an older version is active", () => {
  it("scans run its controls with its ratings and links, and name version and code", async () => {
    const [scan] = (await listScans(owner, "one", {})).items;
    expect(scan).toMatchObject({ catalogVersion: OLD, codeVersion: CATALOG_VERSION });
    const ids = await ran();
    expect(ids).not.toContain(NEW);
    expect(ids).toContain("pod-of-old");
    const findings = await listFindings(owner, { control: CHANGED });
    expect(findings.items).toMatchObject([{ severity: "low", controlTitle: "As it was called then" }]);
    expect(findings.items[0]?.requirements).toEqual(["6.2.4"]);
    expect((await listFindings(owner, { requirement: "6.2.4" })).items).toHaveLength(1);
  });

  it("pages show its controls and no others", async () => {
    const controls = await listControls(owner, { pageSize: 200 });
    expect(controls.total).toBe(CONTROLS.length);
    await expect(getControl(owner, NEW, {})).rejects.toMatchObject({ code: "not-found" });
    expect(await getControl(owner, CHANGED, {})).toMatchObject({ title: "As it was called then", severity: "low" });
    expect(await getControl(owner, "pod-of-old", {})).toMatchObject({ status: "unknown" });
    const requirement = await getRequirement(owner, "6.2.4", {});
    expect(requirement.controlList.find(({ id }) => id === CHANGED)).toMatchObject({ link: "primary" });
    expect((await listFleet(owner, {})).summary.controls).toBe(CONTROLS.length);
  });

  it("lets nothing pass or point to a word where it lacks a deciding control, and names that one", async () => {
    const decidedByNew = LEAF_REQUIREMENTS.filter(({ primaryControls }) => primaryControls.includes(NEW));
    expect(decidedByNew).not.toEqual([]);
    for (const { id } of decidedByNew) {
      const requirement = await getRequirement(owner, id, {});
      expect(requirement.missingControls, id).toEqual([NEW]);
      expect(["fail", "unknown", "not-assessed"], id).toContain(requirement.status);
      if (requirement.status !== "fail") expect(requirement.suggestedPosition, id).toBeNull();
      const [stored] = await database.asSuperuser<{ parts: unknown[] }>(
        "select parts from requirement_status where cluster_id = $1 and requirement_id = $2 and to_seq is null",
        [cluster.clusterId, id],
      );
      expect(stored?.parts).toContainEqual({ control: NEW, kind: "primary", status: "not-assessed", decides: true });
    }
  });

  it("shows what the new one would change, in words and links, to whoever reads controls", async () => {
    const shown = await page();
    expect(shown).toMatchObject({
      active: { version: OLD, by: "an older release" },
      shipped: { version: CATALOG_VERSION, controls: CONTROLS.length },
      decidedAnew: [CHANGED],
      retired: ["pod-of-old"],
      mayActivate: false,
    });
    expect(shown.changes?.added.map(({ id }) => id)).toEqual([NEW]);
    expect(shown.changes?.removed.map(({ id }) => id)).toEqual(["pod-of-old"]);
    expect(shown.changes?.changed).toMatchObject([{ id: CHANGED, words: ["title"], severity: { from: "low" } }]);
    expect(shown.effects).toMatchObject([
      { cluster: { slug: "one" }, lastScanSeq: 1, effect: null, effectScanSeq: null },
    ]);
  });

  it("shows the effect on the last scan once a worker has made it, and changes nothing by it", async () => {
    const before = await ran();
    const asked = await call(previewRoute, "complianceOfficer", "/preview", { body: {} });
    expect([asked.status, await asked.json()]).toEqual([202, { clusters: 1 }]);
    expect(await previewCatalog(organization.id, cluster.clusterId, CATALOG_VERSION)).toBe(true);
    const [effect] = (await page()).effects;
    expect(effect).toMatchObject({ lastScanSeq: 1, effectScanSeq: 1 });
    expect(effect?.effect?.controls).toContainEqual({ id: "pod-of-old", from: "unknown", to: null });
    expect(effect?.effect?.controls.find(({ id }) => id === NEW)).toMatchObject({ from: null });
    const [scan] = (await listScans(owner, "one", {})).items;
    expect(effect?.effect?.results.from).toEqual(scan?.counts);
    expect(await ran()).toEqual(before);
    expect(await previewCatalog(organization.id, cluster.clusterId, "2099.1")).toBe(false);
  });

  it("keeps every version readable as it was recorded", async () => {
    const response = await call(versionRoute, "assessor", `/${OLD}`, { version: OLD });
    const view = catalogVersionView.parse(await response.json());
    expect(view).toMatchObject({ version: OLD, isActive: true, digest: digestOf(olderDocument()) });
    expect(view.controls.find(({ id }) => id === CHANGED)?.requirements[0]?.rationale).toBe("as it was seen then");
    expect((await call(versionRoute, "owner", "/2099.1", { version: "2099.1" })).status).toBe(404);
  });
});

describe("activating", () => {
  it("is an officer's act, of the release's own version, once; the clusters are evaluated again under it", async () => {
    const activate = async (as: Role, version: string) => {
      const response = await call(activateRoute, as, "/activate", { body: { version } });
      return { status: response.status, body: (await response.json()) as { error?: { code: string } } };
    };
    for (const as of ["platformEngineer", "assessor"] as const) {
      expect((await activate(as, CATALOG_VERSION)).status).toBe(403);
    }
    expect((await activate("complianceOfficer", OLD)).body.error?.code).toBe("conflict");
    expect((await activate("complianceOfficer", "no such version")).status).toBe(400);
    const done = await activate("complianceOfficer", CATALOG_VERSION);
    expect(done).toEqual({ status: 200, body: { version: CATALOG_VERSION, clusters: 1 } });
    expect((await activate("owner", CATALOG_VERSION)).body.error?.code).toBe("conflict");
    const [entry] = await database.asSuperuser<{ detail: unknown; object_name: string }>(
      "select detail, object_name from audit_entry where org_id = $1 and action = 'catalog:activate'",
      [organization.id],
    );
    expect(entry).toEqual({ detail: { from: OLD, to: CATALOG_VERSION }, object_name: CATALOG_VERSION });

    expect(await scanAgain(organization.id, cluster.clusterId)).toBe(2);
    await evaluate(2);
    expect(await scanAgain(organization.id, cluster.clusterId)).toBeNull();
    expect([...(await ran())].sort()).toEqual(CONTROLS.map(({ id }) => id).sort());
    const shown = await page();
    expect(shown).toMatchObject({ active: { version: CATALOG_VERSION }, changes: null, effects: [] });
    expect(shown.history.map(({ version }) => version)).toEqual([CATALOG_VERSION, OLD, CATALOG_VERSION]);
  });

  it("leaves earlier scans their meaning: their evidence has the controls, ratings and links of their version", async () => {
    const [then, now] = [await packageOf(1), await packageOf(2)];
    const control = (from: Record<string, unknown>, id: string) =>
      (from.controls as { id: string; title: string; severity: string }[]).find((each) => each.id === id);
    expect(then).toMatchObject({ catalogVersion: OLD, scan: { codeVersion: CATALOG_VERSION } });
    expect(control(then, CHANGED)).toMatchObject({ title: "As it was called then", severity: "low" });
    expect(control(then, NEW)).toBeUndefined();
    expect(now).toMatchObject({ catalogVersion: CATALOG_VERSION });
    expect(control(now, NEW)).toBeDefined();
    expect(control(now, CHANGED)?.title).not.toBe("As it was called then");
  });
});

describe("what is stored", () => {
  it("begins a new organization with the newest version", async () => {
    const fresh = await makeOrganization();
    const rows = await database.asSuperuser("select version, seq from catalog_activation where org_id = $1", [
      fresh.id,
    ]);
    expect(rows).toEqual([{ version: CATALOG_VERSION, seq: 1 }]);
  });

  it("begins an organization that was there before versions were kept with the one that it first meets", async () => {
    const old = await makeOrganization();
    await database.asSuperuser("alter table catalog_activation disable trigger catalog_activation_insert_only");
    await database.asSuperuser("delete from catalog_activation where org_id = $1", [old.id]);
    await database.asSuperuser("alter table catalog_activation enable trigger catalog_activation_insert_only");
    await listControls(await makePrincipal(old, "owner"), {});
    const rows = await database.asSuperuser("select version from catalog_activation where org_id = $1", [old.id]);
    expect(rows).toEqual([{ version: CATALOG_VERSION }]);
  });

  it("is never changed, not even by the tables' owner", async () => {
    for (const table of ["catalog", "catalog_activation"]) {
      await expect(database.asSuperuser(`update ${table} set version = 'x'`)).rejects.toThrow(/insert-only/);
      await expect(database.asSuperuser(`delete from ${table}`)).rejects.toThrow(/insert-only/);
    }
  });

  it("gives controls that changed without a new version a name of their own", async () => {
    const mine = database;
    const other = await createTestDatabase();
    const digest = createHash("sha256").update("another catalogue").digest("hex");
    await other.asSuperuser("insert into catalog (version, digest, document) values ($1, decode($2, 'hex'), '{}')", [
      CATALOG_VERSION,
      digest,
    ]);
    const store = globalThis as { ringfenceCatalog?: Promise<string> };
    const known = store.ringfenceCatalog;
    delete store.ringfenceCatalog;
    try {
      const name = `${CATALOG_VERSION}+${digestOf(catalogDocumentOf()).slice(0, 8)}`;
      expect(await registerCatalog()).toBe(name);
      delete store.ringfenceCatalog;
      expect(await registerCatalog()).toBe(name);
    } finally {
      if (known !== undefined) store.ringfenceCatalog = known;
      const { useDatabases } = await import("./db/client");
      useDatabases({ web: mine.web, ingest: mine.ingest, worker: mine.worker });
      await other.drop();
    }
  });
});
