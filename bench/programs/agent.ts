/**
 * P11: what the shipped agent costs. The bundle runs as a process with the image's own flags, reads a generated cluster from an API
 * in this process, and hands it in to a server in this process. argv: pods, then flags of the agent
 *
 * Peak memory is the kernel's (VmHWM), CPU time is the agent's own, bytes are counted where they arrive. JSON is what the API sent.
 */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AgentWorld, bundleAgent, temporaryDirectory, until } from "@/agent/testing/agent-process";
import { startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { WireServer } from "@/agent/testing/wire-server";
import { SECTIONS } from "@/lib/inventory/sections";
import { generateCluster } from "../generate";
import { processorOf } from "../processor";
import { SEED } from "../row";

const DEADLINE_MS = 300_000;
const [podsText = "", ...agentFlags] = process.argv.slice(2);
const root = process.cwd();
const pods = Number(podsText);

/** Flags of deploy/images/agent.Dockerfile. */
function imageFlags(): string[] {
  const text = readFileSync(path.join(root, "deploy/images/agent.Dockerfile"), "utf8");
  const entry = /^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? "[]";
  return (JSON.parse(entry) as string[]).slice(1, -1);
}

const stub = await startKubernetesStub();
const server = new WireServer();
await server.start();
const directory = await temporaryDirectory();
try {
  let [jsonBytes, objects] = [0, 0];
  for (const { section, object } of generateCluster({ pods, seed: SEED })) {
    const source = SECTIONS.find(({ name }) => name === section)?.sources[0];
    if (source === undefined) continue;
    const at = `${source.group === "" ? "/api" : `/apis/${source.group}`}/${source.version}/${source.resource}`;
    const list = stub.resources.get(at) ?? [];
    stub.resources.set(at, list);
    list.push(object);
    jsonBytes += Buffer.byteLength(JSON.stringify(object));
    objects++;
  }
  const world = await AgentWorld.create(await bundleAgent(directory), stub.kubeconfig, server.issueToken());
  try {
    const agent = world.start(server.url, agentFlags, imageFlags());
    const committed = (count: number) =>
      until(
        () => {
          if (agent.child.exitCode !== null) throw new Error(`the agent ended:\n${agent.stderr}`);
          return server.commits.length === count;
        },
        () => agent.stderr,
        DEADLINE_MS,
      );
    await committed(1);
    const cpuSeconds = processorOf(agent.child.pid ?? 0);
    const sentBytes = server.receivedBytes;
    // The whole cluster once more, of which nothing has changed.
    server.heartbeatAnswer = { ...server.heartbeatAnswer, wantFull: true };
    await committed(2);
    const peakBytes = (await agent.peakMemoryBytes()) ?? Number.NaN;
    const result = { pods, objects, jsonBytes, sentBytes, againBytes: server.receivedBytes - sentBytes };
    console.log(
      JSON.stringify({
        cpuSeconds,
        wallSeconds: 0,
        peakMb: peakBytes / 1024 / 1024,
        result: { ...result, flags: imageFlags() },
      }),
    );
  } finally {
    await world.remove();
  }
} finally {
  await server.stop();
  await stub.close();
  await rm(directory, { recursive: true, force: true });
}
