/**
 * The agent on a simulated cluster: over TLS with a client certificate, and installed into it from deploy/agent, where the
 * cluster's own RBAC decides what it may read.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POD_TEMPLATES, SnapshotDecoder } from "@/lib/inventory/encoding";
import { SECTIONS } from "@/lib/inventory/sections";
import { collectSnapshot } from "./collect-snapshot";
import { AgentWorld, bundleAgent, temporaryDirectory, until } from "./testing/agent-process";
import { type AppliedManifest, applyAll, request } from "./testing/apply";
import { shippedManifests } from "./testing/shipped-manifests";
import { WireServer } from "./testing/wire-server";

const root = path.dirname(import.meta.dirname);
let directory: string;
let bundle: string;
let simulator: ChildProcess;
let output = "";
let config: KubeConfig;
const server = new WireServer();

beforeAll(async () => {
  directory = await temporaryDirectory();
  await server.start();
  bundle = await bundleAgent(directory);
  const folders = ["crds", "pci-prod"].flatMap((name) => ["--folder", path.join(root, "lib/fixtures/clusters", name)]);
  const kubeconfig = path.join(directory, "kubeconfig");
  const settings = ["--name", "pci-prod", "--data", path.join(directory, "cluster"), "--kubeconfig", kubeconfig];
  const all = [
    "--import",
    "tsx",
    path.join(root, "demo/kubernetes/main.ts"),
    ...folders,
    ...settings,
    "--agent-bundle",
    bundle,
  ];
  simulator = spawn(process.execPath, all, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  simulator.stdout?.on("data", (text) => (output += text));
  simulator.stderr?.on("data", (text) => (output += text));
  await until(
    () => output.includes('"url"') || simulator.exitCode !== null,
    () => output,
    60_000,
  );
  config = new KubeConfig();
  config.loadFromString(await readFile(kubeconfig, "utf8"));
});
afterAll(async () => {
  simulator.kill("SIGTERM");
  await until(() => simulator.exitCode !== null || simulator.signalCode !== null, "the simulator to end");
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

interface List {
  items: { metadata: { name: string; namespace?: string } }[];
}
const keyOf = ({ metadata }: List["items"][number]) => `${metadata.namespace ?? ""}/${metadata.name}`;

/** What the API says without pages and without us. */
async function listed(
  { group, version, resource }: { group: string; version: string; resource: string },
  namespace?: string,
): Promise<string[] | null> {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const base = namespace === undefined ? root : `${root}/namespaces/${namespace}`;
  const { status, json } = await request(config, "GET", `${base}/${resource}`);
  return status === 200 ? (json as List).items.map(keyOf).sort() : null;
}

describe("a simulated cluster", () => {
  it("is read object for object, page after page", async () => {
    const snapshot = await collectSnapshot(config, {
      collectedAt: "2026-11-21T10:00:00.000Z",
      limits: { pageSize: 7 },
      optionalSections: SECTIONS.filter(({ optional }) => optional).map(({ name }) => name),
    });
    expect(snapshot.invalid).toEqual([]);
    let objects = 0;
    for (const section of SECTIONS) {
      const source = section.sources[0];
      if (source === undefined || source.resource === "*") continue;
      const expected = await listed(source, section.onlyIn);
      const found = snapshot.sections[section.name];
      expect(found?.status, section.name).toBe(expected === null ? "unserved" : "complete");
      expect((found?.objects ?? []).map((object) => keyOf(object)).sort(), section.name).toEqual(expected ?? []);
      objects += found?.objects.length ?? 0;
    }
    expect(objects).toBeGreaterThan(100);
  });
});

interface PodObject {
  metadata: { name: string; namespace?: string; uid?: string; labels?: Record<string, string> };
  spec: Partial<Record<(typeof CONTAINER_LISTS)[number], { name: string; image?: string }[]>> & { nodeName?: string };
  status?: { phase?: string };
}
const CONTAINER_LISTS = ["initContainers", "containers", "ephemeralContainers"] as const;

/** What anybody would compare two lists of pods by, in one order. */
function pictureOf(pods: readonly PodObject[]) {
  return pods
    .map(({ metadata, spec, status }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      labels: metadata.labels ?? {},
      node: spec.nodeName,
      phase: status?.phase,
      containers: CONTAINER_LISTS.flatMap((list) =>
        (spec[list] ?? []).map(({ name, image }) => `${list} ${name} ${image}`),
      ),
    }))
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** `kubectl get pods -A -o json`; null where there is no kubectl on this machine. */
async function podsOfKubectl(): Promise<PodObject[] | null> {
  const kubeconfig = ["--kubeconfig", path.join(directory, "kubeconfig"), "--cache-dir", path.join(directory, "cache")];
  try {
    const { stdout } = await promisify(execFile)(
      "kubectl",
      [...kubeconfig, "get", "pods", "--all-namespaces", "--output", "json"],
      { maxBuffer: 256 * 1024 * 1024 },
    );
    return (JSON.parse(stdout) as { items: PodObject[] }).items;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

describe("the agent beside kubectl", () => {
  it("hands in the pods that kubectl, or a plain client where there is none, sees: object for object", async () => {
    const receiver = new WireServer();
    await receiver.start();
    const world = await AgentWorld.create(
      bundle,
      await readFile(path.join(directory, "kubeconfig"), "utf8"),
      receiver.issueToken(),
    );
    try {
      const agent = world.start(receiver.url, ["--once"]);
      expect(await agent.exited(), agent.stderr).toBe(0);
      const [commit] = receiver.commits;
      if (commit === undefined) throw new Error("nothing was handed in");
      const { manifest, collectedAt, schemaVersion } = commit.announcement;
      const decoder = new SnapshotDecoder({
        schemaVersion,
        source: "agent",
        provider: "other",
        collectedAt,
        facts: manifest.facts,
        sections: manifest.sections,
        invalid: [],
      });
      for (const section of [POD_TEMPLATES, "pods"])
        for (const line of receiver.linesOf(commit, section)) decoder.addLine(section, line, section);
      const { invalid, sections } = decoder.finish();
      expect(invalid).toEqual([]);
      const handedIn = pictureOf((sections.pods?.objects ?? []) as PodObject[]);

      const { json } = await request(config, "GET", "/api/v1/pods");
      const plain = pictureOf((json as { items: PodObject[] }).items);
      const seen = await podsOfKubectl();
      expect(plain.length).toBeGreaterThan(50);
      expect(handedIn).toEqual(plain);
      if (seen !== null) expect(handedIn).toEqual(pictureOf(seen));
      // The comparison has something to compare.
      for (const pod of plain) expect(pod.uid && pod.node && pod.phase && pod.containers.length > 0).toBeTruthy();
      expect(plain.some(({ labels }) => Object.keys(labels).length > 0)).toBe(true);
    } finally {
      await world.remove();
      await receiver.stop();
    }
  });
});

/** Only so that the test needn't wait for half a minute. */
function withQuickHeartbeats(manifest: AppliedManifest): AppliedManifest {
  if (manifest.kind !== "Deployment") return manifest;
  const copy = structuredClone(manifest) as AppliedManifest & {
    spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
  };
  copy.spec.template.spec.containers[0]?.env.push({ name: "RINGFENCE_HEARTBEAT_SECONDS", value: "1" });
  return copy;
}

describe("installed from deploy/agent", () => {
  const secret = "/api/v1/namespaces/ringfence/secrets/ringfence-agent-identity";
  const pods = async () => {
    const { json } = await request(config, "GET", "/api/v1/namespaces/ringfence/pods");
    return (json as List).items.map(({ metadata }) => metadata.name);
  };

  it("enrols, may read every kind that it collects, and keeps its key in its own Secret", async () => {
    const token = server.issueToken();
    const manifests = shippedManifests({ url: server.url, token, image: "registry.example/ringfence-agent:0.1.0" });
    await applyAll(config, manifests.map(withQuickHeartbeats));
    await until(
      () => server.commits.length > 0,
      () => `${output}\n${JSON.stringify(server.received)}`,
      60_000,
    );
    const { sections } = server.commits[0]?.announcement.manifest ?? { sections: [] };
    const unread = sections.filter(({ status }) => status !== "complete" && status !== "unserved");
    // What nobody granted is not even asked for.
    expect(unread.map(({ name, status }) => `${name}: ${status}`)).toEqual(["configmaps: not-collected"]);
    expect(sections.length).toBeGreaterThanOrEqual(SECTIONS.length);
    const { json } = await request(config, "GET", secret);
    const { data } = json as { data: Record<string, string> };
    const state = JSON.parse(Buffer.from(data["agent-state.json"] ?? "", "base64").toString("utf8"));
    expect(state.identity.clusterId).toBe(server.clusterId);
    expect(state.lastCommit).toMatch(/^[0-9a-f]{64}$/);
    expect(output).not.toContain(token);
    expect(output).not.toContain(state.privateKey);
  });

  it("goes on as the same agent in another pod", async () => {
    const enrolments = () => server.received.filter(({ path }) => path.endsWith("/enrol")).length;
    const [before = ""] = await pods();
    const heartbeats = server.heartbeats.length;
    const first = enrolments();
    await request(config, "DELETE", `/api/v1/namespaces/ringfence/pods/${before}`);
    await until(
      async () => (await pods()).some((name) => name !== before),
      () => output,
    );
    await until(
      () => server.heartbeats.length > heartbeats + 1,
      () => output,
      60_000,
    );
    expect(enrolments()).toBe(first);
    expect(server.received.filter(({ code }) => code !== "" && code !== "replayed")).toEqual([]);
  });
});
