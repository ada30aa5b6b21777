/** A simulated cluster, assembled: certificates, state, controllers, kubelet, HTTPS server, kubeconfigs. */
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Authentication } from "./authentication";
import type { User } from "./authorization";
import { Cluster } from "./cluster";
import { Controllers } from "./controllers";
import { Kubelet } from "./kubelet";
import { loadObjects, putRecorded, readFolder, settled } from "./load";
import type { ApiObject, Node } from "./objects";
import { Overlay } from "./overlay";
import type { Program } from "./program";
import { ApiServer } from "./server";
import { type Identity, issue } from "./x509";

const BOOTSTRAP = join(dirname(fileURLToPath(import.meta.url)), "bootstrap");

/** The initial state's time where the YAML names none. */
const FOUNDED_AT = Date.parse("2026-03-02T08:00:00Z");

export interface SimulatorOptions {
  name: string;
  /** Folders of YAML, later ones after earlier ones. */
  folders: readonly string[];
  /**
   * A recorded cluster: exactly these objects beside nothing (no bootstrap, no defaults, and neither controllers nor kubelets
   * that would change them). `folders` are not read then.
   */
  recorded?: readonly ApiObject[];
  /** Where certificates and changes are kept; without it they live as long as the simulator. */
  dataFolder?: string;
  /** Default: the newest kubelet version of the nodes. */
  gitVersion?: string;
  programs?: readonly Program[];
  /** Further users beside the administrator: name → groups. */
  users?: Readonly<Record<string, readonly string[]>>;
  port?: number;
  now?(): number;
  historyMs?: number;
  historyLength?: number;
  bookmarkIntervalMs?: number;
  log?(line: string): void;
  /** The output of the pods' processes also goes here. */
  logFile?: string;
  /** A pod's process was started, or is gone. */
  onProcess?(pid: number, isRunning: boolean): void;
  intercept?(request: IncomingMessage, response: ServerResponse): boolean;
}

interface Keys {
  authority: Identity;
  server: Identity;
  administrator: Identity;
  tokenKeyPem: string;
  tokens: Record<string, string>;
}

export class Simulator {
  private constructor(
    readonly cluster: Cluster,
    private readonly keys: Keys,
    private readonly server: Server,
    private readonly api: ApiServer,
    private readonly controllers: Controllers | undefined,
    private readonly kubelet: Kubelet | undefined,
    private readonly overlay: Overlay | undefined,
    private readonly sockets: Set<Socket>,
    private readonly temporary: string | undefined,
  ) {}

  /** Builds the state, listens on 127.0.0.1 and resolves when requests are answered. */
  static async start(options: SimulatorOptions): Promise<Simulator> {
    const temporary = options.dataFolder ? undefined : mkdtempSync(join(tmpdir(), "ringfence-cluster-"));
    const folder = options.dataFolder ?? temporary!;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const keys = loadKeys(join(folder, "keys.json"), options);
    const clock = { now: options.now ?? Date.now };
    let isLoading = true;
    const cluster = new Cluster({
      name: options.name,
      caPem: keys.authority.certPem,
      now: () => (isLoading ? FOUNDED_AT : clock.now()),
      historyMs: options.historyMs,
      historyLength: options.historyLength,
    });
    const tokens = new Map<string, User>();
    for (const [user, groups] of Object.entries(options.users ?? {}))
      tokens.set(keys.tokens[user]!, { name: user, groups });
    const authentication = new Authentication({
      store: cluster.store,
      tokenKeyPem: keys.tokenKeyPem,
      tokens,
      now: () => clock.now(),
    });
    const sockets = new Set<Socket>();
    // Known once the server listens; pods and answers ask for it later.
    const bound: { port?: number } = {};

    const controllers = options.recorded === undefined ? new Controllers(cluster) : undefined;
    const startKubelet = () =>
      new Kubelet(cluster, {
        programs: options.programs ?? [],
        issueToken: (namespace, name, pod) => authentication.issueToken(namespace, name, 3607, pod).token,
        apiAddress: () => (bound.port === undefined ? undefined : { host: "127.0.0.1", port: bound.port }),
        folder: join(folder, "pods"),
        log: (line) => {
          options.log?.(line);
          if (options.logFile) appendFileSync(options.logFile, `${line}\n`);
        },
        onProcess: options.onProcess ?? (() => {}),
      });
    const kubelet = options.recorded === undefined ? startKubelet() : undefined;
    rmSync(join(folder, "pods"), { recursive: true, force: true });

    const loaded = options.recorded === undefined ? [BOOTSTRAP, ...options.folders].map(readFolder) : [];
    if (options.recorded !== undefined) putRecorded(cluster, options.recorded);
    for (const { objects } of loaded) await loadObjects(cluster, objects, clock.now());
    await settled();
    const overlay = options.dataFolder ? new Overlay(join(folder, "changes.json")) : undefined;
    overlay?.restore(cluster);
    await settled();
    isLoading = false;
    // What happened before the API server listened is not history that anybody could have watched.
    cluster.store.compact(cluster.store.revision);
    overlay?.follow(cluster);

    const api = new ApiServer({
      cluster,
      authentication,
      gitVersion: options.gitVersion ?? newestKubelet(cluster),
      encryption: loaded.map((held) => held.encryption).find((held) => held !== undefined),
      address: () => `127.0.0.1:${bound.port}`,
      findLog: (namespace, name) => kubelet?.findLog(namespace, name),
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
      ...(options.intercept ? { intercept: options.intercept } : {}),
    });
    const server = createServer(
      {
        key: keys.server.keyPem,
        cert: keys.server.certPem,
        ca: keys.authority.certPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => void api.handle(request, response),
    );
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, "127.0.0.1", resolve);
    });
    bound.port = (server.address() as AddressInfo).port;
    const simulator = new Simulator(cluster, keys, server, api, controllers, kubelet, overlay, sockets, temporary);
    kubelet?.startPrograms();
    return simulator;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get caPem(): string {
    return this.keys.authority.certPem;
  }

  /** A kubeconfig: of the administrator (client certificate), or of one of the named users (bearer token). */
  kubeconfig(user?: string): string {
    const token = user === undefined ? undefined : this.keys.tokens[user];
    if (user !== undefined && token === undefined) throw new Error(`no user ${user}`);
    const credentials = token
      ? { token }
      : {
          "client-certificate-data": Buffer.from(this.keys.administrator.certPem).toString("base64"),
          "client-key-data": Buffer.from(this.keys.administrator.keyPem).toString("base64"),
        };
    const { name } = this.cluster;
    // JSON is YAML.
    return `${JSON.stringify(
      {
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          {
            name,
            cluster: { server: this.url, "certificate-authority-data": Buffer.from(this.caPem).toString("base64") },
          },
        ],
        users: [{ name: user ?? "admin", user: credentials }],
        contexts: [{ name, context: { cluster: name, user: user ?? "admin" } }],
        "current-context": name,
      },
      null,
      2,
    )}\n`;
  }

  async stop(): Promise<void> {
    this.controllers?.stop();
    await this.kubelet?.stop();
    this.api.stop();
    this.overlay?.write();
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
    if (this.temporary) rmSync(this.temporary, { recursive: true, force: true });
  }
}

function newestKubelet(cluster: Cluster): string {
  const versions = cluster.store.all<Node>("/nodes").flatMap((node) => node.status?.nodeInfo?.kubeletVersion ?? []);
  const parts = (version: string) => (/^v(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const newest = versions.sort(
    (a, b) =>
      parts(b)
        .map((part, i) => part - (parts(a)[i] ?? 0))
        .find((difference) => difference !== 0) ?? 0,
  )[0];
  return newest ?? "v1.36.0";
}

function loadKeys(path: string, options: SimulatorOptions): Keys {
  const users = Object.keys(options.users ?? {});
  let keys: Keys;
  if (existsSync(path)) keys = JSON.parse(readFileSync(path, "utf8")) as Keys;
  else {
    const notBefore = new Date(Date.now() - 86_400_000);
    const authority = issue({ commonName: `${options.name} (simulated)`, use: "authority", notBefore, days: 3650 });
    const hosts = [
      "localhost",
      "127.0.0.1",
      "::1",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ];
    keys = {
      authority,
      server: issue({ commonName: "kube-apiserver", hosts, use: "server", issuer: authority, notBefore, days: 3650 }),
      administrator: issue({
        commonName: "kubernetes-admin",
        organizations: ["system:masters"],
        use: "client",
        issuer: authority,
        notBefore,
        days: 3650,
      }),
      tokenKeyPem: issue({ commonName: "service-accounts", use: "authority", notBefore, days: 3650 }).keyPem,
      tokens: {},
    };
  }
  for (const user of users) keys.tokens[user] ??= randomBytes(24).toString("base64url");
  writeFileSync(path, JSON.stringify(keys), { mode: 0o600 });
  chmodSync(path, 0o600);
  return keys;
}
