import {
  cdeNamespace,
  minimalPodSpec,
  namespace,
  networkPolicy,
  object,
  type RawObject,
  runningDeployment,
} from "@/lib/fixtures/builders";
import type { Flow } from "@/lib/inventory/registers/flows";
import { policyDigest } from "@/lib/network/policy-digest";
import { netFlowRegister } from "./net-flow-register";
import { calicoOn, describeControl } from "./testing";

const spec = minimalPodSpec({ nodeName: "n1" });
const payment = runningDeployment("payment", "cde", spec, { nodeName: "n1", replicas: 1 });
const web = runningDeployment("web", "shop", spec, { nodeName: "n1", replicas: 1 });
const deny = networkPolicy("default-deny", "cde", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const base = [
  cdeNamespace(),
  namespace("shop", { "pci-scope": "connected-to" }),
  ...payment,
  ...web,
  ...calicoOn(["n1"]),
  deny,
];
const allow = (metadata: object = {}, port = 8443): RawObject => ({
  ...networkPolicy("allow-web", "cde", {
    podSelector: { matchLabels: { app: "payment" } },
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } }],
        ports: [{ port, protocol: "TCP" }],
      },
    ],
  }),
  metadata: { name: "allow-web", namespace: "cde", ...metadata },
});
const unchanged = { generation: 1, creationTimestamp: "2026-08-01T10:00:00Z" };
const flow = (fields: Partial<Flow> = {}): Flow => ({
  id: "web-to-payment",
  from: { namespace: "shop", labels: { app: "web" } },
  to: { namespace: "cde", labels: { app: "payment" } },
  protocol: "TCP",
  ports: [8443],
  reason: "checkout",
  requestedBy: "team-web",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
  reviewedAt: "2026-11-01",
  ...fields,
});
const register = (...flows: Flow[]) => ({ registers: { flows } });
const approved = (digest: string) => ({
  policies: [{ kind: "NetworkPolicy", namespace: "cde", name: "allow-web", digest }],
});
const digest = policyDigest(allow());
const annotations = (fields: Record<string, string>) => ({
  ...unchanged,
  annotations: Object.fromEntries(Object.entries(fields).map(([key, value]) => [`ringfence.dev/${key}`, value])),
});

describeControl(netFlowRegister, [
  {
    name: "an approved flow, reviewed lately, for a policy that never changed",
    objects: [...base, allow(unchanged)],
    options: register(flow()),
    status: "pass",
    object: "NetworkPolicy/cde/allow-web",
  },
  {
    name: "an approved flow with the policy's digest, whatever its generation",
    objects: [...base, allow({ generation: 7 })],
    options: register(flow(approved(digest))),
    status: "pass",
  },
  {
    name: "a flow without an entry",
    objects: [...base, allow(unchanged)],
    status: "fail",
    object: "NetworkPolicy/cde/allow-web",
    says: "shop/web to cde/payment on TCP 8443: no entry",
    assessor: { prints: /allow-web\t.*reviewed never\tby nobody/ },
  },
  {
    name: "an entry for another port",
    objects: [...base, allow(unchanged)],
    options: register(flow({ ports: [443] })),
    status: "fail",
    object: "NetworkPolicy/cde/allow-web",
  },
  {
    name: "an entry for other pods",
    objects: [...base, allow(unchanged)],
    options: register(flow({ from: { namespace: "shop", labels: { app: "cart" } } })),
    status: "fail",
    object: "NetworkPolicy/cde/allow-web",
  },
  {
    name: "an entry without approver",
    objects: [...base, allow(unchanged)],
    options: register(flow({ approvedBy: undefined })),
    status: "fail",
    says: "nobody approved entry web-to-payment",
  },
  {
    name: "a review older than six months",
    objects: [...base, allow(unchanged)],
    options: register(flow({ approvedAt: "2026-01-01", reviewedAt: "2026-05-20" })),
    status: "fail",
    says: "was last reviewed on 2026-05-20",
  },
  {
    name: "a review 183 days ago still counts",
    objects: [...base, allow({ generation: 1, creationTimestamp: "2026-01-01T10:00:00Z" })],
    options: register(flow({ approvedAt: "2026-02-01", reviewedAt: "2026-05-22" })),
    status: "pass",
  },
  {
    name: "an approval that has expired",
    objects: [...base, allow(unchanged)],
    options: register(flow({ expiresAt: "2026-11-20" })),
    status: "fail",
    says: "does not hold now",
  },
  {
    name: "the policy is newer than the review",
    objects: [...base, allow({ generation: 1, creationTimestamp: "2026-11-10T10:00:00Z" })],
    options: register(flow()),
    status: "fail",
    says: "newer than the review",
  },
  {
    name: "the policy differs from the approved one",
    objects: [...base, allow(unchanged, 9443)],
    options: register(flow({ ports: [9443], ...approved(digest) })),
    status: "fail",
    says: "differs from the one that entry web-to-payment approved",
  },
  {
    name: "the entry was approved for other policies",
    objects: [...base, allow(unchanged)],
    options: register(flow({ policies: [{ kind: "NetworkPolicy", namespace: "cde", name: "other", digest }] })),
    status: "fail",
    says: "was approved for other policies",
  },
  {
    name: "whether the policy changed since can't be told",
    objects: [...base, allow({ generation: 3, creationTimestamp: "2026-08-01T10:00:00Z" })],
    options: register(flow()),
    status: "unknown",
    says: `record its digest ${digest}`,
  },
  {
    name: "an entry whose flow no longer exists is low",
    objects: [...base, allow(unchanged)],
    options: register(flow(), flow({ id: "old", ports: [1433] })),
    status: "fail",
    severity: "low",
    object: "Flow/old",
    says: "stale",
  },
  {
    name: "an entry about another cluster's namespaces is not stale",
    objects: [...base, allow(unchanged)],
    options: register(flow(), flow({ id: "elsewhere", from: { namespace: "billing" } })),
    status: "pass",
  },
  {
    name: "approved by whoever asked for it: warns",
    objects: [...base, allow(unchanged)],
    options: register(flow({ requestedBy: "maria" })),
    status: "pass",
    says: "approved by whoever asked for them",
  },
  {
    name: "annotations on the policy stand for an entry",
    objects: [
      ...base,
      allow(annotations({ justification: "checkout", "approved-by": "maria", "reviewed-on": "2026-11-01" })),
    ],
    status: "pass",
    assessor: { prints: "reviewed 2026-11-01\tby maria" },
  },
  {
    name: "annotations without a justification",
    objects: [...base, allow(annotations({ "approved-by": "maria", "reviewed-on": "2026-11-01" }))],
    status: "fail",
    says: "no justification",
  },
  {
    name: "annotations with another digest",
    objects: [
      ...base,
      allow(
        annotations({
          justification: "checkout",
          "approved-by": "maria",
          "reviewed-on": "2026-11-01",
          "approved-digest": "0".repeat(64),
        }),
      ),
    ],
    status: "fail",
    says: "differs",
  },
  {
    name: "an outside range without an entry",
    objects: [
      ...base,
      networkPolicy("acquirer", "cde", {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "203.0.113.0/28" } }], ports: [{ port: 443 }] }],
      }),
    ],
    status: "fail",
    object: "NetworkPolicy/cde/acquirer",
    says: "cde/payment to 203.0.113.0/28 on TCP 443",
  },
  {
    name: "pods that no policy isolates",
    objects: [cdeNamespace(), ...payment, ...calicoOn(["n1"])],
    status: "fail",
    object: "Namespace/cde",
    says: "nothing limits the flows of payment",
  },
  {
    name: "a rule of a Cilium policy beyond L4",
    objects: [
      cdeNamespace(),
      namespace("shop", { "pci-scope": "connected-to" }),
      ...payment,
      ...web,
      deny,
      ...calicoOn(["n1"]),
      object("cilium.io/v2", "CiliumNetworkPolicy", "http", "cde", {
        spec: {
          endpointSelector: {},
          ingress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [{ path: "/" }] } }] }],
        },
      }),
    ],
    status: "unknown",
  },
  {
    name: "policies could not be listed",
    objects: base,
    options: { sections: { networkpolicies: { status: "forbidden", message: "no permission" } } },
    status: "unknown",
  },
  {
    name: "an unknown plug-in",
    objects: [cdeNamespace(), ...payment, deny],
    status: "unknown",
  },
  {
    name: "no allow rule",
    objects: base,
    status: "not-applicable",
    object: "Namespace/cde",
  },
]);
