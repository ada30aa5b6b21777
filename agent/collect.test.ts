/** The collector against a stubborn API: what is missing is said, what broke is read again, nothing is counted twice. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CollectEvent, CollectionFailed, type CollectOptions, collect, type SectionEnd } from "./collect";
import { collectSnapshot } from "./collect-snapshot";
import { type KubernetesStub, pod, startKubernetesStub, status } from "./testing/kubernetes-stub";

let stub: KubernetesStub;
beforeEach(async () => {
  stub = await startKubernetesStub();
});
afterEach(() => stub.close());

const quick = { firstBackoffMs: 1, longestBackoffMs: 20, timeoutMs: 2_000 };
const PODS = "/api/v1/pods";

async function run(
  options: CollectOptions = {},
): Promise<{ events: CollectEvent[]; end(section: string): SectionEnd; names(section: string): string[] }> {
  const events: CollectEvent[] = [];
  for await (const event of collect(stub.config, { ...options, limits: { ...quick, ...options.limits } }))
    events.push(event);
  return {
    events,
    end: (section) => {
      const found = events.filter((event): event is SectionEnd => event.type === "end" && event.section === section);
      expect(found).toHaveLength(1);
      return found[0] as SectionEnd;
    },
    names: (section) => {
      let names: string[] = [];
      for (const event of events) {
        if (!("section" in event) || event.section !== section) continue;
        if (event.type === "restart") names = [];
        if (event.type === "objects") names.push(...event.objects.map((object) => object.metadata.name));
      }
      return names;
    },
  };
}
const podNames = (n: number) => Array.from({ length: n }, (_, i) => `pod-${String(i).padStart(5, "0")}`);
const fillPods = (n: number) =>
  stub.resources.set(
    PODS,
    podNames(n).map((name) => pod("web", name)),
  );

describe("a list", () => {
  it("is read page by page, 500 at a time, each object once and in order", async () => {
    fillPods(1234);
    const { names, end } = await run({ sections: ["pods"] });
    expect(names("pods")).toEqual(podNames(1234));
    expect(end("pods")).toMatchObject({ status: "complete", objects: 1234, resourceVersion: "4711" });
    const lists = stub.requests.filter((request) => request.path === PODS);
    expect(lists.map((request) => request.query.get("limit"))).toEqual(["500", "500", "500"]);
  });

  it("tells its progress with the total that the API server estimates", async () => {
    fillPods(1200);
    const seen: [number, number][] = [];
    await run({ sections: ["pods"], onProgress: ({ done, total }) => seen.push([done, total]) });
    expect(seen).toEqual([
      [500, 1200],
      [1000, 1200],
      [1200, 1200],
    ]);
  });

  it("begins again after 410 Gone and counts nothing twice", async () => {
    fillPods(1100);
    stub.intercept = ({ path, query, nth }) =>
      path === PODS && query.has("continue") && nth === 2 ? { status: 410, body: status(410, "Expired") } : undefined;
    const { names, end, events } = await run({ sections: ["pods"] });
    expect(events.filter((event) => event.type === "restart")).toHaveLength(1);
    expect(names("pods")).toEqual(podNames(1100));
    expect(end("pods")).toMatchObject({ status: "complete", objects: 1100 });
  });

  it("gives up after a bounded number of 410, as failed and not as empty", async () => {
    fillPods(600);
    stub.intercept = ({ path, query }) => (path === PODS && query.has("continue") ? { status: 410 } : undefined);
    const { end, events } = await run({ sections: ["pods"], limits: { restarts: 2 } });
    expect(events.filter((event) => event.type === "restart")).toHaveLength(2);
    expect(end("pods")).toMatchObject({ status: "failed", message: expect.stringContaining("410") });
  });

  it("reads a page again whose connection broke in the middle", async () => {
    fillPods(700);
    stub.intercept = ({ path, query, nth }) => {
      if (path !== PODS || nth !== 1) return undefined;
      const items = stub.resources.get(PODS)?.slice(Number(query.get("continue")));
      return { status: 200, body: { kind: "PodList", metadata: {}, items }, breakAfterBytes: 9_000 };
    };
    const { names, end } = await run({ sections: ["pods"] });
    expect(names("pods")).toEqual(podNames(700));
    expect(end("pods").status).toBe("complete");
  });

  it("does not take a page for whole that ends early without saying so", async () => {
    fillPods(3);
    // No Content-Length: only the broken chunked encoding shows that something is missing.
    stub.intercept = ({ path, nth }) =>
      path === PODS && nth === 0
        ? { status: 200, body: '{"items":[{"metadata":{"name":"x"}}', headers: { connection: "close" } }
        : undefined;
    const { names } = await run({ sections: ["pods"] });
    expect(names("pods")).toEqual(podNames(3));
  });

  it("waits as long as 429 asks", async () => {
    fillPods(1);
    stub.intercept = ({ path, nth }) =>
      path === PODS && nth === 0 ? { status: 429, headers: { "retry-after": "1" } } : undefined;
    const from = Date.now();
    const { end } = await run({ sections: ["pods"], limits: { longestBackoffMs: 5_000, firstBackoffMs: 1 } });
    expect(end("pods").status).toBe("complete");
    expect(Date.now() - from).toBeGreaterThanOrEqual(950);
  });

  it("that keeps failing is failed with the reason, and the next section is read", async () => {
    fillPods(1);
    stub.intercept = ({ path }) => (path === PODS ? { status: 503 } : undefined);
    const { end } = await run({ sections: ["pods", "services"], limits: { attempts: 3 } });
    expect(end("pods")).toMatchObject({ status: "failed", message: expect.stringContaining("503") });
    expect(end("services").status).toBe("complete");
    expect(stub.requests.filter(({ path }) => path === PODS)).toHaveLength(3);
  });

  it("that stays silent is failed after its timeout", async () => {
    fillPods(1);
    stub.intercept = ({ path }) =>
      path === PODS ? { status: 200, body: '{"items":[', headers: { "content-length": "100" } } : undefined;
    const { end } = await run({ sections: ["pods"], limits: { attempts: 2, timeoutMs: 100 } });
    expect(end("pods")).toMatchObject({ status: "failed", message: expect.stringMatching(/silence|broke off/) });
  });
});

describe("what the agent may not read or what is not there", () => {
  it("is forbidden with the permission that is missing, never empty", async () => {
    stub.intercept = ({ path }) => (path.endsWith("/networkpolicies") || path === PODS ? { status: 403 } : undefined);
    const { end } = await run();
    expect(end("networkpolicies")).toMatchObject({
      status: "forbidden",
      objects: 0,
      message: 'RBAC refused the list: the permission "list networkpolicies.networking.k8s.io" is missing.',
    });
    expect(end("pods").message).toContain('"list pods"');
    expect(end("services").status).toBe("complete");
  });

  it("is unserved when the group is not there, and costs no request", async () => {
    const { end } = await run();
    for (const section of [
      "kyverno-clusterpolicies",
      "gateway-gateways",
      "gatekeeper-constraints",
      "openshift-routes",
    ]) {
      expect(end(section)).toMatchObject({ status: "unserved", objects: 0 });
    }
    expect(stub.requests.some(({ path }) => path.includes("kyverno"))).toBe(false);
  });

  it("is failed, not unserved, when discovery of an installed group doesn't answer", async () => {
    stub.resources.set("/apis/kyverno.io/v1/clusterpolicies", []);
    stub.intercept = ({ path }) => (path === "/apis/kyverno.io/v1" ? { status: 503 } : undefined);
    const { end } = await run({ sections: ["kyverno-clusterpolicies"], limits: { attempts: 2 } });
    expect(end("kyverno-clusterpolicies").status).toBe("failed");
  });

  it("is unserved when it vanished between discovery and the list", async () => {
    stub.resources.set("/apis/kyverno.io/v1/clusterpolicies", []);
    stub.intercept = ({ path }) => (path.endsWith("/clusterpolicies") ? { status: 404 } : undefined);
    const { end } = await run({ sections: ["kyverno-clusterpolicies"] });
    expect(end("kyverno-clusterpolicies")).toMatchObject({ objects: 0 });
  });

  it("is still found by asking for each group when /apis is refused", async () => {
    stub.intercept = ({ path }) => (path === "/apis" ? { status: 403 } : undefined);
    const { end } = await run({ sections: ["deployments", "kyverno-policies"] });
    expect(end("deployments").status).toBe("complete");
    expect(end("kyverno-policies").status).toBe("unserved");
  });

  it("ends the collection when nothing can be read at all", async () => {
    stub.intercept = () => ({ status: 401 });
    await expect(run()).rejects.toThrow(CollectionFailed);
    stub.intercept = () => ({ status: 503 });
    await expect(run({ limits: { attempts: 2 } })).rejects.toThrow(CollectionFailed);
  });
});

describe("optional kinds", () => {
  it("come from the version that is served, and Gatekeeper's constraints of every kind", async () => {
    const constraint = (kind: string) => ({
      apiVersion: "constraints.gatekeeper.sh/v1beta1",
      kind,
      metadata: { name: `the-${kind.toLowerCase()}` },
      spec: {},
    });
    stub.resources.set("/apis/constraints.gatekeeper.sh/v1beta1/k8sallowedrepos", [constraint("K8sAllowedRepos")]);
    stub.resources.set("/apis/constraints.gatekeeper.sh/v1beta1/k8srequiredlabels", [constraint("K8sRequiredLabels")]);
    stub.resources.set("/apis/networking.istio.io/v1beta1/destinationrules", [
      {
        apiVersion: "networking.istio.io/v1beta1",
        kind: "DestinationRule",
        metadata: { name: "a", namespace: "web" },
        spec: { host: "x" },
      },
    ]);
    const { names, end } = await run();
    expect(names("gatekeeper-constraints")).toEqual(["the-k8sallowedrepos", "the-k8srequiredlabels"]);
    expect(names("istio-destinationrules")).toEqual(["a"]);
    expect(end("gatekeeper-constraints").status).toBe("complete");
  });
});

describe("objects", () => {
  it("get apiVersion and kind, which a typed list leaves out", async () => {
    fillPods(1);
    const { events } = await run({ sections: ["pods"] });
    const [page] = events.flatMap((event) => (event.type === "objects" ? [event.objects] : []));
    expect(page?.[0]).toMatchObject({ apiVersion: "v1", kind: "Pod", metadata: { name: "pod-00000" } });
  });

  it("that are not valid are named and left out, and no integer is rounded on the way", async () => {
    const huge = pod("web", "huge");
    stub.resources.set(PODS, [huge, pod("web", "fine")]);
    stub.intercept = ({ path }) => {
      if (path !== PODS) return undefined;
      const text = JSON.stringify({ kind: "PodList", metadata: {}, items: [huge, pod("web", "fine")] });
      return {
        status: 200,
        body: text.replace('"image":', '"securityContext":{"runAsUser":9007199254740993},"image":'),
      };
    };
    const { names, end } = await run({ sections: ["pods"] });
    expect(names("pods")).toEqual(["fine"]);
    expect(end("pods").invalid).toEqual([expect.objectContaining({ kind: "Pod", namespace: "web", name: "huge" })]);
  });

  it("lose what is not on the allow-list, and it is counted", async () => {
    const canary = "canary-5f3a9d";
    stub.resources.set(PODS, [
      pod("web", "a", {
        containers: [{ name: "app", image: "x:1", env: [{ name: "PASSWORD", value: canary }] }],
        unknownField: canary,
      }),
    ]);
    const { events, end } = await run({ sections: ["pods"] });
    expect(JSON.stringify(events)).not.toContain(canary);
    expect(end("pods").dropped).toBeGreaterThanOrEqual(2);
  });
});

describe("facts", () => {
  it("are read where they may be, and absent where not", async () => {
    stub.intercept = ({ path }) =>
      path === "/metrics"
        ? {
            status: 200,
            body: [
              "# TYPE apiserver_storage_transformation_operations_total counter",
              'apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",transformer_prefix="k8s:enc:kms:v2:vault:"} 12',
              'apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="from_storage",transformer_prefix="identity"} 3',
              'apiserver_storage_transformation_operations_total{resource="secrets",status="Internal",transformation_type="from_storage",transformer_prefix="identity"} 9',
              "apiserver_request_total 7",
            ].join("\n"),
          }
        : undefined;
    const { events } = await run({ sections: [] });
    expect(events[0]).toMatchObject({
      type: "facts",
      facts: {
        gitVersion: "v1.32.4",
        clusterUid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        encryptionTransformers: [
          { operation: "from_storage", resource: "secrets", prefix: "identity", count: 3 },
          { operation: "to_storage", resource: "secrets", prefix: "k8s:enc:kms:v2:vault:", count: 12 },
        ],
      },
    });
    stub.intercept = ({ path }) => (path === "/metrics" || path.endsWith("kube-system") ? { status: 403 } : undefined);
    expect((await run({ sections: [] })).events[0]).toEqual({
      type: "facts",
      provider: null,
      facts: { gitVersion: "v1.32.4" },
    });
  });
});

describe("a snapshot in memory", () => {
  it("says of every section how it stands, those that nobody asked for too", async () => {
    fillPods(3);
    stub.intercept = ({ path }) => (path === "/api/v1/nodes" ? { status: 403 } : undefined);
    const snapshot = await collectSnapshot(stub.config, {
      sections: ["pods", "nodes"],
      limits: quick,
      collectedAt: "2026-11-21T10:00:00.000Z",
    });
    expect(snapshot.sections.pods).toMatchObject({ status: "complete", resourceVersion: "4711" });
    expect(snapshot.sections.pods?.objects).toHaveLength(3);
    expect(snapshot.sections.nodes?.status).toBe("forbidden");
    expect(snapshot.sections.services?.status).toBe("not-collected");
  });
});

it("stops at once when it is told to", async () => {
  fillPods(5000);
  const stop = new AbortController();
  const reading = run({ sections: ["pods"], signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
  await expect(reading).rejects.toThrow("enough");
});

describe("an optional section", () => {
  const CONFIG_MAPS = "/api/v1/configmaps";
  const configMap = (data: Record<string, string>) => ({ metadata: { name: "app", namespace: "cde" }, data });

  it("is not asked for, and says how it would be", async () => {
    stub.resources.set(CONFIG_MAPS, [configMap({ a: "b" })]);
    const { end } = await run();
    expect(end("configmaps")).toMatchObject({
      status: "not-collected",
      message:
        'It is read only where the operator wants it: grant "list configmaps" and start the agent with --collect configmaps (in the chart: readConfigMaps=true).',
    });
    expect(stub.requests.filter(({ path }) => path === CONFIG_MAPS)).toEqual([]);
  });

  it("is read where the operator wants it", async () => {
    stub.resources.set(CONFIG_MAPS, [configMap({ a: "b" })]);
    const { names, end } = await run({ optionalSections: ["configmaps"] });
    expect(names("configmaps")).toEqual(["app"]);
    expect(end("configmaps").status).toBe("complete");
  });

  it("is forbidden, not empty, where it was switched on and never granted", async () => {
    stub.resources.set(CONFIG_MAPS, []);
    stub.intercept = ({ path }) => (path === CONFIG_MAPS ? { status: 403, body: status(403, "Forbidden") } : undefined);
    const { end, events } = await run({ optionalSections: ["configmaps"] });
    expect(end("configmaps")).toMatchObject({
      status: "forbidden",
      message: 'RBAC refused the list: the permission "list configmaps" is missing.',
    });
    const scanned = events.find((event) => event.type === "scanned");
    expect(scanned?.patternScan.sections).not.toContain("configmaps");
  });
});

describe("leases", () => {
  const all = "/apis/coordination.k8s.io/v1/leases";
  const ofNodes = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

  it("are listed in the nodes' namespace and nowhere else", async () => {
    stub.resources.set(all, [{ metadata: { name: "other", namespace: "kube-system" } }]);
    stub.resources.set(ofNodes, [{ metadata: { name: "node-1", namespace: "kube-node-lease" } }]);
    const { names } = await run();
    expect(names("leases")).toEqual(["node-1"]);
    expect(stub.requests.map(({ path }) => path)).not.toContain(all);
  });

  it("name the namespace when they are refused", async () => {
    stub.resources.set(all, []);
    stub.intercept = ({ path }) => (path === ofNodes ? { status: 403 } : undefined);
    const { end } = await run();
    expect(end("leases")).toMatchObject({
      status: "forbidden",
      message: 'RBAC refused the list: the permission "list leases.coordination.k8s.io" in kube-node-lease is missing.',
    });
  });
});

describe("the pattern scan", () => {
  const planted = (name: string) =>
    pod("web", name, { containers: [{ name: "a", env: [{ name: "DB_PASSWORD", value: "hunter2-hunter2" }] }] });
  const scanOf = (events: readonly CollectEvent[]) => {
    const found = events.filter((event) => event.type === "scanned");
    expect(found.length).toBeLessThanOrEqual(1);
    return found[0]?.patternScan;
  };

  it("comes last, once, with rule and place and without the value", async () => {
    stub.resources.set(PODS, [planted("one"), pod("web", "two")]);
    const { events } = await run();
    expect(events.at(-1)?.type).toBe("scanned");
    const scan = scanOf(events);
    expect(scan?.hits).toEqual([
      {
        rule: "password-literal",
        apiVersion: "v1",
        kind: "Pod",
        namespace: "web",
        objectName: "one",
        pointer: "/spec/containers/0/env/0/value",
        name: "DB_PASSWORD",
        objects: 1,
      },
    ]);
    expect(scan?.sections).toContain("pods");
    expect(JSON.stringify(events)).not.toContain("hunter2");
  });

  it("counts nothing twice when a list is begun again", async () => {
    stub.resources.set(PODS, [...podNames(600).map(planted)]);
    stub.intercept = ({ path, query, nth }) =>
      path === PODS && query.has("continue") && nth === 1 ? { status: 410, body: status(410, "Expired") } : undefined;
    const { events } = await run();
    expect(scanOf(events)?.totals).toEqual([{ rule: "password-literal", count: 600 }]);
  });

  it("is left out where the operator has switched it off", async () => {
    stub.resources.set(PODS, [planted("one")]);
    const { events } = await run({ scansPatterns: false });
    expect(scanOf(events)).toBeUndefined();
  });

  it("is part of a snapshot in memory", async () => {
    stub.resources.set(PODS, [planted("one")]);
    const snapshot = await collectSnapshot(stub.config, { collectedAt: "2026-11-21T12:00:00Z", limits: quick });
    expect(snapshot.facts.patternScan?.hits).toHaveLength(1);
  });
});
