/** The wrapper that every address goes through, held against the promises in its head. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { POST as acceptRoute } from "@/app/api/invitations/accept/route";
import { GET as projectsRoute, POST as createProjectRoute } from "@/app/api/o/[org]/projects/route";
import { POST as gestureRoute } from "@/app/api/session/gesture/route";
import { GET as sessionGet } from "@/app/api/session/route";
import { RingfenceError } from "@/lib/errors";
import { RATE_LIMITS } from "./rate-limit";
import { declarationOf, type RouteHandler, route } from "./route";
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
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  useTestEnvironment();
  organization = await makeOrganization();
});

interface Call {
  method?: string;
  token?: string;
  headers?: Record<string, string>;
  body?: BodyInit | null;
  org?: string;
  path?: string;
}

async function send(
  handler: RouteHandler,
  call: Call = {},
): Promise<{
  status: number;
  json: { error: { code: string; requestId: string; details?: unknown } } & Record<string, unknown>;
  headers: Headers;
}> {
  const method = call.method ?? "GET";
  const headers = new Headers({
    "x-ringfence-origin": "192.0.2.55",
    ...(call.token ? { cookie: `ringfence-session=${call.token}` } : {}),
    ...(method === "GET" ? {} : { origin: "http://localhost:3000", "content-type": "application/json" }),
    ...call.headers,
  });
  const init: RequestInit & { duplex?: "half" } = { method, headers, body: call.body ?? null, duplex: "half" };
  const request = new Request(`http://localhost:3000${call.path ?? "/api/o/x/y"}`, init);
  const response = await handler(request, { params: Promise.resolve({ org: call.org ?? organization.slug }) });
  return { status: response.status, json: (await response.json()) as never, headers: response.headers };
}

const lastEntry = async () =>
  (
    await database.asSuperuser<{
      action: string;
      outcome: string;
      actor_id: string;
      detail: Record<string, unknown>;
      request_id: string;
      origin: string;
    }>("SELECT * FROM audit_entry WHERE org_id = $1 ORDER BY seq DESC LIMIT 1", [organization.id])
  )[0];
const lastSystemEntry = async () =>
  (
    await database.asSuperuser<{
      action: string;
      outcome: string;
      actor_id: string;
      detail: Record<string, unknown>;
      request_id: string;
    }>("SELECT * FROM system_audit_entry ORDER BY id DESC LIMIT 1")
  )[0];

describe("every route.ts below app/api", () => {
  const folder = join(process.cwd(), "app/api");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(^|\/)route\.tsx?$/.test(name),
  );

  it("is found by this test", () => {
    expect(files.length).toBeGreaterThan(10);
  });

  for (const file of files) {
    it(`${file} declares who may call each of its methods`, async () => {
      const loaded = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
      const methods = Object.keys(loaded).filter((name) => /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(name));
      expect(methods.length).toBeGreaterThan(0);
      for (const method of methods) {
        const declaration = declarationOf(loaded[method]);
        const expected = file.startsWith("o/[org]/")
          ? ["organization"]
          : file.startsWith("agent/")
            ? ["agent"]
            : ["session", "open"];
        expect(expected, `${method} ${file}`).toContain(declaration?.kind);
        if (declaration?.kind === "open") expect(declaration.why.length).toBeGreaterThan(20);
      }
    });
  }
});

describe("a route", () => {
  it("refuses without a session, with a wrong one and with an expired one, each in its own code", async () => {
    const principal = await makePrincipal(organization, "owner");
    expect(await send(projectsRoute)).toMatchObject({ status: 401, json: { error: { code: "unauthenticated" } } });
    expect(await send(projectsRoute, { token: "A".repeat(43) })).toMatchObject({ status: 401 });
    await database.asSuperuser(
      "UPDATE session SET idle_expires_at = now() - interval '1 second' WHERE person_id = $1",
      [principal.person.id],
    );
    expect(await send(projectsRoute, { token: principal.token })).toMatchObject({
      status: 401,
      json: { error: { code: "session-expired" } },
    });
  });

  it("answers 404 for an organization that is not theirs, the same as for one that does not exist, and records who tried", async () => {
    const stranger = await makePerson();
    const foreign = await send(projectsRoute, { token: stranger.token, path: "/api/o/theirs/projects" });
    const missing = await send(projectsRoute, { token: stranger.token, org: "no-such-organization" });
    expect(foreign.status).toBe(404);
    const { requestId: _a, ...one } = foreign.json.error;
    const { requestId: _b, ...two } = missing.json.error;
    expect(one).toEqual(two);
    const entry = await lastSystemEntry();
    expect(entry).toMatchObject({
      action: "request:refuse",
      outcome: "refused",
      actor_id: stranger.id,
      request_id: missing.json.error.requestId,
    });
    // The organization that was asked for learns nothing, and its trail can't be filled by strangers.
    expect((await lastEntry())?.action).not.toBe("request:refuse");
  });

  it("answers 403 for their own organization without the permission, and records it there", async () => {
    const assessor = await makePrincipal(organization, "assessor");
    const answer = await send(createProjectRoute, {
      method: "POST",
      token: assessor.token,
      body: '{"slug":"x","name":"X"}',
    });
    expect(answer).toMatchObject({ status: 403, json: { error: { code: "forbidden" } } });
    expect(await lastEntry()).toMatchObject({
      action: "request:refuse",
      outcome: "refused",
      actor_id: assessor.person.id,
      origin: "192.0.2.55",
      request_id: answer.json.error.requestId,
      detail: { method: "POST", code: "forbidden", permission: "project:create" },
    });
  });

  it("refuses a change that another site could have sent, before it looks at anything else", async () => {
    const owner = await makePrincipal(organization, "owner");
    const forged: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:3000.evil.example" },
      { origin: "http://localhost:3001" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of forged) {
      const answer = await send(createProjectRoute, {
        method: "POST",
        token: owner.token,
        headers,
        body: '{"slug":"forged","name":"X"}',
      });
      expect(answer.status, JSON.stringify(headers)).toBe(403);
    }
    const bare = await send(createProjectRoute, {
      method: "POST",
      token: owner.token,
      headers: { "content-type": "text/plain" },
      body: '{"slug":"forged","name":"X"}',
    });
    expect(bare.status).toBe(415);
    expect(await database.asSuperuser("SELECT 1 FROM project WHERE slug = 'forged'")).toEqual([]);
  });

  it("names each field at fault, never its value, and changes nothing", async () => {
    const owner = await makePrincipal(organization, "owner");
    const answer = await send(createProjectRoute, {
      method: "POST",
      token: owner.token,
      body: JSON.stringify({ slug: "NOT A SLUG 4111111111111111", name: "" }),
    });
    expect(answer).toMatchObject({
      status: 400,
      json: { error: { code: "invalid-input", details: [{ where: "body.slug" }, { where: "body.name" }] } },
    });
    expect(JSON.stringify(answer.json)).not.toContain("4111111111111111");
    expect((await send(createProjectRoute, { method: "POST", token: owner.token, body: "{not json" })).status).toBe(
      400,
    );
    expect(
      (await send(createProjectRoute, { method: "POST", token: owner.token, body: new Uint8Array([0xff, 0xfe]) }))
        .status,
    ).toBe(400);
  });

  it("stops reading a body that is too large, also when it does not say so, and long before its end", async () => {
    const owner = await makePrincipal(organization, "owner");
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    expect(await send(createProjectRoute, { method: "POST", token: owner.token, body: endless })).toMatchObject({
      status: 413,
      json: { error: { code: "too-large" } },
    });
    expect(sent).toBeLessThan(1_000_000);
    const announced = await send(createProjectRoute, {
      method: "POST",
      token: owner.token,
      headers: { "content-length": "2147483648" },
      body: "{}",
    });
    expect(announced.status).toBe(413);
  });

  it("lets out only what its response names", async () => {
    const owner = await makePrincipal(organization, "owner");
    const handler = route({
      permission: "project:read",
      response: z.object({ name: z.string(), inner: z.object({ ok: z.boolean() }) }),
      handler: async () =>
        ({ name: "x", secret: "leaked", inner: { ok: true, secret: "leaked" } }) as {
          name: string;
          inner: { ok: boolean };
        },
    });
    expect((await send(handler, { token: owner.token })).json).toEqual({ name: "x", inner: { ok: true } });
  });

  it("tells nothing about the inside when something breaks, and keeps a refusal a refusal", async () => {
    const owner = await makePrincipal(organization, "owner");
    const broken = route({
      permission: "project:read",
      response: z.object({}),
      handler: () => Promise.reject(new Error("password=hunter2 at db.internal")),
    });
    const answer = await send(broken, { token: owner.token });
    expect(answer).toMatchObject({ status: 500, json: { error: { code: "internal" } } });
    expect(JSON.stringify(answer.json)).not.toMatch(/hunter2|db\.internal|Error/);
    const refusing = route({
      permission: "project:read",
      response: z.object({}),
      handler: () => Promise.reject(new RingfenceError("conflict", "Taken.")),
    });
    expect((await send(refusing, { token: owner.token })).status).toBe(409);
  });

  it("is never stored by a browser or a proxy, and carries the reference that the error names", async () => {
    const owner = await makePrincipal(organization, "owner");
    for (const answer of [await send(projectsRoute, { token: owner.token }), await send(projectsRoute)]) {
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("asks for a fresh sign-in where it says so", async () => {
    const owner = await makePrincipal(organization, "owner");
    const handler = route({
      permission: "project:read",
      freshSignIn: true,
      response: z.object({}),
      handler: async () => ({}),
    });
    expect((await send(handler, { token: owner.token })).status).toBe(200);
    await database.asSuperuser(
      "UPDATE session SET authenticated_at = now() - interval '61 minutes' WHERE person_id = $1",
      [owner.person.id],
    );
    expect(await send(handler, { token: owner.token })).toMatchObject({
      status: 403,
      json: { error: { code: "fresh-sign-in-required" } },
    });
  });
});

describe("limits", () => {
  it("count over all processes together, say when to come back, and are recorded once per window", async () => {
    const person = await makePerson();
    const headers = { "x-ringfence-origin": "198.51.100.9" };
    const { requests } = RATE_LIMITS.invitation;
    const statuses: number[] = [];
    let last: Awaited<ReturnType<typeof send>> | null = null;
    const before =
      (
        await database.asSuperuser<{ n: number }>(
          "SELECT count(*)::int AS n FROM system_audit_entry WHERE detail->>'code' = 'rate-limited'",
        )
      )[0]?.n ?? 0;
    for (let index = 0; index < requests * 2 + 2; index++) {
      last = await send(acceptRoute, { method: "POST", token: person.token, headers, body: '{"token":"rfi_wrong"}' });
      statuses.push(last.status);
    }
    // The window may turn once in between, never more often.
    expect(statuses.filter((status) => status === 410).length).toBeLessThanOrEqual(requests * 2);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    if (last?.status === 429) expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    const after =
      (
        await database.asSuperuser<{ n: number }>(
          "SELECT count(*)::int AS n FROM system_audit_entry WHERE detail->>'code' = 'rate-limited'",
        )
      )[0]?.n ?? 0;
    expect(after - before).toBeGreaterThan(0);
    expect(after - before).toBeLessThanOrEqual(2);
  });

  it("refuse when they can't count", async () => {
    const owner = await makePrincipal(organization, "owner");
    await database.asSuperuser("REVOKE INSERT ON rate_limit FROM ringfence_web");
    try {
      expect(await send(projectsRoute, { token: owner.token })).toMatchObject({
        status: 503,
        json: { error: { code: "unavailable" } },
      });
    } finally {
      await database.asSuperuser("GRANT INSERT ON rate_limit TO ringfence_web");
    }
  });
});

describe("the session's addresses", () => {
  it("prolong it by a gesture and by nothing else", async () => {
    const person = await makePerson();
    const deadline = async () =>
      (
        await database.asSuperuser<{ at: Date }>("SELECT idle_expires_at AS at FROM session WHERE person_id = $1", [
          person.id,
        ])
      )[0]?.at.getTime() ?? 0;
    await database.asSuperuser(
      "UPDATE session SET idle_expires_at = now() + interval '5 minutes' WHERE person_id = $1",
      [person.id],
    );
    const before = await deadline();
    expect((await send(sessionGet, { token: person.token })).status).toBe(200);
    expect(await deadline()).toBe(before);
    expect((await send(gestureRoute, { method: "POST", token: person.token })).status).toBe(200);
    expect(await deadline()).toBeGreaterThan(before + 9 * 60_000);
    expect(
      (await send(gestureRoute, { method: "POST", token: person.token, headers: { origin: "https://evil.example" } }))
        .status,
    ).toBe(403);
  });
});
