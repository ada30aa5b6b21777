import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import { cpAdmissionPlugins } from "./cp-admission-plugins";
import { describeControl } from "./testing";

const api = (flags: string[], nodeName = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const good = ["--enable-admission-plugins=NodeRestriction"];

describeControl(cpAdmissionPlugins, [
  {
    name: "NodeRestriction on",
    status: "pass",
    objects: world(api(good)),
    says: "Advised and not on: DenyServiceExternalIPs",
    assessor: { prints: "NodeRestriction" },
  },
  {
    name: "the flag adds up",
    status: "pass",
    objects: world(api(["--enable-admission-plugins=EventRateLimit", "--enable-admission-plugins=NodeRestriction"])),
  },
  {
    name: "a default without weight is disabled",
    status: "pass",
    objects: world(api([...good, "--disable-admission-plugins=DefaultStorageClass"])),
    says: "Disabled without weight here: DefaultStorageClass",
  },
  { name: "PodSecurityPolicy isn't asked for", status: "pass", objects: world(api(good)) },
  {
    name: "no flag",
    status: "fail",
    objects: world(api([])),
    says: "off by default",
    assessor: { prints: "not visible or not set" },
  },
  {
    name: "AlwaysAdmit",
    status: "fail",
    objects: world(api(["--enable-admission-plugins=NodeRestriction,AlwaysAdmit"])),
    says: "AlwaysAdmit is enabled",
  },
  {
    name: "NodeRestriction enabled and disabled",
    status: "fail",
    objects: world(api([...good, "--disable-admission-plugins=NodeRestriction"])),
  },
  {
    name: "PodSecurity disabled",
    status: "fail",
    objects: world(api([...good, "--disable-admission-plugins", "PodSecurity,DefaultStorageClass"])),
    says: "PodSecurity is disabled",
    assessor: { prints: "PodSecurity" },
  },
  { name: "one of two", status: "fail", objects: world(api(good, "a"), api([], "b")), says: "kube-apiserver-b" },
  { name: "the old flag", status: "unknown", objects: world(api([...good, "--admission-control=NodeRestriction"])) },
  { name: "GKE", status: "unknown", objects: world(), options: { provider: "gke" } },
  {
    name: "k3s without imported command lines",
    status: "unknown",
    objects: world(node("s1")),
    options: { provider: "k3s" },
  },
  {
    name: "an invisible control-plane node",
    status: "unknown",
    objects: world(api(good), node("cp-2", { "node-role.kubernetes.io/control-plane": "" })),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api(good)] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
