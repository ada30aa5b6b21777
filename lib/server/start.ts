/**
 * `npm start`: the production server. It starts only if every setting is there, the database's roles are bound by row-level
 * security and every migration is applied; each refusal says what to do. The demo, its people and its local issuer are other
 * programs: nothing that this one imports leads there, and a test shows it.
 */
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import pg from "pg";
import { clientAddress } from "./client-address";
import { registerCatalog } from "./catalog";
import { assertSafeRole, openDatabase } from "./db/client";
import { listMissingMigrations } from "./db/migrate";
import { readListener, readWebEnvironment, type WebEnvironment } from "./env";

/** Headers that only this server may set; a client's are dropped. The last would let a request pass by proxy.ts. */
const OURS = ["x-ringfence-origin", "x-ringfence-path", "x-request-id", "x-nonce", "x-middleware-subrequest"];

async function main(): Promise<void> {
  const environment = readWebEnvironment(process.env);
  const { host, port } = readListener(process.env, environment);
  await checkDatabases(environment);
  const catalog = await registerCatalog("web");
  if (!existsSync(join(process.cwd(), ".next/BUILD_ID")))
    throw new Error("There is no build. Run `npm run build` first.");

  // React and Next choose their production build at import.
  Object.assign(process.env, { NODE_ENV: "production" });
  const { default: next } = await import("next");
  const app = next({ dev: false, dir: process.cwd(), hostname: host, port });
  await app.prepare();
  const handle = app.getRequestHandler();
  const server = createServer((request, response) => {
    prepare(request, environment.proxyHops);
    // Answered before the body has ended (it was refused): nobody reads the rest, so it is not waited for.
    response.once("finish", () => {
      if (!request.complete) setTimeout(() => request.socket.destroy(), 1000).unref();
    });
    handle(request, response).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  // A client that sends its header or its body drop by drop holds nothing for long.
  server.headersTimeout = 20_000;
  server.requestTimeout = 300_000;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((listening, fail) => {
    server.once("error", fail);
    server.listen(port, host, listening);
  });
  process.stdout.write(
    `Ringfence is ready: ${environment.origin} (listening on ${host}:${port}, catalogue ${catalog})\n`,
  );

  const stop = () => {
    // Requests that are under way end; new ones find the door closed.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 10_000).unref();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function prepare(request: IncomingMessage, proxyHops: number): void {
  const address = clientAddress(request.socket.remoteAddress, request.headers["x-forwarded-for"], proxyHops);
  for (const name of OURS) delete request.headers[name];
  if (address !== null) request.headers["x-ringfence-origin"] = address;
}

async function checkDatabases(environment: WebEnvironment): Promise<void> {
  const client = new pg.Client({ connectionString: environment.databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const missing = await listMissingMigrations(client);
    if (missing.length > 0) throw new Error(`The database lacks ${missing.join(", ")}. Run \`npm run migrate\` first.`);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    throw new Error(`The database of DATABASE_URL can't be used: ${(error as Error).message || code}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
  for (const [role, url] of [
    ["web", environment.databaseUrl],
    ["ingest", environment.ingestDatabaseUrl],
  ] as const) {
    const database = openDatabase(url, { maxConnections: 1 });
    try {
      await assertSafeRole(database, role);
    } finally {
      await database.$disconnect();
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
