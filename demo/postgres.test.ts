import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningPostgres, startPostgres } from "./postgres";

let folder: string;
let running: RunningPostgres[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-postgres-test-"));
  chmodSync(folder, 0o755);
  running = [];
});
afterEach(async () => {
  for (const postgres of running) {
    await postgres.stop();
    rmSync(postgres.folder, { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  options: Parameters<typeof startPostgres>[1] = {},
  home = join(folder, "files"),
): Promise<RunningPostgres> {
  const postgres = await startPostgres(home, { durable: false, ...options });
  running.push(postgres);
  return postgres;
}

async function query(postgres: RunningPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: postgres.superuserUrl() });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe("the embedded PostgreSQL", () => {
  it("keeps its data from one start to the next", async () => {
    const first = await start();
    await query(first, "CREATE TABLE kept (n int)");
    await first.stop();
    const second = await start();
    expect(await query(second, "SELECT count(*)::int AS n FROM kept")).toEqual([{ n: 0 }]);
  });

  it("stops the server that a killed program left over the same folder, and loses nothing", async () => {
    const abandoned = await start();
    await query(abandoned, "CREATE TABLE kept (n int)");
    const next = await start();
    expect(next.pid).not.toBe(abandoned.pid);
    expect(await query(next, "SELECT count(*)::int AS n FROM kept")).toEqual([{ n: 0 }]);
  });

  it("begins again after a first start that was cut off", async () => {
    const first = await start();
    await first.stop();
    rmSync(join(first.folder, "data", "PG_VERSION"));
    const second = await start();
    expect(await query(second, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  });

  it("names the port that another program uses", async () => {
    // It accepts connections, and never says a word.
    const taken = createServer((socket) => socket.on("error", () => undefined).resume());
    const port = await new Promise<number>((done) =>
      taken.listen(0, "127.0.0.1", () => done((taken.address() as { port: number }).port)),
    );
    await expect(start({ port })).rejects.toThrow(`port ${port} is used by another program`);
    await new Promise((done) => taken.close(done));
  });

  it("runs twice beside itself", async () => {
    const [one, two] = [await start(), await start({}, join(folder, "others"))];
    expect(one.port).not.toBe(two.port);
    expect(await query(two, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  });

  it("can't be entered without its password", async () => {
    const postgres = await start();
    const url = new URL(postgres.superuserUrl());
    url.password = "postgres";
    const client = new pg.Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toThrow(/password authentication failed/);
  });

  it("runs from a folder that its user can't reach, in one that it can", async () => {
    const closed = join(folder, "closed");
    rmSync(closed, { recursive: true, force: true });
    const postgres = await start({}, join(closed, "deep", "files")).catch((error: unknown) => error as Error);
    if (postgres instanceof Error) throw postgres;
    await postgres.stop();
    chmodSync(closed, 0o700);
    const again = await start({}, join(closed, "deep", "files"));
    expect(await query(again, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
    expect(existsSync(join(again.folder, "data", "PG_VERSION"))).toBe(true);
    expect(readFileSync(join(again.folder, "superuser-password"), "utf8").trim().length).toBeGreaterThan(20);
  });
});
