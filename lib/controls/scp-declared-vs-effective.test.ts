import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  daemonSet,
  groupSubject,
  minimalPod,
  namespace,
  networkPolicy,
  object,
  role,
  roleBinding,
  serviceAccount,
  serviceAccountSubject,
} from "@/lib/fixtures/builders";
import { scpDeclaredVsEffective } from "./scp-declared-vs-effective";
import { calicoOn, describeControl, flannelOn } from "./testing";

const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const tools = namespace("tools", { "pci-scope": "connected-to" });
const closed = (name: string) => networkPolicy("closed", name, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const pod = (name: string, node: string, fields: object = {}) =>
  minimalPod("app", name, {
    metadata: { labels: { app: "app" } },
    spec: { nodeName: node, containers: [{ name: "a", image: "x" }], ...fields },
  });
/** A CDE that is closed, and a shop on another node. */
const world = (...objects: unknown[]) => [
  ...calicoOn(["n1", "n2"]),
  cdeNamespace(),
  closed("cde"),
  pod("cde", "n1"),
  shop,
  clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")]),
  ...objects,
];
const secrets = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
const webhook = (fields: object = {}) =>
  object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "inject", undefined, {
    webhooks: [
      {
        name: "i.example.com",
        clientConfig: { service: { name: "injector", namespace: "shop" } },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "*" }],
        ...fields,
      },
    ],
  });

describeControl(scpDeclaredVsEffective, [
  {
    name: "nothing ties it to the CDE",
    status: "pass",
    objects: world(pod("shop", "n2")),
    object: "Namespace/shop",
    says: "nothing ties it to the CDE",
    assessor: { prints: "namespace shop: out-of-scope", hides: "node n1: shop" },
  },
  {
    name: "a connected-to namespace with ties",
    status: "pass",
    objects: [...calicoOn(["n1"]), cdeNamespace(), pod("cde", "n1"), tools, pod("tools", "n1")],
    object: "Namespace/tools",
    says: "nothing implies more than connected-to",
  },
  {
    name: "traffic of nodes is no connection of a namespace",
    status: "pass",
    objects: world(pod("shop", "n2", { hostNetwork: true })),
    object: "Namespace/shop",
  },
  {
    name: "a webhook that leaves the CDE out",
    status: "pass",
    objects: world(webhook({ namespaceSelector: { matchLabels: { "pci-scope": "out-of-scope" } } })),
    object: "Namespace/shop",
  },
  {
    name: "a webhook about cluster-scoped objects only",
    status: "pass",
    objects: world(webhook({ rules: [{ apiGroups: ["*"], resources: ["*"], operations: ["*"], scope: "Cluster" }] })),
    object: "Namespace/shop",
  },
  {
    name: "a network path into the CDE",
    status: "fail",
    objects: [...calicoOn(["n1", "n2"]), cdeNamespace(), pod("cde", "n1"), shop, pod("shop", "n2")],
    object: "Namespace/shop",
    says: "shop/Pod app reaches cde/Pod app",
  },
  {
    name: "a network path out of the CDE only",
    status: "fail",
    objects: [
      ...calicoOn(["n1", "n2"]),
      cdeNamespace(),
      networkPolicy("in", "cde", { podSelector: {}, policyTypes: ["Ingress"] }),
      pod("cde", "n1"),
      shop,
      pod("shop", "n2"),
    ],
    says: "cde/Pod app reaches shop/Pod app",
  },
  {
    name: "policies that nobody carries out",
    status: "fail",
    objects: [...flannelOn(["n1", "n2"]), cdeNamespace(), closed("cde"), pod("cde", "n1"), shop, pod("shop", "n2")],
    object: "Namespace/shop",
  },
  {
    name: "a pod on the node of a CDE pod",
    status: "fail",
    objects: world(pod("shop", "n1")),
    object: "Namespace/shop",
    says: "runs on node n1 beside the CDE pod cde/app",
    assessor: { prints: /node n1: .*shop/ },
  },
  {
    name: "a node agent makes its namespace connected-to",
    status: "fail",
    objects: world(
      daemonSet("logs", "shop", { containers: [{ name: "a", image: "x" }] }),
      minimalPod("logs-1", "shop", {
        metadata: {
          ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "logs", uid: "1", controller: true }],
        },
        spec: { nodeName: "n1", hostNetwork: true, containers: [{ name: "a", image: "x" }] },
      }),
    ),
    says: "node agent logs-1",
  },
  {
    name: "an account that reads Secrets of the CDE",
    status: "fail",
    objects: world(
      serviceAccount("ci", "shop"),
      role("r", "cde", [secrets]),
      roleBinding("b", "cde", "r", [serviceAccountSubject("ci", "shop")], "Role"),
    ),
    says: "ServiceAccount shop/ci has rights in cde",
  },
  {
    name: "every account of the cluster",
    status: "fail",
    objects: world(clusterRole("r", [secrets]), clusterRoleBinding("b", "r", [groupSubject("system:serviceaccounts")])),
    object: "Namespace/shop",
  },
  {
    name: "a webhook that acts on CDE objects",
    status: "fail",
    objects: world(webhook()),
    says: "sends objects of cde",
  },
  {
    name: "an aggregated API",
    status: "fail",
    objects: world(
      object("apiregistration.k8s.io/v1", "APIService", "v1.x", undefined, {
        spec: { group: "x", version: "v1", service: { namespace: "shop", name: "api" } },
      }),
    ),
    says: "APIService v1.x",
  },
  {
    name: "a namespace without a label",
    status: "fail",
    severity: "high",
    objects: world(namespace("forgotten"), pod("forgotten", "n1")),
    object: "Namespace/forgotten",
    says: "has no scope label",
  },
  {
    name: "a connected-to namespace that stores card data by label",
    status: "fail",
    objects: world(tools, minimalPod("db", "tools", { metadata: { labels: { tier: "encrypted-datastore" } } })),
    object: "Namespace/tools",
    says: "makes it cde",
  },
  {
    name: "a connected-to namespace that stores card data by the inventory",
    status: "fail",
    objects: world(tools),
    options: {
      registers: {
        components: [
          { kind: "Deployment", namespace: "tools", name: "db", owner: "x", purpose: "vault", storesAccountData: true },
        ],
      },
    },
    object: "Namespace/tools",
  },
  {
    name: "a card number in a connected-to namespace",
    status: "fail",
    objects: world(tools),
    options: {
      facts: {
        patternScan: {
          rulesVersion: 1,
          sections: ["deployments"],
          objects: 1,
          totals: [{ rule: "card-number", count: 1 }],
          hits: [
            {
              rule: "card-number",
              masked: "************1111",
              apiVersion: "apps/v1",
              kind: "Deployment",
              namespace: "tools",
              objectName: "batch",
              pointer: "/spec/template/spec/containers/0/env/0/value",
              objects: 1,
            },
          ],
        },
      },
    },
    object: "Namespace/tools",
    says: "a card number in Deployment batch",
  },
  {
    name: "whether policies are enforced is not known",
    status: "unknown",
    objects: [cdeNamespace(), closed("cde"), pod("cde", "n1"), shop, pod("shop", "n2")],
    object: "Namespace/shop",
  },
  {
    name: "another factor decides where the network does not",
    status: "fail",
    objects: [cdeNamespace(), closed("cde"), pod("cde", "n1"), shop, pod("shop", "n1")],
    object: "Namespace/shop",
    says: "runs on node n1",
  },
  {
    name: "webhooks refused",
    status: "unknown",
    objects: world(),
    options: { sections: { mutatingwebhookconfigurations: { status: "forbidden" } } },
    object: "Namespace/shop",
    says: "mutatingwebhookconfigurations could not be read",
  },
  {
    name: "files don't show nodes",
    status: "unknown",
    objects: world(clusterRoleBinding("b", "view", [groupSubject("devs")])),
    options: { source: "manifests" },
    says: "which pods share a node",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "no CDE", status: "not-applicable", objects: [shop] },
]);
