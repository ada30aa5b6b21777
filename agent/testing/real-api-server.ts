/**
 * A real etcd and kube-apiserver from the folder that KUBEBUILDER_ASSETS names, on free ports, with state that is thrown away.
 * No controllers and no kubelet: what a test creates stays as it is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { temporaryDirectory, until } from "./agent-process";
import { request } from "./apply";

export interface RealApiServer {
  /** Member of system:masters. */
  admin: KubeConfig;
  /** The same API as the holder of a bearer token. */
  as(token: string): KubeConfig;
  stop(): Promise<void>;
}

const ADMIN_TOKEN = "admin-of-a-throw-away-cluster";

/** @throws Error with the end of the processes' output when they do not answer within a minute */
export async function startRealApiServer(assets: string): Promise<RealApiServer> {
  const directory = await temporaryDirectory();
  const [clientPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const file = (name: string) => path.join(directory, name);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(file("sa.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(file("sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(file("tokens.csv"), `${ADMIN_TOKEN},admin,admin,"system:masters"\n`, { mode: 0o600 });

  let output = "";
  const children: ChildProcess[] = [];
  const run = (name: string, args: readonly string[]) => {
    const child = spawn(path.join(assets, name), args, { stdio: ["ignore", "pipe", "pipe"] });
    child.on("error", (error) => (output += `${name}: ${error.message}\n`));
    const keep = (text: Buffer) => (output = (output + text.toString("utf8")).slice(-8_000));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    children.push(child);
  };
  const stop = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    await rm(directory, { recursive: true, force: true });
  };

  const etcd = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  run("etcd", [
    `--data-dir=${file("etcd")}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
  ]);
  run("kube-apiserver", [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${apiPort}`,
    `--cert-dir=${file("certificates")}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--authorization-mode=RBAC",
    `--token-auth-file=${file("tokens.csv")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${file("sa.pub")}`,
    `--service-account-signing-key-file=${file("sa.key")}`,
    // Nobody makes the default service accounts here.
    "--disable-admission-plugins=ServiceAccount",
  ]);
  const as = (token: string): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: "real", server: `https://127.0.0.1:${apiPort}`, caFile: file("certificates/apiserver.crt") }],
      users: [{ name: "user", token }],
      contexts: [{ name: "real", cluster: "real", user: "user", namespace: "ringfence" }],
      currentContext: "real",
    });
    return config;
  };
  const admin = as(ADMIN_TOKEN);
  const isReady = async () => {
    if (children.some((child) => child.exitCode !== null)) throw new Error(`it ended:\n${output}`);
    const certificate = await readFile(file("certificates/apiserver.crt")).catch(() => null);
    if (certificate === null) return false;
    const ready = await request(admin, "GET", "/readyz").catch(() => null);
    const system = await request(admin, "GET", "/api/v1/namespaces/kube-system").catch(() => null);
    return ready?.status === 200 && system?.status === 200;
  };
  try {
    await until(isReady, () => output, 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { admin, as, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
