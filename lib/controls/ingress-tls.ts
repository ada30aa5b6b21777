/**
 * Whether an Ingress serves its hosts under TLS and nothing in the clear, as the usual controllers read it.
 *
 * Source: Ingress API reference (tls, hosts, default backend) and the controllers' annotation references (ingress-nginx, NGINX,
 * HAProxy, AGIC, Google, AWS Load Balancer Controller).
 */
import { refOf } from "@/lib/inventory/inventory";
import { parseBooleanFlag } from "@/lib/inventory/flags";
import type { Ingress } from "@/lib/inventory/kinds";
import type { Provider } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { nameSome } from "./population";
import type { EvidencePointer, Result } from "./types";
import { shortReason } from "./short-reason";

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
/** Annotations are text, and the controllers read them as Go does: `False` and `0` switch off as `false` does. */
const saysTrue = (text: string | undefined): boolean => parseBooleanFlag(text ?? null) === true;
const saysFalse = (text: string | undefined): boolean => parseBooleanFlag(text ?? null) === false;

/** One result for the Ingress; the provider says which controller serves one that names no class. */
export function judgeIngress(ingress: Ingress, provider: Provider): Result {
  const ref = { ...refOf(ingress), namespace: namespaceOf(ingress) };
  const annotations = ingress.metadata.annotations ?? {};
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
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
  if (open.length > 0 && saysTrue(annotations[PASSTHROUGH_KEY])) {
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
  const isForced = FORCE_KEYS.some((key) => saysTrue(annotations[key]));
  const off = REDIRECT_KEYS.find((key) => saysFalse(annotations[key]));
  if (off !== undefined && !isForced) {
    return answer(
      "fail",
      "plain HTTP is served: the redirect is switched off",
      `Ingress ${ref.name} has TLS for its hosts, and the annotation ${off}=false lets plain HTTP through to the backends.`,
      [note(off)],
    );
  }
  const allowHttp = annotations["kubernetes.io/ingress.allow-http"];
  const isGoogle = className.startsWith("gce") || (className === "" && provider === "gke");
  if (isGoogle && !saysFalse(allowHttp)) {
    return answer(
      "unknown",
      "the Google load balancer serves HTTP beside TLS unless told otherwise",
      `Ingress ${ref.name} of class ${className === "" ? "gce, which GKE takes when none is named," : className} has TLS; the load balancer also serves HTTP unless kubernetes.io/ingress.allow-http is "false" or a FrontendConfig redirects, which isn't in the snapshot.`,
      [at("/spec/tls", JSON.stringify(tls))],
    );
  }
  const beside = servesBoth(className, annotations);
  if (beside !== null && !isForced) {
    return answer(
      "unknown",
      `${beside.name} serves plain HTTP beside TLS unless told otherwise`,
      `Ingress ${ref.name} of class ${className} has TLS for ${words(wanted)}. ${beside.why}`,
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

/** Controllers that don't redirect by themselves when an Ingress has TLS, and what says that plain HTTP is not served all the same. */
function servesBoth(className: string, annotations: Record<string, string>): { name: string; why: string } | null {
  const listed = (key: string): string[] =>
    (annotations[key] ?? "").split(",").map((item) => item.trim().toLowerCase());
  if (/^traefik\b/.test(className)) {
    const points = listed("traefik.ingress.kubernetes.io/router.entrypoints").filter((point) => point !== "");
    if (points.length > 0 && !points.some((point) => point === "web" || point === "http")) return null;
    return {
      name: "Traefik",
      why: "Traefik serves it on every entry point, and whether its HTTP entry point redirects stands in its own configuration, which isn't in the snapshot. Name only the TLS entry point in traefik.ingress.kubernetes.io/router.entrypoints, or make a request.",
    };
  }
  if (/^kong\b/.test(className)) {
    const protocols = listed("konghq.com/protocols").filter((protocol) => protocol !== "");
    if (protocols.length > 0 && protocols.every((protocol) => protocol === "https" || protocol === "grpcs"))
      return null;
    return {
      name: "Kong",
      why: "Kong's routes take http and https unless konghq.com/protocols says https only.",
    };
  }
  const other = /^(contour|istio)\b/.exec(className)?.[1];
  if (other === undefined) return null;
  return {
    name: other === "contour" ? "Contour" : "Istio",
    why: `${other === "contour" ? "Contour redirects where ingress.kubernetes.io/force-ssl-redirect is true" : "Istio's gateway redirects only where its Gateway object says httpsRedirect, which isn't in the snapshot"}; make a request over plain HTTP.`,
  };
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
