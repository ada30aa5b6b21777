/** The API server as a pod's own service account. The token's file is read again every minute: the kubelet renews it. */
import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import path from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

export function loadInCluster(config: KubeConfig, host: string, port: string, directory: string): void {
  const name = "in-cluster";
  const namespace = readFileSync(path.join(directory, "namespace"), "utf8").trim();
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const tokenFile = path.join(directory, "token");
  config.loadFromOptions({
    clusters: [{ name, server, caFile: path.join(directory, "ca.crt"), skipTLSVerify: false }],
    users: [{ name, authProvider: { name: "tokenFile", config: { tokenFile } } }],
    contexts: [{ name, cluster: name, user: name, namespace }],
    currentContext: name,
  });
}
