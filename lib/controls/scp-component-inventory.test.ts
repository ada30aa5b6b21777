import { expect, it } from "vitest";
import {
  cdeNamespace,
  contextOf,
  deployment,
  minimalPod,
  namespace,
  node,
  object,
  staticPod,
} from "@/lib/fixtures/builders";
import { scpComponentInventory } from "./scp-component-inventory";
import { describeControl } from "./testing";

const stated = { annotations: { "ringfence.dev/owner": "Payments", "ringfence.dev/purpose": "Checkout" } };
const app = (metadata: object = stated) => deployment("app", "cde", undefined, { metadata });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const cluster = { kind: "Cluster", name: "eu", owner: "Platform", purpose: "Payments", storesAccountData: false };
const entry = (fields: object = {}) => ({
  kind: "Deployment",
  namespace: "cde",
  name: "app",
  owner: "Payments",
  purpose: "Checkout",
  storesAccountData: false,
  ...fields,
});
const registered = (...components: ReturnType<typeof entry>[]) => ({
  registers: { components: [cluster, ...components] },
});
const group = {
  kind: "NodeGroup",
  name: "cde-pool",
  owner: "Platform",
  purpose: "CDE nodes",
  storesAccountData: false,
};
const poolNode = (metadata: Record<string, unknown> = {}) =>
  node("n1", { "eks.amazonaws.com/nodegroup": "cde-pool" }, metadata);
const placed = minimalPod("app", "cde", {
  metadata: stated,
  spec: { nodeName: "n1", containers: [{ name: "a", image: "x" }] },
});

describeControl(scpComponentInventory, [
  {
    name: "owner and purpose in annotations",
    status: "pass",
    objects: world(app()),
    options: registered(),
    object: "Deployment/cde/app",
    assessor: { prints: "", hides: "lacks" },
  },
  {
    name: "keys of one's own, and a label",
    status: "pass",
    objects: world(app({ annotations: { "pci.example.com/purpose": "x" }, labels: { owner: "payments" } })),
    options: registered(),
  },
  {
    name: "in the inventory",
    status: "pass",
    objects: world(app({})),
    options: registered(entry()),
    says: "inventory of components",
  },
  {
    name: "a node group in the inventory",
    status: "pass",
    objects: world(placed, poolNode()),
    options: { registers: { components: [cluster, group] } },
    object: "NodeGroup/cde-pool",
  },
  {
    name: "a retired component that is gone",
    status: "pass",
    objects: world(app()),
    options: registered(entry({ name: "old", retiredAt: "2026-10-01" })),
  },
  {
    name: "neither owner nor purpose",
    status: "fail",
    objects: world(app({})),
    options: registered(),
    object: "Deployment/cde/app",
    says: "no owner and no purpose",
    assessor: { prints: "Deployment cde/app lacks owner" },
  },
  {
    name: "no purpose",
    status: "fail",
    objects: world(app({ annotations: { "ringfence.dev/owner": "Payments" } })),
    options: registered(),
    says: "no purpose is stated",
  },
  {
    name: "an empty owner is none",
    status: "fail",
    objects: world(app({ annotations: { "ringfence.dev/owner": " ", "ringfence.dev/purpose": "x" } })),
    options: registered(),
  },
  {
    name: "an entry that the cluster no longer holds",
    status: "fail",
    objects: world(app()),
    options: registered(entry({ name: "gone" })),
    object: "Deployment/cde/gone",
    says: "not in the cluster",
  },
  {
    name: "the cluster itself",
    status: "fail",
    objects: world(app()),
    object: "Cluster/cluster",
    says: "No entry of kind Cluster",
  },
  {
    name: "a node group that nobody owns",
    status: "fail",
    objects: world(placed, poolNode()),
    options: registered(),
    object: "NodeGroup/cde-pool",
  },
  {
    name: "a Rollout owns the ReplicaSet: the root is judged",
    status: "fail",
    objects: world(
      object("apps/v1", "ReplicaSet", "pay-1", "cde", {
        metadata: {
          ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "pay", controller: true }],
        },
        spec: { template: { spec: { containers: [{ name: "a", image: "x" }] } } },
      }),
      minimalPod("pay-1-x", "cde", {
        metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "pay-1", controller: true }] },
      }),
    ),
    options: registered(),
    object: "Rollout/cde/pay",
  },
  {
    name: "a connected-to namespace",
    status: "fail",
    objects: [namespace("tools", { "pci-scope": "connected-to" }), deployment("app", "tools")],
    options: registered(),
    object: "Deployment/tools/app",
  },
  {
    name: "an old snapshot",
    status: "unknown",
    objects: world(app()),
    options: { ...registered(), collectedAt: "2026-11-10T12:00:00Z" },
    says: "2026-11-10",
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(app()),
    options: { ...registered(), sections: { pods: { status: "forbidden" } } },
  },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world(app()),
    options: { ...registered(), sections: { nodes: { status: "forbidden" } } },
  },
  {
    name: "nothing in scope",
    status: "not-applicable",
    objects: [namespace("shop", { "pci-scope": "out-of-scope" }), deployment("app", "shop")],
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), app()], says: "no scope declared" },
  {
    name: "files hold no nodes",
    status: "pass",
    objects: world(app()),
    options: { ...registered(), source: "manifests", sections: { nodes: { status: "not-collected" } } },
  },
]);

it("inventories a static pod with its node", () => {
  const context = contextOf(
    [namespace("kube-system", { "pci-scope": "in-scope" }), staticPod("kube-apiserver", ["kube-apiserver"])],
    { registers: { components: [cluster] } },
  );
  expect(scpComponentInventory.evaluate(context).find(({ object: { kind } }) => kind === "Pod")?.status).toBe(
    "not-applicable",
  );
});
