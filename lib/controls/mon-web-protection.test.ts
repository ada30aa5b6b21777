import { cdeNamespace, deployment, ingress, namespace, object, service } from "@/lib/fixtures/builders";
import type { WafRecord } from "@/lib/inventory/imported-exposure";
import { monWebProtection } from "./mon-web-protection";
import { describeControl } from "./testing";

const host = "pay.example.com";
const nginx = "nginx.ingress.kubernetes.io/";
const web = (annotations: Record<string, string> = {}) =>
  ingress(
    "web",
    "cde",
    {
      ingressClassName: "nginx",
      rules: [{ host, http: { paths: [{ path: "/", backend: { service: { name: "app" } } }] } }],
    },
    annotations,
  );
const haproxy = (annotations: Record<string, string>) => ({
  ...ingress("web", "cde", { ingressClassName: "haproxy", rules: [{ host }] }, annotations),
});
const world = (...objects: unknown[]) => [cdeNamespace(), service(), ...objects];
const record = (fields: Partial<WafRecord> = {}): WafRecord => ({
  origin: { by: "upload", name: "waf.yaml", collectedAt: "2026-11-20T00:00:00Z" },
  hosts: [host],
  product: "Cloud WAF",
  mode: "blocking",
  logsTo: "SIEM",
  alertsHandledBy: null,
  ...fields,
});
const imported = (...wafRecords: WafRecord[]) => ({ facts: { wafRecords } });
const modSecurity = (snippet?: string, rules = "true") => ({
  [`${nginx}enable-modsecurity`]: "true",
  [`${nginx}enable-owasp-core-rules`]: rules,
  ...(snippet === undefined ? {} : { [`${nginx}modsecurity-snippet`]: snippet }),
});

const nginxController = deployment("ingress-nginx", "ingress-nginx", {
  containers: [{ name: "controller", image: "registry.k8s.io/ingress-nginx/controller:v1.13.3" }],
});

describeControl(monWebProtection, [
  {
    name: "a record says that it blocks",
    status: "pass",
    objects: world(web()),
    options: imported(record()),
    object: "Ingress/cde/web",
    says: "Cloud WAF blocks before pay.example.com",
    assessor: { prints: "Ingress\tcde\tweb\tpay.example.com" },
  },
  {
    name: "a record with a wildcard",
    status: "pass",
    objects: world(web()),
    options: imported(record({ hosts: ["*.example.com"] })),
  },
  {
    name: "ModSecurity with the core rules, blocking",
    status: "pass",
    objects: world(web(modSecurity("SecRuleEngine On\nSecRule x"))),
  },
  {
    name: "ModSecurity for all by ConfigMap",
    status: "pass",
    objects: world(
      web(),
      namespace("ingress-nginx", { "pci-scope": "connected-to" }),
      nginxController,
      object("v1", "ConfigMap", "ingress-nginx-controller", "ingress-nginx", {
        data: {
          "enable-modsecurity": "true",
          "enable-owasp-modsecurity-crs": "true",
          "modsecurity-snippet": "SecRuleEngine On",
        },
      }),
    ),
  },
  {
    name: "HAProxy Ingress denies unless told otherwise",
    status: "pass",
    objects: world(haproxy({ "haproxy-ingress.github.io/waf": "modsecurity" })),
  },
  {
    name: "detection, and somebody looks at the alerts at once",
    status: "pass",
    objects: world(web()),
    options: imported(record({ mode: "detection", alertsHandledBy: "SOC" })),
    says: "SOC looks at its alerts",
  },
  {
    name: "AWS WAF, with the record that it blocks",
    status: "pass",
    objects: world(web({ "alb.ingress.kubernetes.io/wafv2-acl-arn": "arn" })),
    options: imported(record()),
  },
  {
    name: "detection only",
    status: "fail",
    objects: world(web()),
    options: imported(record({ mode: "detection" })),
    says: "only detects",
    assessor: { prints: /^Ingress\tcde\tweb/m },
  },
  {
    name: "ModSecurity without a snippet only detects",
    status: "fail",
    objects: world(web(modSecurity())),
    says: "only detects",
  },
  {
    name: "HAProxy Ingress in detection",
    status: "fail",
    objects: world(
      haproxy({ "haproxy-ingress.github.io/waf": "modsecurity", "haproxy-ingress.github.io/waf-mode": "detect" }),
    ),
    remediates: false,
  },
  {
    name: "it blocks without logs",
    status: "fail",
    objects: world(web()),
    options: imported(record({ logsTo: null })),
    says: "names no place for its events",
    remediates: false,
  },
  {
    name: "others are on record, this host is not",
    status: "fail",
    objects: world(web()),
    options: imported(record({ hosts: ["shop.example.com"] })),
    says: "no record names one",
  },
  {
    name: "one host of two",
    status: "fail",
    objects: world(ingress("web", "cde", { rules: [{ host }, { host: "admin.example.com" }] })),
    options: imported(record()),
    says: "admin.example.com",
  },
  {
    name: "a route without host names is every host",
    status: "fail",
    objects: world(
      object("gateway.networking.k8s.io/v1", "HTTPRoute", "pay", "cde", {
        spec: { parentRefs: [{ name: "g" }], rules: [{ backendRefs: [{ name: "app", port: 443 }] }] },
      }),
    ),
    options: imported(record()),
    object: "HTTPRoute/cde/pay",
    says: "every host",
  },
  {
    name: "no sign of one, and no record at all",
    status: "unknown",
    objects: world(web()),
    says: "one outside can't be seen",
  },
  {
    name: "switched off here, and one outside can't be seen",
    status: "unknown",
    objects: world(web({ [`${nginx}enable-modsecurity`]: "false" })),
  },
  {
    name: "annotations of another controller than the one that serves it",
    status: "unknown",
    objects: world(
      ingress("web", "cde", { ingressClassName: "traefik", rules: [{ host }] }, modSecurity("SecRuleEngine On")),
    ),
    says: "one outside can't be seen",
  },
  {
    name: "a ConfigMap that no controller reads",
    status: "unknown",
    objects: world(
      web(),
      object("v1", "ConfigMap", "mine", "cde", {
        data: {
          "enable-modsecurity": "true",
          "enable-owasp-modsecurity-crs": "true",
          "modsecurity-snippet": "SecRuleEngine On",
        },
      }),
    ),
  },
  {
    name: "AWS WAF is attached, and whether it blocks is not known",
    status: "unknown",
    objects: world(web({ "alb.ingress.kubernetes.io/wafv2-acl-arn": "arn" })),
    says: "AWS WAF is attached",
  },
  {
    name: "ModSecurity blocks, and whether it has rules is not known",
    status: "unknown",
    objects: world(web(modSecurity("SecRuleEngine On", "false"))),
    says: "whether it has any rules",
  },
  {
    name: "Ingresses refused",
    status: "unknown",
    objects: world(),
    options: { sections: { ingresses: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "an entry point of the internal network",
    status: "not-applicable",
    objects: world(web()),
    options: {
      registers: {
        publicServices: [
          {
            object: { kind: "Ingress", namespace: "cde", name: "web" },
            reach: "internal",
            externalIPs: [],
            reason: "back office",
            approvedBy: "maria",
            approvedAt: "2026-09-01",
          },
        ],
      },
    },
  },
  { name: "no entry point", status: "not-applicable", objects: world() },
  {
    name: "a connected-to namespace is not the CDE",
    status: "not-applicable",
    objects: [
      cdeNamespace(),
      namespace("tools", { "pci-scope": "connected-to" }),
      ingress("web", "tools", { rules: [{ host }] }),
    ],
  },
]);
