import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { processStart } from "../process-table";
import type { Program } from "./program";
import { Simulator, type SimulatorOptions } from "./simulator";
import { ask, simulatorOf } from "./testing/client";

const WORLD = `
apiVersion: v1
kind: Node
metadata: { name: worker-1 }
status: { addresses: [{ type: InternalIP, address: 10.0.0.1 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: default }
stringData: { word: first }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: echo, namespace: default }
spec:
  selector: { matchLabels: { app: echo } }
  template:
    metadata: { labels: { app: echo } }
    spec:
      containers:
        - name: echo
          image: example/echo:1
          args: ["--word=/var/run/key/word"]
          env:
            - { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: WORD, valueFrom: { secretKeyRef: { name: key, key: word } } }
          volumeMounts: [{ name: key, mountPath: /var/run/key }]
      volumes: [{ name: key, secret: { secretName: key } }]
`;

/** Prints what a container would see, then the word whenever its file changes. */
const SCRIPT = `
import { readFileSync } from "node:fs";
const file = process.argv[2].slice("--word=".length);
const folder = process.env.ACCOUNT;
console.log(JSON.stringify({ pod: process.env.POD, word: process.env.WORD, host: process.env.KUBERNETES_SERVICE_HOST, port: process.env.KUBERNETES_SERVICE_PORT, leaked: process.env.LEAK ?? null, namespace: readFileSync(folder + "/namespace", "utf8"), token: readFileSync(folder + "/token", "utf8"), ca: readFileSync(folder + "/ca.crt", "utf8") }));
let last = "";
setInterval(() => { const word = readFileSync(file, "utf8"); if (word !== last) console.log("word " + (last = word)); if (word === "die") process.exit(3); }, 10);
`;

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

function echoProgram(): Program {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-program-test-"));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "echo.mjs"), SCRIPT);
  return {
    runs: (image) => image.startsWith("example/echo:"),
    command: [process.execPath, join(folder, "echo.mjs")],
    environment: (mounted) => ({ ACCOUNT: mounted("/var/run/secrets/kubernetes.io/serviceaccount") }),
  };
}

async function world(
  options: Partial<SimulatorOptions> = {},
): Promise<{ simulator: Simulator; pids: Map<number, boolean> }> {
  const pids = new Map<number, boolean>();
  const { simulator, stop } = await simulatorOf(WORLD, {
    programs: [echoProgram()],
    onProcess: (pid, isRunning) => pids.set(pid, isRunning),
    ...options,
  });
  cleanUp.push(stop);
  return { simulator, pids };
}

interface PodList {
  items: {
    metadata: { name: string };
    status: { phase: string; containerStatuses: { restartCount: number; ready: boolean }[] };
  }[];
}
const podsOf = async (simulator: Simulator) =>
  ((await ask(simulator, "/api/v1/namespaces/default/pods")).body as PodList).items;
const logOf = async (simulator: Simulator) => {
  const [pod] = await podsOf(simulator);
  return pod ? (await ask(simulator, `/api/v1/namespaces/default/pods/${pod.metadata.name}/log`)).text : "";
};
const setWord = (simulator: Simulator, word: string) =>
  ask(simulator, "/api/v1/namespaces/default/secrets/key", {
    method: "PATCH",
    type: "application/merge-patch+json",
    body: { stringData: { word } },
  });

describe("a pod that a program stands for", () => {
  it("runs with its environment, its mounted files and its service account, and nothing of ours", async () => {
    process.env.LEAK = "must not be seen";
    const { simulator } = await world();
    delete process.env.LEAK;
    await expect.poll(() => logOf(simulator), { timeout: 10_000 }).toContain("word first");
    const [pod] = await podsOf(simulator);
    expect(pod!.status).toMatchObject({ phase: "Running", containerStatuses: [{ ready: true, restartCount: 0 }] });
    const seen = JSON.parse((await logOf(simulator)).split("\n")[0]!) as Record<string, string>;
    expect(seen).toMatchObject({
      pod: pod!.metadata.name,
      word: "first",
      host: "127.0.0.1",
      port: String(simulator.port),
      leaked: null,
      namespace: "default",
    });
    expect(seen.ca).toBe(simulator.caPem);
    const account = await ask(simulator, "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      method: "POST",
      body: {},
      token: seen.token!,
    });
    expect(account.body).toMatchObject({ status: { userInfo: { username: "system:serviceaccount:default:default" } } });
  });

  it("sees a patched Secret in its mounted file", async () => {
    const { simulator } = await world();
    await expect.poll(() => logOf(simulator), { timeout: 10_000 }).toContain("word first");
    await setWord(simulator, "second");
    await expect.poll(() => logOf(simulator), { timeout: 10_000 }).toContain("word second");
  });

  it("is started again when it ends by itself, and is gone with its Deployment", async () => {
    const { simulator, pids } = await world();
    await expect.poll(() => logOf(simulator), { timeout: 10_000 }).toContain("word first");
    await setWord(simulator, "die");
    await expect
      .poll(async () => (await podsOf(simulator))[0]?.status.containerStatuses[0]?.restartCount, { timeout: 10_000 })
      .toBe(1);
    await setWord(simulator, "third");
    await expect.poll(() => logOf(simulator), { timeout: 15_000 }).toContain("word third");
    await ask(simulator, "/apis/apps/v1/namespaces/default/deployments/echo", { method: "DELETE" });
    await expect.poll(() => podsOf(simulator), { timeout: 10_000 }).toEqual([]);
    await expect
      .poll(() => [...pids.keys()].filter((pid) => processStart(pid) !== null), { timeout: 10_000 })
      .toEqual([]);
  });

  it("ends with the simulator, and finds its changed Secret again at the next start", async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), "ringfence-overlay-test-"));
    cleanUp.push(() => rmSync(dataFolder, { recursive: true, force: true }));
    const first = await world({ dataFolder });
    await expect.poll(() => logOf(first.simulator), { timeout: 10_000 }).toContain("word first");
    await setWord(first.simulator, "kept");
    const authority = first.simulator.caPem;
    await first.simulator.stop();
    expect([...first.pids.keys()].filter((pid) => processStart(pid) !== null)).toEqual([]);
    cleanUp.splice(cleanUp.length - 1);
    const second = await world({ dataFolder });
    expect(second.simulator.caPem).toBe(authority);
    await expect.poll(() => logOf(second.simulator), { timeout: 10_000 }).toContain("word kept");
  });
});
