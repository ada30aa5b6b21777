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

  // The protocol itself is tested without kubectl; where it is on the machine, it must agree.
  it("answers kubectl, where there is one, with the same pods", async () => {
    const simulator = await start("pci-prod");
    const all = ((await ask(simulator, "/api/v1/pods")).body as List).items;
    if (!isOnPath("kubectl")) {
      expect(all.length).toBeGreaterThan(0);
      return;
    }
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
