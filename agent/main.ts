/** The process: settings in, loops on, signals heard. Everything that it does is in the files beside it. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { collect, readClusterUid } from "./collect";
import type { ClusterIdentity } from "./enrol";
import { DirectoryStore } from "./identity/directory-store";
import { Identity } from "./identity/identity";
import { SecretStore } from "./identity/secret-store";
import type { StateStore } from "./identity/state";
import { KubernetesApi } from "./kubernetes/api";
import { loadInCluster } from "./kubernetes/in-cluster";
import { parseExact } from "./kubernetes/list-page";
import { createLog, type Log, messageOf } from "./log";
import { type AgentOptions, HELP, OptionsError, parseOptions } from "./options";
import { printSnapshot } from "./print";
import { Agent, type RunOptions } from "./run";
import { ServerClient } from "./server-client";
import { prepareSnapshot } from "./upload/prepare";
import { Spool } from "./upload/spool";
import { AGENT_VERSION } from "./version";

async function main(args: readonly string[], env: NodeJS.ProcessEnv, log: Log): Promise<number> {
  const options = parseOptions(args, env);
  if (options.mode === "help") return write(HELP);
  if (options.mode === "version") return write(`${AGENT_VERSION}\n`);

  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log.info("stopping", { signal: name });
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  const config = loadKubeConfig(options, env);
  const api = new KubernetesApi(config);
  try {
    if (options.mode === "print") return await print(config, api, options, stop.signal);
    return await work(config, api, options, log, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  } finally {
    api.close();
  }
}

async function work(
  config: KubeConfig,
  api: KubernetesApi,
  options: AgentOptions,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  const { url } = options;
  if (url === undefined) throw new OptionsError("give --url (RINGFENCE_URL): the address of Ringfence");
  const identity = await Identity.open(storeOf(config, api, options), new Date());
  const client = new ServerClient({ url, caFile: options.caFile, log });
  const prepare: RunOptions["prepare"] = async (gapOf, onProgress, signal) => {
    const spool = Spool.create(options.stateDir);
    try {
      const startedAt = new Date();
      const { optionalSections, scansPatterns } = options;
      const events = collect(config, { api, onProgress, signal, optionalSections, scansPatterns });
      const prepared = await prepareSnapshot(events, spool, { startedAt, gapOf });
      log.info("snapshot collected", {
        seconds: (Date.now() - startedAt.getTime()) / 1000,
        objects: prepared.manifest.sections.reduce((sum, section) => sum + section.objects, 0),
        bytes: spool.totalWireBytes,
        incomplete: prepared.manifest.sections
          .filter(({ status }) => status === "forbidden" || status === "failed")
          .map(({ name, status }) => `${name}: ${status}`),
      });
      return prepared;
    } catch (error) {
      spool.close();
      throw error;
    }
  };
  const agent = new Agent({
    client,
    identity,
    tokenFile: options.tokenFile,
    scanIntervalMs: options.scanIntervalSeconds === undefined ? undefined : options.scanIntervalSeconds * 1000,
    heartbeatMs: options.heartbeatSeconds * 1000,
    log,
    readCluster: (signal) => readCluster(api, signal),
    prepare,
  });
  try {
    if (options.mode === "once") {
      const { scanSeq } = await agent.runOnce(signal);
      log.info("snapshot handed in", { scanSeq });
    } else {
      log.info("agent started", { version: AGENT_VERSION, server: url.origin });
      await agent.run(signal);
    }
    return 0;
  } finally {
    client.close();
  }
}

async function print(
  config: KubeConfig,
  api: KubernetesApi,
  options: AgentOptions,
  signal: AbortSignal,
): Promise<number> {
  const spool = Spool.create(options.stateDir === "" ? tmpdir() : options.stateDir);
  try {
    const cluster = await readCluster(api, signal);
    const { optionalSections, scansPatterns } = options;
    const events = collect(config, { api, signal, optionalSections, scansPatterns });
    const snapshot = await prepareSnapshot(events, spool, { startedAt: new Date(), gapOf: () => [] });
    for (const text of printSnapshot(snapshot, cluster)) await writeOut(text);
    return 0;
  } finally {
    spool.close();
  }
}

/** Version and identity of the cluster, null where they can't be read. @throws KubernetesUnavailable */
async function readCluster(api: KubernetesApi, signal: AbortSignal): Promise<ClusterIdentity> {
  const version = await api.get("/version", signal);
  const { gitVersion } = (version.status === 200 ? parseExact(version.body) : {}) as { gitVersion?: unknown };
  return {
    kubernetesVersion: typeof gitVersion === "string" ? gitVersion.slice(0, 64) : null,
    clusterUid: (await readClusterUid(api, signal)) ?? null,
  };
}

function loadKubeConfig(options: AgentOptions, env: NodeJS.ProcessEnv): KubeConfig {
  const config = new KubeConfig();
  const host = env.KUBERNETES_SERVICE_HOST;
  try {
    if (options.kubeconfig !== undefined) config.loadFromFile(options.kubeconfig);
    else if (host !== undefined && host !== "" && existsSync(path.join(options.serviceAccountDir, "token"))) {
      loadInCluster(config, host, env.KUBERNETES_SERVICE_PORT ?? "443", options.serviceAccountDir);
    } else config.loadFromDefault();
  } catch (error) {
    throw new OptionsError(`the kubeconfig can't be read: ${messageOf(error)}`);
  }
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null) {
      const names = config.getContexts().map((context) => context.name);
      throw new OptionsError(`the kubeconfig has no context ${options.context}; it has ${names.join(", ")}`);
    }
    config.setCurrentContext(options.context);
  }
  return config;
}

function storeOf(config: KubeConfig, api: KubernetesApi, options: AgentOptions): StateStore {
  const local = new DirectoryStore(options.stateDir);
  const { identitySecret } = options;
  if (identitySecret === undefined) return local;
  const namespace = identitySecret.namespace ?? config.getContextObject(config.getCurrentContext())?.namespace;
  if (namespace === undefined) {
    throw new OptionsError("--identity-secret: which namespace is the agent in? Give RINGFENCE_NAMESPACE");
  }
  return new SecretStore(api, { ...identitySecret, namespace }, local);
}

function write(text: string): number {
  process.stdout.write(text);
  return 0;
}

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

const log = createLog();
main(process.argv.slice(2), process.env, log).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    if (error instanceof OptionsError) {
      process.stderr.write(`ringfence-agent: ${error.message}\nTry --help.\n`);
      process.exitCode = 2;
    } else {
      log.error("the agent ends", { reason: messageOf(error) });
      process.exitCode = 1;
    }
  },
);
