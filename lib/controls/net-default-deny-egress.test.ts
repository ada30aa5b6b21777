import { cdeNamespace, minimalPod, minimalPodSpec, namespace, networkPolicy, object } from "@/lib/fixtures/builders";
import { netDefaultDenyEgress } from "./net-default-deny-egress";
import { calicoOn, describeControl, flannelOn } from "./testing";

const pod = minimalPod("app", "cde", {
  metadata: { labels: { app: "app" } },
  spec: minimalPodSpec({ nodeName: "n1" }),
});
const world = [cdeNamespace(), pod, ...calicoOn(["n1"])];
const deny = (spec: object = {}, name = "p1") =>
  networkPolicy(name, "cde", { podSelector: {}, policyTypes: ["Egress"], ...spec });
const narrow = deny({ podSelector: { matchLabels: { app: "app" } } }, "narrow");
const dnsPods = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};
const dnsPorts = [
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 53 },
];

describeControl(netDefaultDenyEgress, [
  {
    name: "every pod, Egress, no rule, enforced",
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
  {
    name: "DNS to whatever lacks a label",
    status: "fail",
    objects: [
      ...world,
      deny({
        egress: [
          {
            to: [
              { ...dnsPods, podSelector: { matchExpressions: [{ key: "nobody-has-it", operator: "DoesNotExist" }] } },
            ],
            ports: dnsPorts,
          },
        ],
      }),
    ],
  },
  { name: "an empty namespace with a policy", status: "pass", objects: [cdeNamespace(), ...calicoOn(["n1"]), deny()] },
  {
    name: "an empty list of rules denies when Egress is listed",
    status: "pass",
    objects: [...world, deny({ egress: [] })],
  },
  {
    name: "policyTypes left out without egress rules leaves egress open",
    status: "fail",
    objects: [...world, deny({ policyTypes: undefined })],
    says: "does not apply to Egress",
  },
  {
    name: "policyTypes left out with an empty list of egress rules leaves egress open",
    status: "fail",
    objects: [...world, deny({ policyTypes: undefined, egress: [] })],
  },
  {
    name: "a list with one empty rule allows everything",
    status: "fail",
    objects: [...world, deny({ egress: [{}] })],
    says: "allows everything",
  },
  {
    name: "DNS to the cluster's DNS pods is accepted",
    status: "pass",
    objects: [...world, deny({ egress: [{ to: [dnsPods], ports: dnsPorts }] })],
    says: "DNS",
  },
  {
    name: "DNS to the node-local address is accepted",
    status: "pass",
    objects: [...world, deny({ egress: [{ to: [{ ipBlock: { cidr: "169.254.20.10/32" } }], ports: dnsPorts }] })],
  },
  { name: "port 53 to anywhere is not", status: "fail", objects: [...world, deny({ egress: [{ ports: dnsPorts }] })] },
  {
    name: "port 53 to the whole DNS namespace is not",
    status: "fail",
    objects: [
      ...world,
      deny({ egress: [{ to: [{ namespaceSelector: dnsPods.namespaceSelector }], ports: dnsPorts }] }),
    ],
  },
  {
    name: "any port to the DNS pods is not",
    status: "fail",
    objects: [...world, deny({ egress: [{ to: [dnsPods] }] })],
  },
  {
    name: "another port beside DNS is not",
    status: "fail",
    objects: [...world, deny({ egress: [{ to: [dnsPods], ports: [...dnsPorts, { port: 443 }] }] })],
  },
  {
    name: "a second rule beside DNS is not",
    status: "fail",
    objects: [
      ...world,
      deny({
        egress: [
          { to: [dnsPods], ports: dnsPorts },
          { to: [{ podSelector: {} }], ports: [{ port: 1 }] },
        ],
      }),
    ],
  },
  {
    name: "another policy allows on top, which is not this control's question",
    status: "pass",
    objects: [...world, deny(), deny({ egress: [{}] }, "allow-all")],
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
  {
    name: "no policy at all, a pod is open",
    status: "fail",
    severity: "critical",
    objects: world,
    says: "selects app",
  },
  {
    name: "only Ingress is denied",
    status: "fail",
    severity: "critical",
    objects: [...world, deny({ policyTypes: ["Ingress"] })],
    says: "does not apply to Egress",
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
    objects: [...world, networkPolicy("p1", "calico-system", { podSelector: {}, policyTypes: ["Egress"] })],
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
  ...(
    [
      ["v3.30.0", "pass"],
      ["v3.28.0", "unknown"],
    ] as const
  ).map(([version, status]) => ({
    name: `a baseline that denies every pod and address, under Calico ${version}`,
    status,
    objects: [
      cdeNamespace(),
      pod,
      ...calicoOn(["n1"], ["n1"], version),
      object("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", "default", undefined, {
        spec: {
          subject: { namespaces: {} },
          egress: [{ action: "Deny", to: [{ namespaces: {} }, { networks: ["0.0.0.0/0", "::/0"] }] }],
        },
      }),
    ],
  })),
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
