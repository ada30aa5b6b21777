import { describe, expect, it } from "vitest";
import { cdeNamespace, deployment, ingress, namespace, object, service } from "@/lib/fixtures/builders";
import { hostCovers } from "./ingress-tls";
import { describeControl } from "./testing";
import { tlsIngressEverywhere } from "./tls-ingress-everywhere";

const backend = { service: { name: "web", port: { number: 80 } } };
const rule = (host?: string) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths: [{ path: "/", pathType: "Prefix", backend }] },
});
const shop = (spec: object = {}, annotations?: Record<string, string>) =>
  ingress(
    "shop",
    "cde",
    { rules: [rule("pay.example.com")], tls: [{ hosts: ["pay.example.com"], secretName: "pay" }], ...spec },
    annotations,
  );
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const redirect = { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }] };
const gateway = (listeners: object[], ns = "cde") =>
  object("gateway.networking.k8s.io/v1", "Gateway", "gw", ns, { spec: { gatewayClassName: "x", listeners } });
const route = (rules: object[], parent: object = {}, ns = "cde") =>
  object("gateway.networking.k8s.io/v1", "HTTPRoute", "r", ns, {
    spec: { parentRefs: [{ name: "gw", ...parent }], rules },
  });
const http = { name: "http", port: 80, protocol: "HTTP" };
const https = {
  name: "https",
  port: 443,
  protocol: "HTTPS",
  tls: { mode: "Terminate", certificateRefs: [{ name: "pay" }] },
};
const openshift = (spec: object) =>
  object("route.openshift.io/v1", "Route", "pay", "cde", {
    spec: { host: "pay.example.com", to: { kind: "Service", name: "web" }, ...spec },
  });
const balancer = (annotations: Record<string, string> = {}, ports: object[] = [{ port: 443, name: "https" }]) => ({
  ...service("web", "cde", { type: "LoadBalancer", ports }),
  metadata: { name: "web", namespace: "cde", annotations },
});
const aws = "service.beta.kubernetes.io/aws-load-balancer-";

describeControl(tlsIngressEverywhere, [
  {
    name: "every host has a tls entry",
    assessor: { prints: "" },
    status: "pass",
    objects: world(shop()),
    object: "Ingress/cde/shop",
  },
  {
    name: "a wildcard covers one label",
    status: "pass",
    objects: world(shop({ tls: [{ hosts: ["*.example.com"], secretName: "x" }] })),
  },
  {
    name: "a redirect that is forced beside one that is off",
    status: "pass",
    objects: world(
      shop(
        {},
        {
          "nginx.ingress.kubernetes.io/ssl-redirect": "false",
          "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
        },
      ),
    ),
  },
  {
    name: "an AWS load balancer that redirects HTTP",
    status: "pass",
    objects: world(
      ingress(
        "a",
        "cde",
        { ingressClassName: "alb", rules: [rule("a.example.com")] },
        {
          "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
          "alb.ingress.kubernetes.io/ssl-redirect": "443",
          "alb.ingress.kubernetes.io/certificate-arn": "arn",
        },
      ),
    ),
  },
  {
    name: "a Gateway whose HTTP listener only redirects",
    status: "pass",
    objects: world(gateway([http, https]), route([redirect], { sectionName: "http" }), {
      ...route([{ backendRefs: [{ name: "web" }] }], { sectionName: "https" }),
      metadata: { name: "r2", namespace: "cde" },
    }),
  },
  {
    name: "a Route with edge termination",
    status: "pass",
    objects: world(openshift({ tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" } })),
  },
  {
    name: "a load balancer that ends TLS on every port",
    status: "pass",
    objects: world(balancer({ [`${aws}ssl-cert`]: "arn", [`${aws}ssl-ports`]: "https" })),
  },
  {
    name: "no tls at all",
    assessor: { prints: "cde/shop pay.example.com no TLS" },
    status: "fail",
    objects: world(shop({ tls: undefined })),
    says: "no TLS for pay.example.com",
  },
  {
    name: "a second host without TLS",
    status: "fail",
    objects: world(shop({ rules: [rule("pay.example.com"), rule("www.example.com")] })),
    says: "www.example.com",
  },
  {
    name: "a wildcard doesn't cover two labels",
    status: "fail",
    objects: world(shop({ rules: [rule("a.b.example.com")], tls: [{ hosts: ["*.example.com"] }] })),
  },
  {
    name: "a wildcard doesn't cover the bare domain",
    status: "fail",
    objects: world(shop({ rules: [rule("example.com")], tls: [{ hosts: ["*.example.com"] }] })),
  },
  {
    name: "a rule without host means every host",
    status: "fail",
    objects: world(shop({ rules: [rule()] })),
    says: "every host",
  },
  {
    name: "a default backend means every host",
    status: "fail",
    objects: world(shop({ defaultBackend: backend })),
    says: "every host",
  },
  {
    name: "the redirect is switched off",
    status: "fail",
    objects: world(shop({}, { "nginx.ingress.kubernetes.io/ssl-redirect": "false" })),
    says: "ssl-redirect=false",
  },
  {
    name: "an AWS load balancer on HTTP alone",
    status: "fail",
    objects: world(ingress("a", "cde", { ingressClassName: "alb", rules: [rule("a.example.com")] })),
    says: "HTTP",
  },
  {
    name: "an HTTP listener with backends",
    status: "fail",
    objects: world(gateway([http]), route([{ backendRefs: [{ name: "web" }] }])),
    object: "Gateway/cde/gw",
  },
  {
    name: "a Gateway elsewhere to which a CDE route attaches",
    status: "fail",
    objects: world(
      namespace("edge", { "pci-scope": "out-of-scope" }),
      gateway([{ ...http, allowedRoutes: { namespaces: { from: "All" } } }], "edge"),
      route([{ backendRefs: [{ name: "web" }] }], { namespace: "edge" }),
    ),
    object: "Gateway/edge/gw",
  },
  { name: "a Route without tls", status: "fail", objects: world(openshift({})) },
  {
    name: "a Route that allows plain HTTP",
    status: "fail",
    objects: world(openshift({ tls: { termination: "edge", insecureEdgeTerminationPolicy: "Allow" } })),
  },
  {
    name: "a load balancer with one port in the clear",
    status: "fail",
    objects: world(balancer({ [`${aws}ssl-cert`]: "arn", [`${aws}ssl-ports`]: "443" }, [{ port: 443 }, { port: 80 }])),
    says: "port 80",
  },
  {
    name: "a connected-to namespace counts",
    status: "fail",
    objects: [
      namespace("edge", { "pci-scope": "connected-to" }),
      ingress("i", "edge", { rules: [rule("x.example.com")] }),
    ],
  },
  {
    name: "a tls item without hosts: the certificate decides",
    status: "unknown",
    objects: world(shop({ tls: [{ secretName: "pay" }] })),
    says: "without hosts",
  },
  {
    name: "TLS passes through",
    status: "unknown",
    objects: world(shop({ tls: undefined }, { "nginx.ingress.kubernetes.io/ssl-passthrough": "true" })),
    says: "passes TLS through",
  },
  {
    name: "the Google load balancer serves HTTP unless told otherwise",
    status: "unknown",
    objects: world(shop({ ingressClassName: "gce" })),
  },
  { name: "a plain load balancer on 443", status: "unknown", objects: world(balancer()), object: "Service/cde/web" },
  {
    name: "a Gateway that passes TLS through",
    status: "unknown",
    objects: world(gateway([{ name: "tls", port: 443, protocol: "TLS", tls: { mode: "Passthrough" } }])),
  },
  {
    name: "ingresses refused",
    status: "unknown",
    objects: world(),
    options: { sections: { ingresses: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "no entry point", status: "not-applicable", objects: world(service()), says: "no entry point" },
  {
    name: "an internal load balancer, and one of an ingress controller, are not public entry points of their own",
    status: "not-applicable",
    objects: world(
      balancer({ [`${aws}scheme`]: "internal" }),
      deployment("nginx", "cde", {
        containers: [{ name: "c", image: "registry.k8s.io/ingress-nginx/controller:v1.13" }],
      }),
      service("nginx", "cde", { type: "LoadBalancer" }),
    ),
  },
  {
    name: "an application with a mesh's sidecar is no controller",
    status: "unknown",
    objects: world(
      deployment("web", "cde", {
        containers: [
          { name: "app", image: "registry.example.com/pay:1" },
          { name: "istio-proxy", image: "docker.io/istio/proxyv2:1.27" },
        ],
      }),
      service("web", "cde", { type: "LoadBalancer" }),
    ),
    object: "Service/cde/web",
  },
  {
    name: "an image whose name only holds a controller's",
    status: "unknown",
    objects: world(
      deployment("web", "cde", { containers: [{ name: "app", image: "registry.example.com/hongkong-pay:1" }] }),
      service("web", "cde", { type: "LoadBalancer" }),
    ),
    object: "Service/cde/web",
  },
  ...["False", "0", "f"].map((value) => ({
    name: `the redirect switched off with ${value}`,
    status: "fail" as const,
    objects: world(shop({}, { "nginx.ingress.kubernetes.io/ssl-redirect": value })),
    says: "redirect is switched off",
  })),
  ...["traefik", "kong", "contour", "istio"].map((ingressClassName) => ({
    name: `${ingressClassName} does not redirect by itself`,
    status: "unknown" as const,
    objects: world(shop({ ingressClassName })),
    says: "plain HTTP beside TLS",
  })),
  {
    name: "Traefik on its TLS entry point only",
    status: "pass",
    objects: world(
      shop({ ingressClassName: "traefik" }, { "traefik.ingress.kubernetes.io/router.entrypoints": "websecure" }),
    ),
  },
  {
    name: "Traefik on both entry points",
    status: "unknown",
    objects: world(
      shop({ ingressClassName: "traefik" }, { "traefik.ingress.kubernetes.io/router.entrypoints": "web, websecure" }),
    ),
  },
  {
    name: "Kong with https only",
    status: "pass",
    objects: world(shop({ ingressClassName: "kong" }, { "konghq.com/protocols": "https" })),
  },
  {
    name: "Contour that is told to redirect",
    status: "pass",
    objects: world(shop({ ingressClassName: "contour" }, { "ingress.kubernetes.io/force-ssl-redirect": "true" })),
  },
  {
    name: "on GKE an Ingress without a class is Google's",
    status: "unknown",
    objects: world(shop()),
    options: { provider: "gke" },
    says: "Google load balancer",
  },
  {
    name: "a route of another kind at the HTTP listener",
    status: "unknown",
    objects: world({ ...gateway([http]), status: { listeners: [{ name: "http", attachedRoutes: 1 }] } }),
    says: "GRPCRoute",
  },
  {
    name: "an HTTP listener whose one route redirects",
    status: "pass",
    objects: world(
      { ...gateway([http]), status: { listeners: [{ name: "http", attachedRoutes: 1 }] } },
      route([redirect]),
    ),
  },
  {
    name: "a default backend as it was written before v1",
    status: "fail",
    objects: world(
      object("networking.k8s.io/v1beta1", "Ingress", "old", "cde", {
        spec: { backend: { serviceName: "web", servicePort: 80 } },
      }),
    ),
    says: "no TLS for every host",
  },
  {
    name: "an Ingress of the group that it has left",
    status: "fail",
    objects: world(
      object("extensions/v1beta1", "Ingress", "old", "cde", { spec: { rules: [{ host: "pay.example.com" }] } }),
    ),
    object: "Ingress/cde/old",
  },
  {
    name: "an Ingress out of scope",
    status: "not-applicable",
    objects: world(
      namespace("x", { "pci-scope": "out-of-scope" }),
      ingress("i", "x", { rules: [rule("x.example.com")] }),
    ),
  },
  {
    name: "no namespace in scope",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" })],
  },
]);

describe("names of certificates", () => {
  it.each([
    ["a.example.com", "a.example.com", true],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", false],
    ["*.example.com", "example.com", false],
    ["*.example.com", "*.example.com", true],
    ["*.example.com", "aexample.com", false],
    ["example.com", "a.example.com", false],
  ])("%s covers %s: %s", (name, host, expected) => {
    expect(hostCovers(name, host)).toBe(expected);
  });
});
