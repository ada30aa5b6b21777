/**
 * The lists and details of a small fleet, against a slow, plain oracle: the pure core run over each cluster's snapshot, added
 * up in memory. Four clusters in two projects: one fresh, one stale, one expired, one that never had an agent.
 */
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  controlDetail,
  controlsPage,
  findingDetail,
  findingsPage,
  requirementDetail,
  requirementsPage,
  resultsPage,
  scopePage,
} from "@/lib/api/assessment";
import { clusterDetail, fleetPage } from "@/lib/api/clusters";
import { guidesPage } from "@/lib/api/guides";
import { assess } from "@/lib/assessment/assess";
import { type Freshness, freshnessOf, statusAtAge, worstOverClusters } from "@/lib/assessment/status";
import type { Assessment } from "@/lib/assessment/types";
import { CONTROLS } from "@/lib/controls";
import {
  cdeNamespace,
  deployment,
  minimalPodSpec,
  namespace,
  node,
  runningDeployment,
  snapshotOf,
} from "@/lib/fixtures/builders";
import { IMPORT_KINDS } from "@/lib/inventory/imports";
import { GUIDE_ERRORS, LEAF_REQUIREMENTS } from "@/lib/pci";
import { getControl, listControls } from "./controls";
import { withOrganization } from "./db/organization";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { SCOPE_RANK, SEVERITY_RANK } from "./evaluate/findings";
import { seedCluster, type TestCluster } from "./evaluate/testing";
import { getFinding, listFindings } from "./findings";
import { getCluster, listFleet, listScans } from "./fleet";
import { seedEnrolment, setTestEnvironment, TestAgent } from "./ingest/testing";
import { listGuideErrors } from "./guides";
import { freshnessSql } from "./lens";
import { digestScanPackage, openScanPackage } from "./packages";
import type { Principal } from "./principal";
import { getRequirement, listRequirements } from "./requirements";
import { listResults } from "./results";
import { listScope } from "./scope";
import { makeOrganization, makePrincipal, type TestOrganization } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";
import { Prisma } from "./db/generated/client";

const NOW = new Date("2026-11-21T12:00:00.000Z");
const privileged = minimalPodSpec({
  hostNetwork: true,
  containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
});
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000).toISOString();

interface Member {
  slug: string;
  project: string;
  hours: number | null;
  objects: unknown[];
}
const FLEET: Member[] = [
  {
    slug: "fresh",
    project: "pci-production",
    hours: 1,
    objects: [
      cdeNamespace("pay"),
      namespace("web", { "pci-scope": "out-of-scope" }),
      node(),
      ...runningDeployment("api", "pay", privileged),
      deployment("site", "web"),
    ],
  },
  {
    slug: "stale",
    project: "pci-production",
    hours: 30,
    objects: [
      cdeNamespace("pay"),
      namespace("free"),
      node(),
      deployment("api", "pay"),
      deployment("job", "free", privileged),
    ],
  },
  {
    slug: "expired",
    project: "development",
    hours: 8 * 24,
    objects: [cdeNamespace("pay"), node(), deployment("api", "pay", privileged)],
  },
  { slug: "never", project: "development", hours: null, objects: [] },
];

let database: TestDatabase;
let organization: TestOrganization;
let owner: Principal;
const clusters = new Map<string, TestCluster>();
const assessments = new Map<string, Assessment>();
let agentOfFresh: TestAgent;

beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
  organization = await makeOrganization();
  owner = await makePrincipal(organization, "owner");
  for (const member of FLEET) {
    const cluster = await seedCluster(database, {
      orgId: organization.id,
      projectId: organization.projects[member.project],
      slug: member.slug,
    });
    clusters.set(member.slug, cluster);
    if (member.hours === null) {
      await database.asSuperuser("delete from agent where id = $1", [cluster.agentId]);
      await database.asSuperuser(
        "update cluster set agent_state = 'awaiting-agent', last_seen_at = null where id = $1",
        [cluster.clusterId],
      );
      continue;
    }
    const agent = new TestAgent();
    await agent.enrol(await seedEnrolment(database, cluster));
    const snapshot = snapshotOf(member.objects, { collectedAt: hoursAgo(member.hours) });
    await agent.reportSnapshot(snapshot);
    await evaluateScan({ orgId: organization.id, clusterId: cluster.clusterId, seq: 1 }, { isLastAttempt: true });
    assessments.set(member.slug, assess(snapshot, { asOf: hoursAgo(member.hours) }));
    if (member.slug === "fresh") agentOfFresh = agent;
  }
});
afterAll(() => database.drop());

const ages = new Map<string, Freshness>(
  FLEET.map(({ slug, hours }) => [slug, freshnessOf(hours === null ? null : hoursAgo(hours), NOW.toISOString())]),
);
const counting = () =>
  FLEET.map((member) => member.slug).filter((slug) => ["current", "stale"].includes(ages.get(slug) ?? ""));

describe("freshness in SQL", () => {
  it("is the rule of the pure core at every boundary", async () => {
    const moments = [0, 23.99, 24, 24.01, 167.99, 168, 168.01, 10_000, -5].map((hours) => hoursAgo(hours));
    for (const at of [...moments, null]) {
      const [row] = await withOrganization(
        organization.id,
        (tx) =>
          tx.$queryRaw<
            { freshness: string }[]
          >`select ${freshnessSql(Prisma.sql`${at}::timestamptz`, NOW)} as freshness`,
      );
      expect([at, row?.freshness]).toEqual([at, freshnessOf(at, NOW.toISOString())]);
    }
  });
});

describe("requirements", () => {
  it("shows the worst over the clusters, with how many show it", async () => {
    const page = requirementsPage.parse(await listRequirements(owner, { view: "leaves", pageSize: 200 }, NOW));
    const rest = await listRequirements(owner, { view: "leaves", pageSize: 200, page: 2 }, NOW);
    const rows = [...page.items, ...rest.items];
    expect(rows.map((row) => row.id)).toEqual(LEAF_REQUIREMENTS.map((leaf) => leaf.id));
    for (const row of rows) {
      const expected = worstOverClusters(
        FLEET.map(({ slug }) => ({
          freshness: ages.get(slug) ?? "none",
          status:
            assessments.get(slug)?.requirements.find((each) => each.requirement === row.id)?.status ?? "not-assessed",
        })),
      );
      expect([row.id, row.status, row.clustersWorst, row.clustersTotal]).toEqual([
        row.id,
        expected.status,
        expected.showing,
        4,
      ]);
    }
    const { summary } = page;
    expect(summary.applicable + summary.notApplicable).toBe(280);
    expect(summary.ready + summary.blocked + summary.needPerson + summary.notAssessed).toBe(summary.applicable);
    expect(Object.values(summary.byCoverage).reduce((a, b) => a + b, 0)).toBe(280);
    const count = (...statuses: (string | null)[]) => rows.filter((row) => statuses.includes(row.status)).length;
    expect(summary).toMatchObject({
      ready: count("pass", "attested", "compensating-control"),
      blocked: count("fail", "unknown"),
      needPerson: count("needs-attestation"),
      notAssessed: count("not-assessed"),
      notApplicable: count("not-applicable"),
      failing: count("fail"),
    });
  });

  it("shows controls or attestations for a requirement, and says why each is covered as it is", async () => {
    // Every seventh: lib/assessment looks at all of them, and each asks the database.
    for (const { id } of LEAF_REQUIREMENTS.filter((_, index) => index % 7 === 0)) {
      const detail = requirementDetail.parse(await getRequirement(owner, id, {}, NOW));
      expect(detail.controlList.length + detail.attestations.length, id).toBeGreaterThan(0);
      expect(detail.coverageReason, id).toMatch(/^[A-Z].{20,}\.$/);
      for (const attestation of detail.attestations) {
        expect(attestation.requirements, id).toBeGreaterThan(0);
        expect([attestation.assessorExpects, attestation.uploads, attestation.frequency], id).not.toContain("");
      }
    }
    const section = await getRequirement(owner, "1.3", {}, NOW);
    expect(section.coverageReason).toBeNull();
  });

  it("keeps list and detail in agreement, for every linked requirement and lens", async () => {
    const linked = [...new Set(CONTROLS.flatMap((control) => control.requirements.map((link) => link.requirement)))];
    for (const lens of [{}, { project: "pci-production" }, { cluster: "stale" }]) {
      const list = await listRequirements(owner, { ...lens, view: "leaves", pageSize: 200 }, NOW);
      for (const row of list.items.filter((each) => linked.includes(each.id)).slice(0, 8)) {
        const detail = requirementDetail.parse(await getRequirement(owner, row.id, lens, NOW));
        expect(detail).toMatchObject(row);
        for (const each of detail.perCluster) {
          const own =
            assessments.get(each.slug)?.requirements.find((r) => r.requirement === row.id)?.status ?? "not-assessed";
          expect(each.status).toBe(statusAtAge(own, ages.get(each.slug) ?? "none"));
        }
      }
    }
  });

  it("rolls up: principals from all their leaves, children below a parent, filters make it flat", async () => {
    const top = await listRequirements(owner, {}, NOW);
    expect(top.items.filter((row) => !row.id.startsWith("A")).map((row) => row.id)).toEqual(
      Array.from({ length: 12 }, (_, i) => String(i + 1)),
    );
    for (const row of top.items) {
      const below = await listRequirements(owner, { view: "leaves", parent: row.id, pageSize: 200 }, NOW);
      const breakdown: Record<string, number> = {};
      for (const { status } of below.items) breakdown[status ?? ""] = (breakdown[status ?? ""] ?? 0) + 1;
      expect(row.breakdown).toEqual(breakdown);
      expect(row.status).toBeNull();
    }
    const children = await listRequirements(owner, { parent: "1.3" }, NOW);
    expect(children.items.map((row) => row.id)).toEqual(["1.3.1", "1.3.2", "1.3.3"]);
    const failing = await listRequirements(owner, { status: "fail", pageSize: 200 }, NOW);
    expect(failing.items.length).toBeGreaterThan(0);
    expect(new Set(failing.items.map((row) => row.status))).toEqual(new Set(["fail"]));
    expect(failing.totalUnfiltered).toBe(280);
    const worst = await listRequirements(owner, { view: "leaves", sort: "worst", pageSize: 1 }, NOW);
    expect(worst.items[0]?.status).toBe("fail");
    await expect(getRequirement(owner, "99.9", {}, NOW)).rejects.toMatchObject({ code: "not-found" });
  });

  it("says not assessed, and counts nothing, once every cluster's evidence is too old", async () => {
    const later = new Date(NOW.getTime() + 30 * 24 * 3_600_000);
    const page = await listRequirements(owner, { view: "leaves", pageSize: 200 }, later);
    expect(new Set(page.items.map((row) => row.status))).toEqual(new Set(["not-assessed"]));
    expect((await listResults(owner, {}, later)).total).toBe(0);
    const controls = await listControls(owner, { pageSize: 200 }, later);
    expect(controls.items.every((row) => row.status === "not-assessed" && row.counts.fail === 0)).toBe(true);
    const fleet = await listFleet(owner, {}, later);
    expect(fleet.summary).toMatchObject({ failingControls: 0, clustersWithFailures: 0, workloads: { cde: 0 } });
  });
});

describe("controls and results", () => {
  it("adds up exactly the results that the list shows", async () => {
    const page = controlsPage.parse(await listControls(owner, { pageSize: 200 }, NOW));
    expect(page.items).toHaveLength(CONTROLS.length);
    for (const row of page.items) {
      const own = counting().map((slug) => assessments.get(slug)?.controls.find((each) => each.control === row.id));
      const fail = own.reduce((sum, each) => sum + (each?.counts.fail ?? 0), 0);
      expect([row.id, row.counts.fail, row.clustersFailing, row.clustersTotal]).toEqual([
        row.id,
        fail,
        own.filter((each) => each?.status === "fail").length,
        4,
      ]);
      for (const [status, key] of [
        ["fail", "fail"],
        ["pass", "pass"],
        ["unknown", "unknown"],
        ["not-applicable", "notApplicable"],
      ] as const) {
        expect((await listResults(owner, { control: row.id, status }, NOW)).total).toBe(row.counts[key]);
      }
      const detail = controlDetail.parse(await getControl(owner, row.id, {}, NOW));
      expect(detail).toMatchObject(row);
      expect(detail.perCluster.map((each) => each.slug)).toEqual(["expired", "fresh", "never", "stale"]);
      expect(detail.perCluster.filter((each) => each.status === "not-assessed").map((each) => each.slug)).toEqual([
        "expired",
        "never",
      ]);
    }
  });

  it("counts what each value of a filter lists, beside the other filters", async () => {
    const all = await listControls(owner, { pageSize: 1 }, NOW);
    expect(Object.values(all.summary.byStatus).reduce((a, b) => a + b, 0)).toBe(CONTROLS.length);
    expect(all.facets.family.reduce((sum, { controls }) => sum + controls, 0)).toBe(CONTROLS.length);
    for (const others of [{}, { severity: "critical" as const }, { family: "net", q: "cde" }]) {
      const { facets } = await listControls(owner, { ...others, pageSize: 1 }, NOW);
      for (const { id, controls } of facets.family)
        expect((await listControls(owner, { ...others, family: id }, NOW)).total, id).toBe(controls);
      for (const value of ["automated", "partial", "manual", "outside-kubernetes"] as const)
        expect((await listControls(owner, { ...others, coverage: value }, NOW)).total).toBe(
          facets.coverage[value] ?? 0,
        );
      for (const status of ["fail", "unknown", "pass", "not-applicable", "not-assessed"] as const)
        expect((await listControls(owner, { ...others, status }, NOW)).total).toBe(facets.status[status] ?? 0);
    }
    const byFamily = await listControls(owner, { sort: "family", pageSize: 200 }, NOW);
    expect(byFamily.items.map(({ id }) => id)).toEqual(CONTROLS.map(({ id }) => id));
  });

  it("names the documents that a control reads, and the clusters that could not evaluate it", async () => {
    for (const kind of IMPORT_KINDS.slice(0, 12)) {
      for (const control of kind.controls) {
        const { sources, perCluster } = controlDetail.parse(await getControl(owner, control, {}, NOW));
        const source = sources.find(({ id }) => id === kind.id);
        expect(source, `${control} reads ${kind.id}`).toBeDefined();
        expect(source?.clusters.map(({ slug, documents }) => [slug, documents])).toEqual(
          perCluster.filter(({ counts }) => counts.unknown > 0).map(({ slug }) => [slug, 0]),
        );
      }
    }
    const { sections } = await getControl(owner, "net-default-deny-ingress", {}, NOW);
    expect(sections).toContainEqual({
      name: "networkpolicies",
      resources: ["networkpolicies.networking.k8s.io"],
      isNeeded: true,
      isOptional: false,
    });
  });

  it("shows what guides get wrong by topic, by control and by words", async () => {
    const all = guidesPage.parse(await listGuideErrors(owner, {}));
    expect(all.items).toHaveLength(GUIDE_ERRORS.length);
    expect(all.topics.reduce((sum, { errors }) => sum + errors, 0)).toBe(GUIDE_ERRORS.length);
    for (const { topic, errors } of all.topics)
      expect((await listGuideErrors(owner, { topic })).items).toHaveLength(errors);
    const own = await listGuideErrors(owner, { control: "adm-pss-restricted" });
    expect(own.items.length).toBeGreaterThan(0);
    expect((await getControl(owner, "adm-pss-restricted", {}, NOW)).guideErrors).toEqual(
      own.items.map(({ id, claim }) => ({ id, claim })),
    );
    const words = await listGuideErrors(owner, { q: "  PROTOBUF " });
    expect(words.items.map(({ id }) => id)).toEqual(["secrets-are-base64-in-etcd"]);
    expect(words).toMatchObject({ totalUnfiltered: GUIDE_ERRORS.length });
    expect((await listGuideErrors(owner, { q: "nothing of that kind" })).items).toEqual([]);
  });

  it("pages through every result once, in the same order whatever the page size", async () => {
    const all = resultsPage.parse(await listResults(owner, { pageSize: 200 }, NOW));
    const expected = counting().flatMap(
      (slug) => assessments.get(slug)?.results.flatMap((entry) => entry.results) ?? [],
    );
    expect(all.total).toBe(expected.length);
    const ids: string[] = [];
    for (let page = 1; ids.length < all.total; page++) {
      const { items } = await listResults(owner, { pageSize: 7, page }, NOW);
      expect(items.length).toBeGreaterThan(0);
      ids.push(...items.map((row) => row.id));
    }
    expect(new Set(ids).size).toBe(all.total);
    expect(ids.slice(0, 200)).toEqual(all.items.map((row) => row.id));
    const ranks = all.items.map((row) => ["fail", "unknown", "pass", "not-applicable"].indexOf(row.status));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  });

  it("filters by text, namespace and requirement, and takes a text as it is", async () => {
    const { items } = await listResults(owner, { namespace: "pay", pageSize: 200 }, NOW);
    expect(items.every((row) => row.object.namespace === "pay" || row.object.name === "pay")).toBe(true);
    expect(items.length).toBeGreaterThan(0);
    expect((await listResults(owner, { q: "%" }, NOW)).total).toBe(0);
    expect((await listResults(owner, { q: "' or 1=1 --" }, NOW)).total).toBe(0);
    const some = await listResults(owner, { requirement: "1.3.1", pageSize: 200 }, NOW);
    const controls = CONTROLS.filter((control) =>
      control.requirements.some((link) => link.requirement === "1.3.1"),
    ).map((each) => each.id);
    expect(new Set(some.items.map((row) => row.control))).toEqual(
      new Set(controls.filter((id) => some.items.some((row) => row.control === id))),
    );
    expect(some.total).toBeGreaterThan(0);
  });
});

describe("findings", () => {
  it("lists what to repair first: severity by scope, then requirements, then age", async () => {
    const page = findingsPage.parse(await listFindings(owner, { pageSize: 200 }, NOW));
    const decided = (id: string) =>
      CONTROLS.find((control) => control.id === id)?.requirements.filter((link) => link.kind !== "supporting").length ??
      0;
    const keys = page.items.map((row) => [
      -SEVERITY_RANK[row.severity] * (SCOPE_RANK[row.scope] + 1),
      -SCOPE_RANK[row.scope],
      -decided(row.control),
      Date.parse(row.firstSeenAt),
      row.number,
    ]);
    const sorted = [...keys].sort(
      (a, b) => a.map((value, i) => value - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0,
    );
    expect(keys).toEqual(sorted);
    const fails = [...assessments.values()]
      .flatMap((each) => each.results.flatMap((entry) => entry.results))
      .filter((each) => each.status === "fail");
    expect(page.total).toBe(fails.length);
    const fleet = await listFleet(owner, {}, NOW);
    expect(fleet.items.reduce((sum, row) => sum + row.openFindings, 0)).toBe(page.total);
    for (const row of fleet.items) {
      expect((await listFindings(owner, { cluster: row.slug }, NOW)).total).toBe(row.openFindings);
    }
  });

  it("shows rule, repair, the redacted object and the history of one", async () => {
    const { items } = await listFindings(owner, { control: "pod-no-privileged", cluster: "fresh" }, NOW);
    const detail = findingDetail.parse(await getFinding(owner, items[0]?.number ?? 0, NOW));
    expect(detail).toMatchObject(items[0] ?? {});
    expect(detail.remediation?.summary).toBeTruthy();
    expect(JSON.parse(detail.rawObject ?? "null")).toMatchObject({
      kind: "Deployment",
      metadata: { name: "api", namespace: "pay" },
    });
    expect(detail.history).toEqual([{ at: hoursAgo(1), event: "opened", scanSeq: 1 }]);
    expect(detail.verify.command).toContain("kubectl");
    const number = String(items[0]?.number);
    expect((await listFindings(owner, { q: `F-${number}` }, NOW)).items.map((row) => row.number)).toContain(
      Number(number),
    );
    await expect(getFinding(owner, 999_999, NOW)).rejects.toMatchObject({ code: "not-found" });
    await expect(getFinding(owner, 1e12, NOW)).rejects.toMatchObject({ code: "not-found" });
  });

  it("counts for a requirement what its list of findings shows", async () => {
    const { items } = await listRequirements(owner, { view: "leaves", pageSize: 200 }, NOW);
    for (const row of items.filter((each) => each.openFindings > 0)) {
      expect((await listFindings(owner, { requirement: row.id }, NOW)).total).toBe(row.openFindings);
    }
    expect(items.some((row) => row.openFindings > 0)).toBe(true);
  });
});

describe("fleet", () => {
  it("draws the same cells as the assessments, and none from old evidence", async () => {
    const page = fleetPage.parse(await listFleet(owner, { sort: "name" }, NOW));
    expect(page.items.map((row) => [row.slug, row.freshness, row.agent === "awaiting-agent"])).toEqual([
      ["expired", "expired", false],
      ["fresh", "current", false],
      ["never", "none", true],
      ["stale", "stale", false],
    ]);
    for (const row of page.items) {
      const isShown = counting().includes(row.slug);
      for (const cell of row.cells) {
        if (!isShown) expect(cell).toMatchObject({ status: "not-assessed", failingControls: 0, hasCritical: false });
        else {
          const own = assessments
            .get(row.slug)
            ?.requirements.filter((each) => each.requirement.split(".")[0] === cell.requirement);
          const isBlocked = own?.some((each) => each.status === "fail" || each.status === "unknown");
          expect(cell.status === "blocked").toBe(isBlocked);
        }
      }
    }
    const failing = new Set(
      counting().flatMap(
        (slug) =>
          assessments
            .get(slug)
            ?.controls.filter((each) => each.status === "fail")
            .map((each) => each.control) ?? [],
      ),
    );
    expect(page.summary).toMatchObject({
      clusters: 4,
      stale: 2,
      neverConnected: 1,
      failingControls: failing.size,
      clustersWithFailures: 2,
    });
    expect((await listControls(owner, { status: "fail" }, NOW)).total).toBe(failing.size);
    const scope = scopePage.parse(await listScope(owner, { view: "workloads", pageSize: 200 }, NOW));
    expect(scope.summary).toEqual(page.summary.workloads);
    expect(scope.total).toBe(Object.values(scope.summary).reduce((a, b) => a + b, 0));
  });

  it("puts the worst first, filters and pages on the server", async () => {
    const worst = await listFleet(owner, {}, NOW);
    expect(
      worst.items
        .map((row) => row.slug)
        .slice(0, 2)
        .sort(),
    ).toEqual(["fresh", "stale"]);
    const stale = await listFleet(owner, { freshness: "stale" }, NOW);
    expect([stale.total, stale.totalUnfiltered, stale.items.map((row) => row.slug)]).toEqual([1, 4, ["stale"]]);
    const second = await listFleet(owner, { sort: "name", pageSize: 1, page: 2, project: "pci-production" }, NOW);
    expect([second.items[0]?.slug, second.total]).toEqual(["stale", 2]);
    expect((await listFleet(owner, { q: "fre" }, NOW)).items.map((row) => row.slug)).toEqual(["fresh"]);
    expect((await listFleet(owner, { agent: "awaiting-agent" }, NOW)).items.map((row) => row.slug)).toEqual(["never"]);
    const beyond = await listFleet(owner, { page: 9 }, NOW);
    expect([beyond.items, beyond.total, beyond.summary.clusters]).toEqual([[], 4, 4]);
  });

  it("takes two statements, whatever the fleet's size", async () => {
    const statements: string[] = [];
    const { openDatabase, useDatabases } = await import("./db/client");
    const pg = await import("pg");
    const original = pg.default.Client.prototype.query;
    const counted = openDatabase(database.url("web"), { maxConnections: 1 });
    useDatabases({ web: counted });
    pg.default.Client.prototype.query = function (this: unknown, ...args: unknown[]) {
      const [first] = args as [string | { text: string }];
      statements.push(typeof first === "string" ? first : first.text);
      return (original as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof original;
    try {
      await listFleet(owner, {}, NOW);
    } finally {
      pg.default.Client.prototype.query = original;
      useDatabases({ web: database.web });
      await counted.$disconnect();
    }
    const own = statements.filter((text) => !/^(BEGIN|COMMIT|SET|ROLLBACK)/i.test(text));
    expect(own).toHaveLength(2);
    expect(
      own.some((text) => /\bresult\b|\bfinding\b/.test(text.replaceAll(/open_findings|critical_findings/g, ""))),
    ).toBe(false);
  });

  it("shows a cluster with its sections, its keys and its way from first contact to results", async () => {
    const detail = clusterDetail.parse(await getCluster(owner, "fresh", NOW));
    const [row] = (await listFleet(owner, { cluster: "fresh" }, NOW)).items;
    expect(detail).toMatchObject(row ?? {});
    expect(detail.onboarding.map((step) => [step.id, step.state])).toEqual([
      ["first-contact", "done"],
      ["identity", "done"],
      ["permissions", "done"],
      ["first-inventory", "done"],
      ["first-results", "done"],
    ]);
    expect(detail.sections.find((section) => section.name === "namespaces")).toMatchObject({
      status: "complete",
      objects: 2,
    });
    expect(detail.agentKeys).toHaveLength(1);
    expect(detail.versionSkew).toBe("none");
    expect(detail.latestScan).toMatchObject({ seq: 1, state: "done" });
    const never = clusterDetail.parse(await getCluster(owner, "never", NOW));
    expect(never.onboarding.map((step) => step.state)).toEqual(["waiting", "waiting", "waiting", "waiting", "waiting"]);
    expect((await listScans(owner, "fresh", {})).items).toHaveLength(1);
  });
});

describe("packages", () => {
  const bytesOf = async (stream: ReadableStream<Uint8Array>) => Buffer.from(await new Response(stream).arrayBuffer());

  it("gives the same bytes for the same scan, also after later scans, and verifies by itself", async () => {
    // Listeners that were left behind, one for each file, would be warned of.
    const warnings: string[] = [];
    const note = (warning: Error) => void warnings.push(warning.message);
    process.on("warning", note);
    const first = await bytesOf((await openScanPackage(owner, "fresh", 1, NOW)).stream);
    await new Promise((next) => setImmediate(next));
    process.off("warning", note);
    expect(warnings).toEqual([]);
    const lines = await database.asSuperuser(
      "select 1 from audit_entry where org_id = $1 and action = 'package:create'",
      [organization.id],
    );
    expect(lines).toHaveLength(1);
    await agentOfFresh.reportSnapshot(snapshotOf(FLEET[1]?.objects ?? [], { collectedAt: hoursAgo(0.5) }));
    const { orgId, clusterId } = clusters.get("fresh") ?? { orgId: "", clusterId: "" };
    await evaluateScan({ orgId, clusterId, seq: 2 }, { isLastAttempt: true });
    const { filename, stream } = await openScanPackage(owner, "fresh", 1, new Date());
    expect(filename).toMatch(/^[A-Za-z0-9.-]+\.zip$/);
    const second = await bytesOf(stream);
    expect(createHash("sha256").update(second).digest("hex")).toBe(createHash("sha256").update(first).digest("hex"));
    const other = await bytesOf((await openScanPackage(owner, "fresh", 2, NOW)).stream);
    expect(other.equals(first)).toBe(false);

    const folder = mkdtempSync(join(tmpdir(), "ringfence-package-"));
    try {
      writeFileSync(join(folder, "package.zip"), first);
      // Python's own reader, so that what our library writes is read by something else.
      execFileSync("python3", ["-m", "zipfile", "-e", "package.zip", "out"], { cwd: folder });
      const verified = execFileSync("sh", ["VERIFY.sh"], { cwd: join(folder, "out"), encoding: "utf8" });
      // What the script tells its reader to compare is what the scans page shows.
      const { digest } = await digestScanPackage(owner, "fresh", 1);
      expect(verified).toContain(`SHA-256 of MANIFEST.sha256: ${digest}\n`);
      const manifest = readFileSync(join(folder, "out/MANIFEST.sha256"));
      expect(createHash("sha256").update(manifest).digest("hex")).toBe(digest);
      expect((await digestScanPackage(owner, "fresh", 2)).digest).not.toBe(digest);
      const results = JSON.parse(execFileSync("cat", ["out/results.json"], { cwd: folder, encoding: "utf8" })) as {
        results: unknown[];
        asOf: string;
      };
      expect(results.asOf).toBe(hoursAgo(1));
      expect(results.results).toHaveLength(
        assessments.get("fresh")?.results.reduce((sum, each) => sum + each.results.length, 0) ?? 0,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("packs nothing when a stored result was changed behind its back", async () => {
    await database.asSuperuser("update result set status = 'pass' where cluster_id = $1 and status = 'fail'", [
      clusters.get("stale")?.clusterId,
    ]);
    await expect(openScanPackage(owner, "stale", 1, NOW)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("other people's clusters", () => {
  it("hides another organization's cluster, finding and package as if they weren't there", async () => {
    const stranger = await makePrincipal(await makeOrganization(), "owner");
    for (const attempt of [
      () => getCluster(stranger, "fresh", NOW),
      () => listScans(stranger, "fresh", {}),
      () => openScanPackage(stranger, "fresh", 1, NOW),
      () => getFinding(stranger, 1, NOW),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "not-found" });
    }
    const empty = [
      await listFleet(stranger, {}, NOW),
      await listResults(stranger, {}, NOW),
      await listFindings(stranger, {}, NOW),
      await listScope(stranger, {}, NOW),
    ];
    expect(empty.map((page) => [page.total, page.totalUnfiltered])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(
      (await listRequirements(stranger, { view: "leaves" }, NOW)).items.every((row) => row.clustersTotal === 0),
    ).toBe(true);
  });

  it("shows somebody with a role on one project that project only", async () => {
    const engineer = await makePrincipal(organization, "platformEngineer", { project: "development" });
    expect((await listFleet(engineer, { sort: "name" }, NOW)).items.map((row) => row.slug)).toEqual([
      "expired",
      "never",
    ]);
    await expect(getCluster(engineer, "fresh", NOW)).rejects.toMatchObject({ code: "not-found" });
    await expect(openScanPackage(engineer, "fresh", 1, NOW)).rejects.toMatchObject({ code: "not-found" });
    const visible = await listFindings(engineer, { pageSize: 200 }, NOW);
    expect(new Set(visible.items.map((row) => row.cluster.slug))).toEqual(new Set(["expired"]));
    const [hidden] = (await listFindings(owner, { cluster: "fresh" }, NOW)).items;
    await expect(getFinding(engineer, hidden?.number ?? 0, NOW)).rejects.toMatchObject({ code: "not-found" });
    expect((await listResults(engineer, {}, NOW)).total).toBe(0);
    expect((await listRequirements(engineer, {}, NOW)).items[0]?.clustersTotal).toBe(2);
  });
});
