/** Server-side apply of manifests through a kubeconfig, for tests that install the agent as a customer would. */
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

export interface AppliedManifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** Sends one request as the kubeconfig's user. */
export async function request(
  config: KubeConfig,
  method: string,
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<{ status: number; json: unknown }> {
  const options: https.RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const server = config.getCurrentCluster()?.server ?? "";
  return new Promise((resolve, reject) => {
    const headers = {
      ...(options.headers as Record<string, string>),
      accept: "application/json",
      "content-type": contentType,
    };
    const outgoing = https.request(new URL(path, server), { ...options, method, headers }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        resolve({
          status: incoming.statusCode ?? 0,
          json: text.startsWith("{") ? (JSON.parse(text) as unknown) : text,
        });
      });
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Applies in order. @throws Error with the API server's answer */
export async function applyAll(config: KubeConfig, manifests: readonly AppliedManifest[]): Promise<void> {
  for (const manifest of manifests) {
    const base = manifest.apiVersion.includes("/") ? `/apis/${manifest.apiVersion}` : `/api/${manifest.apiVersion}`;
    const { json } = await request(config, "GET", base);
    const { resources = [] } = json as { resources?: { name: string; kind: string; namespaced: boolean }[] };
    const found = resources.find(({ name, kind }) => kind === manifest.kind && !name.includes("/"));
    if (found === undefined) throw new Error(`the cluster has no ${manifest.kind}`);
    const place = found.namespaced ? `/namespaces/${manifest.metadata.namespace ?? "default"}` : "";
    const path = `${base}${place}/${found.name}/${manifest.metadata.name}?fieldManager=test&force=true`;
    const answer = await request(config, "PATCH", path, manifest, "application/apply-patch+yaml");
    if (answer.status >= 300)
      throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(answer.json)}`);
  }
}
