/**
 * tls-ingress-everywhere: all public entry points to the CDE use TLS.
 *
 * Reads: Ingresses, Gateways with their HTTPRoutes, OpenShift Routes and LoadBalancer Services that lead into CDE and
 *   connected-to namespaces.
 * Pass: every host of the Ingress is covered by a tls entry and plain HTTP isn't served by annotation; the Gateway's HTTP
 *   listeners carry only redirects; the Route ends TLS and doesn't allow plain HTTP; the load balancer ends TLS by annotation.
 * Fail: a host without TLS, a redirect switched off, an HTTP listener with backends, a Route without tls or with Allow.
 * Unknown: TLS passes through to the pod, ends outside the cluster, or rests on a certificate whose names aren't known (a tls item
 *   without hosts); sections that weren't read; no scope declared.
 * Not applicable: no entry point leads to CDE or connected-to pods.
 * Traps: a wildcard covers one label only; an empty host, and a default backend, mean every host; a LoadBalancer on 443 with TCP is
 *   passthrough, which the API can't prove.
 */
import { refOf } from "@/lib/inventory/inventory";
import { namespaceOf } from "@/lib/inventory/workloads";
import { listIn } from "@/lib/inventory/look-ups";
import { judgeGateways } from "./gateways";
import { judgeIngress } from "./ingress-tls";
import { judgeLoadBalancers } from "./load-balancers";
import { renderManifest } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeNamespaces, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import type { Control, EvaluationContext, Result } from "./types";
import { shortReason } from "./short-reason";

const CATEGORIES = ["cde", "connected-to"] as const;
const SECTIONS = ["ingresses", "services", "gateway-gateways", "gateway-httproutes", "openshift-routes"] as const;

export const tlsIngressEverywhere: Control = {
  id: "tls-ingress-everywhere",
  title: "All public entry points to the CDE use TLS",
  severity: "critical",
  requirements: [
    {
      requirement: "4.2.1",
      kind: "primary",
      rationale:
        "Card data that enters over open networks is protected in transit only if every entry point ends in strong cryptography.",
    },
    {
      requirement: "2.2.7",
      kind: "supporting",
      rationale: "Administration pages behind the same entry points need encryption as well.",
    },
    {
      requirement: "1.2.6",
      kind: "supporting",
      rationale: "Plain HTTP is an insecure protocol whose use would have to be justified.",
    },
  ],
  judges: "ingress",
  sections: ["namespaces", ...SECTIONS],
  rule: {
    reads:
      "Ingresses, Gateways with HTTPRoutes, OpenShift Routes and LoadBalancer Services of CDE and connected-to namespaces.",
    pass: "Every host is covered by TLS, and plain HTTP is absent or only redirects.",
    fail: "A host without TLS, an HTTP listener with backends, a Route without tls or allowing plain HTTP, or a redirect switched off.",
    unknown:
      "TLS passes through to the pod, ends outside the cluster, or the certificate's names are not known; sections were not read.",
    notApplicable: "No entry point leads to CDE or connected-to pods.",
    why: "These objects are what the controllers and load balancers act on: a host that they don't name under TLS is served in the clear.",
    cannotSee:
      "Protocol versions and certificates (other controls), a controller's default certificate, and what a load balancer before the cluster does.",
  },
  evaluate(context) {
    const unread = SECTIONS.flatMap((section) => findUnreadable(context, [section]) ?? []);
    const results = judgeNamespaces(context, CATEGORIES, (namespace) => [
      ...listIn(context.inventory, "ingresses", namespace).map((ingress) =>
        judgeIngress(ingress, context.inventory.provider),
      ),
      ...judgeRoutes(context, namespace),
      ...judgeLoadBalancers(context, namespace),
      ...judgeGateways(context, namespace, CATEGORIES),
      ...invalidResults(context, ["Ingress", "Gateway", "HTTPRoute", "Route"], [namespace]),
    ]);
    const isJudged = context.scope.declared && context.scope.inCategory(...CATEGORIES).length > 0;
    if (!isJudged) return results;
    if (results.length + unread.length > 0) return [...results, ...unread];
    return [
      clusterResult(
        "not-applicable",
        "no entry point leads to CDE or connected-to pods",
        "No Ingress, Gateway, Route or LoadBalancer Service lies in or leads into a CDE or connected-to namespace.",
      ),
    ];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $i|[(.spec.tls//[])[].hosts[]?] as $t|(((.spec.rules//[])[]|(.host//"*")),(.spec.defaultBackend//empty|"*"))|. as $h|select(any($t[]; . as $w|$w==$h or (($w|startswith("*.")) and ($h|test("^[^.]+"+($w[1:]|gsub("[.]";"[.]"))+"$"))))|not)|"\\($i.metadata.namespace)/\\($i.metadata.name) \\($h) no TLS"'`,
      `kubectl get gateways.gateway.networking.k8s.io -A -o json 2>/dev/null | jq -r '.items[]|. as $g|.spec.listeners[]|select(.protocol=="HTTP")|"\\($g.metadata.namespace)/\\($g.metadata.name) \\(.name) HTTP: its routes must only redirect"'`,
      `kubectl get routes.route.openshift.io -A -o json 2>/dev/null | jq -r '.items[]|select(.spec.tls==null or .spec.tls.insecureEdgeTerminationPolicy=="Allow")|"\\(.metadata.namespace)/\\(.metadata.name) \\(.spec.host) plain HTTP"'`,
      `kubectl get svc -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.spec.type=="LoadBalancer")|select(.metadata.namespace as $n|$cde|index($n))|"\\(.metadata.namespace)/\\(.metadata.name) ports \\([.spec.ports[].port]|join(","))"'`,
    ),
    expect:
      "No line with `no TLS` or `plain HTTP`. Look at the routes of each HTTP listener, and at what each load balancer's ports offer.",
    needs: [],
  }),
  remediate(context, result) {
    const ingress = context.inventory
      .list("ingresses")
      .find(
        (candidate) =>
          candidate.metadata.name === result.object.name && namespaceOf(candidate) === result.object.namespace,
      );
    const risk =
      "Clients that use plain HTTP are redirected, and those that don't follow redirects fail. Without a certificate for the host the controller shows its own, which clients refuse.";
    if (result.object.kind !== "Ingress" || ingress === undefined) {
      const how: Record<string, string> = {
        Route: "Set spec.tls.termination to edge or reencrypt and insecureEdgeTerminationPolicy to Redirect.",
        Gateway:
          "Give the HTTP listener only HTTPRoutes with a RequestRedirect filter to scheme https, and attach the backends to an HTTPS listener with certificateRefs.",
        Service: "Put an Ingress or Gateway with TLS before the Service, or let the load balancer end TLS.",
      };
      return { summary: how[result.object.kind] ?? "End TLS at every entry point and redirect plain HTTP.", risk };
    }
    const hosts = [
      ...new Set(
        (ingress.spec.rules ?? []).flatMap((rule) => (rule.host === undefined || rule.host === "" ? [] : [rule.host])),
      ),
    ];
    const { name } = ingress.metadata;
    const namespace = namespaceOf(ingress);
    const secretName = `${name}-tls`;
    const { rules, defaultBackend, ingressClassName } = ingress.spec;
    if (hosts.length === 0)
      return {
        summary: `Give every rule of ${name} a host name, then add a tls entry with a certificate for it.`,
        risk,
      };
    return {
      summary: `Add a tls entry for ${nameSome(hosts)} to Ingress ${name}, have cert-manager issue the certificate, and redirect plain HTTP (the annotation is ingress-nginx's; set the one of your controller). Rules without a host stay open to every host: name them.`,
      manifest: renderManifest(
        {
          apiVersion: "networking.k8s.io/v1",
          kind: "Ingress",
          metadata: { name, namespace, annotations: { "nginx.ingress.kubernetes.io/ssl-redirect": "true" } },
          spec: {
            ...(ingressClassName === undefined ? {} : { ingressClassName }),
            tls: [{ hosts, secretName }],
            ...(defaultBackend === undefined ? {} : { defaultBackend }),
            ...(rules === undefined ? {} : { rules }),
          },
        },
        {
          apiVersion: "cert-manager.io/v1",
          kind: "Certificate",
          metadata: { name: secretName, namespace },
          spec: { secretName, dnsNames: hosts, issuerRef: { name: "ISSUER", kind: "ClusterIssuer" } },
        },
      ),
      apply: `kubectl diff -f ${name}-tls.yaml; kubectl apply -f ${name}-tls.yaml`,
      risk,
    };
  },
};

function judgeRoutes(context: EvaluationContext, namespace: string): Result[] {
  return context.inventory
    .list("openshift-routes")
    .filter((route) => namespaceOf(route) === namespace)
    .map((route): Result => {
      const ref = { ...refOf(route), namespace };
      const tls = route.spec?.tls as { termination?: string; insecureEdgeTerminationPolicy?: string } | undefined;
      const host = typeof route.spec?.host === "string" ? route.spec.host : "its host";
      const base = { object: ref };
      if (tls === undefined || tls.termination === undefined) {
        return {
          ...base,
          status: "fail",
          reason: shortReason(`no TLS for ${host}`),
          detail: `Route ${ref.name} serves ${host} without spec.tls.`,
          evidence: [{ ref, pointer: "/spec/tls" }],
        };
      }
      const evidence = [{ ref, pointer: "/spec/tls", found: JSON.stringify(tls) }];
      if (tls.insecureEdgeTerminationPolicy === "Allow") {
        return {
          ...base,
          status: "fail",
          reason: "plain HTTP is allowed beside TLS",
          detail: `Route ${ref.name} has insecureEdgeTerminationPolicy Allow, so ${host} is served over plain HTTP too.`,
          evidence,
        };
      }
      if (tls.termination === "passthrough") {
        return {
          ...base,
          status: "unknown",
          reason: "TLS passes through to the pod",
          detail: `Route ${ref.name} passes TLS through; the pod has to offer it, which the API can't show.`,
          evidence,
        };
      }
      return {
        ...base,
        status: "pass",
        reason: shortReason(`${tls.termination} TLS for ${host}`),
        detail: `Route ${ref.name} ends TLS (${tls.termination}) for ${host}; plain HTTP is ${tls.insecureEdgeTerminationPolicy === "Redirect" ? "redirected" : "refused"}.`,
        evidence,
      };
    });
}
