/**
 * One simulated cluster as a process of its own.
 *
 *   tsx demo/kubernetes/main.ts --folder DIR [--folder DIR…] [--name NAME] [--port 0] [--data DIR] [--agent-bundle FILE]
 *                               [--version vX.Y.Z] [--kubeconfig FILE]
 *
 * Prints one line of JSON when it answers: {"name", "url", "kubeconfig"}.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { agentProgram } from "./agent-program";
import { Simulator } from "./simulator";

const { values } = parseArgs({
  options: {
    folder: { type: "string", multiple: true },
    name: { type: "string" },
    port: { type: "string", default: "0" },
    data: { type: "string" },
    version: { type: "string" },
    kubeconfig: { type: "string" },
    "agent-bundle": { type: "string" },
  },
});
const folders = values.folder ?? [];
if (folders.length === 0) {
  console.error(
    "usage: main.ts --folder DIR [--name NAME] [--port 0] [--data DIR] [--agent-bundle FILE] [--version vX.Y.Z] [--kubeconfig FILE]",
  );
  process.exit(2);
}
const simulator = await Simulator.start({
  name: values.name ?? basename(resolve(folders[0]!)),
  folders,
  port: Number(values.port),
  programs: values["agent-bundle"] ? [agentProgram(resolve(values["agent-bundle"]))] : [],
  log: (line) => console.error(line),
  ...(values.data ? { dataFolder: resolve(values.data) } : {}),
  ...(values.version ? { gitVersion: values.version } : {}),
});
const kubeconfig = resolve(
  values.kubeconfig ?? (values.data ? `${values.data}/kubeconfig` : `.ringfence/kubeconfig-${simulator.cluster.name}`),
);
mkdirSync(dirname(kubeconfig), { recursive: true });
writeFileSync(kubeconfig, simulator.kubeconfig(), { mode: 0o600 });
console.log(JSON.stringify({ name: simulator.cluster.name, url: simulator.url, kubeconfig }));

let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    void simulator.stop().then(() => process.exit(0));
  });
}
// A parent that dies without a word takes its simulator along: the pipe on standard input closes with it.
if (process.env.RINGFENCE_DEMO_PARENT === "1") {
  process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
}
