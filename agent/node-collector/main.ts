/** The process: reads the node once an hour and writes its report. README.md beside this file says what it reads. */
import { KubeConfig } from "@kubernetes/client-node";
import { sleep } from "../backoff";
import { KubernetesApi } from "../kubernetes/api";
import { loadInCluster } from "../kubernetes/in-cluster";
import { createLog, messageOf } from "../log";
import { AGENT_VERSION } from "../version";
import { collectNode } from "./collect-node";
import { Host } from "./host";
import { writeReport } from "./write-report";

const HELP = `ringfence-node-collector: reads a fixed list of files on a node and writes a NodeReport

  RINGFENCE_NODE_NAME           name of the node (from spec.nodeName)                required
  RINGFENCE_HOST_ROOT           where the node's folders are mounted                 default /host
  RINGFENCE_INTERVAL_SECONDS    time between two reports, 60 to 86400                default 3600
  RINGFENCE_KUBECONFIG          cluster to write to                                  default: the pod's own

  --once     write one report and end
  --print    print the report, write nothing, and end
`;

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const log = createLog();
  if (args.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const nodeName = env.RINGFENCE_NODE_NAME ?? "";
  const seconds = Number(env.RINGFENCE_INTERVAL_SECONDS ?? "3600");
  if (nodeName === "" || !Number.isInteger(seconds) || seconds < 60 || seconds > 86_400) {
    process.stderr.write(HELP);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  const host = new Host(env.RINGFENCE_HOST_ROOT ?? "/host");
  const collect = () => collectNode(host, { nodeName, version: AGENT_VERSION, now: new Date() });
  if (args.includes("--print")) {
    process.stdout.write(`${JSON.stringify(await collect(), null, 2)}\n`);
    return 0;
  }
  const api = new KubernetesApi(loadConfig(env));
  try {
    for (;;) {
      try {
        await writeReport(api, await collect(), stop.signal);
        log.info("report written", { node: nodeName });
      } catch (error) {
        if (stop.signal.aborted) return 0;
        log.error("no report was written", { reason: messageOf(error) });
        if (args.includes("--once")) return 1;
      }
      if (args.includes("--once")) return 0;
      await sleep(seconds * 1000, stop.signal);
    }
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  } finally {
    api.close();
  }
}

function loadConfig(env: NodeJS.ProcessEnv): KubeConfig {
  const config = new KubeConfig();
  const file = env.RINGFENCE_KUBECONFIG;
  if (file !== undefined) config.loadFromFile(file);
  else {
    const directory = env.RINGFENCE_SERVICE_ACCOUNT_DIR ?? "/var/run/secrets/kubernetes.io/serviceaccount";
    loadInCluster(config, env.KUBERNETES_SERVICE_HOST ?? "", env.KUBERNETES_SERVICE_PORT ?? "443", directory);
  }
  return config;
}

main(process.argv.slice(2), process.env).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`ringfence-node-collector: ${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
