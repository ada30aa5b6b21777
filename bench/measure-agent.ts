/**
 * P11: what the shipped agent costs. The bundle runs as a process with the image's own flags, reads a generated cluster from
 * an API in this process, and hands it in to a server in this process.
 *
 * Peak memory is the kernel's (VmHWM), CPU time is the child's own, bytes are counted where they arrive. JSON is what the API
 * sent.
 */
import { readFile, rm } from "node:fs/promises";
import { AgentWorld, bundleAgent, temporaryDirectory, until } from "@/agent/testing/agent-process";
import { startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { WireServer } from "@/agent/testing/wire-server";
import { SECTIONS } from "@/lib/inventory/sections";
import { generateCluster } from "./generate";

export interface AgentMeasurement {
  pods: number;
  peakBytes: number;
  cpuSecondsPer1000Pods: number;
  /** JSON of the API's answers, and bytes sent to the server for the whole snapshot. */
  jsonBytes: number;
  sentBytes: number;
  /** A second scan of the unchanged cluster. */
  againSentBytes: number;
  collectSeconds: number;
}

/** Flags of deploy/images/agent.Dockerfile. */
async function imageFlags(): Promise<string[]> {
  const text = await readFile(new URL("../deploy/images/agent.Dockerfile", import.meta.url), "utf8");
  const entry = /^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? "[]";
  return (JSON.parse(entry) as string[]).slice(1, -1);
}

export async function measureAgent(options: { pods: number; seed: number }): Promise<AgentMeasurement> {
  const stub = await startKubernetesStub();
  const server = new WireServer();
  await server.start();
  const directory = await temporaryDirectory();
  try {
    let jsonBytes = 0;
    for (const { section, object } of generateCluster(options)) {
      const source = SECTIONS.find(({ name }) => name === section)?.sources[0];
      if (source === undefined) continue;
      const path = `${source.group === "" ? "/api" : `/apis/${source.group}`}/${source.version}/${source.resource}`;
      const list = stub.resources.get(path) ?? [];
      stub.resources.set(path, list);
      list.push(object);
      jsonBytes += JSON.stringify(object).length;
    }
    const world = await AgentWorld.create(await bundleAgent(directory), stub.kubeconfig, server.issueToken());
    try {
      const agent = world.start(server.url, [], await imageFlags());
      await until(
        () => server.commits.length === 1,
        () => agent.stderr,
        300_000,
      );
      const peakBytes = (await agent.peakMemoryBytes()) ?? 0;
      const cpuSeconds = await cpuSecondsOf(agent.child.pid ?? 0);
      const sentBytes = server.receivedBytes;
      server.heartbeatAnswer = { intervalSeconds: 3600, paused: false, wantFull: true };
      await until(
        () => server.commits.length === 2,
        () => agent.stderr,
        300_000,
      );
      const peakAgain = (await agent.peakMemoryBytes()) ?? 0;
      const seconds = /"message":"snapshot collected","seconds":([0-9.]+)/.exec(agent.stderr)?.[1];
      return {
        pods: options.pods,
        peakBytes: Math.max(peakBytes, peakAgain),
        cpuSecondsPer1000Pods: (cpuSeconds / options.pods) * 1000,
        jsonBytes,
        sentBytes,
        againSentBytes: server.receivedBytes - sentBytes,
        collectSeconds: Number(seconds),
      };
    } finally {
      await world.remove();
    }
  } finally {
    await server.stop();
    await stub.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** User and system time of a process in seconds (Linux counts in hundredths). */
async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
