/** An organization's own controls against the real database: saved, tried, run with the scans, counted, withdrawn. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DELETE as withdrawRoute, GET as detailRoute } from "@/app/api/o/[org]/custom-controls/[control]/route";
import { POST as checkRoute } from "@/app/api/o/[org]/custom-controls/check/route";
import { GET as choicesRoute } from "@/app/api/o/[org]/custom-controls/choices/route";
import { POST as importRoute } from "@/app/api/o/[org]/custom-controls/import/route";
import { GET as listRoute, POST as saveRoute } from "@/app/api/o/[org]/custom-controls/route";
import { POST as tryRoute } from "@/app/api/o/[org]/custom-controls/try/route";
import type { Role } from "@/lib/access";
import type { CustomDefinition } from "@/lib/api/custom-controls";
import { cdeNamespace, deployment, minimalPodSpec, node, snapshotOf } from "@/lib/fixtures/builders";
import { registerCatalog } from "./catalog";
import { getControl, listControls } from "./controls";
import { scanAgain } from "./evaluate/again";
import { evaluateScan } from "./evaluate/evaluate-scan";
import { seedCluster, type TestCluster } from "./evaluate/testing";
import { getFinding, listFindings } from "./findings";
import { seedEnrolment, TEST_ORIGIN, TestAgent } from "./ingest/testing";
import { openScanPackage } from "./packages";
import type { Principal } from "./principal";
import { getRequirement } from "./requirements";
import type { RouteHandler } from "./route";
import { makeOrganization, makePrincipal, type TestOrganization, useTestEnvironment } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

const ID = "custom-team-label";
const definition = (changes: Partial<CustomDefinition> = {}): CustomDefinition => ({
  id: ID,
  title: "Deployments name their team",
  severity: "high",
  why: "An owner answers for a component.",
  kinds: ["deployments"],
  scope: ["cde"],
  matchConditions: [],
  variables: [],
  validations: [
    {
      expression: "has(object.metadata.labels) && has(object.metadata.labels.team)",
      message: "the label team is missing",
    },
  ],
  requirements: [{ requirement: "12.5.1", kind: "primary", rationale: "An inventory has owners." }],
  ...changes,
});

let database: TestDatabase;
let organization: TestOrganization;
let cluster: TestCluster;
let owner: Principal;
const tokens = {} as Record<Role, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  useTestEnvironment({ origin: TEST_ORIGIN });
  await registerCatalog();
  organization = await makeOrganization();
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
  const labelled = { metadata: { labels: { team: "pay" } } };
  const objects = [
    cdeNamespace("cde"),
    node(),
    deployment("api", "cde", minimalPodSpec()),
    deployment("web", "cde", minimalPodSpec(), labelled),
  ];
  await agent.reportSnapshot(snapshotOf(objects, { collectedAt: new Date(Date.now() - 60_000).toISOString() }));
  await evaluate(1);
});
afterAll(() => database.drop());

async function evaluate(seq: number): Promise<void> {
  const scan = { orgId: organization.id, clusterId: cluster.clusterId, seq };
  expect(await evaluateScan(scan, { isLastAttempt: false })).toBe("stored");
}
async function again(): Promise<number> {
  const seq = await scanAgain(organization.id, cluster.clusterId);
  if (seq === null) throw new Error("there was nothing to evaluate again");
  await evaluate(seq);
  return seq;
}
async function call(
  handler: RouteHandler,
  as: Role,
  options: { body?: unknown; control?: string; method?: string; slug?: string } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const org = options.slug ?? organization.slug;
  const request = new Request(`${TEST_ORIGIN}/api/o/${org}/custom-controls`, {
    method,
    headers: {
      cookie: `ringfence-session=${tokens[as]}`,
      ...(method === "GET"
        ? {}
        : { origin: TEST_ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/json" }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const params = { org, ...(options.control === undefined ? {} : { control: options.control }) };
  const response = await handler(request, { params: Promise.resolve(params) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const save = (as: Role, changes: Partial<CustomDefinition> = {}, basedOn: number | null = null) =>
  call(saveRoute, as, { body: { definition: definition(changes), basedOn } });
const resultsOf = async () =>
  (
    await database.asSuperuser<{ status: string; name: string; reason: string }>(
      "select status, name, reason from result where cluster_id = $1 and control_id = $2 and to_seq is null order by name",
      [cluster.clusterId, ID],
    )
  ).map(({ status, name, reason }) => `${status} ${name}: ${reason}`);
const audited = async () =>
  (
    await database.asSuperuser<{ action: string; outcome: string }>(
      "select action, outcome from audit_entry where org_id = $1 and action like 'custom-control:%' order by seq",
      [organization.id],
    )
  ).map(({ action, outcome }) => `${action} ${outcome}`);
async function fileOf(seq: number, path: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-custom-"));
  try {
    const { stream } = await openScanPackage(owner, "one", seq);
    writeFileSync(join(folder, "p.zip"), Buffer.from(await new Response(stream).arrayBuffer()));
    execFileSync("python3", ["-m", "zipfile", "-e", join(folder, "p.zip"), join(folder, "out")]);
    return JSON.parse(readFileSync(join(folder, "out", path), "utf8")) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.sequential("an own control", () => {
  it("is refused with the place of every problem, and nothing of it is kept", async () => {
    const bad = {
      title: " ",
      validations: [{ expression: "object.spec.minReadySeconds > 1" }, { expression: "object.metadata.name ==" }],
      requirements: [{ requirement: "99.1", kind: "primary" as const, rationale: "x" }],
    };
    const { status, body } = await save("owner", bad);
    expect(status).toBe(400);
    const details = (body.error as { details: { where: string }[] }).details.map(({ where }) => where);
    expect(details).toEqual([
      "title",
      "requirements[0].requirement",
      "validations[0].expression",
      "validations[1].expression",
    ]);
    const secret = await save("owner", { why: "card 4111 1111 1111 1111" });
    expect(JSON.stringify(secret.body)).not.toContain("4111");
    expect(secret.status).toBe(400);
    const checked = await call(checkRoute, "platformEngineer", { body: { definition: definition(bad) } });
    expect(checked.body.problems).toHaveLength(4);
    expect((await call(listRoute, "assessor")).body).toMatchObject({ items: [] });
    expect(await audited()).toEqual([]);
  });

  it("is tried on the last snapshot by who may, in its thread; others may not", async () => {
    const body = { definition: definition(), cluster: "one" };
    const tried = await call(tryRoute, "platformEngineer", { body });
    expect(tried.status).toBe(200);
    expect(tried.body).toMatchObject({
      problems: [],
      outcome: {
        scanSeq: 1,
        counts: { pass: 1, fail: 1, unknown: 0, notApplicable: 0 },
        results: [
          { status: "fail", object: { kind: "Deployment", name: "api" }, reason: "the label team is missing" },
          { status: "pass", object: { name: "web" } },
        ],
        isStopped: false,
      },
    });
    expect((await call(tryRoute, "assessor", { body })).status).toBe(403);
    expect((await call(tryRoute, "owner", { body: { ...body, cluster: "other" } })).status).toBe(404);
    const broken = { ...body, definition: definition({ validations: [{ expression: "1" }] }) };
    expect((await call(tryRoute, "owner", { body: broken })).body).toMatchObject({
      problems: [{ where: "validations[0].expression" }],
      outcome: null,
    });
    expect(await resultsOf()).toEqual([]);
  });

  it("is saved by an officer, not by an engineer or an assessor, and one editor doesn't overwrite another", async () => {
    expect((await save("platformEngineer")).status).toBe(403);
    expect((await save("assessor")).status).toBe(403);
    const saved = await save("complianceOfficer");
    expect(saved).toMatchObject({ status: 201, body: { id: ID, revision: 1, clusters: 1 } });
    expect((await save("owner", { title: "Other" })).status).toBe(409);
    expect((await save("owner", {}, 1)).status).toBe(409);
    expect((await save("owner", { title: "Other" }, 7)).status).toBe(409);
    expect(await audited()).toEqual(["custom-control:try done", "custom-control:save done"]);
  });

  it("runs with the next scan and counts in results, findings, controls and requirements", async () => {
    expect(await again()).toBe(2);
    expect(await resultsOf()).toEqual(["fail api: the label team is missing", "pass web: the expression holds"]);
    const findings = await listFindings(owner, { control: ID });
    expect(findings.items).toMatchObject([
      { control: ID, controlTitle: "Deployments name their team", severity: "high", requirements: ["12.5.1"] },
    ]);
    const finding = await getFinding(owner, findings.items[0]?.number ?? 0);
    expect(finding).toMatchObject({ reason: "the label team is missing" });
    expect(JSON.stringify(finding)).toContain("kubectl get deployment.v1.apps api -n cde -o yaml");
    expect(await getControl(owner, ID, {})).toMatchObject({ status: "fail", sections: [{ name: "deployments" }] });
    expect((await listControls(owner, { q: "custom-" })).items).toMatchObject([{ id: ID, status: "fail" }]);
    const requirement = await getRequirement(owner, "12.5.1", {});
    expect(requirement).toMatchObject({ status: "fail" });
    expect(requirement.controlList.find(({ id }) => id === ID)).toMatchObject({ link: "primary", status: "fail" });
    const [scan] = await database.asSuperuser<{ custom_controls: unknown }>(
      "select custom_controls from scan where cluster_id = $1 and seq = 2",
      [cluster.clusterId],
    );
    expect(scan?.custom_controls).toEqual([{ id: ID, revision: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await scanAgain(organization.id, cluster.clusterId)).toBeNull();
  });

  it("has revisions: a scan keeps the one that it ran with, in the evidence too", async () => {
    const validations = [{ expression: "object.metadata.name.startsWith('api')" }];
    expect(await save("owner", { validations, title: "Renamed" }, 1)).toMatchObject({ body: { revision: 2 } });
    const seq = await again();
    expect(await resultsOf()).toMatchObject([expect.stringContaining("pass api"), expect.stringContaining("fail web")]);
    const before = await fileOf(2, "results.json");
    expect(before.customControls).toMatchObject([{ id: ID, revision: 1, title: "Deployments name their team" }]);
    expect(await fileOf(2, `custom-controls/${ID}-r1.json`)).toMatchObject({ definition: definition() });
    expect((await fileOf(seq, "results.json")).customControls).toMatchObject([{ revision: 2, title: "Renamed" }]);
    const detail = await call(detailRoute, "assessor", { control: ID });
    expect(detail.body).toMatchObject({ mayWrite: false, revisions: [{ revision: 2 }, { revision: 1 }] });
  });

  it("that doesn't come to an end is unknown for the cluster and harms nothing else", async () => {
    const list = `[${Array.from({ length: 250 }, (_, i) => i).join(",")}]`;
    // 250 to the fourth: minutes on any machine.
    const endless = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d >= 0))))`;
    await save("owner", { id: "custom-endless", validations: [{ expression: endless }], requirements: [] });
    await again();
    const rows = await database.asSuperuser<{ status: string; kind: string; detail: string }>(
      "select status, kind, detail from result where cluster_id = $1 and control_id = 'custom-endless' and to_seq is null",
      [cluster.clusterId],
    );
    expect(rows).toMatchObject([
      { status: "unknown", kind: "Cluster", detail: expect.stringContaining("was stopped") },
    ]);
    expect(await resultsOf()).toHaveLength(2);
    await call(withdrawRoute, "owner", { control: "custom-endless", method: "DELETE" });
  });

  it("is withdrawn: it runs no more, its findings are resolved, and earlier scans keep what it said", async () => {
    expect((await call(withdrawRoute, "assessor", { control: ID, method: "DELETE" })).status).toBe(403);
    expect((await call(withdrawRoute, "complianceOfficer", { control: ID, method: "DELETE" })).status).toBe(200);
    expect((await call(withdrawRoute, "complianceOfficer", { control: ID, method: "DELETE" })).status).toBe(410);
    await again();
    expect(await resultsOf()).toEqual([]);
    expect((await listFindings(owner, { control: ID, state: "open" })).items).toEqual([]);
    const [resolved] = (await listFindings(owner, { control: ID, state: "resolved" })).items;
    expect(await getFinding(owner, resolved?.number ?? 0)).toMatchObject({
      state: "resolved",
      controlTitle: "Renamed",
    });
    expect(resolved).toMatchObject({ controlTitle: "Renamed" });
    expect(await fileOf(2, `custom-controls/${ID}-r1.json`)).toMatchObject({ revision: 1 });
    await expect(getControl(owner, ID, {})).rejects.toMatchObject({ code: "not-found" });
    // It comes back as its next revision.
    expect(await save("owner", {}, 2)).toMatchObject({ body: { revision: 3 } });
  });

  it("can't be changed in the database, by whomever", async () => {
    for (const statement of [
      "update custom_control set definition = '{}' where org_id = $1",
      "delete from custom_control where org_id = $1",
      "update custom_control set withdrawn_at = null, withdrawn_by = null where org_id = $1 and revision = 2",
    ]) {
      await expect(database.asSuperuser(statement, [organization.id])).rejects.toThrow(
        /only|insert-only|never|refuse/i,
      );
    }
  });

  it("belongs to its organization alone", async () => {
    const other = await makeOrganization();
    const stranger = await makePrincipal(other, "owner");
    const token = tokens.owner;
    tokens.owner = stranger.token;
    expect((await call(listRoute, "owner", { slug: other.slug })).body).toMatchObject({ items: [] });
    expect((await call(detailRoute, "owner", { slug: other.slug, control: ID })).status).toBe(404);
    expect((await call(detailRoute, "owner", { control: ID })).status).toBe(404);
    tokens.owner = token;
  });

  it("is offered the kinds of a snapshot and the clusters with one", async () => {
    const { body } = await call(choicesRoute, "owner");
    expect(body.clusters).toEqual([{ slug: "one", name: "one" }]);
    expect(body.kinds).toContainEqual({ section: "deployments", kind: "Deployment", apiVersion: "apps/v1" });
  });
});

describe("a ValidatingAdmissionPolicy", () => {
  const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: replicas.example.com }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments] }
  validations:
    - expression: object.spec.replicas <= 5
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: replicas-prod }
spec: { policyName: replicas.example.com, validationActions: [Deny], matchResources: { namespaceSelector: { matchLabels: { env: prod } } } }
`;
  const send = (yaml: string, as: Role = "platformEngineer") => call(importRoute, as, { body: { yaml } });

  it("becomes a draft that could be saved", async () => {
    const { status, body } = await send(policy);
    expect(status).toBe(200);
    expect(body.drafts).toMatchObject([
      {
        policy: "replicas.example.com",
        binding: "replicas-prod",
        problems: [],
        definition: {
          id: "custom-replicas-example-com",
          kinds: ["deployments"],
          namespaceSelector: { matchLabels: { env: "prod" } },
        },
      },
    ]);
  });

  it("is refused with the place where it is none", async () => {
    const messageOf = async (yaml: string) => ((await send(yaml)).body.error as { message: string }).message;
    expect(await messageOf("a: [1")).toMatch(/^line 1: /);
    expect(await messageOf("kind: ConfigMap\nmetadata: {name: x}")).toMatch(/^document 1, kind: is no Validating/);
    expect(await messageOf(policy.replace("expression: object", "wrong: object"))).toMatch(
      /^document 1, spec\.validations\.0\.expression/,
    );
    expect(await messageOf(policy.replace("policyName: replicas", "policyName: other"))).toMatch(
      /binding replicas-prod/,
    );
    expect((await send(policy, "assessor")).status).toBe(403);
  });
});
