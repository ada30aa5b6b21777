/** Rich raw objects of the kinds of exposure.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

const condition = {
  type: "Ready",
  status: "True",
  reason: "Done",
  message: "condition-secret",
  lastTransitionTime: "2026-01-02T03:04:05Z",
  observedGeneration: 1,
};
const objectRef = { group: "", kind: "Service", namespace: "ns", name: "s", sectionName: "x", port: 443, weight: 1 };
const route = (apiVersion: string, kind: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: meta("route", "cde"),
  spec: {
    parentRefs: [objectRef],
    ...spec,
    rules: [
      {
        name: "r",
        backendRefs: [{ ...objectRef, filters: ["filter-secret"] }],
        matches: [{ headers: [{ name: "authorization", value: "header-secret" }] }],
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ value: "set-secret" }] } }],
      },
    ],
  },
  status: { parents: [{ controllerName: "status-secret" }] },
});
const destination = { destination: { host: "app.cde.svc", subset: "v1", port: { number: 8443 } }, weight: 1 };

/** A certificate authority's certificate (P-256) as an object of the API holds it: base64 over PEM. */
export const CA_BUNDLE =
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIrRENDQVoyZ0F3SUJBZ0lVYkpVN0RwT0FRNVJjVXl3eXRvTjZQeHFYaDJ3d0NnWUlLb1pJemowRUF3SXcKTERFUU1BNEdBMVVFQ2d3SFJYaGhiWEJzWlRFWU1CWUdBMVVFQXd3UFlYQnBMbVY0WVcxd2JHVXVZMjl0TUI0WApEVEkyTVRFeU1URTJNalEwT1ZvWERUSTNNVEV5TVRFMk1qUTBPVm93TERFUU1BNEdBMVVFQ2d3SFJYaGhiWEJzClpURVlNQllHQTFVRUF3d1BZWEJwTG1WNFlXMXdiR1V1WTI5dE1Ga3dFd1lIS29aSXpqMENBUVlJS29aSXpqMEQKQVFjRFFnQUVLcitXWm1pSVRJM1RMT3NRM0dXWk5aY2FPenBZK2FhTHN0MENYWkg4anhaZmxFQUp0NjBXLzAwaQo2YXdtYy9qclh1THNsdTF2aUV1WjFRZjFjQ3FRQmFPQm5EQ0JtVEFkQmdOVkhRNEVGZ1FVRW9teVdiL2JNR09ECnBCZ2RlUTExOWJLcXNoY3dId1lEVlIwakJCZ3dGb0FVRW9teVdiL2JNR09EcEJnZGVRMTE5Yktxc2hjd0R3WUQKVlIwVEFRSC9CQVV3QXdFQi96QkdCZ05WSFJFRVB6QTlnZzloY0drdVpYaGhiWEJzWlM1amIyMkNFaW91VTJodgpjQzVsZUdGdGNHeGxMbU52YlljRUNnQUFBWWNRL1FBQUFBQUFBQUFBQUFBQUFBQUFBVEFLQmdncWhrak9QUVFECkFnTkpBREJHQWlFQXMrSXhyVWlHM1p2eWxmZDQ3OVZ0eHMrdHhFcGI4V1dCTzlXakNNM2lKb2dDSVFDdXVRY3cKeWpCd0pWTXBIVXlpNEVWZlprYlp0MHZ6VnhnRDBSbHMrWDJSS2c9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==";

export const EXPOSURE_SAMPLES = {
  endpointslices: {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("app-x7k2p", "cde"),
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.1.0.7"],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: "hostname-secret",
        nodeName: "node-secret",
        targetRef: { kind: "Pod", namespace: "cde", name: "app-1", uid: "uid-secret", resourceVersion: "7" },
        zone: "zone-secret",
        deprecatedTopology: { x: "topology-secret" },
      },
    ],
    ports: [{ name: "https", port: 8443, protocol: "TCP", appProtocol: "https" }],
  },
  apiservices: {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: meta("v1beta1.metrics.k8s.io"),
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      service: { namespace: "kube-system", name: "metrics-server", port: 443 },
      insecureSkipTLSVerify: true,
      caBundle: CA_BUNDLE,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
    status: { conditions: [condition] },
  },
  "gateway-tcproutes": route("gateway.networking.k8s.io/v1alpha2", "TCPRoute", {}),
  "gateway-tlsroutes": route("gateway.networking.k8s.io/v1", "TLSRoute", { hostnames: ["a.example.com"] }),
  "gateway-grpcroutes": route("gateway.networking.k8s.io/v1", "GRPCRoute", { hostnames: ["a.example.com"] }),
  "istio-gateways": {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: meta("public", "cde"),
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [
        {
          name: "https",
          port: { number: 443, name: "https", protocol: "HTTPS", targetPort: 8443 },
          hosts: ["cde/pay.example.com"],
          bind: "0.0.0.0",
          tls: {
            mode: "SIMPLE",
            httpsRedirect: true,
            minProtocolVersion: "TLSV1_2",
            maxProtocolVersion: "TLSV1_3",
            cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"],
            credentialName: "pay-tls",
            serverCertificate: "server-certificate-secret",
            privateKey: "private-key-secret",
            caCertificates: "ca-secret",
            subjectAltNames: ["san-secret"],
          },
        },
      ],
    },
  },
  "istio-virtualservices": {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: meta("pay", "cde"),
    spec: {
      hosts: ["pay.example.com"],
      gateways: ["cde/public"],
      exportTo: ["."],
      http: [
        {
          name: "r",
          match: [{ headers: { authorization: { exact: "match-secret" } } }],
          route: [{ ...destination, headers: { request: { set: { x: "request-secret" } } } }],
          redirect: { uri: "redirect-secret" },
          directResponse: { status: 200, body: { string: "body-secret" } },
          rewrite: { uri: "rewrite-secret" },
        },
      ],
      tls: [{ match: [{ sniHosts: ["pay.example.com"], port: 443, gateways: ["g"] }], route: [destination] }],
      tcp: [{ match: [{ port: 5432, gateways: ["g"], sourceLabels: { a: "source-secret" } }], route: [destination] }],
    },
  },
  "istio-serviceentries": {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: meta("acquirer", "cde"),
    spec: {
      hosts: ["acquirer.example.com"],
      addresses: ["203.0.113.0/24"],
      ports: [{ number: 443, name: "https", protocol: "HTTPS", targetPort: 8443 }],
      location: "MESH_EXTERNAL",
      resolution: "STATIC",
      endpoints: [{ address: "203.0.113.7", ports: { https: 8443 }, labels: { a: "endpoint-label-secret" } }],
      exportTo: ["."],
      workloadSelector: { labels: { app: "a" } },
      subjectAltNames: ["entry-san-secret"],
    },
  },
  "certmanager-certificates": {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: meta("pay", "cde"),
    spec: {
      secretName: "pay-tls",
      commonName: "pay.example.com",
      dnsNames: ["pay.example.com"],
      ipAddresses: ["10.0.0.1"],
      uris: ["spiffe://cluster.local/ns/cde/sa/pay"],
      emailAddresses: ["email-secret@example.com"],
      duration: "2160h",
      renewBefore: "720h",
      renewBeforePercentage: 33,
      isCA: false,
      usages: ["server auth"],
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always", encoding: "encoding-secret" },
      issuerRef: { name: "acme", kind: "ClusterIssuer", group: "cert-manager.io" },
      secretTemplate: { annotations: { x: "template-secret" } },
      keystores: { pkcs12: { passwordSecretRef: { name: "keystore-secret" } } },
    },
    status: {
      notBefore: "2026-10-02T03:04:05Z",
      notAfter: "2026-12-31T03:04:05Z",
      renewalTime: "2026-12-01T03:04:05Z",
      lastFailureTime: "2026-11-01T03:04:05Z",
      failedIssuanceAttempts: 1,
      revision: 3,
      conditions: [condition],
      nextPrivateKeySecretName: "next-key-secret",
    },
  },
  "certmanager-issuers": {
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: meta("acme", "cde"),
    spec: {
      acme: {
        server: "https://acme-v02.api.letsencrypt.org/directory",
        email: "acme-secret@example.com",
        privateKeySecretRef: { name: "acme-key-secret" },
        externalAccountBinding: { keyID: "eab-secret" },
        solvers: [{ dns01: { route53: { accessKeyID: "route53-secret" } } }],
      },
      ca: { secretName: "ca-pair", crlDistributionPoints: ["crl-secret"] },
      selfSigned: { crlDistributionPoints: ["self-secret"] },
      vault: { server: "https://vault-secret.example.com", auth: { tokenSecretRef: { name: "token-secret" } } },
      venafi: { zone: "venafi-secret" },
    },
    status: { conditions: [condition], acme: { uri: "uri-secret", lastRegisteredEmail: "registered-secret" } },
  },
  "certmanager-clusterissuers": {
    apiVersion: "cert-manager.io/v1",
    kind: "ClusterIssuer",
    metadata: meta("corporate"),
    spec: { ca: { secretName: "ca-pair" }, vault: { path: "path-secret" } },
    status: { conditions: [condition] },
  },
  configmaps: {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: meta("ingress-nginx-controller", "ingress-nginx"),
    immutable: false,
    data: {
      "ssl-protocols": "TLSv1.2 TLSv1.3",
      "ssl-ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
      "ssl-options": "ssl-min-ver TLSv1.2",
      "ssl-cipher-suites": "TLS_AES_128_GCM_SHA256",
      "enable-modsecurity": "true",
      "enable-owasp-modsecurity-crs": "true",
      "modsecurity-snippet": 'SecRuleEngine On\nSecRule ARGS "@streq snippet-secret" "id:1"',
      "http-snippet": "set $token http-snippet-secret;",
      "application.properties": "password=properties-secret",
    },
    binaryData: { "keystore.jks": "a2V5c3RvcmUtc2VjcmV0" },
  },
};
