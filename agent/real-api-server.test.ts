/**
 * The collector and the shipped rights against a real kube-apiserver and etcd, where KUBEBUILDER_ASSETS names a folder that
 * holds both (the ecosystem's convention). Reported as skipped without it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectObject } from "@/lib/inventory/redaction";
import { SECTIONS } from "@/lib/inventory/sections";
import type { Snapshot } from "@/lib/inventory/snapshot";
import { collectSnapshot } from "./collect-snapshot";
import { applyAll, request } from "./testing/apply";
import { type RealApiServer, startRealApiServer } from "./testing/real-api-server";
import { shippedManifests } from "./testing/shipped-manifests";

const assets = process.env.KUBEBUILDER_ASSETS ?? "";

const TEMPLATE = {
  metadata: { labels: { app: "web" } },
  spec: {
    containers: [
      {
        name: "app",
        image: "registry.example/app:1",
        env: [{ name: "PASSWORD", value: "canary7f3a91c4" }],
        securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
    tolerations: [{ key: "slow", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }],
  },
};

function objects(): { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } }[] {
  const made: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string };
    [key: string]: unknown;
  }[] = [];
  for (const namespace of ["cde", "cde-storage", "web"]) {
    made.push({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    for (let i = 0; i < 12; i++)
      made.push({ apiVersion: "v1", kind: "Pod", metadata: { name: `pod-${i}`, namespace }, spec: TEMPLATE.spec });
    const selector = { matchLabels: { app: "web" } };
    made.push(
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace },
        spec: { replicas: 2, selector, template: TEMPLATE },
      },
      { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "nightly", namespace }, spec: cron() },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace },
        spec: { selector: { app: "web" }, ports: [{ port: 443, targetPort: "https" }] },
      },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "web", namespace } },
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "default-deny", namespace },
        spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      },
    );
  }
  return made;
}
function cron() {
  return {
    schedule: "0 3 * * *",
    jobTemplate: { spec: { template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, restartPolicy: "Never" } } } },
  };
}

describe.skipIf(assets === "")("with KUBEBUILDER_ASSETS, a real API server", () => {
  let server: RealApiServer;
  let token: string;
  let snapshot: Snapshot;

  beforeAll(async () => {
    server = await startRealApiServer(assets);
    await applyAll(server.admin, objects());
    await applyAll(
      server.admin,
      shippedManifests({
        url: "https://ringfence.example",
        token: "rfe_none",
        image: "registry.example/ringfence-agent:0.1.0",
      }),
    );
    const made = await request(
      server.admin,
      "POST",
      "/api/v1/namespaces/ringfence/serviceaccounts/ringfence-agent/token",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences: [], expirationSeconds: 3600 },
      },
    );
    token = (made.json as { status: { token: string } }).status.token;
    snapshot = await collectSnapshot(server.as(token), {
      collectedAt: "2026-11-21T10:00:00.000Z",
      limits: { pageSize: 7 },
    });
  });
  afterAll(() => server?.stop());

  it("is read object for object under the shipped rights", async () => {
    expect(snapshot.invalid).toEqual([]);
    for (const section of SECTIONS) {
      const source = section.sources[0];
      const found = snapshot.sections[section.name];
      if (source === undefined || source.resource === "*") continue;
      const base = source.group === "" ? `/api/${source.version}` : `/apis/${source.group}/${source.version}`;
      const { status, json } = await request(server.admin, "GET", `${base}/${source.resource}`);
      expect(found?.status, `${section.name}: ${found?.message}`).toBe(status === 200 ? "complete" : "unserved");
      if (status !== 200) continue;
      const projected = (json as { items: unknown[] }).items.map((item) => {
        const { object, problems } = projectObject(section.name, item, "test");
        expect(problems).toEqual([]);
        return object;
      });
      expect(found?.objects, section.name).toHaveLength(projected.length);
      expect(found?.objects, section.name).toEqual(expect.arrayContaining(projected));
    }
    expect(snapshot.sections.pods?.objects).toHaveLength(36);
    expect(JSON.stringify(snapshot)).not.toContain("canary7f3a91c4");
  });

  it("tells its version and its identity", () => {
    expect(snapshot.facts.gitVersion).toMatch(/^v1\.\d+/);
    expect(snapshot.facts.clusterUid).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("lets the agent patch its own Secret, and neither read it nor touch anything else", async () => {
    const agent = server.as(token);
    const secrets = "/api/v1/namespaces/ringfence/secrets";
    const merge = "application/merge-patch+json";
    expect(
      (await request(agent, "PATCH", `${secrets}/ringfence-agent-identity`, { data: { x: "eA==" } }, merge)).status,
    ).toBe(200);
    for (const [method, path, body] of [
      ["GET", secrets, undefined],
      ["GET", `${secrets}/ringfence-agent-identity`, undefined],
      ["GET", "/api/v1/secrets", undefined],
      ["GET", "/api/v1/configmaps", undefined],
      ["PATCH", `${secrets}/ringfence-agent-enrolment`, { data: {} }],
      ["DELETE", `${secrets}/ringfence-agent-identity`, undefined],
      ["GET", "/api/v1/namespaces/web/pods/pod-0/log", undefined],
      ["POST", "/api/v1/namespaces/web/pods/pod-0/exec?command=id", undefined],
      ["POST", "/api/v1/namespaces/ringfence/serviceaccounts/ringfence-agent/token", {}],
      ["PATCH", "/api/v1/namespaces/web", { metadata: { labels: { x: "y" } } }],
      ["DELETE", "/api/v1/namespaces/web/pods/pod-0", undefined],
    ] as const) {
      const { status } = await request(agent, method, path, body, method === "PATCH" ? merge : undefined);
      expect(status, `${method} ${path}`).toBe(403);
    }
  });

  it("says which permission is missing when a rule is taken away", async () => {
    const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/ringfence-agent";
    const role = (await request(server.admin, "GET", path)).json as { rules: { resources?: string[] }[] };
    const rules = role.rules.filter((rule) => !rule.resources?.includes("networkpolicies"));
    await request(server.admin, "PATCH", path, { rules }, "application/merge-patch+json");
    await expect
      .poll(
        async () => {
          const again = await collectSnapshot(server.as(token), {
            collectedAt: "2026-11-21T10:00:00.000Z",
            sections: ["networkpolicies"],
          });
          return again.sections.networkpolicies?.message;
        },
        { timeout: 10_000 },
      )
      .toContain('"list networkpolicies.networking.k8s.io"');
  });
});
