/** Rich raw objects of the kinds of network.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const NETWORK_SAMPLES = {
  "cilium-cidrgroups": {
    apiVersion: "cilium.io/v2",
    kind: "CiliumCIDRGroup",
    metadata: meta("cilium-cidrgroups"),
    spec: { example: "value", password: "spec-secret" },
  },
  "calico-networksets": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "NetworkSet",
    metadata: meta("calico-networksets", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "calico-globalnetworksets": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "GlobalNetworkSet",
    metadata: meta("calico-globalnetworksets"),
    spec: { example: "value", password: "spec-secret" },
  },
  "calico-tiers": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "Tier",
    metadata: meta("calico-tiers"),
    spec: { example: "value", password: "spec-secret" },
  },
};
