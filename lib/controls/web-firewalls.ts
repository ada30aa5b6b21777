/**
 * Which web application firewall stands before a host, and whether it blocks.
 *
 * | sign | mode |
 * | --- | --- |
 * | imported record for the host | as the record says |
 * | ingress-nginx with ModSecurity (annotation, or ConfigMap for all) | SecRuleEngine; its default configuration only detects |
 * | HAProxy Ingress `waf: modsecurity` | waf-mode, which is deny unless it says detect |
 * | AWS WAF, Application Gateway, F5 App Protect, Google BackendConfig | a firewall is attached, but not whether it blocks |
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import { parseBooleanFlag } from "@/lib/inventory/flags";
import type { Ingress } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { hostCovers } from "./ingress-tls";
import { isOfNginx, nginxControllers } from "./listener-settings";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface Firewall {
  name: string;
  mode: "blocking" | "detection" | "off" | "unknown";
  /** True where its events go somewhere; null when that can't be seen. */
  hasLogs: boolean | null;
  alertsHandledBy: string | null;
  /** What is missing for more, in words. */
  note?: string;
  evidence: EvidencePointer[];
}

const NGINX = "nginx.ingress.kubernetes.io/";
/** Annotations that attach a firewall whose own settings lie elsewhere. */
const ATTACHED: readonly (readonly [key: string, name: string])[] = [
  ["alb.ingress.kubernetes.io/wafv2-acl-arn", "AWS WAF"],
  ["alb.ingress.kubernetes.io/wafv2-acl-name", "AWS WAF"],
  ["alb.ingress.kubernetes.io/waf-acl-id", "AWS WAF"],
  ["appgw.ingress.kubernetes.io/waf-policy-for-path", "the firewall of Application Gateway"],
  ["cloud.google.com/backend-config", "what its BackendConfig names, Cloud Armor perhaps,"],
];

/** The records that cover the host, the newest first. */
export function recordedFirewalls(context: EvaluationContext, host: string): Firewall[] {
  return (context.inventory.facts.wafRecords ?? [])
    .map((record, i) => ({ record, i }))
    .filter(({ record }) => record.hosts.some((name) => hostCovers(name, host)))
    .sort((a, b) => (a.record.origin.collectedAt < b.record.origin.collectedAt ? 1 : -1))
    .map(({ record, i }) => ({
      name: record.product,
      mode: record.mode,
      hasLogs: record.logsTo !== null,
      alertsHandledBy: record.alertsHandledBy,
      evidence: [
        {
          ref: CLUSTER_REF,
          pointer: `/facts/wafRecords/${i}`,
          found: `${record.product}: ${record.mode}, logs to ${record.logsTo ?? "nowhere"}`,
        },
      ],
    }));
}

/** The firewall that the Ingress' own annotations and its controller's ConfigMap speak of; null for none. */
export function ingressFirewall(context: EvaluationContext, ingress: Ingress): Firewall | null {
  const annotations = ingress.metadata.annotations ?? {};
  const ref = { ...refOf(ingress), namespace: namespaceOf(ingress) };
  const at = (key: string): EvidencePointer => annotationEvidence(ref, key, annotations[key]);
  const found = isOfNginx(ingress) ? modSecurity(context, annotations, at) : null;
  if (found !== null) return found;
  const className = ingress.spec.ingressClassName ?? annotations["kubernetes.io/ingress.class"] ?? "";
  if (annotations["haproxy-ingress.github.io/waf"] === "modsecurity" && /^$|haproxy/.test(className)) {
    const mode = annotations["haproxy-ingress.github.io/waf-mode"];
    return {
      name: "ModSecurity of HAProxy Ingress",
      mode: mode === "detect" || mode === "DetectionOnly" ? "detection" : "blocking",
      hasLogs: null,
      alertsHandledBy: null,
      evidence: [at("haproxy-ingress.github.io/waf"), at("haproxy-ingress.github.io/waf-mode")],
    };
  }
  if (parseBooleanFlag(annotations["appprotect.f5.com/app-protect-enable"]?.toLowerCase() ?? null) === true)
    return attached("F5 App Protect", at("appprotect.f5.com/app-protect-enable"));
  const key = ATTACHED.find(([candidate]) => annotations[candidate] !== undefined);
  return key === undefined ? null : attached(key[1], at(key[0]));
}

function annotationEvidence(ref: ResourceRef, key: string, found: string | undefined): EvidencePointer {
  const pointer = `/metadata/annotations/${key.replaceAll("/", "~1")}`;
  return found === undefined ? { ref, pointer } : { ref, pointer, found };
}
function attached(name: string, evidence: EvidencePointer): Firewall {
  return {
    name,
    mode: "unknown",
    hasLogs: null,
    alertsHandledBy: null,
    note: "whether it blocks stands in its own settings; import its record",
    evidence: [evidence],
  };
}

/** ModSecurity in ingress-nginx: switched on for one Ingress or for all, and blocking only where a snippet says so. */
function modSecurity(
  context: EvaluationContext,
  annotations: Record<string, string>,
  at: (key: string) => EvidencePointer,
): Firewall | null {
  const own = parseBooleanFlag(annotations[`${NGINX}enable-modsecurity`] ?? null);
  // Somebody else's ConfigMap of that name says nothing.
  const homes = new Set(nginxControllers(context).map(({ namespace }) => namespace));
  const maps = context.inventory.list("configmaps").filter((map) => {
    const settings = (map.settings ?? {}) as Record<string, string>;
    return homes.has(namespaceOf(map)) && settings["enable-modsecurity"] !== undefined;
  });
  const shared = maps.find(
    (map) => (map.settings as Record<string, string>)["enable-modsecurity"]?.toLowerCase() === "true",
  );
  if (own === false)
    return {
      name: "ModSecurity",
      mode: "off",
      hasLogs: null,
      alertsHandledBy: null,
      evidence: [at(`${NGINX}enable-modsecurity`)],
    };
  if (own !== true && shared === undefined) return null;
  const settings = (shared?.settings ?? {}) as Record<string, string>;
  const engine =
    annotations[`${NGINX}modsecurity-snippet`] ?? settings["modsecurity-snippet"] ?? "SecRuleEngine DetectionOnly";
  const hasRules =
    parseBooleanFlag(annotations[`${NGINX}enable-owasp-core-rules`] ?? null) === true ||
    settings["enable-owasp-modsecurity-crs"]?.toLowerCase() === "true";
  const evidence: EvidencePointer[] = [
    ...(own === true
      ? [at(`${NGINX}enable-modsecurity`), at(`${NGINX}modsecurity-snippet`), at(`${NGINX}enable-owasp-core-rules`)]
      : []),
    ...(shared === undefined ? [] : [{ ref: refOf(shared), pointer: "/settings", found: JSON.stringify(settings) }]),
  ];
  const base = { name: "ModSecurity of ingress-nginx", hasLogs: null, alertsHandledBy: null, evidence };
  if (/Off$/i.test(engine)) return { ...base, mode: "off" };
  if (/DetectionOnly$/i.test(engine)) return { ...base, mode: "detection" };
  if (!/On$/i.test(engine))
    return { ...base, mode: "unknown", note: "its snippet does not say SecRuleEngine; without it, it only detects" };
  return hasRules
    ? { ...base, mode: "blocking" }
    : {
        ...base,
        mode: "unknown",
        note: "it blocks, but whether it has any rules is not known; switch the core rule set on",
      };
}
