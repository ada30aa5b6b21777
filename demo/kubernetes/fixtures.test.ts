import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig, CoreV1Api, AppsV1Api } from "@kubernetes/client-node";
import { afterAll, describe, expect, it } from "vitest";
import { DEMO_CLUSTERS } from "../clusters";
import { Simulator } from "./simulator";
import { ask } from "./testing/client";

const running: Simulator[] = [];
afterAll(async () => {
  await Promise.all(running.map((simulator) => simulator.stop()));
});

async function start(name: string): Promise<Simulator> {
  const { folders } = DEMO_CLUSTERS.find((cluster) => cluster.name === name)!;
  const simulator = await Simulator.start({ name, folders });
  running.push(simulator);
  return simulator;
}

function isOnPath(program: string): boolean {
  try {
    execFileSync(program, ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

interface List {
  items: { metadata: { name: string; namespace?: string }; status?: { phase?: string } }[];
}

/** The requests that kubectl makes for what the test does with it, by a plain client. */
async function expectAsKubectl(simulator: Simulator, all: List["items"]): Promise<void> {
  const seen: List["items"] = [];
  for (let next = ""; ; ) {
    const { status, body } = await ask(simulator, `/api/v1/pods?limit=50&continue=${encodeURIComponent(next)}`);
    expect(status).toBe(200);
    const page = body as List & { metadata: { continue?: string } };
    seen.push(...page.items);
    next = page.metadata.continue ?? "";
    if (next === "") break;
  }
  expect(all.length).toBeGreaterThan(50);
  expect(seen).toEqual(all);
  const table = await ask(simulator, "/api/v1/namespaces/cde-storage/pods", {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
  });
  const { kind, rows } = table.body as { kind: string; rows: { cells: unknown[] }[] };
  expect(kind).toBe("Table");
  expect(rows.map(({ cells }) => cells.slice(0, 3))).toContainEqual(["postgres-0", "1/1", "Running"]);
  const rules = await ask(simulator, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
    method: "POST",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: "default" },
    },
  });
  expect(rules.body).toMatchObject({
    status: { resourceRules: expect.arrayContaining([expect.objectContaining({ resources: ["*"], verbs: ["*"] })]) },
  });
  const path = "/api/v1/namespaces/default/configmaps";
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "default" },
    data: { a: "b" },
  };
  expect((await ask(simulator, path, { method: "POST", body: object })).status).toBe(201);
  const merge = { method: "PATCH", type: "application/merge-patch+json", body: { data: { a: "b" } } };
  expect((await ask(simulator, `${path}/a`, merge)).status).toBe(200);
  expect((await ask(simulator, `${path}/a`, { method: "DELETE" })).status).toBe(200);
  expect((await ask(simulator, `${path}/a`)).status).toBe(404);
}

describe("the example clusters", () => {
  it.each(DEMO_CLUSTERS.map((cluster) => cluster.name))("%s loads, schedules every pod and settles", async (name) => {
    const simulator = await start(name);
    const { items } = (await ask(simulator, "/api/v1/pods")).body as List;
    expect(items.length).toBeGreaterThan(50);
    const unsettled = items.filter((pod) => !["Running", "Succeeded"].includes(pod.status?.phase ?? ""));
    expect(unsettled.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`)).toEqual([]);
  });

  it("is the same cluster again at the next start: names, identities and times", async () => {
    const [first, second] = [await start("development"), await start("development")];
    const identities = async (simulator: Simulator) =>
      JSON.stringify(
        ((await ask(simulator, "/api/v1/pods")).body as List).items.map(({ metadata }) => ({
          ...metadata,
          resourceVersion: undefined,
        })),
      );
    expect(await identities(second)).toBe(await identities(first));
  });

  it("gives what is renewed all the time a time of now, and the rest the one that it was founded at", async () => {
    const simulator = await start("pci-prod");
    const item = async (path: string) => (await ask(simulator, path)).body as Record<string, Record<string, string>>;
    const secret = await item("/apis/external-secrets.io/v1/namespaces/cde-processing/externalsecrets/db-credentials");
    const refreshed = Date.parse(secret.status?.refreshTime ?? "");
    expect(Math.abs(Date.now() - 20 * 60_000 - refreshed)).toBeLessThan(60_000);
    expect(secret.metadata?.creationTimestamp).toBe("2026-03-02T08:00:00Z");
  });

  it("makes the volume behind each claim of a StatefulSet, with the labels of its template", async () => {
    const simulator = await start("pci-prod");
    const claim = (await ask(simulator, "/api/v1/namespaces/cde-storage/persistentvolumeclaims/data-postgres-0"))
      .body as {
      metadata: { labels: Record<string, string> };
      spec: { volumeName: string };
    };
    expect(claim.metadata.labels).toMatchObject({ "data-classification": "cardholder-data" });
    const volume = (await ask(simulator, `/api/v1/persistentvolumes/${claim.spec.volumeName}`)).body;
    expect(volume).toMatchObject({
      spec: { csi: { driver: "rook-ceph.rbd.csi.ceph.com" }, claimRef: { name: "data-postgres-0" } },
      status: { phase: "Bound" },
    });
  });

  it("names the pods behind a Service in its EndpointSlice, as they come and go", async () => {
    const simulator = await start("pci-prod");
    const path = "/apis/discovery.k8s.io/v1/namespaces/kyverno/endpointslices";
    const ready = async () => {
      const { items } = (await ask(simulator, path)).body as {
        items: { metadata: { labels: Record<string, string> }; endpoints: { conditions: { ready: boolean } }[] }[];
      };
      const slice = items.find(({ metadata }) => metadata.labels["kubernetes.io/service-name"] === "kyverno-svc");
      return slice?.endpoints.filter(({ conditions }) => conditions.ready).length;
    };
    expect(await ready()).toBe(3);
    const scaled = await ask(simulator, "/apis/apps/v1/namespaces/kyverno/deployments/kyverno-admission-controller", {
      method: "PATCH",
      type: "application/merge-patch+json",
      body: { spec: { replicas: 1 } },
    });
    expect(scaled.status).toBe(200);
    await expect.poll(ready).toBe(1);
  });

  it("tells in its metrics how Secrets are written, from the EncryptionConfiguration of its nodes", async () => {
    const metrics = async (name: string) => (await ask(await start(name), "/metrics")).text;
    expect(await metrics("pci-prod")).toContain(
      'transformation_type="to_storage",transformer_prefix="k8s:enc:aesgcm:v1:"',
    );
    expect(await metrics("platform-services")).toContain('transformer_prefix="k8s:enc:kms:v2:"');
    expect(await metrics("pci-staging")).not.toContain("apiserver_storage_transformation_operations_total");
  });

  it("refuses anonymous requests where its API server says so, and only there", async () => {
    expect((await ask(await start("pci-prod"), "/version", { token: null })).status).toBe(401);
    expect((await ask(await start("pci-staging"), "/version", { token: null })).status).toBe(200);
  });

  it("works with @kubernetes/client-node unchanged", async () => {
    const simulator = await start("pci-prod");
    const config = new KubeConfig();
    config.loadFromString(simulator.kubeconfig());
    const names: string[] = [];
    for (let next: string | undefined; ; ) {
      const page = await config.makeApiClient(CoreV1Api).listPodForAllNamespaces({ limit: 25, _continue: next });
      names.push(...page.items.map((pod) => `${pod.metadata?.namespace}/${pod.metadata?.name}`));
      next = page.metadata?._continue;
      if (!next) break;
    }
    const all = ((await ask(simulator, "/api/v1/pods")).body as List).items.map(
      (pod) => `${pod.metadata.namespace}/${pod.metadata.name}`,
    );
    expect(names).toEqual(all);
    const deployment = await config
      .makeApiClient(AppsV1Api)
      .readNamespacedDeployment({ name: "payment-api", namespace: "cde-frontend" });
    expect(deployment.status?.readyReplicas).toBe(4);
    await expect(
      config.makeApiClient(CoreV1Api).readNamespacedPod({ name: "none", namespace: "default" }),
    ).rejects.toMatchObject({ code: 404 });
  });

  it("answers kubectl with the same pods, or a client that pages and asks as kubectl does where there is none", async () => {
    const simulator = await start("pci-prod");
    const all = ((await ask(simulator, "/api/v1/pods")).body as List).items;
    if (!isOnPath("kubectl")) return expectAsKubectl(simulator, all);
    const folder = mkdtempSync(join(tmpdir(), "ringfence-kubectl-test-"));
    try {
      const kubeconfig = join(folder, "kubeconfig");
      writeFileSync(kubeconfig, simulator.kubeconfig());
      const kubectl = async (...args: string[]) => {
        const { execFile } = await import("node:child_process");
        return new Promise<string>((resolve, reject) =>
          execFile(
            "kubectl",
            ["--kubeconfig", kubeconfig, "--cache-dir", join(folder, "cache"), ...args],
            { maxBuffer: 64 * 1024 * 1024 },
            (error, stdout) => (error ? reject(error) : resolve(stdout)),
          ),
        );
      };
      const seen = JSON.parse(await kubectl("get", "pods", "-A", "-o", "json")) as List;
      // kubectl puts apiVersion and kind on the items of a list; the objects are the same otherwise.
      expect(seen.items.map(({ metadata, status }) => ({ metadata, status }))).toEqual(
        all.map(({ metadata, status }) => ({ metadata, status })),
      );
      expect(await kubectl("get", "pods", "-n", "cde-storage", "-o", "wide")).toMatch(/postgres-0\s+1\/1\s+Running/);
      expect(await kubectl("auth", "can-i", "--list")).toContain("*.*");
      expect(await kubectl("label", "namespace", "default", "owner=test", "--overwrite")).toContain("labeled");
      writeFileSync(
        join(folder, "a.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: default }\ndata: { a: b }\n",
      );
      expect(await kubectl("apply", "-f", join(folder, "a.yaml"))).toContain("created");
      expect(await kubectl("apply", "-f", join(folder, "a.yaml"))).toContain("unchanged");
      expect(await kubectl("delete", "-f", join(folder, "a.yaml"))).toContain("deleted");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
