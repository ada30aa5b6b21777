import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  cdeNamespace,
  contextOf,
  minimalPod,
  minimalPodSpec,
  namespace,
  networkPolicy,
  object,
  runningDeployment,
} from "@/lib/fixtures/builders";
import type { Flow } from "@/lib/inventory/registers/flows";
import { netCrossScopeIngress } from "./net-cross-scope-ingress";
import { calicoOn, describeControl, flannelOn, summaryOf } from "./testing";

const spec = (fields: object = {}) => minimalPodSpec({ nodeName: "n1", ...fields });
const payment = runningDeployment("payment", "cde", spec(), { nodeName: "n1" });
const deny = networkPolicy("default-deny", "cde", { podSelector: {}, policyTypes: ["Ingress"] });
const allow = (from: object[], ports: object[] = [{ port: 8443 }]) =>
  networkPolicy("allow", "cde", { podSelector: {}, ingress: [{ from, ports }] });
const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const monitoring = namespace("monitoring", { "pci-scope": "connected-to" });
const prometheus = runningDeployment("prometheus", "monitoring", spec(), { nodeName: "n1" });
const scrape = allow(
  [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
  [{ port: 9090 }],
);
const base = [cdeNamespace(), shop, ...payment, ...calicoOn(["n1"])];
const flow = (fields: Partial<Flow> = {}): Flow => ({
  id: "scrape",
  from: { namespace: "monitoring", labels: { app: "prometheus" } },
  to: { namespace: "cde", labels: { app: "payment" } },
  protocol: "TCP",
  ports: [9090],
  reason: "metrics",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
  ...fields,
});
const hostPod = (space: string, nodeName: string, hostIP = "10.0.0.1") =>
  minimalPod("agent", space, {
    spec: minimalPodSpec({ hostNetwork: true, nodeName }),
    status: { phase: "Running", hostIP, podIP: hostIP },
  });

describeControl(netCrossScopeIngress, [
  {
    name: "a default deny and a rule for CDE pods",
    objects: [...base, deny, allow([{ podSelector: { matchLabels: { app: "web" } } }])],
    status: "pass",
    object: "Deployment/cde/payment",
    assessor: { prints: "cde/default-deny denies {}", hides: "ANYBODY" },
  },
  {
    name: "no policy at all",
    objects: base,
    status: "fail",
    severity: "critical",
    object: "Deployment/cde/payment",
    says: "no policy isolates the pods",
    assessor: { prints: "cde/payment-", hides: "denies" },
  },
  {
    name: "all namespaces are named",
    objects: [...base, deny, allow([{ namespaceSelector: {} }])],
    status: "fail",
    severity: "critical",
    says: /from shop .* any pod there on TCP 8443, allowed by NetworkPolicy allow/,
  },
  {
    name: "tenant-chosen labels: a rule by label alone opens its namespace although no pod there has the label",
    objects: [...base, deny, allow([{ namespaceSelector: {}, podSelector: { matchLabels: { role: "payer" } } }])],
    status: "fail",
    says: "a pod there with the labels role=payer",
  },
  {
    name: "labels that the namespace's own egress policy lets out nowhere: passes, and says on what it leans",
    objects: [
      ...base,
      deny,
      allow([{ namespaceSelector: {} }]),
      networkPolicy("shut", "shop", { podSelector: {}, policyTypes: ["Egress"] }),
    ],
    status: "pass",
    says: "Close the CDE side too",
  },
  {
    name: "a host-network pod of an out-of-scope namespace on the same node",
    objects: [...base, deny, hostPod("shop", "n1")],
    status: "fail",
    severity: "high",
    says: "on the same node",
  },
  {
    name: "a host-network pod of an out-of-scope namespace on another node is its node's address",
    objects: [...base, deny, ...calicoOn(["n2"]).slice(1), hostPod("shop", "n2")],
    status: "pass",
  },
  {
    name: "node traffic of the system is listed, not failed",
    objects: [...base, deny, monitoring, hostPod("monitoring", "n1")],
    status: "pass",
    says: "host-network pods, which reach it whatever policies say: ",
  },
  {
    name: "a path from a connected-to namespace that the register holds",
    objects: [...base, deny, scrape, monitoring, ...prometheus],
    options: { registers: { flows: [flow()] } },
    status: "pass",
  },
  {
    name: "a path from a connected-to namespace that no register holds",
    objects: [...base, deny, scrape, monitoring, ...prometheus],
    status: "fail",
    severity: "high",
    says: "which no approved flow covers",
  },
  {
    name: "a declared flow that nobody approved is none",
    objects: [...base, deny, scrape, monitoring, ...prometheus],
    options: { registers: { flows: [flow({ approvedBy: undefined })] } },
    status: "fail",
    severity: "high",
  },
  {
    name: "a declared flow of other pods of the namespace",
    objects: [...base, deny, scrape, monitoring, ...prometheus],
    options: { registers: { flows: [flow({ from: { namespace: "monitoring", labels: { app: "other" } } })] } },
    status: "fail",
    severity: "high",
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
    says: "Whether policies are carried out is not known",
  },
  {
    name: "an invalid policy",
    objects: [...base, deny, allow([{ ipBlock: { cidr: "10.0.0.0/40" } }])],
    status: "unknown",
    says: "is no CIDR block",
  },
  {
    name: "a rule beyond ports and addresses",
    objects: [
      ...base,
      deny,
      object("projectcalico.org/v3", "NetworkPolicy", "http", "cde", {
        spec: { order: 10, ingress: [{ action: "Allow", protocol: "TCP", http: { methods: ["GET"] } }] },
      }),
    ],
    status: "unknown",
    says: "says more than addresses and ports",
  },
  {
    name: "an unlabelled namespace counts as CDE; one that only files use is not known",
    objects: [cdeNamespace(), ...payment, minimalPod("x", "elsewhere", { spec: spec() }), ...calicoOn(["n1"])],
    options: { source: "manifests" },
    status: "unknown",
  },
  {
    name: "pods could not be listed",
    objects: [...base, deny],
    options: { sections: { pods: { status: "forbidden", message: "no permission" } } },
    status: "unknown",
  },
  {
    name: "only the CDE and the system",
    objects: [cdeNamespace(), ...payment, deny, ...calicoOn(["n1"])],
    status: "not-applicable",
    says: "no namespace beside the CDE",
  },
]);

describe("the remediation", () => {
  it.each([
    ["an open workload", [], {}],
    ["a rule for all namespaces", [deny, allow([{ namespaceSelector: {} }])], {}],
    ["a rule for anybody", [deny, networkPolicy("any", "cde", { podSelector: {}, ingress: [{}] })], {}],
    [
      "an undeclared path beside a declared one",
      [deny, allow([{ namespaceSelector: {} }]), monitoring, ...prometheus],
      { flows: [flow()] },
    ],
  ])("closes %s and keeps the declared flows", (_, policies, registers) => {
    const world = [...base, ...policies];
    const context = contextOf(world, { registers });
    const [result] = netCrossScopeIngress.evaluate(context).filter(({ status }) => status === "fail");
    if (result === undefined) throw new Error("nothing failed");
    const { manifest } = netCrossScopeIngress.remediate(context, result);
    const applied = parseAllDocuments(manifest ?? "").map(
      (document) => document.toJS() as { metadata: { name: string } },
    );
    const names = new Set(applied.map(({ metadata }) => metadata.name));
    const kept = world.filter((o) => !names.has((o as { metadata: { name: string } }).metadata.name));
    const after = netCrossScopeIngress.evaluate(contextOf([...kept, ...applied], { registers }));
    expect(summaryOf(after)).toBe("pass");
    if ("flows" in registers) expect(manifest).toContain("9090");
  });
});
