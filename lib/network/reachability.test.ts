import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  daemonSet,
  inventoryOf,
  minimalPod,
  minimalPodSpec,
  namespace,
  networkPolicy,
  node,
} from "@/lib/fixtures/builders";
import { parseAddress } from "./addresses";
import { describePorts } from "./ports";
import { type Endpoint, type PodClass, reachability } from "./reachability";

const web = { podSelector: { matchLabels: { app: "web" } } };
const pod = (name: string, space: string, fields: object = {}, labels: Record<string, string> = { app: name }) =>
  minimalPod(name, space, { metadata: { labels }, ...fields });
const port = (name: string, containerPort: number, protocol = "TCP") =>
  minimalPodSpec({ containers: [{ name: "app", image: "app", ports: [{ name, containerPort, protocol }] }] });

/** `allowed / unknown` of a connection between pods `namespace/name` or addresses. */
function ask(objects: readonly unknown[], from: string, to: string): string {
  const inventory = inventoryOf(objects);
  const network = reachability(inventory, { asWritten: true });
  const end = (text: string): Endpoint => {
    const range = parseAddress(text);
    if (range !== null) return { kind: "address", range };
    const found = inventory.livePods.find(({ pod: p }) => `${p.metadata.namespace}/${p.metadata.name}` === text);
    return network.classOf(found?.pod as never) as PodClass;
  };
  const { allowed, unknown } = network.between(end(from), end(to));
  return `${describePorts(allowed)} / ${describePorts(unknown)}`;
}

describe("NetworkPolicy", () => {
  const pods = [cdeNamespace(), namespace("shop"), pod("web", "cde"), pod("db", "cde"), pod("web", "shop")];
  const cases: [string, object[], string, string, string][] = [
    ["nothing selects: open", [], "shop/web", "cde/db", "any port / no port"],
    ["selected without a rule: closed", [{ podSelector: {} }], "cde/web", "cde/db", "no port / no port"],
    [
      "a selector alone is this namespace",
      [{ podSelector: {}, ingress: [{ from: [web] }] }],
      "shop/web",
      "cde/db",
      "no port / no port",
    ],
    [
      "and there it allows",
      [{ podSelector: {}, ingress: [{ from: [web] }] }],
      "cde/web",
      "cde/db",
      "any port / no port",
    ],
    [
      "namespace and pod selector in one peer are AND",
      [
        {
          podSelector: {},
          ingress: [
            { from: [{ ...web, namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } }] },
          ],
        },
      ],
      "cde/web",
      "cde/db",
      "no port / no port",
    ],
    [
      "endPort makes a range",
      [{ podSelector: {}, ingress: [{ ports: [{ port: 8000, endPort: 8009 }] }] }],
      "shop/web",
      "cde/db",
      "TCP 8000-8009 / no port",
    ],
    [
      "an entry without a number is every port of its protocol",
      [{ podSelector: {}, ingress: [{ ports: [{ protocol: "SCTP" }] }] }],
      "shop/web",
      "cde/db",
      "any SCTP port / no port",
    ],
    [
      "ingress and egress must share a port",
      [
        {
          podSelector: {},
          policyTypes: ["Ingress", "Egress"],
          ingress: [{ ports: [{ port: 1 }, { port: 2 }] }],
          egress: [{ ports: [{ port: 2 }, { protocol: "UDP", port: 1 }] }],
        },
      ],
      "cde/web",
      "cde/db",
      "TCP 2 / no port",
    ],
    [
      "an invalid block makes the policy's effect unknown",
      [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/33" } }] }] }],
      "cde/web",
      "cde/db",
      "no port / any port",
    ],
    [
      "an invalid range beside a good policy leaves what that one allows",
      [
        { podSelector: {}, ingress: [{ ports: [{ port: 5 }] }] },
        { podSelector: {}, ingress: [{ ports: [{ port: 9, endPort: 8 }] }] },
      ],
      "cde/web",
      "cde/db",
      "TCP 5 / TCP 1-4, 6-65535; any UDP port; any SCTP port",
    ],
    [
      "an outside address in the block",
      [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] }],
      "10.2.0.1",
      "cde/db",
      "any port / no port",
    ],
    [
      "an outside address in its exception",
      [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] }],
      "10.1.0.1",
      "cde/db",
      "no port / no port",
    ],
  ];
  it.each(cases)("%s", (_, specs, from, to, expected) => {
    const policies = specs.map((spec, i) => networkPolicy(`p${i}`, "cde", spec as Record<string, unknown>));
    expect(ask([...pods, ...policies], from, to)).toBe(expected);
  });

  it("resolves a named port on the destination, with its protocol", () => {
    const rule = (name: string) =>
      networkPolicy("p", "cde", { podSelector: {}, ingress: [{ ports: [{ port: name }] }] });
    const world = [cdeNamespace(), pod("web", "cde"), pod("db", "cde", { spec: port("sql", 5432) })];
    expect(ask([...world, rule("sql")], "cde/web", "cde/db")).toBe("TCP 5432 / no port");
    expect(ask([...world, rule("http")], "cde/web", "cde/db")).toBe("no port / no port");
    const udp = [cdeNamespace(), pod("web", "cde"), pod("db", "cde", { spec: port("sql", 5432, "UDP") })];
    expect(ask([...udp, rule("sql")], "cde/web", "cde/db")).toBe("no port / no port");
  });

  it("leaves finished pods out", () => {
    const inventory = inventoryOf([pod("done", "cde", { status: { phase: "Succeeded" } })]);
    expect(reachability(inventory).classes).toEqual([]);
  });
});

describe("pods on the host network", () => {
  const deny = networkPolicy("deny", "cde", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  const host = (nodeName?: string, hostIP?: string) =>
    pod("host", "cde", {
      spec: minimalPodSpec({ hostNetwork: true, nodeName }),
      status: { phase: "Running", hostIP, podIP: hostIP },
    });
  const db = (nodeName?: string) => pod("db", "cde", { spec: minimalPodSpec({ nodeName }) });
  it("are held by no policy of their namespace", () => {
    expect(ask([cdeNamespace(), host("n1"), deny], "192.0.2.1", "cde/host")).toBe("any port / no port");
  });
  it("reach a pod of the same node whatever its policies say", () => {
    expect(ask([cdeNamespace(), host("n1"), db("n1"), deny], "cde/host", "cde/db")).toBe("any port / no port");
  });
  it("count as their node's address for a pod elsewhere", () => {
    const world = [cdeNamespace(), host("n1", "10.0.0.1"), db("n2")];
    expect(ask([...world, deny], "cde/host", "cde/db")).toBe("no port / no port");
    const block = networkPolicy("nodes", "cde", {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/24" } }], ports: [{ port: 80 }] }],
    });
    expect(ask([...world, deny, block], "cde/host", "cde/db")).toBe("TCP 80 / no port");
  });
  it("are named by no selector", () => {
    const all = networkPolicy("all", "cde", { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] });
    expect(ask([cdeNamespace(), host("n1", "10.0.0.1"), db("n2"), all], "cde/host", "cde/db")).toBe(
      "no port / no port",
    );
  });
  it("may be on the same node where no node is known", () => {
    expect(ask([cdeNamespace(), host(), db(), deny], "cde/host", "cde/db")).toBe("no port / any port");
  });
});

describe("classes", () => {
  it("put pods together that no policy tells apart", () => {
    const world = [
      cdeNamespace(),
      ...Array.from({ length: 50 }, (_, i) => pod(`web-${i}`, "cde", {}, { app: "web", replica: String(i) })),
      pod("db", "cde"),
      networkPolicy("p", "cde", web),
    ];
    const { classes } = reachability(inventoryOf(world), { asWritten: true });
    expect(classes.map(({ members }) => members.length).sort((a, b) => a - b)).toEqual([1, 50]);
  });
});

describe("asking about fewer pairs", () => {
  // Everything that makes rows differ: default denies, rules by label and namespace, blocks, everybody, host network, nobody.
  const spaces = ["cde", "shop", "tools", "open"];
  const rules = [
    networkPolicy("deny", "cde", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
    networkPolicy("web", "cde", {
      ...web,
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "shop" } }, ...web }] }],
    }),
    networkPolicy("db", "cde", {
      podSelector: { matchLabels: { app: "db" } },
      ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }],
    }),
    networkPolicy("deny", "shop", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ to: [{ namespaceSelector: {}, ...web }] }],
    }),
    networkPolicy("all", "tools", { podSelector: {}, ingress: [{}] }),
  ];
  const world = inventoryOf([
    cdeNamespace(),
    ...spaces.slice(1).map((name) => namespace(name, { team: name })),
    ...spaces.flatMap((space) => ["web", "db", "job"].map((name) => pod(name, space))),
    pod("agent", "tools", { spec: minimalPodSpec({ hostNetwork: true }) }),
    ...rules,
  ]);
  const network = reachability(world, { asWritten: true });
  const isOpen = ({ allowed, unknown }: { allowed: object; unknown: object }) =>
    describePorts(allowed as never) !== "no port" || describePorts(unknown as never) !== "no port";

  it("leaves out nobody whom the pod's own policies may let through", () => {
    for (const own of network.classes) {
      for (const direction of ["Ingress", "Egress"] as const) {
        const peers = network.peersOf(own, direction);
        if (peers === null) continue;
        for (const other of network.classes) {
          if (other.isHostNetwork || peers.has(other.index)) continue;
          const { ingress, egress } =
            direction === "Ingress" ? network.between(other, own) : network.between(own, other);
          expect(isOpen(direction === "Ingress" ? ingress : egress), `${other.index} ${direction} ${own.index}`).toBe(
            false,
          );
        }
      }
    }
    const denied = network.classesIn("cde").map((own) => network.peersOf(own, "Ingress")?.size ?? -1);
    expect(denied.sort((a, b) => a - b)).toEqual([0, 0, 1]);
  });
  it("names the classes that a policy selects", () => {
    const names = network.policies.map((policy) =>
      network.selectedBy(policy).map(({ labels, namespace: space }) => `${space}/${labels.app}`),
    );
    expect(names).toContainEqual(["cde/web"]);
    expect(names.flat().filter((name) => name.startsWith("open/"))).toEqual([]);
  });
  it("answers for pods with any labels as for each namespace by itself", () => {
    for (const target of network.classes) {
      const asked = spaces.map((space) => network.between(network.hypotheticalPod(space, null), target));
      const alone = spaces.map((space) => {
        const fresh = reachability({ ...world }, { asWritten: true });
        const same = fresh.classes[target.index] ?? target;
        return fresh.between(fresh.hypotheticalPod(space, null), same);
      });
      expect(asked.map(({ allowed, unknown }) => [describePorts(allowed), describePorts(unknown)])).toEqual(
        alone.map(({ allowed, unknown }) => [describePorts(allowed), describePorts(unknown)]),
      );
    }
  });
});

describe("as written", () => {
  it("is the same engine only where every policy is carried out for every pod", () => {
    const pods = [cdeNamespace(), pod("web", "cde"), networkPolicy("p", "cde", web)];
    const unknown = inventoryOf(pods);
    expect(reachability(unknown).classes).toHaveLength(1);
    expect(reachability(unknown, { asWritten: true })).not.toBe(reachability(unknown));

    const agent = { name: "calico-node", image: "quay.io/calico/node:v3.30.3" };
    const running = (isReady: boolean) =>
      inventoryOf([
        ...pods.slice(0, 1),
        ...pods.slice(2),
        pod("web", "cde", { spec: minimalPodSpec({ nodeName: "n1" }) }),
        node("n1"),
        daemonSet("calico-node", "kube-system", { containers: [agent] }),
        minimalPod("calico-node-1", "kube-system", {
          metadata: {
            ownerReferences: [
              { apiVersion: "apps/v1", kind: "DaemonSet", name: "calico-node", uid: "1", controller: true },
            ],
          },
          spec: { nodeName: "n1", hostNetwork: true, containers: [agent] },
          status: { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
        }),
      ]);
    for (const isReady of [true, false]) {
      const inventory = running(isReady);
      const effective = reachability(inventory);
      expect(effective.classes.length).toBeGreaterThan(0);
      expect(reachability(inventory, { asWritten: true }) === effective).toBe(isReady);
    }
  });
});
