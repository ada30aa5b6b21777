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
import type { Ingress, Service } from "@/lib/inventory/kinds";
import { matchesMapSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { judgeGateways } from "./gateways";
import { renderManifest } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeNamespaces, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";

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
      ...context.inventory
        .list("ingresses")
        .filter((ingress) => namespaceOf(ingress) === namespace)
        .map(judgeIngress),
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

/** A certificate or tls name against a requested host; `*` stands for exactly one label. */
export function hostCovers(name: string, host: string): boolean {
  const a = name.toLowerCase();
  const b = host.toLowerCase();
  if (a === b) return true;
  return a.startsWith("*.") && !b.startsWith("*") && b.slice(b.indexOf(".")) === a.slice(1) && b.indexOf(".") > 0;
}

/** Annotations that switch off the redirect from HTTP, and those that force it. */
const REDIRECT_KEYS = [
  "nginx.ingress.kubernetes.io/ssl-redirect",
  "nginx.org/redirect-to-https",
  "ingress.kubernetes.io/ssl-redirect",
  "haproxy.org/ssl-redirect",
  "haproxy-ingress.github.io/ssl-redirect",
  "appgw.ingress.kubernetes.io/ssl-redirect",
];
const FORCE_KEYS = ["nginx.ingress.kubernetes.io/force-ssl-redirect", "ingress.kubernetes.io/force-ssl-redirect"];
const PASSTHROUGH_KEY = "nginx.ingress.kubernetes.io/ssl-passthrough";

function judgeIngress(ingress: Ingress): Result {
  const ref = { ...refOf(ingress), namespace: namespaceOf(ingress) };
  const annotations = ingress.metadata.annotations ?? {};
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason: reason.slice(0, 110),
    detail,
    evidence,
  });
  const at = (pointer: string, found?: string): EvidencePointer => ({
    ref,
    pointer,
    ...(found === undefined ? {} : { found }),
  });
  const note = (key: string) => at(`/metadata/annotations/${key.replaceAll("/", "~1")}`, annotations[key]);

  const className = ingress.spec.ingressClassName ?? annotations["kubernetes.io/ingress.class"] ?? "";
  if (/^alb$/.test(className) || annotations["alb.ingress.kubernetes.io/listen-ports"] !== undefined)
    return judgeAlb(ingress, answer, note);

  const tls = ingress.spec.tls ?? [];
  const names = tls.flatMap((item) => item.hosts ?? []);
  const nameless = tls.some((item) => (item.hosts ?? []).length === 0);
  const wanted = [
    ...(ingress.spec.rules ?? []).map((rule, i) => ({ host: rule.host ?? "", pointer: `/spec/rules/${i}/host` })),
    ...(ingress.spec.defaultBackend === undefined ? [] : [{ host: "", pointer: "/spec/defaultBackend" }]),
  ];
  if (wanted.length === 0)
    return answer(
      "not-applicable",
      "the Ingress serves nothing",
      `Ingress ${ref.name} has neither rules nor a default backend.`,
      [at("/spec")],
    );
  const open = wanted.filter(({ host }) => host === "" || !names.some((name) => hostCovers(name, host)));
  const words = (list: typeof open) =>
    nameSome([...new Set(list.map(({ host }) => (host === "" ? "every host" : host)))]);
  if (open.length > 0 && annotations[PASSTHROUGH_KEY] === "true") {
    return answer(
      "unknown",
      `TLS passes through to the pod for ${words(open)}`,
      `Ingress ${ref.name} passes TLS through for ${words(open)}; the pod has to offer TLS, which the API can't show.`,
      [note(PASSTHROUGH_KEY)],
    );
  }
  if (open.length > 0 && nameless) {
    return answer(
      "unknown",
      `a tls item without hosts; whether it covers ${words(open)} is not known`,
      `Ingress ${ref.name} has a tls item without hosts: it covers the names in its certificate, and these aren't in the snapshot. Name the hosts in spec.tls.`,
      [at("/spec/tls", JSON.stringify(tls))],
    );
  }
  if (open.length > 0) {
    return answer(
      "fail",
      `no TLS for ${words(open)}`,
      `Ingress ${ref.name} serves ${words(open)} without a tls entry that covers ${open.length === 1 ? "it" : "them"}${tls.length > 0 ? ` (tls names ${nameSome(names)}; a wildcard covers one label)` : ""}.`,
      [
        ...open.map(({ pointer, host }) => at(pointer, host === "" ? undefined : host)),
        at("/spec/tls", JSON.stringify(tls)),
      ],
    );
  }
  const isForced = FORCE_KEYS.some((key) => annotations[key] === "true");
  const off = REDIRECT_KEYS.find((key) => annotations[key] === "false");
  if (off !== undefined && !isForced) {
    return answer(
      "fail",
      "plain HTTP is served: the redirect is switched off",
      `Ingress ${ref.name} has TLS for its hosts, and the annotation ${off}=false lets plain HTTP through to the backends.`,
      [note(off)],
    );
  }
  const allowHttp = annotations["kubernetes.io/ingress.allow-http"];
  if (className.startsWith("gce") && allowHttp !== "false") {
    return answer(
      "unknown",
      "the Google load balancer serves HTTP beside TLS unless told otherwise",
      `Ingress ${ref.name} of class ${className} has TLS; the load balancer also serves HTTP unless kubernetes.io/ingress.allow-http is "false" or a FrontendConfig redirects, which isn't in the snapshot.`,
      [at("/spec/tls", JSON.stringify(tls))],
    );
  }
  return answer(
    "pass",
    `TLS for ${words(wanted)}`,
    `Ingress ${ref.name} has a tls entry for ${words(wanted)}, and no annotation lets plain HTTP through${className === "" ? "" : ` (class ${className})`}. That the controller redirects HTTP is its default, which a request shows.`,
    [at("/spec/tls", JSON.stringify(tls))],
  );
}

/** AWS Load Balancer Controller: listeners come from annotations; without a certificate it listens on HTTP 80 only. */
function judgeAlb(
  ingress: Ingress,
  answer: (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]) => Result,
  note: (key: string) => EvidencePointer,
): Result {
  const annotations = ingress.metadata.annotations ?? {};
  const portsKey = "alb.ingress.kubernetes.io/listen-ports";
  const hasCertificate =
    annotations["alb.ingress.kubernetes.io/certificate-arn"] !== undefined || (ingress.spec.tls ?? []).length > 0;
  const redirects = annotations["alb.ingress.kubernetes.io/ssl-redirect"] !== undefined;
  const ports =
    annotations[portsKey] ??
    (annotations["alb.ingress.kubernetes.io/certificate-arn"] === undefined ? '[{"HTTP":80}]' : '[{"HTTPS":443}]');
  const listens = { http: /"HTTP"/.test(ports), https: /"HTTPS"/.test(ports) };
  const { name } = ingress.metadata;
  if (listens.http && !redirects) {
    return answer(
      "fail",
      "the load balancer listens on HTTP without a redirect",
      `Ingress ${name} makes an Application Load Balancer with listeners ${ports} and without alb.ingress.kubernetes.io/ssl-redirect.`,
      [note(portsKey)],
    );
  }
  if (!listens.https || !hasCertificate) {
    return answer(
      "unknown",
      "the load balancer's certificate is not visible",
      `Ingress ${name} makes an Application Load Balancer with listeners ${ports}; its certificate is neither annotated nor in spec.tls.`,
      [note(portsKey)],
    );
  }
  return answer(
    "pass",
    `the load balancer ends TLS${listens.http ? " and redirects HTTP" : ""}`,
    `Ingress ${name} makes an Application Load Balancer with listeners ${ports}${listens.http ? ", and HTTP is redirected" : ""}.`,
    [note(portsKey)],
  );
}

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
          reason: `no TLS for ${host}`.slice(0, 110),
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
        reason: `${tls.termination} TLS for ${host}`.slice(0, 110),
        detail: `Route ${ref.name} ends TLS (${tls.termination}) for ${host}; plain HTTP is ${tls.insecureEdgeTerminationPolicy === "Redirect" ? "redirected" : "refused"}.`,
        evidence,
      };
    });
}

/** Images of controllers whose entry points are Ingresses, Gateways or Routes: those are judged by their own objects. */
const CONTROLLER_IMAGE =
  /(ingress-nginx|nginx-ingress|kubernetes-ingress|traefik|haproxy|contour|envoy|kong|istio\/proxyv2|istio\/pilot|emissary|ambassador|nginx-gateway|skipper)/;
const INTERNAL: readonly (readonly [key: string, value: RegExp])[] = [
  ["service.beta.kubernetes.io/aws-load-balancer-internal", /^(true|0\.0\.0\.0\/0)$/],
  ["service.beta.kubernetes.io/aws-load-balancer-scheme", /^internal$/],
  ["service.beta.kubernetes.io/azure-load-balancer-internal", /^true$/],
  ["networking.gke.io/load-balancer-type", /^Internal$/i],
  ["cloud.google.com/load-balancer-type", /^Internal$/i],
];

function judgeLoadBalancers(context: EvaluationContext, namespace: string): Result[] {
  return context.inventory
    .list("services")
    .filter((service) => namespaceOf(service) === namespace && service.spec.type === "LoadBalancer")
    .filter((service) => !INTERNAL.some(([key, value]) => value.test(service.metadata.annotations?.[key] ?? "")))
    .filter((service) => !servesController(context, service))
    .map((service): Result => {
      const ref = { ...refOf(service), namespace };
      const annotations = service.metadata.annotations ?? {};
      const ports = (service.spec.ports ?? []).map((port) => port.port);
      const evidence: EvidencePointer[] = [{ ref, pointer: "/spec/ports", found: ports.join(", ") }];
      if (annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-cert"] !== undefined) {
        const listed = annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-ports"] ?? "*";
        const tls =
          listed === "*"
            ? ports
            : ports.filter((port) =>
                (service.spec.ports ?? []).some(
                  (p) =>
                    p.port === port &&
                    listed.split(",").some((name) => name.trim() === String(port) || name.trim() === p.name),
                ),
              );
        const open = ports.filter((port) => !tls.includes(port));
        return open.length === 0
          ? {
              status: "pass",
              object: ref,
              reason: "the load balancer ends TLS on every port",
              detail: `Service ${ref.name} makes a load balancer that ends TLS on ${ports.join(", ")}.`,
              evidence,
            }
          : {
              status: "fail",
              object: ref,
              reason: `no TLS on port ${open.join(", ")}`,
              detail: `Service ${ref.name} makes a load balancer that ends TLS on ${tls.join(", ") || "no port"} and passes ${open.join(", ")} on in the clear.`,
              evidence,
            };
      }
      return {
        status: "unknown",
        object: ref,
        reason: `a load balancer passes port ${nameSome(ports.map(String), 3)} to the pods`,
        detail: `Service ${ref.name} makes a load balancer that passes ${ports.join(", ")} on to its pods. Whether they offer TLS, or TLS ends at the provider, the API can't show; the provider's record or a connection does.`,
        evidence,
      };
    });
}

function servesController(context: EvaluationContext, service: Service): boolean {
  return context.inventory
    .workloadsIn(namespaceOf(service))
    .some(
      (workload) =>
        matchesMapSelector(service.spec.selector, workload.labels) &&
        workload.variants.some(({ spec }) =>
          spec.containers.some((container) => CONTROLLER_IMAGE.test(container.image ?? "")),
        ),
    );
}
