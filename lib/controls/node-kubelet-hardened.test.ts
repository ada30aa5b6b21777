import { cdeNamespace, minimalPod, minimalPodSpec, namespace, node } from "@/lib/fixtures/builders";
import type { ImportedKubeletConfig } from "@/lib/inventory/imported-control-plane";
import { nodeKubeletHardened } from "./node-kubelet-hardened";
import { describeControl } from "./testing";

const pod = minimalPod("p", "cde", { spec: { ...minimalPodSpec(), nodeName: "n1" } });
const world = (...objects: unknown[]) => [cdeNamespace(), pod, node("n1"), ...objects];
const GOOD: ImportedKubeletConfig = {
  origin: { by: "node-collector", name: "n1:/var/lib/kubelet/config.yaml", collectedAt: "2026-11-20T00:00:00Z" },
  node: "n1",
  source: "file",
  flags: {},
  anonymous: false,
  webhook: true,
  clientCAFile: "/etc/kubernetes/pki/ca.crt",
  authorizationMode: "Webhook",
  rotateCertificates: true,
  streamingConnectionIdleTimeout: "5m0s",
};
const kubelet = (change: Partial<ImportedKubeletConfig> = {}) => ({
  facts: { kubeletConfigs: [{ ...GOOD, ...change }] },
});
const configz = (enabled: boolean) =>
  JSON.stringify({
    kubeletconfig: {
      authentication: { anonymous: { enabled }, webhook: { enabled: true } },
      authorization: { mode: "Webhook" },
      rotateCertificates: true,
      streamingConnectionIdleTimeout: "5m0s",
    },
  });

describeControl(nodeKubeletHardened, [
  {
    name: "a hardened file",
    status: "pass",
    objects: world(),
    options: kubelet(),
    object: "Node/n1",
    assessor: { prints: /== n1\n\{"anon":false,"webhook":true,"mode":"Webhook"/, recorded: { curl: configz(false) } },
  },
  {
    name: "the file's defaults",
    status: "pass",
    objects: world(),
    options: kubelet({ anonymous: undefined, webhook: undefined, authorizationMode: undefined }),
  },
  { name: "what runs", status: "pass", objects: world(), options: kubelet({ source: "running", flags: null }) },
  {
    name: "what runs wins over what was intended",
    status: "pass",
    objects: world(),
    options: { facts: { kubeletConfigs: [GOOD, { ...GOOD, source: "intended", anonymous: true }] } },
  },
  {
    name: "a node report, from the collector to the answer",
    status: "pass",
    objects: world({
      apiVersion: "ringfence.dev/v1",
      kind: "NodeReport",
      metadata: { name: "n1" },
      spec: {
        nodeName: "n1",
        collectedAt: "2026-11-21T10:00:00Z",
        collectorVersion: "0.1.0",
        files: [],
        kubelet: {
          path: "/var/lib/kubelet/config.yaml",
          flags: {},
          clientCAFile: "/ca.crt",
          rotateCertificates: true,
          streamingConnectionIdleTimeout: "15m0s",
        },
      },
    }),
  },
  {
    name: "anonymous on",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: kubelet({ anonymous: true }),
    assessor: { prints: '"anon":true', recorded: { curl: configz(true) } },
  },
  {
    name: "a flag overrides the file",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: kubelet({ flags: { "anonymous-auth": "true" } }),
    says: "anonymous requests are on",
  },
  {
    name: "AlwaysAllow",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: kubelet({ authorizationMode: "AlwaysAllow" }),
  },
  {
    name: "the read-only port",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: kubelet({ readOnlyPort: 10255 }),
  },
  {
    name: "no rotation",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: kubelet({ rotateCertificates: undefined }),
  },
  {
    name: "no client authority",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: kubelet({ clientCAFile: undefined }),
  },
  {
    name: "TLS 1.0",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: kubelet({ tlsMinVersion: "VersionTLS10" }),
  },
  {
    name: "idle streams for four hours, the default",
    status: "fail",
    severity: "low",
    objects: world(),
    options: kubelet({ streamingConnectionIdleTimeout: undefined }),
    says: "four hours by default",
  },
  {
    name: "idle streams for ever",
    status: "fail",
    severity: "low",
    objects: world(),
    options: kubelet({ streamingConnectionIdleTimeout: "0s" }),
  },
  {
    name: "the fail stands though flags weren't read",
    status: "fail",
    objects: world(),
    options: kubelet({ flags: null, anonymous: true }),
  },
  {
    name: "flags weren't read",
    status: "unknown",
    objects: world(),
    options: kubelet({ flags: null }),
    says: "override its file",
  },
  {
    name: "a folder of further settings",
    status: "unknown",
    objects: world(),
    options: kubelet({ flags: { "config-dir": "/etc/kubelet.d" } }),
  },
  {
    name: "only the intended configuration",
    status: "unknown",
    objects: world(),
    options: kubelet({ source: "intended" }),
    says: "intended",
  },
  { name: "nothing imported", status: "unknown", objects: world() },
  {
    name: "an import that is too old",
    status: "unknown",
    objects: world(),
    options: kubelet({ origin: { ...GOOD.origin, collectedAt: "2026-06-01T00:00:00Z" } }),
  },
  {
    name: "one of two nodes",
    status: "unknown",
    objects: world(minimalPod("q", "cde", { spec: { ...minimalPodSpec(), nodeName: "n2" } }), node("n2")),
    options: kubelet(),
    object: "Node/n2",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), node("n1")] },
  {
    name: "Fargate",
    status: "not-applicable",
    objects: [cdeNamespace(), node("f", { "eks.amazonaws.com/compute-type": "fargate" })],
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
