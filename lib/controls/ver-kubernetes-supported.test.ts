import { describe, expect, it } from "vitest";
import { type ContextOptions, cdeNamespace, namespace, node } from "@/lib/fixtures/builders";
import { describeControl } from "./testing";
import { parseVersion, verKubernetesSupported } from "./ver-kubernetes-supported";

const kubelet = (name: string, kubeletVersion: string) => node(name, {}, { status: { nodeInfo: { kubeletVersion } } });
const at = (gitVersion: string | undefined, options: ContextOptions = {}): ContextOptions => ({
  facts: gitVersion === undefined ? {} : { gitVersion },
  ...options,
});
const world = [cdeNamespace(), kubelet("n1", "v1.36.1")];

describeControl(verKubernetesSupported, [
  {
    name: "supported, kubelet of the same version",
    assessor: { prints: "v1.36.2" },
    status: "pass",
    objects: world,
    options: at("v1.36.2"),
    says: "until 2027-06-28",
  },
  {
    name: "three minor versions older is allowed",
    status: "pass",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.0")],
    options: at("v1.37.0"),
  },
  { name: "a distribution's suffix", status: "pass", objects: world, options: at("v1.36.2+k3s1") },
  {
    name: "EKS, supported by the project too",
    status: "pass",
    objects: world,
    options: at("v1.36.2-eks-3025e55", { provider: "eks" }),
    says: "longer than the project",
  },
  {
    name: "EKS under extended support, paid for",
    status: "pass",
    objects: [cdeNamespace(), kubelet("n1", "v1.31.9")],
    options: at("v1.31.9-eks-1", { provider: "eks", asOf: "2026-05-01T00:00:00Z" }),
    says: "paid extended support",
  },
  {
    name: "exactly 60 days left",
    status: "pass",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.0")],
    options: at("v1.35.0", { asOf: "2026-12-10T12:00:00Z" }),
  },
  {
    name: "past its end",
    assessor: { prints: "v1.34.2" },
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.2")],
    options: at("v1.34.2"),
    says: "ended on 2026-10-27",
  },
  {
    name: "the last day still counts, with notice",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.2")],
    options: at("v1.34.2", { asOf: "2026-10-27T12:00:00Z" }),
    says: "ends in 0 days",
  },
  {
    name: "ends within 60 days",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.2")],
    options: at("v1.34.2", { asOf: "2026-10-01T00:00:00Z" }),
  },
  {
    name: "a kubelet newer than the API server",
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), kubelet("n1", "v1.37.0")],
    options: at("v1.36.0"),
    says: "newer than the API server",
  },
  {
    name: "a kubelet four minor versions older",
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), kubelet("n1", "v1.33.0")],
    options: at("v1.37.0"),
    says: "4 minor versions older",
  },
  {
    name: "EKS past extended support",
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), kubelet("n1", "v1.29.1")],
    options: at("v1.29.1-eks-1", { provider: "eks", asOf: "2026-05-01T00:00:00Z" }),
  },
  { name: "a version string that is none", status: "unknown", objects: world, options: at("banana") },
  { name: "no version read", status: "unknown", objects: world, options: at(undefined) },
  {
    name: "the calendar is more than 90 days old",
    status: "unknown",
    objects: world,
    options: at("v1.36.2", { asOf: "2026-12-15T00:00:00Z" }),
    says: "91 days old",
  },
  {
    name: "a version that the calendar doesn't hold",
    status: "unknown",
    objects: [cdeNamespace(), kubelet("n1", "v1.38.0")],
    options: at("v1.38.0"),
  },
  {
    name: "EKS, no longer supported by the project, old EKS calendar",
    status: "unknown",
    objects: [cdeNamespace(), kubelet("n1", "v1.34.2")],
    options: at("v1.34.2-eks-1", { provider: "eks" }),
  },
  {
    name: "OpenShift, whose dates are not held",
    status: "unknown",
    objects: world,
    options: at("v1.36.2", { provider: "openshift" }),
  },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world,
    options: at("v1.36.2", { sections: { nodes: { status: "forbidden" } } }),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], options: at("v1.36.2") },
  {
    name: "no CDE namespace",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" })],
    options: at("v1.36.2"),
  },
  {
    name: "a node that is not valid",
    status: "unknown",
    objects: [...world, { ...node("bad"), status: "ready" }],
    options: at("v1.36.2"),
    object: "Node/bad",
  },
  {
    name: "older than the whole calendar",
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), kubelet("n1", "v1.19.0")],
    options: at("v1.19.16"),
    says: "long past its end",
  },
]);

describe("version strings", () => {
  it.each([
    ["v1.32.4", 32],
    ["v1.32.4+k3s1", 32],
    ["v1.32.4-eks-a737599", 32],
    ["v1.32.4-gke.1236000", 32],
    ["v1.32.4+rke2r1", 32],
    ["v1.33.0-alpha.1", 33],
    ["1.32.4", 32],
  ])("%s", (text, minor) => {
    expect(parseVersion(text)).toEqual({ major: 1, minor });
  });
  it.each(["", "v1", "banana", "v1.x.2", "vv1.32.1"])("refuses %j", (text) => {
    expect(parseVersion(text)).toBeNull();
  });
});
