import { cdeNamespace, daemonSet, namespace, networkPolicy, object, role, staticPod } from "@/lib/fixtures/builders";
import type { Baseline } from "@/lib/inventory/registers";
import { chgBaselineConsistent } from "./chg-baseline-consistent";
import { describeControl } from "./testing";

const LABELS = { "pod-security.kubernetes.io/enforce": "restricted", "baseline-version": "4.2" };
const cde = cdeNamespace("cde", LABELS);
const deny = networkPolicy("deny", "cde", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const quota = object("v1", "ResourceQuota", "q", "cde", { spec: { hard: { pods: "10" } } });
const limits = object("v1", "LimitRange", "l", "cde", { spec: { limits: [{ type: "Container" }] } });
const viewer = role("viewer", "cde", []);
const calico = daemonSet("calico-node", "calico-system", {
  containers: [{ name: "calico-node", image: "quay.io/calico/node:v3.30.3" }],
});
const system = namespace("calico-system", { "pci-scope": "connected-to" });
const apiserver = (value: string) => staticPod("kube-apiserver", ["kube-apiserver", `--profiling=${value}`]);
const kubeSystem = namespace("kube-system", { "pci-scope": "connected-to" });
const BASELINE: Baseline = {
  name: "cde-namespace",
  version: "4.2",
  versionLabel: "baseline-version",
  namespaces: {
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    defaultDeny: ["ingress", "egress"],
    hasResourceQuota: true,
    hasLimitRange: true,
    roles: ["viewer"],
  },
  addOns: [{ kind: "DaemonSet", namespace: "calico-system", name: "calico-node", version: "v3.30.3" }],
  flags: [{ component: "kube-apiserver", flag: "profiling", value: "false" }],
  reason: "standard 4.2",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
};
const baseline = (change: Partial<Baseline> = {}) => ({ registers: { baseline: { ...BASELINE, ...change } } });
const world = (...objects: unknown[]) => [system, kubeSystem, calico, apiserver("false"), ...objects];
const whole = [cde, deny, quota, limits, viewer];

describeControl(chgBaselineConsistent, [
  {
    name: "every item at the declared version",
    objects: world(...whole),
    options: baseline(),
    status: "pass",
    object: "Namespace/cde",
    assessor: { prints: "cde quota=1 limits=1 netpol=1 roles=viewer" },
  },
  {
    name: "a default deny of an engine that may not run",
    objects: world(
      cde,
      quota,
      limits,
      viewer,
      object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "deny", undefined, {
        spec: { endpointSelector: {}, ingress: [{}], egress: [{}] },
      }),
    ),
    options: baseline(),
    status: "unknown",
    object: "Namespace/cde",
    says: "whether a default deny of ingress stands in CiliumClusterwideNetworkPolicy deny is not known",
  },
  {
    name: "a namespace that was made by hand",
    objects: world(cdeNamespace("cde")),
    options: baseline(),
    status: "fail",
    object: "Namespace/cde",
    says: "no default deny of ingress; no default deny of egress; no ResourceQuota; no LimitRange; no role viewer",
    assessor: { prints: "cde quota=0 limits=0 netpol=0 roles=\n" },
  },
  {
    name: "an older version",
    objects: world(cdeNamespace("cde", { ...LABELS, "baseline-version": "4.1" }), deny, quota, limits, viewer),
    options: baseline(),
    status: "fail",
    says: "it follows version 4.1, not 4.2",
  },
  {
    name: "the version before it, while the rollout lasts",
    objects: world(cdeNamespace("cde", { ...LABELS, "baseline-version": "4.1" }), deny, quota, limits, viewer),
    options: baseline({ previousVersion: "4.1", rolloutUntil: "2026-12-01" }),
    status: "pass",
  },
  {
    name: "the version before it, after the rollout",
    objects: world(cdeNamespace("cde", { ...LABELS, "baseline-version": "4.1" }), deny, quota, limits, viewer),
    options: baseline({ previousVersion: "4.1", rolloutUntil: "2026-11-01" }),
    status: "fail",
  },
  {
    name: "only the quota and the limits are missing",
    objects: world(cde, deny, viewer),
    options: baseline(),
    status: "fail",
    severity: "low",
    object: "Namespace/cde",
  },
  {
    name: "an add-on is missing",
    objects: [system, kubeSystem, apiserver("false"), ...whole],
    options: baseline(),
    status: "fail",
    object: "Cluster/cluster",
    says: "DaemonSet calico-system/calico-node is missing",
  },
  {
    name: "an older add-on",
    objects: world(...whole),
    options: baseline({
      addOns: [{ kind: "DaemonSet", namespace: "calico-system", name: "calico-node", version: "v3.31.0" }],
    }),
    status: "fail",
    object: "Cluster/cluster",
    says: "not version v3.31.0",
  },
  {
    name: "a flag with another value",
    objects: [system, kubeSystem, calico, apiserver("true"), ...whole],
    options: baseline(),
    status: "fail",
    object: "Cluster/cluster",
    says: "--profiling true, not false",
  },
  {
    name: "flags of a managed control plane",
    objects: [system, kubeSystem, calico, ...whole],
    options: { provider: "eks", ...baseline() },
    status: "unknown",
    object: "Cluster/cluster",
  },
  {
    name: "quotas could not be listed",
    objects: world(...whole),
    options: { ...baseline(), sections: { resourcequotas: { status: "forbidden" } } },
    status: "unknown",
    object: "Namespace/cde",
  },
  { name: "no baseline is defined", objects: world(...whole), status: "unknown", says: "holds no baseline" },
  {
    name: "a baseline whose approval has run out",
    objects: world(...whole),
    options: baseline({ expiresAt: "2026-10-01" }),
    status: "unknown",
    says: "Approve it again",
  },
  {
    name: "no CDE",
    objects: [namespace("x", { "pci-scope": "out-of-scope" })],
    options: baseline(),
    status: "not-applicable",
  },
]);
