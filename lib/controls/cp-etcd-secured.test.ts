import { cdeNamespace, namespace, staticPod } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import { cpEtcdSecured } from "./cp-etcd-secured";
import { describeControl } from "./testing";

const GOOD: Record<string, string> = {
  "cert-file": "/etc/kubernetes/pki/etcd/server.crt",
  "key-file": "/etc/kubernetes/pki/etcd/server.key",
  "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
  "client-cert-auth": "true",
  "peer-cert-file": "/etc/kubernetes/pki/etcd/peer.crt",
  "peer-key-file": "/etc/kubernetes/pki/etcd/peer.key",
  "peer-trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
  "peer-client-cert-auth": "true",
  "listen-client-urls": "https://127.0.0.1:2379,https://10.0.0.1:2379",
  "listen-peer-urls": "https://10.0.0.1:2380",
  "listen-metrics-urls": "http://127.0.0.1:2381",
};
const flagsOf = (change: Record<string, string | undefined>) =>
  Object.entries({ ...GOOD, ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
const etcd = (change: Record<string, string | undefined> = {}, nodeName = "cp-1") =>
  staticPod("etcd", ["etcd", ...flagsOf(change)], nodeName);
const api = (servers: string, nodeName = "cp-1") =>
  staticPod("kube-apiserver", ["kube-apiserver", `--etcd-servers=${servers}`], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const byVariables = (values: Record<string, string>, command: string[] = ["etcd"]) =>
  staticPod("etcd", [], "cp-1", {
    spec: {
      nodeName: "cp-1",
      containers: [
        {
          name: "etcd",
          command,
          env: Object.entries(values).map(([name, value]) => ({
            name: `ETCD_${name.toUpperCase().replaceAll("-", "_")}`,
            value,
          })),
        },
      ],
    },
  });
const origin: ImportOrigin = { by: "node-collector", name: "cp-1:/x", collectedAt: "2026-11-20T00:00:00Z" };

describeControl(cpEtcdSecured, [
  {
    name: "flags with one dash, as etcd takes them too",
    status: "pass",
    objects: world(staticPod("etcd", ["etcd", ...flagsOf({}).map((flag) => flag.slice(1))], "cp-1")),
  },
  {
    name: "a flag with one dash that is false",
    status: "fail",
    says: "--client-cert-auth is false",
    objects: world(
      staticPod("etcd", ["etcd", ...flagsOf({ "client-cert-auth": "false" }).map((flag) => flag.slice(1))], "cp-1"),
    ),
  },
  {
    name: "kubeadm's own settings",
    status: "pass",
    objects: world(etcd(), api("https://127.0.0.1:2379")),
    assessor: { prints: "--client-cert-auth=true", hides: "no etcd visible" },
  },
  { name: "the settings as variables", status: "pass", objects: world(byVariables(GOOD)) },
  {
    name: "a flag wins over a variable",
    status: "pass",
    objects: world(byVariables({ ...GOOD, "client-cert-auth": "false" }, ["etcd", "--client-cert-auth"])),
  },
  {
    name: "RKE2's file, imported",
    status: "pass",
    objects: world(staticPod("etcd", ["etcd", "--config-file=/var/lib/rancher/rke2/server/db/etcd/config"])),
    options: { provider: "rke2", facts: { etcdConfigs: [{ origin, node: "control-plane-1", settings: GOOD }] } },
  },
  {
    name: "the cluster's authority is named",
    status: "pass",
    objects: world(etcd({ "trusted-ca-file": "/etc/kubernetes/pki/ca.crt" })),
    says: "every client certificate of the cluster",
  },
  {
    name: "certificates aren't demanded",
    status: "fail",
    severity: "critical",
    objects: world(etcd({ "client-cert-auth": "false" })),
    assessor: { prints: "--client-cert-auth=false" },
  },
  {
    name: "the demand is missing",
    status: "fail",
    objects: world(etcd({ "client-cert-auth": undefined })),
    says: "default is false",
  },
  { name: "peers without certificates", status: "fail", objects: world(etcd({ "peer-client-cert-auth": "false" })) },
  { name: "auto-tls", status: "fail", objects: world(etcd({ "auto-tls": "true" })) },
  { name: "auto-tls as a variable", status: "fail", objects: world(byVariables({ ...GOOD, "auto-tls": "true" })) },
  {
    name: "an http address beside https",
    status: "fail",
    objects: world(etcd({ "listen-client-urls": "https://10.0.0.1:2379,http://127.0.0.1:2379" })),
  },
  {
    name: "the default addresses",
    status: "fail",
    objects: world(etcd({ "listen-client-urls": undefined })),
    says: "default is http",
  },
  {
    name: "metrics for everybody",
    status: "fail",
    severity: "medium",
    objects: world(etcd({ "listen-metrics-urls": "http://0.0.0.0:2381" })),
  },
  {
    name: "the API server speaks http",
    status: "fail",
    objects: world(etcd(), api("http://127.0.0.1:2379")),
    says: "over http",
  },
  {
    name: "one of two",
    status: "fail",
    objects: world(etcd({}, "a"), etcd({ "client-cert-auth": "0" }, "b")),
    says: "etcd-b",
  },
  {
    name: "a variable from elsewhere",
    status: "unknown",
    objects: world(
      staticPod("etcd", [], "cp-1", {
        spec: {
          nodeName: "cp-1",
          containers: [
            {
              name: "etcd",
              command: ["etcd", ...flagsOf({ "client-cert-auth": undefined })],
              env: [{ name: "ETCD_CLIENT_CERT_AUTH", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            },
          ],
        },
      }),
    ),
  },
  {
    name: "a file that isn't imported",
    status: "unknown",
    objects: world(staticPod("etcd", ["etcd", "--config-file=/x"])),
    options: { provider: "rke2" },
    says: "isn't imported",
  },
  { name: "external etcd", status: "unknown", objects: world(api("https://etcd.example.com:2379")), says: "imported" },
  {
    name: "a second API server whose etcd isn't visible",
    status: "unknown",
    objects: world(etcd({}, "a"), api("https://127.0.0.1:2379", "a"), api("https://127.0.0.1:2379", "b")),
    says: "no etcd visible on b",
  },
  { name: "EKS", status: "unknown", objects: world(), options: { provider: "eks" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), etcd()] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
