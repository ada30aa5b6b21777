/**
 * Metadata: labels whole, annotation values for a fixed list, keys only for the rest.
 *
 * Annotations are where people and tools put whatever they like (whole manifests, tokens, connection strings), so that a value
 * leaves the cluster only if a control reads it. `last-applied-configuration` repeats the object with its literal environment
 * values and is never kept, not even its key. `resourceVersion` changes with every heartbeat and would make unchanged
 * objects look changed; `generation` says the same about the specification.
 */
import type { LabelSelector, LabelSelectorRequirement, ObjectMeta, OwnerReference } from "../kinds";
import { findSecret, REDACTED } from "../secret-net";
import { ruleEngineOf } from "./rule-engine";
import { described, flag, identifier, integer, isObject, list, map, object, oneOf, type Shape, text } from "./shape";

/** Annotations whose values controls read. A trailing `*` stands for any end. */
export const KEPT_ANNOTATIONS: readonly string[] = [
  // Confinement before it became fields, and static pods (kubernetes.io, "Well-Known Labels, Annotations and Taints").
  "container.apparmor.security.beta.kubernetes.io/*",
  "seccomp.security.alpha.kubernetes.io/pod",
  "container.seccomp.security.alpha.kubernetes.io/*",
  "kubernetes.io/config.mirror",
  "kubernetes.io/config.source",
  "pod-security.kubernetes.io/*",
  "scheduler.alpha.kubernetes.io/node-selector",
  "scheduler.alpha.kubernetes.io/defaultTolerations",
  "rbac.authorization.kubernetes.io/autoupdate",
  // Which class serves an Ingress, and whether plain HTTP is served or redirected.
  "kubernetes.io/ingress.class",
  "kubernetes.io/ingress.allow-http",
  "ingressclass.kubernetes.io/is-default-class",
  "nginx.ingress.kubernetes.io/ssl-redirect",
  "nginx.ingress.kubernetes.io/force-ssl-redirect",
  "nginx.ingress.kubernetes.io/ssl-passthrough",
  "nginx.ingress.kubernetes.io/backend-protocol",
  "nginx.org/redirect-to-https",
  "ingress.kubernetes.io/ssl-redirect",
  "ingress.kubernetes.io/force-ssl-redirect",
  "haproxy.org/ssl-redirect",
  "haproxy-ingress.github.io/ssl-redirect",
  "traefik.ingress.kubernetes.io/router.entrypoints",
  "traefik.ingress.kubernetes.io/router.tls",
  "alb.ingress.kubernetes.io/scheme",
  "alb.ingress.kubernetes.io/listen-ports",
  "alb.ingress.kubernetes.io/ssl-redirect",
  "alb.ingress.kubernetes.io/ssl-policy",
  "alb.ingress.kubernetes.io/backend-protocol",
  "appgw.ingress.kubernetes.io/ssl-redirect",
  "konghq.com/protocols",
  "route.openshift.io/termination",
  "route.openshift.io/insecureEdgeTerminationPolicy",
  // Load balancers: internal or not, which ports speak TLS.
  "service.beta.kubernetes.io/aws-load-balancer-ssl-ports",
  "service.beta.kubernetes.io/aws-load-balancer-backend-protocol",
  "service.beta.kubernetes.io/aws-load-balancer-internal",
  "service.beta.kubernetes.io/aws-load-balancer-scheme",
  "service.beta.kubernetes.io/aws-load-balancer-type",
  "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy",
  "service.beta.kubernetes.io/azure-load-balancer-internal",
  "service.beta.kubernetes.io/openstack-internal-load-balancer",
  "service.beta.kubernetes.io/oci-load-balancer-internal",
  "oci.oraclecloud.com/load-balancer-type",
  "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type",
  "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type",
  "networking.gke.io/load-balancer-type",
  "cloud.google.com/load-balancer-type",
  "cloud.google.com/app-protocols",
  // Ciphers of one Ingress, and web application firewalls before it.
  "nginx.ingress.kubernetes.io/ssl-ciphers",
  "nginx.ingress.kubernetes.io/enable-modsecurity",
  "nginx.ingress.kubernetes.io/enable-owasp-core-rules",
  "nginx.ingress.kubernetes.io/modsecurity-snippet",
  "haproxy-ingress.github.io/waf",
  "haproxy-ingress.github.io/waf-mode",
  "appprotect.f5.com/app-protect-enable",
  // Enrolment in a mesh and exceptions from it.
  "linkerd.io/inject",
  "config.linkerd.io/default-inbound-policy",
  "config.linkerd.io/skip-inbound-ports",
  "config.linkerd.io/skip-outbound-ports",
  "sidecar.istio.io/inject",
  "ambient.istio.io/redirection",
  "istio.io/dataplane-mode",
  "traffic.sidecar.istio.io/*",
  // Policy engines and our own.
  "pod-policies.kyverno.io/autogen-controllers",
  "ringfence.dev/*",
  // Which class a claim gets that names none; whether a sidecar brings the credentials.
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
  "vault.hashicorp.com/agent-inject",
];
const EXACT = new Set(KEPT_ANNOTATIONS.filter((key) => !key.endsWith("*")));
const PREFIXES = KEPT_ANNOTATIONS.filter((key) => key.endsWith("*")).map((key) => key.slice(0, -1));
/** Values of which only a part is kept; the part of a part is itself. */
const REDUCED: Readonly<Record<string, (value: string) => string>> = {
  "nginx.ingress.kubernetes.io/modsecurity-snippet": (value) => ruleEngineOf(value) ?? REDACTED,
};
const NEVER = new Set(["kubectl.kubernetes.io/last-applied-configuration", "__proto__"]);

/** True if the value of this annotation may leave the cluster. */
export function isKeptAnnotation(key: string): boolean {
  return EXACT.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

export const annotations: Shape<Record<string, string>> = (value, at) => {
  if (!isObject(value)) return at.fail("must be an object");
  const out: Record<string, string> = {};
  for (const key of Object.keys(value).sort()) {
    const raw = value[key];
    if (NEVER.has(key) || findSecret(key) !== null) {
      at.dropped += 1;
      continue;
    }
    if (raw === null || raw === undefined) continue;
    if (typeof raw !== "string") return at.fail(`["${key}"] must be a string`);
    if (isKeptAnnotation(key)) {
      const kept = Object.hasOwn(REDUCED, key) ? (REDUCED[key]?.(raw) ?? raw) : raw;
      if (kept !== raw) at.dropped += 1;
      out[key] = at.step(key, text, kept);
    } else {
      if (raw !== REDACTED) at.dropped += 1;
      out[key] = REDACTED;
    }
  }
  return out;
};

const ownerReference = object<OwnerReference>(
  { apiVersion: text, kind: text, name: text, uid: identifier, controller: flag },
  ["apiVersion", "kind", "name"],
);

const neverKept: Shape<string> = described(
  (_, at) => {
    at.dropped += 1;
    return undefined as never;
  },
  { kind: "hidden" },
);

export const metadata: Shape<ObjectMeta> = object<ObjectMeta>(
  {
    name: text,
    namespace: text,
    uid: identifier,
    resourceVersion: neverKept,
    generation: integer,
    creationTimestamp: identifier,
    deletionTimestamp: identifier,
    labels: map(text),
    annotations,
    ownerReferences: list(ownerReference),
  },
  ["name"],
);

export const templateMetadata = object<{ labels?: Record<string, string>; annotations?: Record<string, string> }>({
  labels: map(text),
  annotations,
});

const requirement: Shape<LabelSelectorRequirement> = (value, at) => {
  const parsed = object<LabelSelectorRequirement>(
    { key: text, operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"), values: list(text) },
    ["key", "operator"],
  )(value, at);
  const needsValues = parsed.operator === "In" || parsed.operator === "NotIn";
  const count = parsed.values?.length ?? 0;
  if (needsValues && count === 0) at.fail(`must have values for ${parsed.operator}`);
  if (!needsValues && count > 0) at.fail(`must not have values for ${parsed.operator}`);
  return parsed;
};
/** apimachinery's LabelSelector, with the checks of ValidateLabelSelector: an invalid one selects nothing knowable. */
export const labelSelector: Shape<LabelSelector> = object<LabelSelector>({
  matchLabels: map(text),
  matchExpressions: list(requirement),
});
