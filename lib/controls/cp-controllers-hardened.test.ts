import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import { cpControllersHardened } from "./cp-controllers-hardened";
import { describeControl } from "./testing";

type Change = Record<string, string | undefined>;
const pod = (component: string, good: Change, change: Change, nodeName = "cp-1") =>
  staticPod(
    component,
    [
      component,
      ...Object.entries({ ...good, ...change }).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      ),
    ],
    nodeName,
  );
const manager = (change: Change = {}, nodeName?: string) =>
  pod(
    "kube-controller-manager",
    {
      "use-service-account-credentials": "true",
      "service-account-private-key-file": "/etc/kubernetes/pki/sa.key",
      "root-ca-file": "/etc/kubernetes/pki/ca.crt",
      "bind-address": "127.0.0.1",
      profiling: "false",
    },
    change,
    nodeName,
  );
const scheduler = (change: Change = {}, nodeName?: string) =>
  pod("kube-scheduler", { "bind-address": "127.0.0.1", profiling: "false" }, change, nodeName);
const api = (change: Change = {}, nodeName?: string) =>
  pod(
    "kube-apiserver",
    { "service-account-key-file": "/etc/kubernetes/pki/sa.pub", profiling: "false" },
    change,
    nodeName,
  );
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(cpControllersHardened, [
  {
    name: "all three hardened",
    status: "pass",
    objects: world(manager(), scheduler(), api()),
    assessor: { prints: "--use-service-account-credentials=true", hides: "not visible" },
  },
  {
    name: "lookup said outright, loopback of version 6",
    status: "pass",
    objects: world(manager({ "bind-address": "::1" }), scheduler(), api({ "service-account-lookup": "true" })),
  },
  {
    name: "profiling by default",
    status: "fail",
    severity: "low",
    objects: world(manager(), scheduler(), api({ profiling: undefined })),
    says: "--profiling is true by default",
    assessor: { prints: "service-account-key-file" },
  },
  {
    name: "an open address",
    status: "fail",
    severity: "medium",
    objects: world(manager({ "bind-address": "0.0.0.0" }), scheduler(), api()),
  },
  {
    name: "an address by default",
    status: "fail",
    severity: "medium",
    objects: world(manager(), scheduler({ "bind-address": undefined }), api()),
    says: "0.0.0.0 by default",
  },
  {
    name: "tokens aren't looked up",
    status: "fail",
    severity: "high",
    objects: world(manager(), scheduler(), api({ "service-account-lookup": "false" })),
  },
  {
    name: "one account for all controllers",
    status: "fail",
    severity: "medium",
    objects: world(manager({ "use-service-account-credentials": undefined }), scheduler(), api()),
  },
  {
    name: "no root authority",
    status: "fail",
    objects: world(manager({ "root-ca-file": undefined }), scheduler(), api()),
    says: "--root-ca-file is not set",
  },
  {
    name: "certificates of kubelets not rotated",
    status: "fail",
    objects: world(manager({ "feature-gates": "X=true,RotateKubeletServerCertificate=false" }), scheduler(), api()),
  },
  {
    name: "one of two schedulers",
    status: "fail",
    objects: world(manager(), scheduler({}, "a"), scheduler({ profiling: "true" }, "b"), api()),
    says: "kube-scheduler-b",
  },
  {
    name: "the scheduler's file decides",
    status: "unknown",
    objects: world(manager(), scheduler({ config: "/etc/s.yaml" }), api()),
    says: "--config names a file",
  },
  {
    name: "a value that is none",
    status: "unknown",
    objects: world(manager({ profiling: "maybe" }), scheduler(), api()),
  },
  { name: "EKS", status: "unknown", objects: world(), options: { provider: "eks" } },
  {
    name: "an invisible control-plane node",
    status: "unknown",
    objects: world(manager(), scheduler(), api(), node("cp-2", { "node-role.kubernetes.io/control-plane": "" })),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), manager()] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
