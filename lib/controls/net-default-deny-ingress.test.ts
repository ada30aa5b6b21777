import { cdeNamespace, minimalPod, minimalPodSpec, namespace, networkPolicy, object } from "@/lib/fixtures/builders";
import { netDefaultDenyIngress } from "./net-default-deny-ingress";
import { calicoOn, describeControl, flannelOn } from "./testing";

const pod = minimalPod("app", "cde", {
  metadata: { labels: { app: "app" } },
  spec: minimalPodSpec({ nodeName: "n1" }),
});
const world = [cdeNamespace(), pod, ...calicoOn(["n1"])];
const deny = (spec: object = {}, name = "p1") =>
  networkPolicy(name, "cde", { podSelector: {}, policyTypes: ["Ingress"], ...spec });
const narrow = deny({ podSelector: { matchLabels: { app: "app" } } }, "narrow");

describeControl(netDefaultDenyIngress, [
  {
    name: "every pod, Ingress, no rule, enforced",
    assessor: { prints: "cde\tOK p1" },
    status: "pass",
    objects: [...world, deny()],
    object: "Namespace/cde",
  },
  {
    name: "a selector with empty parts selects every pod",
    status: "pass",
    objects: [...world, deny({ podSelector: { matchLabels: {}, matchExpressions: [] } })],
  },
  {
    name: "the policy's name says nothing",
    assessor: { prints: "cde\tMISSING" },
    status: "fail",
    objects: [...world, deny({ podSelector: { matchLabels: { app: "x" } } }, "default-deny-all")],
  },
  { name: "an empty namespace with a policy", status: "pass", objects: [cdeNamespace(), ...calicoOn(["n1"]), deny()] },
  { name: "policyTypes left out means Ingress", status: "pass", objects: [...world, deny({ policyTypes: undefined })] },
  { name: "an empty list of rules denies", status: "pass", objects: [...world, deny({ ingress: [] })] },
  {
    name: "a list with one empty rule allows everything",
    status: "fail",
    objects: [...world, deny({ ingress: [{}] })],
    says: "allows everything",
  },
  {
    name: "another policy allows on top, which is not this control's question",
    status: "pass",
    objects: [...world, deny(), deny({ ingress: [{}] }, "allow-all")],
    says: "1 policy allows traffic on top",
  },
  {
    name: "Calico denies by default for the whole cluster",
    status: "pass",
    objects: [
      ...world,
      object("projectcalico.org/v3", "GlobalNetworkPolicy", "deny", undefined, {
        spec: { selector: "all()", types: ["Ingress", "Egress"] },
      }),
    ],
  },
  ...(
    [
      [{ tier: "security" }, "unknown"],
      [{ preDNAT: true }, "fail"],
      [{ doNotTrack: true }, "fail"],
    ] as const
  ).map(([fields, status]) => ({
    name: `a policy of Calico that is no default deny for certain: ${JSON.stringify(fields)}`,
    status,
    objects: [
      ...world,
      object("projectcalico.org/v3", "GlobalNetworkPolicy", "deny", undefined, {
        spec: { selector: "all()", types: ["Ingress", "Egress"], ...fields },
      }),
    ],
  })),
  {
    name: "Cilium's default deny in a cluster that runs Calico",
    status: "unknown",
    objects: [
      ...world,
      object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "deny", undefined, {
        spec: { endpointSelector: {}, ingress: [{}] },
      }),
    ],
    says: "CiliumClusterwideNetworkPolicy deny",
  },
  {
    name: "no policy at all, a pod is open",
    status: "fail",
    severity: "critical",
    objects: world,
    says: "selects app",
  },
  {
    name: "only Egress is denied",
    status: "fail",
    severity: "critical",
    objects: [...world, deny({ policyTypes: ["Egress"] })],
    says: "does not apply to Ingress",
  },
  {
    name: "narrower policies isolate every pod of today",
    status: "fail",
    severity: "medium",
    objects: [...world, narrow],
    says: "new pods would be open",
  },
  {
    name: "an empty namespace without a policy",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace(), ...calicoOn(["n1"])],
    says: "No pod runs in it now",
  },
  {
    name: "pods on the host network and finished pods are not counted as open",
    status: "fail",
    severity: "medium",
    objects: [
      ...world,
      narrow,
      minimalPod("host", "cde", { spec: minimalPodSpec({ hostNetwork: true }) }),
      minimalPod("done", "cde", { status: { phase: "Succeeded" } }),
    ],
    says: "use the host network: host",
  },
  {
    name: "the policy lies in another namespace",
    status: "fail",
    objects: [...world, networkPolicy("p1", "calico-system", { podSelector: {}, policyTypes: ["Ingress"] })],
  },
  {
    name: "an unlabelled namespace counts as CDE when others are labelled",
    status: "fail",
    objects: [...world, deny(), namespace("shop")],
    object: "Namespace/shop",
  },
  {
    name: "the plug-in enforces nothing",
    status: "fail",
    severity: "critical",
    objects: [cdeNamespace(), pod, ...flannelOn(["n1"]), deny()],
    says: "does not enforce it",
  },
  {
    name: "the plug-in is not ready where the pods run",
    status: "fail",
    objects: [cdeNamespace(), pod, ...calicoOn(["n1", "n2"], ["n2"]), deny()],
    says: "no ready pod on n1",
  },
  {
    name: "the plug-in is not known",
    status: "unknown",
    objects: [cdeNamespace(), pod, deny()],
    says: "whether it is enforced is not known",
  },
  { name: "no policy under an unknown plug-in stays a fail", status: "fail", objects: [cdeNamespace(), pod] },
  {
    name: "an AdminNetworkPolicy without rules",
    status: "fail",
    objects: [
      ...world,
      object("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "anp", undefined, {
        spec: { priority: 1, subject: { namespaces: {} } },
      }),
    ],
  },
  {
    name: "a baseline denies what comes from pods, and not what comes from outside",
    status: "fail",
    objects: [
      ...world,
      object("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", "default", undefined, {
        spec: { subject: { namespaces: {} }, ingress: [{ action: "Deny", from: [{ namespaces: {} }] }] },
      }),
    ],
    says: "BaselineAdminNetworkPolicy default applies to every pod and still leaves something open",
  },
  {
    name: "Calico's default deny with a rule for DNS",
    status: "pass",
    objects: [
      ...world,
      object("projectcalico.org/v3", "GlobalNetworkPolicy", "deny", undefined, {
        spec: {
          types: ["Ingress"],
          ingress: [{ action: "Allow", protocol: "UDP", destination: { ports: [53] } }],
        },
      }),
    ],
  },
  {
    name: "policies refused",
    status: "unknown",
    objects: world,
    options: { sections: { networkpolicies: { status: "forbidden" } } },
    object: "Namespace/cde",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
