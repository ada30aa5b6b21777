/** Rich raw objects of the kinds of exposure.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const EXPOSURE_SAMPLES = {
  endpointslices: {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("endpointslices", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  apiservices: {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: meta("apiservices"),
    spec: { example: "value", password: "spec-secret" },
  },
  "gateway-tcproutes": {
    apiVersion: "gateway.networking.k8s.io/v1alpha2",
    kind: "TCPRoute",
    metadata: meta("gateway-tcproutes", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "gateway-tlsroutes": {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "TLSRoute",
    metadata: meta("gateway-tlsroutes", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "gateway-grpcroutes": {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GRPCRoute",
    metadata: meta("gateway-grpcroutes", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "istio-gateways": {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: meta("istio-gateways", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "istio-virtualservices": {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: meta("istio-virtualservices", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "istio-serviceentries": {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: meta("istio-serviceentries", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "certmanager-certificates": {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: meta("certmanager-certificates", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "certmanager-issuers": {
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: meta("certmanager-issuers", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "certmanager-clusterissuers": {
    apiVersion: "cert-manager.io/v1",
    kind: "ClusterIssuer",
    metadata: meta("certmanager-clusterissuers"),
    spec: { example: "value", password: "spec-secret" },
  },
  configmaps: {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: meta("configmaps", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
};
