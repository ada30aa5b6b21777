import { cdeNamespace, deployment, ingress, namespace, networkPolicy, object, service } from "@/lib/fixtures/builders";
import { netInsecureServices } from "./net-insecure-services";
import { describeControl } from "./testing";

const container = (ports: object[], image = "registry.example.com/app:1") => ({
  containers: [{ name: "app", image, ports }],
});
const app = (ports: object[] = [{ containerPort: 8443 }]) => deployment("app", "cde", container(ports));
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const entry = (port: number, fields: object = {}) => ({
  namespace: "cde",
  service: "app",
  port,
  transport: "TCP" as const,
  protocol: "https",
  reason: "checkout",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
  ...fields,
});
const registered = (...servicePorts: ReturnType<typeof entry>[]) => ({ registers: { servicePorts } });
const plain = service("app", "cde", { ports: [{ port: 80, targetPort: 8080 }] });
const plainApp = app([{ containerPort: 8080 }]);
const controller = (ports: object[]) => [
  deployment("ingress-nginx", "cde", container(ports, "registry.k8s.io/ingress-nginx/controller:v1.13.0")),
  service("ingress-nginx", "cde", { type: "LoadBalancer", ports: [{ port: 80, targetPort: 80 }] }),
];
const controllerEntry = entry(80, { service: "ingress-nginx", protocol: "http, redirects only" });
const web = (tls: object[]) =>
  ingress("web", "cde", {
    tls,
    rules: [{ host: "pay.example.com", http: { paths: [{ path: "/", backend: { service: { name: "app" } } }] } }],
  });
const meshed = {
  ...deployment("app", "cde", {
    containers: [
      { name: "app", image: "x", ports: [{ containerPort: 8080 }] },
      { name: "istio-proxy", image: "istio/proxyv2:1.27" },
    ],
  }),
};
const strict = object("security.istio.io/v1", "PeerAuthentication", "default", "cde", {
  spec: { mtls: { mode: "STRICT" } },
});
const gateway = (listener: object) =>
  object("gateway.networking.k8s.io/v1", "Gateway", "public", "cde", {
    spec: { gatewayClassName: "x", listeners: [{ name: "l", ...listener }] },
  });

describeControl(netInsecureServices, [
  {
    name: "a TLS port on the register",
    status: "pass",
    objects: world(app(), service()),
    options: registered(entry(443)),
    object: "Service/cde/app",
    assessor: { prints: "all ports: cde/app 443/TCP", hides: /^(Service|Pod|NetworkPolicy) /m },
  },
  {
    name: "an insecure port with a measure that was approved",
    status: "pass",
    objects: world(plainApp, plain),
    options: registered(entry(80, { protocol: "http", safeguards: "wireguard between the nodes" })),
  },
  {
    name: "an insecure port that appProtocol says is encrypted",
    status: "pass",
    objects: world(plainApp, service("app", "cde", { ports: [{ port: 80, targetPort: 8080, appProtocol: "https" }] })),
    options: registered(entry(80)),
  },
  {
    name: "an insecure port under a mesh that refuses plain text",
    status: "pass",
    objects: world(meshed, strict, plain),
    options: registered(entry(80)),
  },
  {
    name: "port 80 of a controller whose entry points redirect",
    status: "pass",
    objects: world(
      app(),
      service(),
      ...controller([{ containerPort: 80, hostPort: 0 }]),
      web([{ hosts: ["pay.example.com"], secretName: "t" }]),
    ),
    options: registered(entry(443), controllerEntry),
  },
  {
    name: "the API server's own Service",
    status: "not-applicable",
    objects: [
      namespace("default", { "pci-scope": "in-scope" }),
      object("v1", "Service", "kubernetes", "default", { spec: { ports: [{ port: 443, targetPort: 6443 }] } }),
    ],
  },
  {
    name: "plain http",
    status: "fail",
    objects: world(plainApp, plain),
    object: "Service/cde/app",
    says: "port 80 is http, and no approval names what protects it",
    assessor: { prints: "Service cde/app:80 (ClusterIP) appProtocol=-" },
  },
  {
    name: "approved without a measure",
    status: "fail",
    objects: world(plainApp, plain),
    options: registered(entry(80)),
    says: "names nothing that protects it",
  },
  {
    name: "an approval that has ended",
    status: "fail",
    objects: world(plainApp, plain),
    options: registered(entry(80, { safeguards: "x", expiresAt: "2026-10-01" })),
  },
  {
    name: "443 outside, telnet inside",
    status: "fail",
    objects: world(app([{ containerPort: 23 }]), service("app", "cde", { ports: [{ port: 443, targetPort: 23 }] })),
    options: registered(entry(443)),
    says: "port 443 (to 23) is telnet",
  },
  {
    name: "a mesh does not encrypt UDP",
    status: "fail",
    objects: world(
      meshed,
      strict,
      service("app", "cde", { ports: [{ port: 161, targetPort: 8080, protocol: "UDP" }] }),
    ),
    options: registered(entry(161, { transport: "UDP" })),
    says: "snmp",
  },
  {
    name: "SSH in a container",
    status: "fail",
    objects: world(app([{ containerPort: 22 }])),
    object: "Deployment/cde/app",
    says: "listens on 22 (ssh)",
  },
  {
    name: "a dashboard",
    status: "fail",
    objects: world(deployment("dash", "cde", container([], "docker.io/kubernetesui/dashboard:v2.7.0"))),
    object: "Deployment/cde/dash",
    says: "administration dashboard",
  },
  {
    name: "a Service that selects nothing",
    status: "fail",
    severity: "low",
    objects: world(app(), service("gone", "cde")),
    options: registered(entry(443, { service: "gone" })),
    object: "Service/cde/gone",
    says: "selects no pod",
  },
  {
    name: "a Service without selector and endpoints",
    status: "fail",
    severity: "low",
    objects: world(object("v1", "Service", "old", "cde", { spec: { ports: [{ port: 443 }] } })),
    options: registered(entry(443, { service: "old" })),
    says: "leads nowhere",
  },
  {
    name: "a port that no container declares",
    status: "fail",
    severity: "low",
    objects: world(app([{ containerPort: 9000 }]), service()),
    options: registered(entry(443)),
    says: "leads to 8443, which no container declares (they declare 9000)",
  },
  {
    name: "a named port that no container declares",
    status: "fail",
    severity: "low",
    objects: world(app(), service("app", "cde", { ports: [{ port: 443, targetPort: "web" }] })),
    options: registered(entry(443)),
    says: "called web",
  },
  {
    name: "a policy that allows telnet",
    status: "fail",
    objects: world(
      networkPolicy("legacy", "cde", {
        podSelector: {},
        ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 23 }, { port: 8443 }] }],
      }),
    ),
    object: "NetworkPolicy/cde/legacy",
    says: "allows ingress on 23 (telnet)",
  },
  {
    name: "a policy whose range includes one",
    status: "fail",
    objects: world(
      networkPolicy("legacy", "cde", {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ ports: [{ port: 500, endPort: 520 }] }],
      }),
    ),
    says: "allows egress on 512 (rexec)",
  },
  {
    name: "port 80 of a controller, and an Ingress without TLS",
    status: "fail",
    objects: world(app(), service(), ...controller([{ containerPort: 80 }]), web([])),
    options: registered(entry(443), controllerEntry),
    object: "Service/cde/ingress-nginx",
  },
  {
    name: "Gateways could not be read",
    objects: [cdeNamespace()],
    options: { sections: { "gateway-gateways": { status: "forbidden" } } },
    status: "unknown",
    says: "gateway-gateways",
  },
  {
    name: "a Gateway that listens for telnet",
    status: "fail",
    objects: world(gateway({ port: 23, protocol: "TCP" })),
    object: "Gateway/cde/public",
  },
  {
    name: "a port that is not on the register",
    status: "unknown",
    objects: world(app(), service()),
    says: "is not on the register of services and ports",
  },
  {
    name: "a database port by number only",
    status: "unknown",
    objects: world(
      app([{ containerPort: 5432 }]),
      service("app", "cde", { ports: [{ port: 5432, targetPort: 5432 }] }),
    ),
    says: "(PostgreSQL)",
  },
  {
    name: "TLS that only the port's name speaks of",
    status: "unknown",
    objects: world(plainApp, service("app", "cde", { ports: [{ name: "https-web", port: 80, targetPort: 8080 }] })),
    options: registered(entry(80)),
    says: "TLS by name",
  },
  {
    name: "pods that declare no ports: absence is no proof",
    status: "unknown",
    objects: world(app([]), service()),
    options: registered(entry(443)),
    says: "declare no ports",
  },
  {
    name: "endpoints that somebody writes",
    status: "unknown",
    objects: world(
      object("v1", "Service", "old", "cde", { spec: { ports: [{ port: 443 }] } }),
      object("discovery.k8s.io/v1", "EndpointSlice", "old-1", "cde", {
        metadata: { labels: { "kubernetes.io/service-name": "old" } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.9.9.9"] }],
        ports: [{ port: 443 }],
      }),
    ),
    options: registered(entry(443, { service: "old" })),
    says: "10.9.9.9",
  },
  {
    name: "port 80 of a controller without any entry point",
    status: "unknown",
    objects: world(...controller([{ containerPort: 80 }])),
    options: registered(controllerEntry),
    says: "is not known",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), service()], says: "no scope declared" },
  {
    name: "a headless Service without ports",
    status: "not-applicable",
    objects: world(object("v1", "Service", "peers", "cde", { spec: { clusterIP: "None", selector: { app: "app" } } })),
    object: "Service/cde/peers",
  },
  { name: "nothing in the namespace", status: "not-applicable", objects: world() },
]);
