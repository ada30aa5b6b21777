import {
  cdeNamespace,
  container,
  deployment,
  minimalPod,
  minimalPodSpec,
  namespace,
  restrictedPodSpec,
  staticPod,
} from "@/lib/fixtures/builders";
import { podNoHostNamespaces } from "./pod-no-host-namespaces";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const withSpec = (fields: Record<string, unknown>) => [cde, deployment("app", "cde", minimalPodSpec(fields))];
const withPort = (port: Record<string, unknown>) => ({ containers: [container({ ports: [port] })] });

describeControl(podNoHostNamespaces, [
  {
    name: "namespaces of its own",
    assessor: { prints: "" },
    objects: [cde, deployment("app", "cde", restrictedPodSpec())],
    status: "pass",
  },
  { name: "explicit false", objects: withSpec({ hostNetwork: false, hostPID: false, hostIPC: false }), status: "pass" },
  { name: "a container port without host port", objects: withSpec(withPort({ containerPort: 8080 })), status: "pass" },
  { name: "host port 0", objects: withSpec(withPort({ containerPort: 8080, hostPort: 0 })), status: "pass" },
  { name: "hostUsers=false is a hardening", objects: withSpec({ hostUsers: false }), status: "pass" },
  {
    name: "hostNetwork in the CDE is critical",
    assessor: { prints: "cde/app-0" },
    objects: withSpec({ hostNetwork: true }),
    status: "fail",
    severity: "critical",
    says: "outside NetworkPolicy",
  },
  {
    name: "hostNetwork in a connected-to namespace",
    objects: [
      cde,
      deployment("a", "cde", restrictedPodSpec()),
      namespace("net", { "pci-scope": "connected-to" }),
      deployment("cni", "net", minimalPodSpec({ hostNetwork: true })),
    ],
    status: "fail",
    object: "Deployment/net/cni",
    severity: undefined,
  },
  { name: "hostPID", objects: withSpec({ hostPID: true }), status: "fail", says: "hostPID" },
  { name: "hostIPC", objects: withSpec({ hostIPC: true }), status: "fail", says: "hostIPC" },
  {
    name: "a host port",
    objects: withSpec(withPort({ containerPort: 8080, hostPort: 8080 })),
    status: "fail",
    says: "hostPort 8080 (container app)",
  },
  {
    name: "a host port of an init container",
    objects: withSpec({ initContainers: [container({ name: "init", ports: [{ containerPort: 1, hostPort: 9 }] })] }),
    status: "fail",
    says: "container init",
  },
  {
    name: "on the host's network the container port becomes a host port",
    objects: withSpec({ hostNetwork: true, ...withPort({ containerPort: 9443 }) }),
    status: "fail",
    says: "hostPort 9443",
  },
  {
    name: "Windows on the host's network",
    objects: withSpec({
      hostNetwork: true,
      os: { name: "windows" },
      securityContext: { windowsOptions: { hostProcess: true } },
    }),
    status: "fail",
  },
  {
    name: "a static pod of the control plane in an unlabelled kube-system",
    objects: [cde, namespace("kube-system"), staticPod("kube-apiserver", ["kube-apiserver"])],
    status: "fail",
    object: "Pod/kube-system/kube-apiserver-control-plane-1",
  },
  {
    name: "a finished pod",
    objects: [
      cde,
      minimalPod("x", "cde", { spec: minimalPodSpec({ hostNetwork: true }), status: { phase: "Failed" } }),
    ],
    status: "not-applicable",
  },
  {
    name: "pods broke off",
    objects: withSpec({}),
    options: { sections: { pods: { status: "failed" } } },
    status: "unknown",
  },
]);
