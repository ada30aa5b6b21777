/** Rich raw objects of the kinds of network.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const NETWORK_SAMPLES = {
  "cilium-cidrgroups": {
    apiVersion: "cilium.io/v2",
    kind: "CiliumCIDRGroup",
    metadata: meta("cilium-cidrgroups"),
    spec: { externalCIDRs: ["203.0.113.0/24"], comment: "spec-secret" },
    status: { token: "status-secret" },
  },
  "calico-networksets": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "NetworkSet",
    metadata: meta("calico-networksets", "cde"),
    spec: { nets: ["203.0.113.0/24"], allowedEgressDomains: ["domain-secret"], password: "spec-secret" },
  },
  "calico-globalnetworksets": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "GlobalNetworkSet",
    metadata: meta("calico-globalnetworksets"),
    spec: { nets: ["203.0.113.0/24", "2001:db8::/32"], comment: "spec-secret" },
  },
  "calico-tiers": {
    apiVersion: "crd.projectcalico.org/v1",
    kind: "Tier",
    metadata: meta("calico-tiers"),
    spec: { order: 1000.5, defaultAction: "Pass", comment: "spec-secret" },
  },
};
