/**
 * The world of the browser tests, as a program: the whole stack of the demo in a folder of its own, on free ports, and one more
 * simulated cluster that nobody has registered yet. Prints one JSON line when every cluster has its first result, and stops when its
 * standard input closes, so that it can't outlive whoever started it.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AGENT_BUNDLE } from "@/demo/build";
import { DEMO_CLUSTERS } from "@/demo/clusters";
import { agentProgram } from "@/demo/kubernetes/agent-program";
import { Simulator } from "@/demo/kubernetes/simulator";
import { freePort } from "@/demo/postgres";
import { startStack } from "@/demo/stack";

export interface World {
  url: string;
  /** Kubeconfig files of simulated clusters that nobody has registered, one for each browser test that registers one. */
  spares: { name: string; kubeconfig: string }[];
  databaseUrl: string;
}

const SPARES = ["spare-eu", "spare-us"];
const DEADLINE_MS = 240_000;

const folder = mkdtempSync(path.join(tmpdir(), "ringfence-e2e-"));
// The system user that runs PostgreSQL has to pass the folder.
chmodSync(folder, 0o755);
const spares: Simulator[] = [];
const stack = await startStack({
  folder: path.join(folder, "stack"),
  port: await freePort(),
  report: (line) => console.error(`  ${line}`),
  onUnexpectedEnd: (reason) => console.error(`  ${reason}`),
});

let isStopping = false;
async function stop(code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await Promise.all(spares.map((spare) => spare.stop()));
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
process.stdin.resume();
process.stdin.on("end", () => void stop(0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(0));

const template = DEMO_CLUSTERS.find(({ name }) => name === "development");
if (template === undefined) throw new Error("the demo has no cluster development any more");
const world: World = { url: stack.url, spares: [], databaseUrl: stack.databaseUrl };
for (const name of SPARES) {
  const dataFolder = path.join(folder, name);
  mkdirSync(dataFolder);
  const logFile = path.join(folder, `${name}.log`);
  const spare = await Simulator.start({
    name,
    folders: template.folders,
    dataFolder,
    programs: [agentProgram(AGENT_BUNDLE)],
    port: 0,
    logFile,
  });
  spares.push(spare);
  const kubeconfig = path.join(dataFolder, "kubeconfig");
  writeFileSync(kubeconfig, spare.kubeconfig(), { mode: 0o600 });
  world.spares.push({ name, kubeconfig });
}

const deadline = Date.now() + DEADLINE_MS;
for (;;) {
  const progress = await stack.progress();
  if (progress.every(({ state }) => state === "done")) break;
  if (Date.now() > deadline || progress.some(({ state }) => state === "failed")) {
    console.error(`the clusters did not get their first results: ${JSON.stringify(progress)}`);
    await stop(1);
  }
  await new Promise((next) => setTimeout(next, 250));
}
console.log(JSON.stringify(world));
