import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyManifests, readManifest, withConfigMaps } from "./apply";
import { ask, simulatorOf } from "./kubernetes/testing/client";

const MANIFEST = `
apiVersion: v1
kind: Namespace
metadata: { name: agents }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: agent }
rules:
  - { apiGroups: [networking.k8s.io], resources: [networkpolicies, ingresses], verbs: [get, list] }
  - { apiGroups: [""], resources: [nodes], verbs: [get, list] }
  - { nonResourceURLs: [/version], verbs: [get] }
---
apiVersion: v1
kind: Secret
metadata: { name: token, namespace: agents }
stringData: { token: abc }
`;

describe("applying a manifest", () => {
  it("strikes withheld resources out of ClusterRoles and leaves the rest", () => {
    const role = readManifest(MANIFEST, ["ingresses", "nodes"]).find((manifest) => manifest.kind === "ClusterRole");
    expect(role?.rules).toEqual([
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["get", "list"] },
      { nonResourceURLs: ["/version"], verbs: ["get"] },
    ]);
  });

  it("grants ConfigMaps as the chart does, and tells the agent", () => {
    const folder = join(import.meta.dirname, "../deploy/agent");
    const text = ["clusterrole.yaml", "deployment.yaml"].map((name) => readFileSync(join(folder, name), "utf8"));
    const shipped = readManifest(text.join("\n---\n"));
    const [role, deployment] = withConfigMaps(shipped);
    expect(role?.rules?.at(-1)).toEqual({ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] });
    expect(role?.rules).toHaveLength((shipped[0]?.rules ?? []).length + 1);
    expect(JSON.stringify(deployment)).toContain('{"name":"RINGFENCE_COLLECT","value":"configmaps"}');
    expect(JSON.stringify(shipped)).not.toContain("RINGFENCE_COLLECT");
  });

  it("makes the objects, and applying again changes nothing", async () => {
    const { simulator, stop } = await simulatorOf("");
    try {
      await applyManifests(simulator.kubeconfig(), readManifest(MANIFEST));
      const secret = async () =>
        (await ask(simulator, "/api/v1/namespaces/agents/secrets/token")).body as {
          data: Record<string, string>;
          metadata: { resourceVersion: string };
        };
      const first = await secret();
      expect(first.data).toEqual({ token: Buffer.from("abc").toString("base64") });
      await applyManifests(simulator.kubeconfig(), readManifest(MANIFEST));
      expect((await secret()).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    } finally {
      await stop();
    }
  });

  it("passes on what the API server says when it refuses", async () => {
    const { simulator, stop } = await simulatorOf("", { users: { nobody: [] } });
    try {
      const refused = applyManifests(simulator.kubeconfig("nobody"), readManifest(MANIFEST));
      await expect(refused).rejects.toThrow(
        'Namespace agents: namespaces "agents" is forbidden: User "nobody" cannot patch resource "namespaces"',
      );
    } finally {
      await stop();
    }
  });
});
