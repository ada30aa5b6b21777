import { describe, expect, it } from "vitest";
import { EnvironmentError, type EnvironmentSource, readMigrationEnvironment, readWebEnvironment } from "./env";

const GOOD: EnvironmentSource = {
  DATABASE_URL: "postgresql://ringfence_web:a@db.example:5432/ringfence",
  RINGFENCE_INGEST_DATABASE_URL: "postgresql://ringfence_ingest:b@db.example:5432/ringfence",
  RINGFENCE_SESSION_SECRET: "0123456789abcdef0123456789abcdef",
  RINGFENCE_URL: "https://ringfence.example.com",
  RINGFENCE_OIDC_ISSUER: "https://login.example.com/tenant/v2.0",
  RINGFENCE_OIDC_CLIENT_ID: "ringfence",
  RINGFENCE_OIDC_CLIENT_SECRET: "s3cret-of-the-client",
  RINGFENCE_AGENT_IMAGE: "registry.example.com/ringfence/agent:0.1.0",
};

function faults(changes: Record<string, string | undefined>): EnvironmentError {
  try {
    readWebEnvironment({ ...GOOD, ...changes });
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("the environment", () => {
  it("is taken when everything is there", () => {
    expect(readWebEnvironment(GOOD)).toMatchObject({
      origin: "https://ringfence.example.com",
      isLocal: false,
      proxyHops: 0,
      oidc: { issuer: "https://login.example.com/tenant/v2.0", idTokenAlg: null },
    });
  });

  it("names every missing setting at once", () => {
    const error = (() => {
      try {
        return readWebEnvironment({});
      } catch (thrown) {
        return thrown as EnvironmentError;
      }
    })() as EnvironmentError;
    expect([...error.settings].sort()).toEqual(Object.keys(GOOD).sort());
    for (const setting of Object.keys(GOOD)) expect(error.message).toContain(setting);
  });

  for (const setting of Object.keys(GOOD)) {
    it(`names ${setting} alone when it is missing or empty`, () => {
      expect(faults({ [setting]: undefined }).settings).toEqual([setting]);
      expect(faults({ [setting]: "" }).settings).toEqual([setting]);
    });
  }

  it("refuses plain http, except for this machine", () => {
    expect(faults({ RINGFENCE_URL: "http://ringfence.example.com" }).message).toContain("plain http");
    expect(faults({ RINGFENCE_OIDC_ISSUER: "http://login.example.com" }).message).toContain("plain http");
    expect(faults({ RINGFENCE_URL: "http://localhost.evil.example" }).settings).toEqual(["RINGFENCE_URL"]);
    for (const url of ["http://localhost:3000", "http://127.0.0.1:3000"])
      expect(readWebEnvironment({ ...GOOD, RINGFENCE_URL: url }).isLocal).toBe(true);
  });

  it("refuses a short secret, an address with a path and one role for two purposes", () => {
    expect(faults({ RINGFENCE_SESSION_SECRET: "short" }).settings).toEqual(["RINGFENCE_SESSION_SECRET"]);
    expect(faults({ RINGFENCE_URL: "https://example.com/ringfence" }).settings).toEqual(["RINGFENCE_URL"]);
    expect(faults({ RINGFENCE_INGEST_DATABASE_URL: GOOD.DATABASE_URL }).settings).toEqual([
      "RINGFENCE_INGEST_DATABASE_URL",
    ]);
  });

  it("never repeats a value in its message", () => {
    const error = faults({
      RINGFENCE_SESSION_SECRET: "hunter2",
      DATABASE_URL: "mysql://root:hunter2@db",
      RINGFENCE_URL: "ftp://hunter2",
    });
    expect(error.settings).toHaveLength(3);
    expect(error.message).not.toContain("hunter2");
  });

  it("has no setting that could switch on the demo or a local issuer", () => {
    const switches = { RINGFENCE_DEMO: "1", DEMO: "true", RINGFENCE_LOCAL_ISSUER: "1", NODE_ENV: "development" };
    expect(readWebEnvironment({ ...GOOD, ...switches })).toEqual(readWebEnvironment(GOOD));
    expect(faults({ ...switches, RINGFENCE_OIDC_ISSUER: undefined }).settings).toEqual(["RINGFENCE_OIDC_ISSUER"]);
  });

  it("takes the roles' passwords for migrations from their own addresses", () => {
    expect(
      readMigrationEnvironment({
        ...GOOD,
        RINGFENCE_MIGRATION_DATABASE_URL: "postgresql://postgres:x@db.example/ringfence",
      }),
    ).toEqual({
      url: "postgresql://postgres:x@db.example/ringfence",
      passwords: { web: "a", ingest: "b" },
    });
    expect(() => readMigrationEnvironment({})).toThrow(/RINGFENCE_MIGRATION_DATABASE_URL/);
  });
});
