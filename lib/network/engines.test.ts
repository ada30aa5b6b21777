import { describe, expect, it } from "vitest";
import { cdeNamespace, inventoryOf, minimalPod, namespace, networkPolicy, object } from "@/lib/fixtures/builders";
import { parseAddress } from "./addresses";
import { reachWithAnyLabels } from "./any-labels";
import { calicoSelector } from "./calico-selector";
import { explainConnection } from "./explain";
import { describePorts } from "./ports";
import { type Endpoint, type PodClass, reachability } from "./reachability";

const pods = [
  cdeNamespace("cde", { team: "pay" }),
  namespace("shop", { team: "web" }),
  minimalPod("db", "cde", { metadata: { labels: { app: "db" } } }),
  minimalPod("api", "cde", { metadata: { labels: { app: "api" } } }),
  minimalPod("web", "shop", { metadata: { labels: { app: "web" } } }),
];
function connect(policies: readonly unknown[], from: string, to: string, sections = {}) {
  const inventory = inventoryOf([...pods, ...policies], { sections });
  const network = reachability(inventory, { asWritten: true });
  const end = (text: string): Endpoint => {
    const range = parseAddress(text);
    if (range !== null) return { kind: "address", range };
    const found = inventory.livePods.find(({ pod: p }) => `${p.metadata.namespace}/${p.metadata.name}` === text);
    return network.classOf(found?.pod as never) as PodClass;
  };
  return network.between(end(from), end(to));
}
function ask(policies: readonly unknown[], from: string, to: string, sections = {}): string {
  const { allowed, unknown } = connect(policies, from, to, sections);
  return `${describePorts(allowed)} / ${describePorts(unknown)}`;
}

const deny = networkPolicy("deny", "cde", { podSelector: {}, policyTypes: ["Ingress"] });
const admin = (name: string, priority: number, ingress: object[], kind = "AdminNetworkPolicy") =>
  object("policy.networking.k8s.io/v1alpha1", kind, name, undefined, {
    spec: { priority, subject: { namespaces: { matchLabels: { team: "pay" } } }, ingress },
  });
const fromShop = { from: [{ namespaces: { matchLabels: { team: "web" } } }] };
const port = (number: number) => ({ ports: [{ portNumber: { protocol: "TCP", port: number } }] });

describe("admin policies", () => {
  it.each([
    [
      "Allow stands above the namespace's own deny",
      [deny, admin("a", 1, [{ action: "Allow", ...fromShop, ...port(80) }])],
      "TCP 80 / no port",
    ],
    ["Deny stands above an open namespace", [admin("a", 1, [{ action: "Deny", ...fromShop }])], "no port / no port"],
    [
      "the lower priority decides",
      [
        admin("a", 2, [{ action: "Deny", ...fromShop }]),
        admin("b", 1, [{ action: "Allow", ...fromShop, ...port(80) }]),
      ],
      "TCP 80 / no port",
    ],
    [
      "two policies of one priority leave it open",
      [admin("a", 1, [{ action: "Deny", ...fromShop }]), admin("b", 1, [{ action: "Allow", ...fromShop }])],
      "no port / any port",
    ],
    [
      "Pass leaves it to the namespace, past later rules",
      [
        deny,
        admin("a", 1, [
          { action: "Pass", ...fromShop },
          { action: "Allow", ...fromShop },
        ]),
      ],
      "no port / no port",
    ],
    [
      "the baseline decides only what no policy isolates",
      [admin("default", 0, [{ action: "Deny", ...fromShop }], "BaselineAdminNetworkPolicy")],
      "no port / no port",
    ],
    [
      "and not what a policy allows",
      [
        networkPolicy("open", "cde", { podSelector: {}, ingress: [{}] }),
        admin("default", 0, [{ action: "Deny", ...fromShop }], "BaselineAdminNetworkPolicy"),
      ],
      "any port / no port",
    ],
    [
      "a peer that isn't understood is unknown",
      [admin("a", 1, [{ action: "Deny", from: [{ clouds: {} }], ...port(80) }])],
      "TCP 1-79, 81-65535; any UDP port; any SCTP port / TCP 80",
    ],
  ])("%s", (_, policies, expected) => {
    expect(ask(policies, "shop/web", "cde/db")).toBe(expected);
  });

  it("reads ClusterNetworkPolicy with its tiers and protocols", () => {
    const cluster = (tier: string, ingress: object[]) =>
      object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", tier.toLowerCase(), undefined, {
        spec: { tier, priority: 5, subject: { namespaces: {} }, ingress },
      });
    const accept = {
      action: "Accept",
      ...fromShop,
      protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 81 } } } }],
    };
    expect(ask([deny, cluster("Admin", [accept])], "shop/web", "cde/db")).toBe("TCP 80-81 / no port");
    expect(ask([cluster("Baseline", [{ action: "Deny", ...fromShop }])], "shop/web", "cde/db")).toBe(
      "no port / no port",
    );
  });

  it("are in doubt under a plug-in of which nobody knows whether it carries them out", () => {
    const inventory = inventoryOf([...pods, admin("a", 1, [{ action: "Deny", ...fromShop }])]);
    const network = reachability(inventory);
    const [from] = network.classesIn("shop");
    const to = network.classesIn("cde").find(({ members }) => members.some(({ pod }) => pod?.metadata.name === "db"));
    const { allowed, unknown } = network.between(from as PodClass, to as PodClass);
    expect([describePorts(allowed), describePorts(unknown)]).toEqual(["no port", "any port"]);
  });

  it("may be hidden: a refused list makes every answer unknown", () => {
    const sections = { adminnetworkpolicies: { status: "forbidden", message: "no list" } };
    expect(ask([], "shop/web", "cde/db", sections)).toBe("no port / any port");
  });
});

const cilium = (spec: object) => object("cilium.io/v2", "CiliumNetworkPolicy", "p", "cde", { spec });
const endpoints = (labels: object) => ({ fromEndpoints: [{ matchLabels: labels }] });
describe("Cilium policies", () => {
  const target = { endpointSelector: { matchLabels: { app: "db" } } };
  it.each([
    [
      "a rule isolates and allows its peers",
      { ...target, ingress: [endpoints({ "k8s:app": "api" })] },
      "cde/api",
      "any port / no port",
    ],
    ["others are denied", { ...target, ingress: [endpoints({ app: "api" })] }, "shop/web", "no port / no port"],
    [
      "another namespace is named by Cilium's label",
      { ...target, ingress: [endpoints({ app: "web", "k8s:io.kubernetes.pod.namespace": "shop" })] },
      "shop/web",
      "any port / no port",
    ],
    ["an empty rule allows nobody", { ...target, ingress: [{}] }, "cde/api", "no port / no port"],
    [
      "ports without protocol are every protocol",
      { ...target, ingress: [{ toPorts: [{ ports: [{ port: "53" }] }] }] },
      "cde/api",
      "TCP 53; UDP 53; SCTP 53 / no port",
    ],
    [
      "HTTP rules are beyond L4",
      {
        ...target,
        ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ method: "GET" }] } }] }],
      },
      "cde/api",
      "no port / TCP 80",
    ],
    [
      "deny wins over allow",
      { ...target, ingress: [{ fromEntities: ["cluster"] }], ingressDeny: [endpoints({ app: "api" })] },
      "cde/api",
      "no port / no port",
    ],
    ["CIDR rules name no pod", { ...target, ingress: [{ fromCIDR: ["0.0.0.0/0"] }] }, "cde/api", "no port / no port"],
    [
      "but addresses outside",
      { ...target, ingress: [{ fromCIDR: ["192.0.2.0/24"] }] },
      "192.0.2.7",
      "any port / no port",
    ],
    [
      "enableDefaultDeny false isolates nobody",
      { ...target, enableDefaultDeny: { ingress: false }, ingress: [endpoints({ app: "api" })] },
      "shop/web",
      "any port / no port",
    ],
  ])("%s", (_, spec, from, expected) => {
    expect(ask([cilium(spec)], from, "cde/db")).toBe(expected);
  });
  it("domain names are only known at run time", () => {
    const egress = cilium({
      ...target,
      egress: [
        { toFQDNs: [{ matchName: "acquirer.example.com" }], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] },
      ],
    });
    expect(ask([egress], "cde/db", "203.0.113.5")).toBe("no port / TCP 443");
    expect(ask([egress], "cde/db", "shop/web")).toBe("no port / no port");
  });
});

const calico = (spec: object, kind = "NetworkPolicy") =>
  object("projectcalico.org/v3", kind, "p", kind === "NetworkPolicy" ? "cde" : undefined, { spec });
describe("Calico policies", () => {
  const tier = (name: string, order: number) =>
    object("projectcalico.org/v3", "Tier", name, undefined, { spec: { order } });
  it.each([
    [
      "a selector of a rule is its own namespace",
      [calico({ selector: "app == 'db'", ingress: [{ action: "Allow", source: { selector: "app == 'web'" } }] })],
      "shop/web",
      "no port / no port",
    ],
    [
      "a namespace selector opens others",
      [
        calico({
          ingress: [
            {
              action: "Allow",
              protocol: "TCP",
              source: { namespaceSelector: "team == 'web'" },
              destination: { ports: [80, "8000:8001"] },
            },
          ],
        }),
      ],
      "shop/web",
      "TCP 80, 8000-8001 / no port",
    ],
    [
      "rules go from the top",
      [calico({ ingress: [{ action: "Deny", source: { selector: "app == 'api'" } }, { action: "Allow" }] })],
      "cde/api",
      "no port / no port",
    ],
    [
      "a tier before decides before NetworkPolicy",
      [deny, tier("security", 10), calico({ tier: "security", ingress: [{ action: "Allow" }] }, "GlobalNetworkPolicy")],
      "shop/web",
      "any port / no port",
    ],
    [
      "Pass goes on to the next tier",
      [deny, tier("security", 10), calico({ tier: "security", ingress: [{ action: "Pass" }] }, "GlobalNetworkPolicy")],
      "shop/web",
      "no port / no port",
    ],
    [
      "a tier without a rule for it denies at its end",
      [
        tier("security", 10),
        calico({ tier: "security", ingress: [{ action: "Allow", protocol: "UDP" }] }, "GlobalNetworkPolicy"),
      ],
      "shop/web",
      "any UDP port / no port",
    ],
    [
      "HTTP matches are beyond L4",
      [calico({ ingress: [{ action: "Allow", protocol: "TCP", http: { methods: ["GET"] } }] })],
      "shop/web",
      "no port / any TCP port",
    ],
    [
      "network sets stand for their addresses",
      [
        object("projectcalico.org/v3", "GlobalNetworkSet", "partners", undefined, {
          metadata: { labels: { role: "partner" } },
          spec: { nets: ["192.0.2.0/24"] },
        }),
        calico({ ingress: [{ action: "Allow", source: { selector: "role == 'partner'" } }] }, "GlobalNetworkPolicy"),
      ],
      "192.0.2.9",
      "any port / no port",
    ],
    [
      "a tier of unknown order leaves it open",
      [calico({ tier: "lost", ingress: [{ action: "Deny" }] })],
      "shop/web",
      "no port / any port",
    ],
  ])("%s", (_, policies, from, expected) => {
    expect(ask(policies, from, "cde/db")).toBe(expected);
  });

  it.each([
    ["app == 'web'", true],
    ['app in {"db", "web"} && !has(old)', true],
    ["app not in {'web'} || team == \"x\"", false],
    ["missing != 'x'", true],
    ["app starts with 'we' && app contains 'e' && app ends with 'b'", true],
    ["(all() && !(app == 'web'))", false],
    ["global()", false],
  ])("%s", (text, expected) => {
    expect(calicoSelector(text)?.test({ app: "web" })).toBe(expected);
  });
  it.each(["app =", "app == web", "app == 'x' &&", "has(app", "in {'a'}"])("%s is no selector", (text) => {
    expect(calicoSelector(text)).toBeNull();
  });
});

describe("pods with labels of their owner's choice", () => {
  const network = (...policies: object[]) => {
    const answer = reachability(inventoryOf([...pods, ...policies]), { asWritten: true });
    const db = answer
      .classesIn("cde")
      .find(({ members }) => members.some(({ pod }) => pod?.metadata.name === "db")) as PodClass;
    return { answer, db };
  };
  const allow = (peer: object) => networkPolicy("allow", "cde", { podSelector: {}, ingress: [{ from: [peer] }] });
  const space = { namespaceSelector: { matchLabels: { team: "web" } } };
  it.each([
    ["open: any labels", [], "reachable", {}],
    ["closed: none", [deny], "unreachable", null],
    [
      "a label that nobody there has now",
      [allow({ ...space, podSelector: { matchLabels: { role: "payer" } } })],
      "reachable",
      { role: "payer" },
    ],
    [
      "a selector of another namespace doesn't count",
      [allow({ podSelector: { matchLabels: { app: "web" } } })],
      "unreachable",
      null,
    ],
    [
      "an egress policy that the label avoids",
      [
        allow(space),
        networkPolicy("shut", "shop", {
          podSelector: { matchExpressions: [{ key: "app", operator: "Exists" }] },
          policyTypes: ["Egress"],
        }),
      ],
      "reachable",
      {},
    ],
    [
      "an egress policy over every pod",
      [allow(space), networkPolicy("shut", "shop", { podSelector: {}, policyTypes: ["Egress"] })],
      "unreachable",
      null,
    ],
    [
      "labels that would be let in, and are not let out",
      [
        allow({ ...space, podSelector: { matchLabels: { role: "payer" } } }),
        networkPolicy("shut", "shop", { podSelector: { matchLabels: { role: "payer" } }, policyTypes: ["Egress"] }),
      ],
      "unreachable",
      null,
    ],
  ])("%s", (_, policies, status, labels) => {
    const { answer, db } = network(...policies);
    expect(reachWithAnyLabels(answer, "shop", db)).toMatchObject({ status, labels });
  });
});

describe("grounds", () => {
  it("name the policies on each side", () => {
    const shut = networkPolicy("shut", "shop", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ ports: [{ port: 443 }] }],
    });
    const sentences = explainConnection(connect([deny, shut], "shop/web", "cde/db"));
    expect(sentences).toEqual([
      "Egress: TCP 443 may leave (allowed by NetworkPolicy shop/shut egress[0]).",
      "Ingress: nothing may enter (closed: NetworkPolicy cde/deny isolates the pod and nothing allows it).",
    ]);
    expect(explainConnection(connect([], "shop/web", "cde/db"))[1]).toContain("no policy isolates the pod");
  });
});
