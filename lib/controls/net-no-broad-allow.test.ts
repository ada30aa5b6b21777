import { cdeNamespace, minimalPod, minimalPodSpec, namespace, networkPolicy, object } from "@/lib/fixtures/builders";
import { netNoBroadAllow } from "./net-no-broad-allow";
import { calicoOn, describeControl, flannelOn } from "./testing";

const web = { podSelector: { matchLabels: { app: "web" } } };
const ports = [{ protocol: "TCP", port: 8443 }];
const pod = minimalPod("web", "cde", {
  metadata: { labels: { app: "web" } },
  spec: minimalPodSpec({ nodeName: "n1" }),
});
const world = [cdeNamespace(), pod, ...calicoOn(["n1"])];
const policy = (spec: object) =>
  networkPolicy("p1", "cde", { podSelector: {}, policyTypes: ["Ingress", "Egress"], ...spec });
const from = (...peers: object[]) => policy({ ingress: [{ from: peers, ports }] });
const tcp = (...list: (number | string)[]) => ({ protocol: "TCP", destination: { ports: list } });
const calico = (rule: object) =>
  object("projectcalico.org/v3", "NetworkPolicy", "c", "cde", { spec: { types: ["Ingress"], ingress: [rule] } });

describeControl(netNoBroadAllow, [
  {
    name: "peers and ports are named",
    assessor: { prints: "" },
    status: "pass",
    objects: [...world, from(web)],
    object: "NetworkPolicy/cde/p1",
  },
  {
    name: "namespaceSelector and podSelector in one item",
    status: "pass",
    objects: [...world, from({ namespaceSelector: {}, ...web })],
  },
  {
    name: "a named port resolves per pod",
    status: "pass",
    objects: [...world, policy({ ingress: [{ from: [web], ports: [{ port: "https" }] }] })],
  },
  {
    name: "a /16 and a range of 100 ports",
    status: "pass",
    objects: [
      ...world,
      policy({ egress: [{ to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [{ port: 8000, endPort: 8099 }] }] }),
    ],
  },
  {
    name: "a dash too many is pointed out",
    status: "pass",
    objects: [...world, from({ namespaceSelector: { matchLabels: { team: "a" } } }, web)],
    says: "write them as one item",
  },
  {
    name: "a broad rule of a direction that has no effect",
    status: "pass",
    objects: [...world, policy({ policyTypes: ["Ingress"], ingress: [{ from: [web], ports }], egress: [{}] })],
  },
  {
    name: "a policy outside the CDE is not judged",
    status: "not-applicable",
    objects: [...world, networkPolicy("p1", "calico-system", { podSelector: {}, ingress: [{}] })],
  },
  {
    name: "an empty rule",
    assessor: { prints: "cde/p1 ingress[0] {}" },
    status: "fail",
    severity: "critical",
    objects: [...world, policy({ ingress: [{}] })],
    says: "any source",
  },
  { name: "no from", status: "fail", severity: "critical", objects: [...world, policy({ ingress: [{ ports }] })] },
  {
    name: "an empty to",
    status: "fail",
    severity: "critical",
    objects: [...world, policy({ egress: [{ to: [], ports }] })],
    says: "any destination",
  },
  {
    name: "any IPv4 address",
    status: "fail",
    severity: "critical",
    objects: [...world, from({ ipBlock: { cidr: "0.0.0.0/0" } })],
  },
  {
    name: "any IPv6 address",
    status: "fail",
    severity: "critical",
    objects: [...world, from({ ipBlock: { cidr: "::/0" } })],
  },
  {
    name: "except doesn't heal any address",
    status: "fail",
    severity: "critical",
    objects: [...world, from({ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } })],
  },
  {
    name: "a block wider than /16",
    status: "fail",
    severity: "high",
    objects: [...world, from({ ipBlock: { cidr: "10.0.0.0/15" } })],
  },
  {
    name: "all namespaces",
    status: "fail",
    severity: "high",
    objects: [...world, from({ namespaceSelector: {} })],
    says: "all pods of all namespaces",
  },
  {
    name: "every namespace, by the label that each of them has",
    status: "fail",
    severity: "high",
    objects: [
      ...world,
      from({ namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "Exists" }] } }),
    ],
    says: "all pods of all namespaces",
  },
  {
    name: "every IPv4 address, written as IPv6",
    status: "fail",
    severity: "critical",
    objects: [...world, from({ ipBlock: { cidr: "::ffff:0.0.0.0/96" } })],
  },
  {
    name: "all namespaces beside a narrow peer (OR)",
    status: "fail",
    severity: "high",
    objects: [...world, from({ namespaceSelector: {} }, web)],
  },
  {
    name: "all pods of the namespace",
    status: "fail",
    severity: "medium",
    objects: [...world, from({ podSelector: {} })],
    says: "matches 1 pods in 1 namespace now",
  },
  {
    name: "no ports, narrow peer",
    status: "fail",
    severity: "medium",
    objects: [...world, policy({ ingress: [{ from: [web] }] })],
    says: "any port",
  },
  {
    name: "a protocol without a port",
    status: "fail",
    severity: "medium",
    objects: [...world, policy({ ingress: [{ from: [web], ports: [{ protocol: "UDP" }] }] })],
  },
  {
    name: "a range of 101 ports",
    status: "fail",
    severity: "high",
    objects: [...world, policy({ ingress: [{ from: [web], ports: [{ port: 8000, endPort: 8100 }] }] })],
  },
  {
    name: "one broad rule among narrow ones",
    status: "fail",
    severity: "critical",
    objects: [...world, policy({ ingress: [{ from: [web], ports }, { ports }] })],
    says: "ingress[1]",
  },
  {
    name: "egress rules count where policyTypes is left out",
    status: "fail",
    objects: [...world, policy({ policyTypes: undefined, egress: [{}] })],
  },
  {
    name: "narrow, and the plug-in enforces nothing",
    status: "fail",
    severity: "critical",
    objects: [cdeNamespace(), pod, ...flannelOn(["n1"]), from(web)],
    says: "does not enforce",
  },
  { name: "narrow under an unknown plug-in", status: "unknown", objects: [cdeNamespace(), pod, from(web)] },
  {
    name: "a policy of an engine that doesn't run",
    status: "unknown",
    objects: [
      ...world,
      object("cilium.io/v2", "CiliumNetworkPolicy", "c", "cde", {
        spec: { endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] },
      }),
    ],
    says: "whether Cilium carries out CiliumNetworkPolicy c is not known",
  },
  ...(
    [
      ["anybody", { action: "Allow" }, "fail", "critical"],
      [
        "all pods of all namespaces",
        { action: "Allow", source: { namespaceSelector: "all()" }, ...tcp(443) },
        "fail",
        "high",
      ],
      ["the whole namespace", { action: "Allow", source: { selector: "all()" }, ...tcp(443) }, "fail", "medium"],
      ["a wide block", { action: "Allow", source: { nets: ["10.0.0.0/8"] }, ...tcp(443) }, "fail", "high"],
      ["any port", { action: "Allow", source: { selector: "app == 'web'" } }, "fail", "medium"],
      ["many ports", { action: "Allow", source: { selector: "app == 'web'" }, ...tcp("1000:2000") }, "fail", "high"],
      [
        "peers and ports by name",
        { action: "Allow", source: { selector: "app == 'web'" }, ...tcp(443) },
        "pass",
        undefined,
      ],
      [
        "a domain",
        { action: "Allow", http: { methods: ["GET"] }, source: { selector: "app == 'web'" }, ...tcp(443) },
        "unknown",
        undefined,
      ],
    ] as const
  ).map(([what, rule, status, severity]) => ({
    name: `Calico's NetworkPolicy allows ${what}`,
    status,
    ...(severity === undefined ? {} : { severity }),
    objects: [...world, calico(rule)],
    object: "NetworkPolicy/cde/c",
  })),
  {
    name: "a policy of the whole cluster lets everybody in",
    status: "fail",
    severity: "critical",
    objects: [
      ...world,
      object("projectcalico.org/v3", "GlobalNetworkPolicy", "open", undefined, {
        spec: { types: ["Ingress"], ingress: [{ action: "Allow" }] },
      }),
    ],
    says: "anybody",
  },
  {
    name: "a policy of the whole cluster about other namespaces",
    status: "not-applicable",
    objects: [
      ...world,
      object("projectcalico.org/v3", "GlobalNetworkPolicy", "open", undefined, {
        spec: {
          namespaceSelector: "projectcalico.org/name == 'shop'",
          types: ["Ingress"],
          ingress: [{ action: "Allow" }],
        },
      }),
    ],
  },
  {
    name: "other engines' policies refused",
    status: "unknown",
    objects: [...world, from(web)],
    options: { sections: { "calico-globalnetworkpolicies": { status: "forbidden" } } },
    says: "could not be read",
  },
  {
    name: "policies refused",
    status: "unknown",
    objects: world,
    options: { sections: { networkpolicies: { status: "failed" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "only a default deny", status: "not-applicable", objects: [...world, policy({})], says: "no allow rule" },
]);
