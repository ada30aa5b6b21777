import { cdeNamespace, minimalPod, namespace } from "@/lib/fixtures/builders";
import { scpNamespaceLabelled } from "./scp-namespace-labelled";
import { describeControl } from "./testing";

const labelled = (value: string) => namespace("shop", { "pci-scope": value });

describeControl(scpNamespaceLabelled, [
  {
    name: "the three values are valid",
    assessor: { prints: "", hides: "shop" },
    status: "pass",
    objects: [cdeNamespace(), labelled("connected-to"), namespace("x", { "pci-scope": "out-of-scope" })],
  },
  {
    name: "configured key and values",
    status: "pass",
    objects: [namespace("shop", { zone: "red" })],
    options: { scope: { labelKey: "zone", values: { cde: "red", "connected-to": "amber", "out-of-scope": "green" } } },
  },
  {
    name: "a label is missing",
    assessor: { prints: "shop" },
    status: "fail",
    objects: [cdeNamespace(), namespace("shop")],
    object: "Namespace/shop",
    says: "pci-scope is missing",
  },
  { name: "no namespace carries the label", status: "fail", objects: [namespace("shop")], object: "Namespace/shop" },
  {
    name: "underscore instead of hyphen",
    status: "fail",
    objects: [labelled("in_scope")],
    says: "in-scope was probably meant",
  },
  { name: "a value that is no category", status: "fail", objects: [labelled("true")], says: "not an allowed value" },
  { name: "case counts", status: "fail", objects: [labelled("In-Scope")] },
  { name: "an empty value", status: "fail", objects: [labelled("")] },
  {
    name: "system namespaces need a label too, connected-to is proposed",
    status: "fail",
    objects: [cdeNamespace(), namespace("kube-system")],
    object: "Namespace/kube-system",
    says: "connected-to is proposed",
  },
  {
    name: "a terminating namespace",
    status: "not-applicable",
    objects: [namespace("old", {}, { status: { phase: "Terminating" } })],
    says: "being deleted",
  },
  { name: "no namespace", status: "not-applicable", objects: [] },
  {
    name: "namespaces refused",
    status: "unknown",
    objects: [],
    options: { sections: { namespaces: { status: "forbidden" } } },
    says: "refused",
  },
  {
    name: "objects in a namespace that the manifests lack",
    status: "unknown",
    objects: [cdeNamespace(), minimalPod("a", "shop")],
    options: { source: "manifests" },
    object: "Namespace/shop",
  },
  {
    name: "a namespace that is not valid",
    status: "unknown",
    objects: [cdeNamespace(), { ...namespace("bad"), metadata: { name: "bad", labels: ["pci-scope"] } }],
    object: "Namespace/bad",
  },
]);
