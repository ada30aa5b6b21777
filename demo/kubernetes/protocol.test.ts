import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Simulator } from "./simulator";
import { ask, simulatorOf, watchEvents } from "./testing/client";

const WORLD = `
apiVersion: v1
kind: Node
metadata: { name: worker-1, labels: { pool: a } }
status:
  addresses: [{ type: InternalIP, address: 10.0.0.1 }]
  nodeInfo: { kubeletVersion: v1.35.2 }
---
apiVersion: v1
kind: Node
metadata: { name: worker-2, labels: { pool: b } }
spec: { taints: [{ key: dedicated, value: cde, effect: NoSchedule }] }
status:
  addresses: [{ type: InternalIP, address: 10.0.0.2 }]
  nodeInfo: { kubeletVersion: v1.36.1 }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "nginx:1.29" }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: probe, namespace: shop }
spec:
  selector: { matchLabels: { app: probe } }
  template:
    metadata: { labels: { app: probe } }
    spec: { containers: [{ name: probe, image: "probe:1" }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: everywhere, namespace: shop }
spec:
  selector: { matchLabels: { app: everywhere } }
  template:
    metadata: { labels: { app: everywhere } }
    spec: { tolerations: [{ operator: Exists }], containers: [{ name: probe, image: "probe:1" }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader, namespace: shop }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: pod-reader }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get, list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: shop }]
`;

interface List {
  kind: string;
  items: {
    metadata: {
      name: string;
      namespace?: string;
      labels?: Record<string, string>;
      ownerReferences?: { kind: string; name: string }[];
    };
    spec: { nodeName?: string; replicas?: number };
    status?: Record<string, unknown>;
  }[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}
interface StatusBody {
  kind: string;
  status: string;
  reason: string;
  message: string;
  code: number;
}

let simulator: Simulator;
let stop: () => Promise<void>;
let now = Date.now();
beforeAll(async () => {
  ({ simulator, stop } = await simulatorOf(WORLD, { now: () => now, users: { nobody: [] }, bookmarkIntervalMs: 50 }));
});
afterAll(() => stop());

const list = async (path: string) => (await ask(simulator, path)).body as List;
const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { made: "here" } },
  data,
});

async function tokenOf(account: string): Promise<string> {
  const answer = await ask(simulator, `/api/v1/namespaces/shop/serviceaccounts/${account}/token`, {
    method: "POST",
    body: { spec: { expirationSeconds: 600 } },
  });
  return (answer.body as { status: { token: string } }).status.token;
}

describe("state by rule", () => {
  it("makes ReplicaSets and pods for Deployments, and schedules by taints", async () => {
    const pods = await list("/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
    expect(pods.items).toHaveLength(3);
    expect(new Set(pods.items.map((pod) => pod.spec.nodeName))).toEqual(new Set(["worker-1"]));
    expect(pods.items[0]!.metadata.ownerReferences?.[0]?.kind).toBe("ReplicaSet");
    const [deployment] = (await list("/apis/apps/v1/namespaces/shop/deployments")).items;
    expect(deployment!.status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  });

  it("puts a DaemonSet's pods on the nodes that it tolerates", async () => {
    const nodes = async (app: string) =>
      (await list(`/api/v1/pods?labelSelector=app%3D${app}`)).items.map((pod) => pod.spec.nodeName ?? "").sort();
    expect(await nodes("probe")).toEqual(["worker-1"]);
    expect(await nodes("everywhere")).toEqual(["worker-1", "worker-2"]);
  });

  it("gives every namespace its default service account and the authority's certificate", async () => {
    expect((await list("/api/v1/namespaces/shop/serviceaccounts")).items.map((held) => held.metadata.name)).toContain(
      "default",
    );
    const certificate = (await ask(simulator, "/api/v1/namespaces/shop/configmaps/kube-root-ca.crt")).body as {
      data: Record<string, string>;
    };
    expect(certificate.data["ca.crt"]).toBe(simulator.caPem);
  });

  it("says the version of its newest kubelet", async () => {
    expect((await ask(simulator, "/version")).body).toMatchObject({ gitVersion: "v1.36.1", major: "1", minor: "36" });
  });
});

describe("lists", () => {
  it("hands out pages that are one consistent state, whatever happens between them", async () => {
    for (let i = 0; i < 7; i++)
      await ask(simulator, "/api/v1/namespaces/shop/configmaps", { method: "POST", body: configMap(`page-${i}`) });
    const first = await list("/api/v1/namespaces/shop/configmaps?limit=3");
    expect(first.items).toHaveLength(3);
    expect(first.metadata.remainingItemCount).toBeGreaterThanOrEqual(5);
    await ask(simulator, "/api/v1/namespaces/shop/configmaps/page-6", { method: "DELETE" });
    await ask(simulator, "/api/v1/namespaces/shop/configmaps", { method: "POST", body: configMap("page-zz") });
    const names = first.items.map((item) => item.metadata.name);
    for (let next = first.metadata.continue; next; ) {
      const page = await list(`/api/v1/namespaces/shop/configmaps?limit=3&continue=${encodeURIComponent(next)}`);
      expect(page.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      names.push(...page.items.map((item) => item.metadata.name));
      next = page.metadata.continue;
    }
    expect(names).toContain("page-6");
    expect(names).not.toContain("page-zz");
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual(names);
  });

  it("answers 410 for a token behind the compaction horizon, and 400 for one that it did not make", async () => {
    const first = await list("/api/v1/namespaces/shop/configmaps?limit=2");
    await ask(simulator, "/api/v1/namespaces/shop/configmaps", { method: "POST", body: configMap("later") });
    simulator.cluster.store.compact(simulator.cluster.store.revision);
    const gone = await ask(simulator, `/api/v1/namespaces/shop/configmaps?limit=2&continue=${first.metadata.continue}`);
    expect(gone.status).toBe(410);
    expect(gone.body).toMatchObject({ kind: "Status", reason: "Expired", code: 410 });
    expect((await ask(simulator, "/api/v1/namespaces/shop/configmaps?limit=2&continue=bm8")).status).toBe(400);
    const elsewhere = await ask(simulator, `/api/v1/pods?limit=2&continue=${first.metadata.continue}`);
    expect(elsewhere.status).toBe(400);
  });

  it("forgets changes after five minutes", async () => {
    const first = await list("/api/v1/pods?limit=1");
    await ask(simulator, "/api/v1/namespaces/shop/configmaps", { method: "POST", body: configMap("tick") });
    now += 6 * 60_000;
    expect((await ask(simulator, `/api/v1/pods?limit=1&continue=${first.metadata.continue}`)).status).toBe(410);
  });

  it("selects by labels and fields, and refuses a field that a kind has not", async () => {
    const count = async (path: string) => (await list(path)).items.length;
    expect(await count("/api/v1/pods?labelSelector=app%20in%20(web%2Cprobe)%2C!nothing")).toBe(4);
    expect(await count("/api/v1/pods?labelSelector=app%21%3Dweb")).toBe(3);
    expect(await count("/api/v1/pods?fieldSelector=spec.nodeName%3Dworker-2")).toBe(1);
    expect(await count("/api/v1/pods?fieldSelector=status.phase%21%3DRunning")).toBe(0);
    expect((await ask(simulator, "/api/v1/pods?fieldSelector=spec.image%3Dx")).status).toBe(400);
    expect((await ask(simulator, "/api/v1/pods?labelSelector=a%3D%3D%3Db")).status).toBe(400);
  });

  it("answers as a table and as metadata alone", async () => {
    const table = (
      await ask(simulator, "/api/v1/namespaces/shop/pods", {
        accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
      })
    ).body as { kind: string; columnDefinitions: { name: string }[]; rows: unknown[] };
    expect(table.kind).toBe("Table");
    expect(table.columnDefinitions.map((column) => column.name)).toContain("Status");
    expect(table.rows).toHaveLength(6);
    const metadata = (
      await ask(simulator, "/api/v1/nodes", {
        accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
      })
    ).body as List;
    expect(metadata.kind).toBe("PartialObjectMetadataList");
    expect(metadata.items[0]).not.toHaveProperty("status");
  });
});

describe("watch", () => {
  it("follows on from a list without a gap, with bookmarks, and shows objects that enter and leave a selection", async () => {
    const { metadata } = await list("/api/v1/namespaces/shop/configmaps");
    await ask(simulator, "/api/v1/namespaces/shop/configmaps", { method: "POST", body: configMap("seen") });
    const watch = watchEvents(
      simulator,
      `/api/v1/namespaces/shop/configmaps?watch=1&allowWatchBookmarks=true&labelSelector=made%3Dhere&resourceVersion=${metadata.resourceVersion}`,
    );
    await watch.until((events) =>
      events.some((event) => event.type === "ADDED" && event.object.metadata.name === "seen"),
    );
    await ask(simulator, "/api/v1/namespaces/shop/configmaps/seen", {
      method: "PATCH",
      type: "application/merge-patch+json",
      body: { metadata: { labels: { made: "elsewhere" } } },
    });
    const events = await watch.until(
      (all) => all.some((event) => event.type === "DELETED") && all.some((event) => event.type === "BOOKMARK"),
    );
    watch.close();
    expect(events.filter((event) => event.object.metadata.name === "seen").map((event) => event.type)).toEqual([
      "ADDED",
      "DELETED",
    ]);
  });

  it("sends 410 as an event when it starts behind the horizon", async () => {
    simulator.cluster.store.compact(simulator.cluster.store.revision);
    const watch = watchEvents(simulator, "/api/v1/pods?watch=1&resourceVersion=1");
    const events = await watch.until((all) => all.length > 0);
    expect(events[0]).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
  });

  it("starts with the whole state when asked to", async () => {
    const watch = watchEvents(
      simulator,
      "/api/v1/nodes?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    );
    const events = await watch.until((all) =>
      all.some((event) => event.object.metadata.annotations?.["k8s.io/initial-events-end"] === "true"),
    );
    watch.close();
    expect(events.filter((event) => event.type === "ADDED").map((event) => event.object.metadata.name)).toEqual([
      "worker-1",
      "worker-2",
    ]);
  });
});

describe("who may do what", () => {
  it("grants a service account exactly what its bindings grant", async () => {
    const token = await tokenOf("reader");
    expect((await ask(simulator, "/api/v1/namespaces/shop/pods", { token })).status).toBe(200);
    const refused = await ask(simulator, "/api/v1/pods", { token });
    expect(refused.status).toBe(403);
    expect((refused.body as StatusBody).message).toBe(
      'pods is forbidden: User "system:serviceaccount:shop:reader" cannot list resource "pods" in API group "" at the cluster scope',
    );
    const elsewhere = await ask(simulator, "/apis/apps/v1/namespaces/shop/deployments/web", { token });
    expect((elsewhere.body as StatusBody).message).toBe(
      'deployments.apps "web" is forbidden: User "system:serviceaccount:shop:reader" cannot get resource "deployments" in API group "apps" in the namespace "shop"',
    );
    expect((await ask(simulator, "/metrics", { token })).status).toBe(403);
  });

  it("follows the store: a new binding counts at once, and a token dies with its account", async () => {
    const token = await tokenOf("reader");
    const path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "reader-all" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "pod-reader" },
      subjects: [{ kind: "ServiceAccount", name: "reader", namespace: "shop" }],
    };
    expect((await ask(simulator, path, { method: "POST", body: binding })).status).toBe(201);
    expect((await ask(simulator, "/api/v1/pods", { token })).status).toBe(200);
    await ask(simulator, "/api/v1/namespaces/shop/serviceaccounts/reader", { method: "DELETE" });
    expect((await ask(simulator, "/api/v1/pods", { token })).status).toBe(401);
    await ask(simulator, "/api/v1/namespaces/shop/serviceaccounts", {
      method: "POST",
      body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "reader" } },
    });
    await ask(simulator, `${path}/reader-all`, { method: "DELETE" });
  });

  it("knows anonymous from a wrong token", async () => {
    const anonymous = await ask(simulator, "/api/v1/pods", { token: null });
    expect(anonymous.status).toBe(403);
    expect((anonymous.body as StatusBody).message).toContain('User "system:anonymous"');
    expect((await ask(simulator, "/version", { token: null })).status).toBe(200);
    expect((await ask(simulator, "/version", { token: "wrong" })).status).toBe(401);
    expect((await ask(simulator, "/version", { token: "a.b.c" })).status).toBe(401);
  });

  it("answers reviews, also for an impersonated user", async () => {
    const review = (verb: string, resource: string) => ({
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { namespace: "shop", verb, resource, group: "" } },
    });
    const may = async (verb: string, resource: string) => {
      const answer = await ask(simulator, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        method: "POST",
        body: review(verb, resource),
        headers: { "impersonate-user": "system:serviceaccount:shop:reader" },
      });
      return (answer.body as { status: { allowed: boolean } }).status.allowed;
    };
    expect(await may("list", "pods")).toBe(true);
    expect(await may("list", "secrets")).toBe(false);
    const rules = await ask(simulator, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
      method: "POST",
      body: { spec: { namespace: "shop" } },
      headers: { "impersonate-user": "system:serviceaccount:shop:reader" },
    });
    expect((rules.body as { status: { resourceRules: unknown[] } }).status.resourceRules).toContainEqual({
      verbs: ["get", "list"],
      apiGroups: [""],
      resources: ["pods"],
    });
    const token = await tokenOf("reader");
    expect(
      (await ask(simulator, "/api/v1/namespaces/shop/pods", { token, headers: { "impersonate-user": "root" } })).status,
    ).toBe(403);
  });
});

describe("writes", () => {
  it("refuses a second object of a name, an unknown namespace, and a stale version", async () => {
    const path = "/api/v1/namespaces/shop/configmaps";
    const made = (await ask(simulator, path, { method: "POST", body: configMap("once") })).body as Record<
      string,
      unknown
    >;
    const again = await ask(simulator, path, { method: "POST", body: configMap("once") });
    expect(again.body).toMatchObject({
      code: 409,
      reason: "AlreadyExists",
      message: 'configmaps "once" already exists',
    });
    expect(
      (await ask(simulator, "/api/v1/namespaces/none/configmaps", { method: "POST", body: configMap("x") })).body,
    ).toMatchObject({ code: 404, message: 'namespaces "none" not found' });
    expect((await ask(simulator, `${path}/once`, { method: "PUT", body: { ...made, data: { a: "1" } } })).status).toBe(
      200,
    );
    expect(
      (await ask(simulator, `${path}/once`, { method: "PUT", body: { ...made, data: { a: "2" } } })).body,
    ).toMatchObject({ code: 409, reason: "Conflict" });
    expect((await ask(simulator, path, { method: "POST", body: configMap("Not_A_Name") })).status).toBe(422);
    expect((await ask(simulator, path, { method: "POST", body: { ...configMap("x"), kind: "Secret" } })).status).toBe(
      400,
    );
  });

  it("understands four kinds of patch", async () => {
    const path = "/apis/apps/v1/namespaces/shop/deployments/web";
    const strategic = {
      spec: {
        template: {
          spec: {
            containers: [{ name: "side", image: "side:1" }],

            "$setElementOrder/containers": [{ name: "side" }, { name: "web" }],
          },
        },
      },
    };
    const containers = (answer: unknown) =>
      (answer as { spec: { template: { spec: { containers: { name: string; image: string }[] } } } }).spec.template.spec
        .containers;
    const first = await ask(simulator, path, {
      method: "PATCH",
      type: "application/strategic-merge-patch+json",
      body: strategic,
    });
    expect(containers(first.body).map((container) => container.name)).toEqual(["side", "web"]);
    const second = await ask(simulator, path, {
      method: "PATCH",
      type: "application/json-patch+json",
      body: [
        { op: "test", path: "/spec/replicas", value: 3 },
        { op: "remove", path: "/spec/template/spec/containers/0" },
      ],
    });
    expect(containers(second.body).map((container) => container.name)).toEqual(["web"]);
    expect(
      (
        await ask(simulator, path, {
          method: "PATCH",
          type: "application/json-patch+json",
          body: [{ op: "test", path: "/spec/replicas", value: 4 }],
        })
      ).status,
    ).toBe(422);
    expect(
      (
        await ask(simulator, path, {
          method: "PATCH",
          type: "application/merge-patch+json",
          body: { spec: { replicas: 1 } },
        })
      ).status,
    ).toBe(200);
    const applied = await ask(simulator, `${path}?fieldManager=test`, {
      method: "PATCH",
      type: "application/apply-patch+yaml",
      body: "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\nspec: { replicas: 2 }\n",
    });
    expect(applied.body).toMatchObject({ spec: { replicas: 2 } });
    await expect
      .poll(async () => (await list("/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb")).items.length)
      .toBe(2);
    expect((await ask(simulator, path, { method: "PATCH", type: "text/plain", body: "{}" })).status).toBe(415);
  });

  it("replaces a deleted pod under another name and takes a namespace away with all that is in it", async () => {
    const pods = async () =>
      (await list("/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb")).items.map((pod) => pod.metadata.name);
    const [victim, ...others] = await pods();
    await ask(simulator, `/api/v1/namespaces/shop/pods/${victim}`, { method: "DELETE" });
    await expect.poll(async () => (await pods()).length).toBe(2);
    expect(await pods()).toEqual(expect.arrayContaining(others));
    expect(await pods()).not.toContain(victim);
    await ask(simulator, "/api/v1/namespaces", {
      method: "POST",
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "brief" } },
    });
    await ask(simulator, "/api/v1/namespaces/brief/configmaps", { method: "POST", body: configMap("inside") });
    expect((await ask(simulator, "/api/v1/namespaces/brief", { method: "DELETE" })).status).toBe(200);
    expect((await ask(simulator, "/api/v1/namespaces/brief")).status).toBe(404);
    expect((await list("/api/v1/configmaps")).items.map((held) => held.metadata.name)).not.toContain("inside");
  });

  it("serves a custom resource from the moment that its definition is there", async () => {
    expect((await ask(simulator, "/apis/kyverno.io/v1/clusterpolicies")).status).toBe(404);
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "clusterpolicies.kyverno.io" },
      spec: {
        group: "kyverno.io",
        scope: "Cluster",
        names: { plural: "clusterpolicies", kind: "ClusterPolicy" },
        versions: [{ name: "v1", served: true, storage: true }],
      },
    };
    expect(
      (
        await ask(simulator, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
          method: "POST",
          body: definition,
        })
      ).status,
    ).toBe(201);
    expect((await list("/apis/kyverno.io/v1/clusterpolicies")).items).toEqual([]);
    const groups = (await ask(simulator, "/apis")).body as { groups: { name: string }[] };
    expect(groups.groups.map((group) => group.name)).toContain("kyverno.io");
  });
});
