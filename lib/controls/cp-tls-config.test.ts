import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import { cpTlsConfig } from "./cp-tls-config";
import { describeControl } from "./testing";

const GOOD = {
  "tls-cert-file": "/etc/kubernetes/pki/apiserver.crt",
  "tls-private-key-file": "/etc/kubernetes/pki/apiserver.key",
  "client-ca-file": "/etc/kubernetes/pki/ca.crt",
  "kubelet-client-certificate": "/etc/kubernetes/pki/apiserver-kubelet-client.crt",
  "kubelet-client-key": "/etc/kubernetes/pki/apiserver-kubelet-client.key",
  "kubelet-certificate-authority": "/etc/kubernetes/pki/ca.crt",
  "etcd-cafile": "/etc/kubernetes/pki/etcd/ca.crt",
  "etcd-certfile": "/etc/kubernetes/pki/apiserver-etcd-client.crt",
  "etcd-keyfile": "/etc/kubernetes/pki/apiserver-etcd-client.key",
};
const api = (change: Record<string, string | undefined> = {}, nodeName = "cp-1") =>
  staticPod(
    "kube-apiserver",
    [
      "kube-apiserver",
      ...Object.entries({ ...GOOD, ...change }).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}=${value}`],
      ),
    ],
    nodeName,
  );
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(cpTlsConfig, [
  {
    name: "every flag",
    status: "pass",
    objects: world(api()),
    assessor: { prints: "--kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt" },
  },
  {
    name: "TLS is switched off",
    status: "fail",
    severity: "critical",
    says: "--secure-port is 0",
    objects: world(api({ "secure-port": "0" })),
  },
  {
    name: "plain HTTP for everybody, as old API servers could serve it",
    status: "fail",
    severity: "critical",
    says: "--insecure-bind-address is 0.0.0.0",
    objects: world(api({ "insecure-bind-address": "0.0.0.0" })),
  },
  {
    name: "the address of a port that is switched off says nothing",
    status: "pass",
    objects: world(api({ "insecure-bind-address": "0.0.0.0", "insecure-port": "0" })),
  },
  {
    name: "names every certificate flag that is missing",
    status: "fail",
    says: /--client-ca-file, --kubelet-client-certificate, --kubelet-client-key, --etcd-cafile not set/,
    objects: world(
      api({
        "client-ca-file": undefined,
        "kubelet-client-certificate": undefined,
        "kubelet-client-key": undefined,
        "etcd-cafile": undefined,
      }),
    ),
  },
  {
    name: "a suite that nobody knows",
    status: "unknown",
    says: "TLS_ECDHE_RSA_WITH_AES_96_GCM_SHA256",
    objects: world(api({ "tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_96_GCM_SHA256" })),
  },
  {
    name: "TLS 1.3 makes the list of suites void",
    status: "pass",
    objects: world(api({ "tls-min-version": "VersionTLS13", "tls-cipher-suites": "TLS_RSA_WITH_RC4_128_SHA" })),
  },
  {
    name: "strong suites",
    status: "pass",
    objects: world(
      api({ "tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" }),
    ),
  },
  {
    name: "a datastore behind a socket needs no certificates",
    status: "pass",
    objects: world(
      api({
        "etcd-servers": "unix://kine.sock",
        "etcd-cafile": undefined,
        "etcd-certfile": undefined,
        "etcd-keyfile": undefined,
      }),
    ),
  },
  {
    name: "the insecure port switched off on an old version",
    status: "pass",
    objects: world(api({ "insecure-port": "0" })),
  },
  {
    name: "kubeadm's default: kubelets are not verified",
    status: "fail",
    severity: "medium",
    objects: world(api({ "kubelet-certificate-authority": undefined })),
    says: "kubelets are not verified",
    assessor: { prints: "--tls-cert-file", hides: "kubelet-certificate-authority" },
  },
  { name: "TLS 1.1", status: "fail", severity: "high", objects: world(api({ "tls-min-version": "VersionTLS11" })) },
  {
    name: "a weak suite",
    status: "fail",
    severity: "medium",
    objects: world(api({ "tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_3DES_EDE_CBC_SHA" })),
    says: "3DES",
  },
  {
    name: "no client authority",
    status: "fail",
    severity: "high",
    objects: world(api({ "client-ca-file": undefined })),
  },
  {
    name: "etcd without certificates",
    status: "fail",
    severity: "high",
    objects: world(api({ "etcd-cafile": "" })),
    says: "--etcd-cafile",
  },
  { name: "the insecure port", status: "fail", severity: "critical", objects: world(api({ "insecure-port": "8080" })) },
  {
    name: "one of two",
    status: "fail",
    objects: world(api({}, "a"), api({ "tls-cert-file": undefined }, "b")),
    says: "kube-apiserver-b",
  },
  { name: "an unknown floor", status: "unknown", objects: world(api({ "tls-min-version": "VersionTLS20" })) },
  { name: "AKS", status: "unknown", objects: world(), options: { provider: "aks" } },
  {
    name: "an invisible control-plane node",
    status: "unknown",
    objects: world(api(), node("cp-2", { "node-role.kubernetes.io/control-plane": "" })),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api()] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
