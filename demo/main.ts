/** The command line of `npm run demo`. demo/run.mjs has installed the dependencies before this is loaded. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEMO_CLUSTERS, SPARE_CLUSTER } from "./clusters";
import { PEOPLE } from "./oidc/people";
import { type RunningStack, startStack } from "./stack";
import { DemoProblem } from "./state";

const HELP = `npm run demo [-- --port N] [--reset]

Starts Ringfence on this machine with PostgreSQL, a local issuer, four simulated clusters and an agent for each.

  --port N   port of the web server (default: 3000, or a free one)
  --reset    removes what earlier starts made and starts over
  --help     this text

Ctrl-C stops everything. What was scanned is kept for the next start.`;

const root = join(import.meta.dirname, "..");
const folder = join(root, ".ringfence/demo");

function readOptions(): { port?: number; reset: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string" },
        reset: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    if (values.port === undefined) return { reset: values.reset };
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1024 || port > 65535)
      throw new Error("--port wants a number from 1024 to 65535");
    return { port, reset: values.reset };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Says how far each cluster is, whenever that changes, until all have their first result. */
async function followScans(stack: RunningStack, isStopping: () => boolean): Promise<void> {
  const shown = new Map<string, string>();
  const start = Date.now();
  while (!isStopping()) {
    const progress = await stack.progress().catch(() => []);
    for (const { cluster, state } of progress) {
      if (shown.get(cluster) === state) continue;
      shown.set(cluster, state);
      console.log(
        `  ${cluster.padEnd(18)} ${state === "done" ? `scanned (${((Date.now() - start) / 1000).toFixed(0)} s)` : state}`,
      );
    }
    if (progress.length > 0 && progress.every(({ state }) => state === "done" || state === "failed")) return;
    await new Promise((next) => setTimeout(next, 400));
  }
}

const options = readOptions();
let stack: RunningStack | undefined;
let isStopping = false;
let starting: Promise<RunningStack> | undefined;
const interruption = new AbortController();

async function stop(code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  console.log("\nStopping…");
  interruption.abort();
  await (stack ?? (await starting?.catch(() => undefined)))?.stop();
  console.log("Stopped. Start again with: npm run demo");
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));

const began = Date.now();
console.log("Ringfence demo: everything runs on this machine, with invented people and clusters.\n");
try {
  starting = startStack({
    folder,
    ...options,
    signal: interruption.signal,
    report: (line) => console.log(`✓ ${line}`),
    onUnexpectedEnd: (reason) => {
      console.error(`\n${reason}`);
      if (stack) void stop(1);
    },
  });
  stack = await starting;
} catch (error) {
  if (!isStopping) {
    console.error(
      `\n${error instanceof DemoProblem ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    if (!(error instanceof DemoProblem))
      console.error(`\nLogs: ${join(folder, "logs")}. To start over: npm run demo -- --reset`);
    process.exit(1);
  }
}
if (stack && !isStopping) {
  console.log(`
  Open  ${stack.url}   (ready after ${((Date.now() - began) / 1000).toFixed(0)} s)

  Sign in as
${PEOPLE.map((person) => `    ${person.name.padEnd(18)} ${person.title}`).join("\n")}
  No password: the local issuer asks only who you are.

  kubectl --kubeconfig .ringfence/demo/clusters/${DEMO_CLUSTERS[0]!.name}/kubeconfig get pods -A
  To register one more cluster by yourself: export KUBECONFIG=.ringfence/demo/clusters/${SPARE_CLUSTER.name}/kubeconfig
  Logs in .ringfence/demo/logs. Ctrl-C stops everything.
`);
  await followScans(stack, () => isStopping);
  if (!isStopping) console.log("\nAll clusters are scanned. Their agents keep watching.");
}
