/** `kubectl apply` over HTTP, for machines without kubectl: each document is sent to the simulated API as an apply patch. */
import { Agent, request } from "node:https";
import { parse, parseAllDocuments } from "yaml";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data"?: string; "client-key-data"?: string; token?: string } }[];
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  rules?: { apiGroups?: string[]; resources?: string[]; verbs?: string[] }[];
}

/** The documents of a manifest. `withheld` resources are struck out of its ClusterRoles, as a cautious platform team would. */
export function readManifest(text: string, withheld: readonly string[] = []): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
    .map((manifest) =>
      manifest.kind !== "ClusterRole"
        ? manifest
        : {
            ...manifest,
            rules: (manifest.rules ?? []).flatMap((rule) => {
              if (!rule.resources) return [rule];
              const resources = rule.resources.filter((resource) => !withheld.includes(resource));
              return resources.length === 0 ? [] : [{ ...rule, resources }];
            }),
          },
    );
}

/** The manifest as the chart makes it with `readConfigMaps=true`: one rule more, and the agent is told. */
export function withConfigMaps(manifests: readonly Manifest[]): Manifest[] {
  return manifests.map((manifest) => {
    if (manifest.kind === "ClusterRole") {
      const rule = { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] };
      return { ...manifest, rules: [...(manifest.rules ?? []), rule] };
    }
    if (manifest.kind !== "Deployment") return manifest;
    const copy = structuredClone(manifest) as Manifest & {
      spec: { template: { spec: { containers: { env?: { name: string; value: string }[] }[] } } };
    };
    for (const container of copy.spec.template.spec.containers)
      container.env = [...(container.env ?? []), { name: "RINGFENCE_COLLECT", value: "configmaps" }];
    return copy;
  });
}

/** Applies the documents in order as the kubeconfig's user. @throws Error with the API server's message. */
export async function applyManifests(kubeconfigText: string, manifests: readonly Manifest[]): Promise<void> {
  const config = parse(kubeconfigText) as Kubeconfig;
  const { cluster } = config.clusters[0]!;
  const { user } = config.users[0]!;
  const decode = (data: string | undefined) =>
    data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
  const agent = new Agent({
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
    keepAlive: true,
  });
  const send = (method: string, path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request(
        new URL(path, cluster.server),
        {
          method,
          agent,
          headers: {
            accept: "application/json",
            ...(user.token ? { authorization: `Bearer ${user.token}` } : {}),
            ...(body === undefined ? {} : { "content-type": "application/apply-patch+yaml" }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
          );
          response.once("error", reject);
        },
      );
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  try {
    for (const manifest of manifests) {
      const base = manifest.apiVersion.includes("/") ? `/apis/${manifest.apiVersion}` : `/api/${manifest.apiVersion}`;
      const discovery = JSON.parse((await send("GET", base)).text) as {
        resources?: { name: string; kind: string; namespaced: boolean }[];
      };
      const resource = discovery.resources?.find((held) => held.kind === manifest.kind && !held.name.includes("/"));
      if (!resource) throw new Error(`the cluster does not know the kind ${manifest.kind} of ${manifest.apiVersion}`);
      const place = resource.namespaced ? `/namespaces/${manifest.metadata.namespace ?? "default"}` : "";
      // As `kubectl apply` does, so that the next one by hand finds what it looks for.
      const noted = {
        ...manifest,
        metadata: {
          ...manifest.metadata,
          annotations: {
            ...manifest.metadata.annotations,
            "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(manifest)}\n`,
          },
        },
      };
      const answer = await send(
        "PATCH",
        `${base}${place}/${resource.name}/${manifest.metadata.name}?fieldManager=kubectl&force=true`,
        JSON.stringify(noted),
      );
      if (answer.status >= 300) {
        const { message } = JSON.parse(answer.text) as { message?: string };
        throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${message ?? answer.text}`);
      }
    }
  } finally {
    agent.destroy();
  }
}
