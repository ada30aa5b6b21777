import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  cdeNamespace,
  contextOf,
  minimalPodSpec,
  namespace,
  networkPolicy,
  object,
  runningDeployment,
} from "@/lib/fixtures/builders";
import type { Flow, MetadataProtection } from "@/lib/inventory/registers/flows";
import { netCrossScopeEgress } from "./net-cross-scope-egress";
import { calicoOn, describeControl, flannelOn, summaryOf } from "./testing";

const spec = (fields: object = {}) => minimalPodSpec({ nodeName: "n1", ...fields });
const payment = runningDeployment("payment", "cde", spec(), { nodeName: "n1" });
const deny = networkPolicy("default-deny", "cde", { podSelector: {}, policyTypes: ["Egress"] });
const allow = (to: object[], ports: object[] = [{ port: 443 }]) =>
  networkPolicy("allow", "cde", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to, ports }] });
const block = (cidr: string, except?: string[]) => ({ ipBlock: except === undefined ? { cidr } : { cidr, except } });
const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const base = [cdeNamespace(), shop, ...payment, ...calicoOn(["n1"])];
const acquirer = (fields: Partial<Flow> = {}): Flow => ({
  id: "acquirer",
  from: { namespace: "cde", labels: { app: "payment" } },
  to: { cidr: "203.0.113.0/28" },
  protocol: "TCP",
  ports: [443],
  reason: "authorisation",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
  ...fields,
});
const hopLimit: MetadataProtection = {
  how: "hop-limit",
  reason: "hop limit 1",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
};
const dns = [
  namespace("kube-system", { "pci-scope": "connected-to" }),
  ...runningDeployment("coredns", "kube-system", spec(), { nodeName: "n1", replicas: 1 }).map((o) =>
    o.kind === "Pod" ? { ...o, metadata: { ...o.metadata, labels: { "k8s-app": "kube-dns" } } } : o,
  ),
];

describeControl(netCrossScopeEgress, [
  {
    name: "a default deny and an approved range",
    objects: [...base, deny, allow([block("203.0.113.0/28")])],
    options: { registers: { flows: [acquirer()] } },
    status: "pass",
    object: "Deployment/cde/payment",
    assessor: { prints: "to 203.0.113.0/28", hides: "ANY" },
  },
  {
    name: "no policy at all",
    objects: base,
    status: "fail",
    severity: "critical",
    says: "the internet",
    assessor: { prints: "cde/payment-", hides: "denies" },
  },
  {
    name: "any destination",
    objects: [...base, deny, networkPolicy("open", "cde", { podSelector: {}, policyTypes: ["Egress"], egress: [{}] })],
    status: "fail",
    severity: "critical",
    says: "namespace shop",
    assessor: { prints: "to ANY" },
  },
  {
    name: "0.0.0.0/0 except private ranges still reaches the internet",
    objects: [...base, deny, allow([block("0.0.0.0/0", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])])],
    status: "fail",
    severity: "critical",
    says: "the internet on TCP 443, allowed by NetworkPolicy allow",
  },
  {
    name: "the internet stays the internet when somebody approves it",
    objects: [...base, deny, allow([block("0.0.0.0/0")])],
    options: { registers: { flows: [acquirer({ to: { cidr: "0.0.0.0/0" } })] } },
    status: "fail",
    severity: "critical",
  },
  {
    name: "the cloud's metadata address",
    objects: [...base, deny, allow([block("169.254.0.0/16")], [{ port: 80 }])],
    status: "fail",
    severity: "critical",
    says: "the metadata address 169.254.169.254 on TCP 80",
  },
  {
    name: "the metadata address behind a hop limit that somebody attests",
    objects: [...base, deny, allow([block("169.254.0.0/16")], [{ port: 80 }])],
    options: { registers: { metadataProtections: [hopLimit] } },
    status: "pass",
  },
  {
    name: "an attestation for other namespaces",
    objects: [...base, deny, allow([block("169.254.169.254/32")], [{ port: 80 }])],
    options: { registers: { metadataProtections: [{ ...hopLimit, namespaces: ["other"] }] } },
    status: "fail",
  },
  {
    name: "a range that nobody approved",
    objects: [...base, deny, allow([block("203.0.113.0/24")])],
    options: { registers: { flows: [acquirer()] } },
    status: "fail",
    severity: "high",
    says: "which no approved flow covers",
  },
  {
    name: "an approved range on another port",
    objects: [...base, deny, allow([block("203.0.113.0/28")], [{ port: 22 }])],
    options: { registers: { flows: [acquirer()] } },
    status: "fail",
    severity: "high",
  },
  {
    name: "an approval that has expired",
    objects: [...base, deny, allow([block("203.0.113.0/28")])],
    options: { registers: { flows: [acquirer({ expiresAt: "2026-10-01" })] } },
    status: "fail",
    severity: "high",
  },
  {
    name: "an out-of-scope namespace",
    objects: [...base, deny, allow([{ namespaceSelector: { matchLabels: { "pci-scope": "out-of-scope" } } }])],
    status: "fail",
    severity: "critical",
    says: "namespace shop on TCP 443",
  },
  {
    name: "pods of an out-of-scope namespace by a label that its owner could choose",
    objects: [...base, deny, allow([{ namespaceSelector: {}, podSelector: { matchLabels: { role: "db" } } }])],
    status: "fail",
    says: "pods with role=db",
  },
  {
    name: "DNS is noted, not failed",
    objects: [
      ...base,
      ...dns,
      deny,
      allow(
        [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
            podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
          },
        ],
        [{ protocol: "UDP", port: 53 }],
      ),
    ],
    status: "pass",
    says: "can carry data out inside queries",
  },
  {
    name: "node-local DNS is link-local",
    objects: [...base, deny, allow([block("169.254.20.10/32")], [{ protocol: "UDP", port: 53 }])],
    status: "pass",
  },
  {
    name: "an egress gateway: the destination is the gateway",
    objects: [
      ...base,
      namespace("egress", { "pci-scope": "connected-to" }),
      ...runningDeployment("gateway", "egress", spec(), { nodeName: "n1" }),
      deny,
      allow([{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "egress" } } }]),
    ],
    status: "pass",
  },
  {
    name: "a domain name of the network plug-in",
    objects: [
      cdeNamespace(),
      shop,
      ...payment,
      object("cilium.io/v2", "CiliumNetworkPolicy", "acquirer", "cde", {
        spec: {
          endpointSelector: {},
          egress: [{ toFQDNs: [{ matchName: "acquirer.example.com" }], toPorts: [{ ports: [{ port: "443" }] }] }],
        },
      }),
      deny,
      ...calicoOn(["n1"]),
    ],
    status: "unknown",
  },
  {
    name: "a plug-in that enforces nothing",
    objects: [cdeNamespace(), shop, ...payment, deny, ...flannelOn(["n1"])],
    status: "fail",
    severity: "critical",
    says: "policies have no effect",
  },
  {
    name: "an unknown plug-in",
    objects: [cdeNamespace(), shop, ...payment, deny],
    status: "unknown",
  },
  {
    name: "a workload on the host network",
    objects: [
      cdeNamespace(),
      ...runningDeployment("payment", "cde", spec({ hostNetwork: true }), { nodeName: "n1" }),
      deny,
      ...calicoOn(["n1"]),
    ],
    status: "fail",
    says: "policies do not hold it",
  },
  {
    name: "no workload in the CDE",
    objects: [cdeNamespace(), shop, deny, ...calicoOn(["n1"])],
    status: "not-applicable",
  },
]);

describe("the remediation", () => {
  const flows = [acquirer()];
  it.each([
    ["an open workload", []],
    ["the internet", [deny, allow([block("0.0.0.0/0")])]],
    ["any destination", [networkPolicy("open", "cde", { podSelector: {}, policyTypes: ["Egress"], egress: [{}] })]],
    ["a wide range around an approved one", [deny, allow([block("203.0.113.0/24")])]],
    ["an out-of-scope namespace", [deny, allow([{ namespaceSelector: {} }])]],
  ])("closes %s and keeps the declared flows", (_, policies) => {
    const world = [...base, ...policies];
    const context = contextOf(world, { registers: { flows } });
    const [result] = netCrossScopeEgress.evaluate(context).filter(({ status }) => status === "fail");
    if (result === undefined) throw new Error("nothing failed");
    const { manifest } = netCrossScopeEgress.remediate(context, result);
    const applied = parseAllDocuments(manifest ?? "").map(
      (document) => document.toJS() as { metadata: { name: string } },
    );
    const names = new Set(applied.map(({ metadata }) => metadata.name));
    const kept = world.filter((o) => !names.has((o as { metadata: { name: string } }).metadata.name));
    expect(summaryOf(netCrossScopeEgress.evaluate(contextOf([...kept, ...applied], { registers: { flows } })))).toBe(
      "pass",
    );
    expect(manifest).toContain("203.0.113.0/28");
  });
});
