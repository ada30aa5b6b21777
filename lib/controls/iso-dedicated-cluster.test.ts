import { cdeNamespace, deployment, minimalPod, namespace } from "@/lib/fixtures/builders";
import { isoDedicatedCluster } from "./iso-dedicated-cluster";
import { describeControl } from "./testing";

const tools = namespace("tools", { "pci-scope": "connected-to" });
const shop = namespace("shop", { "pci-scope": "out-of-scope" });

describeControl(isoDedicatedCluster, [
  {
    name: "a namespace that is only called like one of a provider",
    objects: [cdeNamespace(), namespace("openshift-payments", { "pci-scope": "out-of-scope" })],
    status: "fail",
    says: "openshift-payments",
  },
  {
    name: "the provider's own namespaces",
    objects: [cdeNamespace(), namespace("openshift-monitoring", { "pci-scope": "out-of-scope" })],
    options: { provider: "openshift" },
    status: "pass",
  },
  {
    name: "only CDE, connected-to and the system's own namespaces",
    status: "pass",
    objects: [cdeNamespace(), tools, namespace("kube-system"), namespace("default")],
    assessor: { prints: "in-scope cde", hides: "out-of-scope" },
  },
  {
    name: "a namespace out of scope",
    status: "fail",
    objects: [cdeNamespace(), tools, shop],
    says: "shop",
    assessor: { prints: "out-of-scope shop" },
  },
  {
    name: "out of scope beside an unlabelled one",
    status: "fail",
    objects: [cdeNamespace(), shop, namespace("lab")],
    says: "Not labelled: lab",
  },
  { name: "a namespace without label", status: "unknown", objects: [cdeNamespace(), namespace("lab")], says: "lab" },
  {
    name: "default runs something and has no label",
    status: "unknown",
    objects: [cdeNamespace(), namespace("default"), minimalPod("x", "default")],
    says: "default",
  },
  {
    name: "pods could not be listed, so default may run something",
    status: "unknown",
    objects: [cdeNamespace(), namespace("default")],
    options: { sections: { pods: { status: "forbidden" } } },
    says: "default",
  },
  {
    name: "files show only some namespaces",
    status: "unknown",
    objects: [cdeNamespace(), deployment()],
    options: { source: "manifests" },
    says: "running cluster",
  },
  {
    name: "a scope file says what the labels don't",
    status: "pass",
    objects: [namespace("a"), namespace("b")],
    options: { scope: { namespaces: { a: "cde", b: "connected-to" } } },
  },
  { name: "no CDE", status: "not-applicable", objects: [tools, shop] },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  {
    name: "namespaces refused",
    status: "unknown",
    objects: [cdeNamespace()],
    options: { sections: { namespaces: { status: "forbidden" } } },
  },
]);
