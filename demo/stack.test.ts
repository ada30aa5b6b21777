/** A second demo beside the first: whatever port the first one holds, the second finds another, and says so where it matters. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SPARE_CLUSTER } from "./clusters";
import { ask } from "./kubernetes/testing/client";
import type { Simulator } from "./kubernetes/simulator";
import { type Issuer, startIssuer } from "./oidc/issuer";
import { freePort, type RunningPostgres, startPostgres } from "./postgres";
import { ProcessTable } from "./process-table";
import { choosePorts, holdPorts, startCluster } from "./stack";
import { DemoFolder, DemoProblem, type DemoState } from "./state";

let home: string;
let undo: (() => Promise<unknown>)[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ringfence-stack-test-"));
  // The system user that runs PostgreSQL has to pass the folder.
  chmodSync(home, 0o755);
  undo = [];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  rmSync(home, { recursive: true, force: true });
});

interface Demo {
  folder: DemoFolder;
  state: DemoState;
}

/** The folder of a demo that has not been set up yet and wants these ports, as a copied clone would. */
function demoWanting(name: string, ports: Partial<DemoState["ports"]> = {}): Demo {
  const folder = new DemoFolder(join(home, name));
  folder.lock();
  const state = folder.read();
  Object.assign(state.ports, structuredClone(ports));
  return { folder, state };
}

/** Something on a port, as a web server holds it. */
async function serve(port: number): Promise<number> {
  const server: Server = createServer((_, response) => response.end("the first"));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  undo.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function startIssuerOf({ state }: Demo): Promise<Issuer> {
  const issuer = await startIssuer({
    port: state.ports.issuer!,
    redirectUris: [`http://localhost:${state.ports.web}/api/auth/callback/oidc`],
    postLogoutRedirectUris: [`http://localhost:${state.ports.web}/sign-in`],
    ...state.issuer,
  });
  undo.push(() => issuer.stop());
  return issuer;
}
async function startPostgresOf({ folder }: Demo): Promise<RunningPostgres> {
  const postgres = await startPostgres(folder.postgres, { durable: false });
  undo.push(async () => {
    await postgres.stop();
    rmSync(postgres.folder, { recursive: true, force: true });
  });
  return postgres;
}
async function startSpareOf({ folder, state }: Demo): Promise<Simulator> {
  const processes = new ProcessTable(folder.processFile, folder.logs);
  const simulator = await startCluster(folder, state, SPARE_CLUSTER.name, SPARE_CLUSTER.folders, processes);
  undo.push(() => simulator.stop());
  return simulator;
}

describe("two demos side by side", () => {
  it("never share a port, whatever the second one would have liked", async () => {
    const first = demoWanting("first", { web: await serve(0) });
    await choosePorts(first.state, undefined);
    // The port was taken, so the first moved; it holds what it chose from here on.
    await serve(first.state.ports.web!);
    const issuers = [await startIssuerOf(first)];
    const postgres = [await startPostgresOf(first)];
    const clusters = [await startSpareOf(first)];

    const second = demoWanting("second", first.state.ports);
    await choosePorts(second.state, undefined);
    await serve(second.state.ports.web!);
    issuers.push(await startIssuerOf(second));
    postgres.push(await startPostgresOf(second));
    clusters.push(await startSpareOf(second));

    const ports = [
      ...[first, second].flatMap(({ state }) => [state.ports.web, state.ports.issuer, state.ports.clusters.spare]),
      ...postgres.map(({ port }) => port),
    ];
    expect(ports).not.toContain(undefined);
    expect(new Set(ports).size).toBe(8);

    // Everything of the second really is where it says, and the first is still there.
    for (const [i, { folder, state }] of [first, second].entries()) {
      expect(issuers[i]?.issuer).toBe(`http://localhost:${state.ports.issuer}`);
      const metadata = await fetch(`${issuers[i]?.issuer}/.well-known/openid-configuration`);
      expect(await metadata.json()).toMatchObject({ issuer: issuers[i]?.issuer });
      const simulator = clusters[i];
      if (simulator === undefined) throw new Error("no cluster");
      expect((await ask(simulator, "/api/v1/namespaces")).status).toBe(200);
      const kubeconfig = parse(readFileSync(join(folder.cluster(SPARE_CLUSTER.name), "kubeconfig"), "utf8")) as {
        clusters: { cluster: { server: string } }[];
      };
      expect(new URL(kubeconfig.clusters[0]?.cluster.server ?? "").port).toBe(String(state.ports.clusters.spare));
    }
  }, 60_000);

  it("refuse a port that the person asked for and somebody holds, instead of taking another", async () => {
    const port = await serve(0);
    const demo = demoWanting("asked");
    await expect(choosePorts(demo.state, port)).rejects.toThrow(DemoProblem);
    await expect(choosePorts(demo.state, port)).rejects.toThrow(`Port ${port} is used by another program`);
  });

  it("stay where they are once their agents know the address, and name who is in the way", async () => {
    const port = await serve(0);
    for (const what of ["web", "issuer"] as const) {
      const demo = demoWanting(`settled-${what}`, { web: await unused(), issuer: await unused(), [what]: port });
      demo.state.isSeeded = true;
      const before = structuredClone(demo.state.ports);
      await expect(choosePorts(demo.state, undefined)).rejects.toThrow(`Port ${port}, where this demo's`);
      expect(demo.state.ports).toEqual(before);
      await expect(choosePorts(demo.state, port + 1)).rejects.toThrow(DemoProblem);
    }
  });

  it("keep their ports from one start to the next while nobody else holds them", async () => {
    const demo = demoWanting("kept", { web: await unused(), issuer: await unused() });
    const before = structuredClone(demo.state.ports);
    await choosePorts(demo.state, undefined);
    expect(demo.state.ports).toEqual(before);
  });
});

/** A port that was free a moment ago. */
async function unused(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("two demos that start at the same moment never share a port, however long their builds take", async () => {
  const web = await freePort();
  const demos = [demoWanting("one", { web }), demoWanting("two", { web })];
  const releases = await Promise.all(demos.map(({ state }) => holdPorts(state, undefined)));
  undo.push(...releases);
  const [one, two] = demos.map(({ state }) => state.ports.web!);
  expect(one).not.toBe(two);
  expect([one, two]).toContain(web);
  // Given back, the port is the web server's.
  await releases[0]?.();
  await serve(one!);
});
