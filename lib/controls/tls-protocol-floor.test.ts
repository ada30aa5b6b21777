import { describe, expect, it } from "vitest";
import { cdeNamespace, deployment, ingress, namespace, object, service } from "@/lib/fixtures/builders";
import type { TlsProbe } from "@/lib/inventory/imported-exposure";
import { describeControl } from "./testing";
import { isWeakCipher, judgeAwsPolicy, judgeCipherList } from "./protocol-floor";
import { tlsProtocolFloor } from "./tls-protocol-floor";

const host = "pay.example.com";
const web = (className = "nginx", annotations: Record<string, string> = {}) =>
  ingress(
    "web",
    "cde",
    { ingressClassName: className, tls: [{ hosts: [host], secretName: "t" }], rules: [{ host }] },
    annotations,
  );
const controller = (image = "registry.k8s.io/ingress-nginx/controller:v1.13.3") => [
  namespace("ingress-nginx", { "pci-scope": "connected-to" }),
  deployment("ingress-nginx", "ingress-nginx", { containers: [{ name: "controller", image }] }),
];
const configMap = (data: Record<string, string>) =>
  object("v1", "ConfigMap", "ingress-nginx-controller", "ingress-nginx", { data });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const probe = (fields: Partial<TlsProbe> = {}): TlsProbe => ({
  origin: { by: "upload", name: "testssl.json", collectedAt: "2026-11-20T00:00:00Z" },
  host,
  port: 443,
  checkedAt: "2026-11-20T00:00:00Z",
  versions: [
    { version: "TLSv1.0", isAccepted: false },
    { version: "TLSv1.1", isAccepted: false },
    { version: "TLSv1.2", isAccepted: true, ciphers: ["ECDHE-RSA-AES128-GCM-SHA256"] },
    { version: "TLSv1.3", isAccepted: true },
  ],
  ...fields,
});
const imported = (...tlsProbes: TlsProbe[]) => ({ facts: { tlsProbes } });
const api = (spec: object, name = "v1beta1.metrics.k8s.io") =>
  object("apiregistration.k8s.io/v1", "APIService", name, undefined, {
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      service: { namespace: "kube-system", name: "metrics-server" },
      ...spec,
    },
  });
const istioGateway = (tls: object) =>
  object("networking.istio.io/v1", "Gateway", "public", "cde", {
    spec: { servers: [{ hosts: [`cde/${host}`], tls: { mode: "SIMPLE", ...tls } }] },
  });
const noConfigMaps = { sections: { configmaps: { status: "not-collected" as const } } };

describeControl(tlsProtocolFloor, [
  {
    name: "ingress-nginx with its defaults",
    status: "pass",
    objects: world(web(), ...controller()),
    object: "Deployment/ingress-nginx/ingress-nginx",
    says: "TLS 1.2 and 1.3",
    assessor: { prints: "nmap --script ssl-enum-ciphers -p 443 pay.example.com", hides: "skips verification" },
  },
  {
    name: "ingress-nginx with a ConfigMap that keeps to it",
    status: "pass",
    objects: world(web(), ...controller(), configMap({ "ssl-protocols": "TLSv1.3" })),
  },
  {
    name: "handshakes where the ConfigMap may not be read",
    status: "pass",
    objects: world(web(), ...controller()),
    options: { ...noConfigMaps, ...imported(probe()) },
    says: "handshakes show",
  },
  {
    name: "another controller, by handshakes",
    status: "pass",
    objects: world(web("traefik")),
    options: imported(probe()),
    object: "Ingress/cde/web",
  },
  {
    name: "a load balancer's policy",
    status: "pass",
    objects: world(web("alb", { "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06" })),
  },
  { name: "an Istio Gateway", status: "pass", objects: world(istioGateway({ minProtocolVersion: "TLSV1_2" })) },
  {
    name: "an aggregated API that is verified",
    status: "pass",
    objects: world(api({ caBundle: "eA==" })),
    object: "APIService/v1beta1.metrics.k8s.io",
  },
  {
    name: "metrics without verification",
    status: "fail",
    severity: "medium",
    objects: world(api({ insecureSkipTLSVerify: true })),
    says: "without verifying",
    assessor: { prints: "APIService v1beta1.metrics.k8s.io skips verification" },
  },
  {
    name: "another API without verification",
    status: "fail",
    severity: "high",
    objects: world(api({ insecureSkipTLSVerify: true, group: "vault.example.com" }, "v1.vault.example.com")),
  },
  {
    name: "TLS 1.0 in the ConfigMap",
    status: "fail",
    objects: world(web(), ...controller(), configMap({ "ssl-protocols": "TLSv1 TLSv1.2" })),
    says: "allows TLSv1",
    remediates: false,
  },
  {
    name: "a weak cipher in the ConfigMap",
    status: "fail",
    objects: world(web(), ...controller(), configMap({ "ssl-ciphers": "ECDHE-RSA-AES128-GCM-SHA256:DES-CBC3-SHA" })),
    says: "DES-CBC3-SHA",
    remediates: false,
  },
  {
    name: "an annotation of one Ingress lowers the floor",
    status: "fail",
    objects: world(
      web("nginx", { "nginx.ingress.kubernetes.io/ssl-ciphers": "ECDHE-RSA-AES128-SHA" }),
      ...controller(),
    ),
    object: "Ingress/cde/web",
  },
  {
    name: "a handshake says otherwise than the settings",
    status: "fail",
    objects: world(web(), ...controller()),
    options: imported(probe({ versions: [{ version: "TLSv1.1", isAccepted: true }] })),
    says: "accepts TLSv1.1",
  },
  {
    name: "a weak cipher in a handshake",
    status: "fail",
    objects: world(web("traefik")),
    options: imported(
      probe({
        versions: [
          { version: "TLSv1.0", isAccepted: false },
          { version: "TLSv1.1", isAccepted: false },
          { version: "TLSv1.2", isAccepted: true, ciphers: ["TLS_RSA_WITH_AES_128_CBC_SHA"] },
        ],
      }),
    ),
  },
  {
    name: "an old policy of a load balancer",
    status: "fail",
    objects: world(web("alb", { "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-2016-08" })),
  },
  {
    name: "an old policy of a load balancer Service",
    status: "fail",
    objects: world({
      ...service("app", "cde", { type: "LoadBalancer" }),
      metadata: {
        name: "app",
        namespace: "cde",
        annotations: {
          "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn",
          "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy": "ELBSecurityPolicy-TLS-1-1-2017-01",
        },
      },
    }),
    object: "Service/cde/app",
  },
  {
    name: "an Istio Gateway from TLS 1.1",
    status: "fail",
    objects: world(istioGateway({ minProtocolVersion: "TLSV1_1" })),
  },
  {
    name: "OpenShift's old profile",
    status: "fail",
    objects: world(
      object("config.openshift.io/v1", "APIServer", "cluster", undefined, {
        spec: { tlsSecurityProfile: { type: "Old" } },
      }),
    ),
  },
  {
    name: "the ConfigMap may not be read",
    status: "unknown",
    objects: world(web(), ...controller()),
    options: noConfigMaps,
    says: "was not collected",
  },
  {
    name: "a version whose defaults are not known",
    status: "unknown",
    objects: world(web(), ...controller(`registry.k8s.io/ingress-nginx/controller@sha256:${"a".repeat(64)}`)),
    says: "defaults are not known",
  },
  {
    name: "groups of ciphers depend on the library",
    status: "unknown",
    objects: world(web(), ...controller(), configMap({ "ssl-ciphers": "HIGH:!aNULL:!MD5" })),
    says: "HIGH",
  },
  { name: "a class whose settings are not collected", status: "unknown", objects: world(web("traefik")) },
  {
    name: "a handshake that did not try the old versions",
    status: "unknown",
    objects: world(web("traefik")),
    options: imported(probe({ versions: [{ version: "TLSv1.3", isAccepted: true }] })),
    says: "TLSv1.0 and TLSv1.1 were not tried",
  },
  {
    name: "an old handshake",
    status: "unknown",
    objects: world(web("traefik")),
    options: imported(probe({ checkedAt: "2026-05-01T00:00:00Z" })),
    says: "more than 90 days ago",
  },
  {
    name: "the Application Load Balancer's default",
    status: "unknown",
    objects: world(web("alb")),
  },
  {
    name: "a Gateway's policies are not collected",
    status: "unknown",
    objects: world(
      object("gateway.networking.k8s.io/v1", "Gateway", "public", "cde", {
        spec: { gatewayClassName: "x", listeners: [{ name: "l", port: 443, protocol: "HTTPS", hostname: host }] },
      }),
    ),
    object: "Gateway/cde/public",
  },
  { name: "an Istio Gateway of a version that is not known", status: "unknown", objects: world(istioGateway({})) },
  {
    name: "APIServices refused",
    status: "unknown",
    objects: world(),
    options: { sections: { apiservices: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "the API server's own APIs", status: "not-applicable", objects: world(api({ service: null }, "v1.apps")) },
  {
    name: "an Ingress without TLS is judged elsewhere",
    status: "not-applicable",
    objects: world(ingress("web", "cde", { rules: [{ host }] })),
  },
]);

describe("ciphers", () => {
  it.each([
    "RC4-MD5",
    "DES-CBC3-SHA",
    "ECDHE-RSA-AES128-SHA",
    "NULL-SHA256",
    "EXP-RC4-MD5",
    "ADH-AES128-GCM-SHA256",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
  ])("%s is weak", (name) => {
    expect(isWeakCipher(name)).toBe(true);
  });
  it.each([
    "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-SHA256",
  ])("%s is not", (name) => {
    expect(isWeakCipher(name)).toBe(false);
  });
  it("reads OpenSSL's lists: exclusions are no members, groups decide nothing", () => {
    expect(judgeCipherList("EECDH+AESGCM:!MD5:@SECLEVEL=1 AES128-SHA")).toEqual({
      weak: ["AES128-SHA"],
      groups: ["EECDH+AESGCM"],
    });
  });
  it.each([
    ["ELBSecurityPolicy-TLS13-1-3-2021-06", "pass"],
    ["ELBSecurityPolicy-FS-1-2-Res-2020-10", "pass"],
    ["ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "fail"],
    ["ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "fail"],
    ["ELBSecurityPolicy-TLS13-1-0-2021-06", "fail"],
    ["our-own", "unknown"],
  ])("AWS policy %s: %s", (policy, status) => {
    expect(judgeAwsPolicy(policy)).toBe(status);
  });
});
