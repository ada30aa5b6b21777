import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesApi } from "../kubernetes/api";
import { temporaryDirectory } from "../testing/agent-process";
import { type KubernetesStub, startKubernetesStub } from "../testing/kubernetes-stub";
import { DirectoryStore } from "./directory-store";
import { Identity } from "./identity";
import { SECRET_KEY, SecretStore } from "./secret-store";
import { type AgentState, createState, type StateStore } from "./state";

const now = new Date("2026-11-21T10:00:00Z");
let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

class MemoryStore implements StateStore {
  saved: AgentState | null = null;
  failing = false;
  async load() {
    return this.saved;
  }
  async save(state: AgentState) {
    if (this.failing) throw new Error("no");
    this.saved = structuredClone(state);
  }
}

describe("sequence numbers", () => {
  it("rise by one and are reserved before they are used", async () => {
    const store = new MemoryStore();
    const identity = await Identity.open(store, now);
    for (let seq = 1; seq <= 2500; seq++) {
      expect(await identity.takeSeq()).toBe(seq);
      expect(store.saved?.reservedSeq).toBeGreaterThanOrEqual(seq);
    }
  });

  it("go on above the reservation after a crash", async () => {
    const store = new MemoryStore();
    const first = await Identity.open(store, now);
    await first.takeSeq();
    const second = await Identity.open(store, now);
    expect(await second.takeSeq()).toBe(1001);
  });

  it("are not given out when the reservation can't be stored", async () => {
    const store = new MemoryStore();
    const identity = await Identity.open(store, now);
    store.failing = true;
    await expect(identity.takeSeq()).rejects.toThrow("no");
    store.failing = false;
    expect(await identity.takeSeq()).toBe(1);
  });

  it("leap farther each time that the server has seen higher ones", async () => {
    const identity = await Identity.open(new MemoryStore(), now);
    await identity.takeSeq();
    let last = 1;
    for (let times = 0; times < 21; times++) {
      identity.skipSeq(times);
      const seq = await identity.takeSeq();
      expect(seq).toBeGreaterThan(last);
      expect(seq).toBeLessThanOrEqual(identity.state.reservedSeq);
      last = seq;
    }
    expect(last).toBeGreaterThan(1_000_000_000);
  });
});

describe("the state in a directory", () => {
  it("survives, and leaves nothing beside it", async () => {
    const store = new DirectoryStore(path.join(directory, "state"));
    expect(await store.load()).toBeNull();
    const state = createState(now);
    await store.save(state);
    await store.save({ ...state, reservedSeq: 5 });
    expect(await store.load()).toEqual({ ...state, reservedSeq: 5 });
    expect(await readdir(path.join(directory, "state"))).toEqual(["agent-state.json"]);
  });

  it("that is damaged is an error and never a new agent", async () => {
    for (const text of ["", "{", '{"version":1}', JSON.stringify({ ...createState(now), version: 2 })]) {
      await writeFile(path.join(directory, "agent-state.json"), text);
      await expect(Identity.open(new DirectoryStore(directory), now)).rejects.toThrow("does not hold a state");
    }
  });
});

describe("the state in the agent's own Secret", () => {
  let stub: KubernetesStub;
  let mount: string;
  let store: SecretStore;
  let patches: { path: string; type: string | undefined; state: AgentState }[];
  beforeEach(async () => {
    stub = await startKubernetesStub();
    patches = [];
    stub.intercept = ({ method, path, headers, body }) => {
      if (method !== "PATCH") return undefined;
      const { data } = JSON.parse(body) as { data: Record<string, string> };
      const state = JSON.parse(Buffer.from(data[SECRET_KEY] ?? "", "base64").toString("utf8")) as AgentState;
      patches.push({ path, type: headers["content-type"], state });
      return { status: 200, body: {} };
    };
    mount = path.join(directory, "mounted");
    await mkdir(mount);
    store = newStore(directory);
  });
  afterEach(() => stub.close());
  const newStore = (local: string) =>
    new SecretStore(
      new KubernetesApi(stub.config, { attempts: 1 }),
      { namespace: "ringfence", name: "ringfence-agent-identity", mountPath: mount },
      new DirectoryStore(path.join(local, "local")),
    );
  /** The kubelet mounts a Secret as links to a directory that it swaps. */
  const mountState = async (state: AgentState) => {
    await mkdir(path.join(mount, "..data-1"), { recursive: true });
    await writeFile(path.join(mount, "..data-1", SECRET_KEY), JSON.stringify(state));
    await rm(path.join(mount, SECRET_KEY), { force: true });
    await symlink(path.join("..data-1", SECRET_KEY), path.join(mount, SECRET_KEY));
  };

  it("is written by patch of that one name, and read from the mount", async () => {
    const identity = await Identity.open(store, now);
    expect(patches).toEqual([
      {
        path: "/api/v1/namespaces/ringfence/secrets/ringfence-agent-identity",
        type: "application/merge-patch+json",
        state: identity.state,
      },
    ]);
    await mountState(identity.state as AgentState);
    const elsewhere = await Identity.open(newStore(path.join(directory, "other-pod")), now);
    expect(elsewhere.state.privateKey).toBe(identity.state.privateKey);
    expect(stub.requests.some(({ method, path }) => method === "GET" && path.includes("secrets"))).toBe(false);
  });

  it("is taken from the local copy while the mount still lags behind", async () => {
    const identity = await Identity.open(store, now);
    await mountState(identity.state as AgentState);
    await identity.takeSeq();
    const restarted = await Identity.open(newStore(directory), now);
    expect(await restarted.takeSeq()).toBe(1001);
  });

  it("is not believed stored when the patch was refused, and says which permission is missing", async () => {
    stub.intercept = ({ method }) => (method === "PATCH" ? { status: 403 } : undefined);
    await expect(Identity.open(store, now)).rejects.toThrow(
      "may not patch its own Secret ringfence/ringfence-agent-identity",
    );
    await expect(readFile(path.join(directory, "local", "agent-state.json"))).rejects.toThrow("ENOENT");
  });
});
