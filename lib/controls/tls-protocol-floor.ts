/**
 * tls-protocol-floor: entry points and internal APIs use TLS 1.2 or newer, strong ciphers and verified certificates.
 *
 * Reads: what ends TLS before CDE and connected-to namespaces (ingress controllers, Ingresses, Gateways, Routes, load balancers)
 *   with its settings and defaults; imported handshakes; APIServices; OpenShift's APIServer.
 * Pass: the floor is TLS 1.2 or 1.3 and no weak cipher is allowed, by settings and known defaults or by handshakes with every host;
 *   no APIService skips verification.
 * Fail: SSL, TLS 1.0 or 1.1 or a weak cipher is allowed, also by the annotation of one Ingress; insecureSkipTLSVerify (high; medium for
 *   metrics).
 * Unknown: settings were not collected and no handshake was imported; defaults of a version that isn't known; groups of ciphers.
 * Not applicable: nothing ends TLS in scope and no aggregated API exists.
 * The cryptography that is found is also the inventory that 12.3.3 asks to review.
 */
import { refOf } from "@/lib/inventory/inventory";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { renderPatch } from "./manifest";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import { judgeProbes } from "./protocol-floor";
import { type TlsListener, tlsListeners } from "./listener-settings";
import type { Control, EvaluationContext, Remediation, Result } from "./types";

const CATEGORIES = ["cde", "connected-to"] as const;
const SECTIONS = [
  "ingresses",
  "gateway-gateways",
  "istio-gateways",
  "openshift-routes",
  "services",
  "apiservices",
  "openshift-apiservers",
] as const;
/** What ingress-nginx takes by itself since 1.0. */
const STRONG_CIPHERS =
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

export const tlsProtocolFloor: Control = {
  id: "tls-protocol-floor",
  title: "Entry points and internal APIs use TLS 1.2 or newer, strong ciphers and verified certificates",
  severity: "high",
  requirements: [
    {
      requirement: "4.2.1",
      kind: "primary",
      rationale:
        "Strong cryptography on open networks excludes old protocol versions and ciphers, and certificates that nobody verifies.",
    },
    {
      requirement: "2.2.7",
      kind: "primary",
      rationale: "Administrative access through aggregated APIs and entry points is encrypted with the same strength.",
    },
    {
      requirement: "12.3.3",
      kind: "primary",
      rationale:
        "The list of protocols and ciphers that listeners accept is what the yearly review of cryptography looks at.",
    },
    {
      requirement: "2.2.5",
      kind: "supporting",
      rationale: "Old versions of TLS are insecure protocols that need a reason and a measure.",
    },
    {
      requirement: "A2.1.3",
      kind: "supporting",
      rationale: "For service providers with terminals it shows where SSL and early TLS are still offered.",
    },
  ],
  judges: "ingress",
  sections: ["namespaces", "pods", ...SECTIONS],
  rule: {
    reads:
      "Ingress controllers and their ConfigMap, Ingress and Service annotations, Gateways, Routes, imported handshakes, APIServices and OpenShift's APIServer.",
    pass: "TLS 1.2 or 1.3 only and strong ciphers, by settings and known defaults or by handshakes with every host; no APIService skips verification.",
    fail: "An older version or a weak cipher is allowed, or an APIService skips verification (medium for metrics).",
    unknown: "Settings were not collected and no handshake was imported, or the defaults of the version are not known.",
    notApplicable: "Nothing ends TLS in scope, and no aggregated API is served by a Service.",
    why: "The weakest version and cipher that a listener accepts is what an attacker chooses.",
    cannotSee:
      "Listeners inside pods (TLS passed through), load balancers before the cluster until somebody tries them, and whether a handshake met the cluster or a CDN before it.",
  },
  evaluate: (context) => judgeCluster(context, CATEGORIES, () => judge(context)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get apiservices -o json | jq -r '.items[]|select(.spec.insecureSkipTLSVerify==true)|"APIService \\(.metadata.name) skips verification"'`,
      `kubectl get configmaps -A -o json | jq -r '.items[]|select((.data//{})|has("ssl-protocols") or has("ssl-ciphers"))|"ConfigMap \\(.metadata.namespace)/\\(.metadata.name) protocols=\\(.data["ssl-protocols"]//"default") ciphers=\\(.data["ssl-ciphers"]//"default")"'`,
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $i|((.metadata.annotations//{})|to_entries[]|select(.key|test("ssl-ciphers|ssl-policy"))|"Ingress \\($i.metadata.namespace)/\\($i.metadata.name) \\(.key)=\\(.value)"),((.spec.tls//[])[].hosts[]?|"nmap --script ssl-enum-ciphers -p 443 \\(.)")'`,
    ),
    expect:
      "No APIService that skips verification, no TLSv1 or TLSv1.1 and no weak cipher in a setting. Paste each nmap line (or testssl.sh): only TLS 1.2 and 1.3 may appear. A modern openssl refuses old versions by itself and proves nothing.",
    needs: [],
  }),
  remediate,
};

function judge(context: EvaluationContext): Result[] {
  const judged = new Set(context.scope.inCategory(...CATEGORIES));
  const results = [
    ...tlsListeners(context, judged).map((listener) => judgeListener(context, listener)),
    ...aggregatedApis(context),
    ...openshiftApiServer(context),
    ...invalidResults(context, ["APIService"]),
    ...invalidResults(context, ["Ingress", "Gateway", "Route", "Service"], [...judged]),
  ];
  const unread = SECTIONS.flatMap((section) => findUnreadable(context, [section]) ?? []);
  if (results.length + unread.length > 0) return [...results, ...unread];
  return [
    clusterResult(
      "not-applicable",
      "nothing ends TLS in scope",
      "No Ingress, Gateway, Route or load balancer ends TLS before a CDE or connected-to namespace, and every API is the API server's own.",
    ),
  ];
}

/** A fail of settings or handshakes stands; else either of them may show that the floor is kept. */
function judgeListener(context: EvaluationContext, { ref, words, hosts, settings, isOverride }: TlsListener): Result {
  const probes = judgeProbes(context, hosts);
  const found = [settings, ...(probes === null ? [] : [probes])];
  const decisive =
    found.find(({ status }) => status === "fail") ??
    (isOverride && settings.status === "unknown" && probes?.status !== "pass" ? settings : undefined) ??
    found.find(({ status }) => status === "pass") ??
    found.at(-1) ??
    settings;
  const served = hosts.length === 0 ? "" : ` (${nameSome(hosts, 3)})`;
  return {
    status: decisive.status,
    object: ref,
    reason: shortReason(decisive.text),
    detail: `${words}${served}: ${found.map(({ text }) => text).join("; ")}.`,
    evidence: decisive.evidence.length > 0 ? decisive.evidence : [{ ref, pointer: "/spec" }],
  };
}

/** An APIService that is served by a Service: whether the API server verifies whom it forwards requests and identities to. */
function aggregatedApis({ inventory }: EvaluationContext): Result[] {
  return inventory.list("apiservices").flatMap((api): Result[] => {
    const spec = (api.spec ?? {}) as {
      group?: string;
      insecureSkipTLSVerify?: boolean;
      service?: { namespace?: string; name?: string };
    };
    if (spec.service === undefined) return [];
    const object = refOf(api);
    const target = `Service ${spec.service.namespace}/${spec.service.name}`;
    const evidence = [
      {
        ref: object,
        pointer: "/spec/insecureSkipTLSVerify",
        found: String(spec.insecureSkipTLSVerify ?? "absent, means false"),
      },
    ];
    if (spec.insecureSkipTLSVerify !== true)
      return [
        {
          status: "pass",
          object,
          reason: "its certificate is verified",
          detail: `APIService ${object.name} verifies the certificate of ${target}.`,
          evidence,
        },
      ];
    return [
      {
        status: "fail",
        object,
        severity: /(^|\.)metrics\.k8s\.io$/.test(spec.group ?? "") ? "medium" : "high",
        reason: "insecureSkipTLSVerify: anybody in between is believed",
        detail: `APIService ${object.name} forwards requests, with the caller's identity, to ${target} without verifying its certificate.`,
        evidence,
      },
    ];
  });
}

function openshiftApiServer({ inventory }: EvaluationContext): Result[] {
  return inventory.list("openshift-apiservers").map((server): Result => {
    const profile = (server.spec?.tlsSecurityProfile as { type?: string } | undefined)?.type ?? "Intermediate";
    const object = refOf(server);
    const evidence = [{ ref: object, pointer: "/spec/tlsSecurityProfile", found: profile }];
    const base = { object, evidence };
    if (profile === "Old")
      return {
        ...base,
        status: "fail",
        reason: "tlsSecurityProfile Old allows TLS 1.0",
        detail: "APIServer cluster has tlsSecurityProfile Old, which begins at TLS 1.0 and allows CBC with SHA-1.",
      };
    if (profile === "Custom")
      return {
        ...base,
        status: "unknown",
        reason: "a custom tlsSecurityProfile",
        detail:
          "APIServer cluster has a custom tlsSecurityProfile, whose settings are not in the snapshot; import a handshake, or read minTLSVersion and ciphers.",
      };
    return {
      ...base,
      status: "pass",
      reason: `tlsSecurityProfile ${profile}`,
      detail: `APIServer cluster has tlsSecurityProfile ${profile}, which begins at TLS 1.2.`,
    };
  });
}

function remediate(_context: EvaluationContext, result: Result): Remediation {
  const { kind, namespace, name } = result.object;
  const place = namespace === undefined ? "" : ` -n ${shellQuote(namespace)}`;
  const risk =
    "Clients that can do no better than TLS 1.1 or a weak cipher are refused. The access log with $ssl_protocol shows who they are.";
  if (kind === "APIService") {
    return {
      summary: `Give APIService ${name} the authority that signed its server's certificate as caBundle and take insecureSkipTLSVerify away; cert-manager's annotation cert-manager.io/inject-ca-from keeps it current.`,
      apply: `kubectl patch apiservice ${shellQuote(name)} --type merge -p "{\\"spec\\":{\\"insecureSkipTLSVerify\\":false,\\"caBundle\\":\\"$(base64 -w0 ca.crt)\\"}}"`,
      risk: "With the wrong authority the API is not available; for metrics that stops autoscaling until it is corrected.",
    };
  }
  const map = result.evidence.find(({ ref }) => ref.kind === "ConfigMap")?.ref;
  if (map !== undefined) {
    return {
      summary: `Set ssl-protocols and ssl-ciphers in ConfigMap ${map.namespace}/${map.name}; the controller reloads by itself.`,
      manifest: renderPatch({ data: { "ssl-protocols": "TLSv1.2 TLSv1.3", "ssl-ciphers": STRONG_CIPHERS } }),
      apply: `kubectl -n ${shellQuote(map.namespace ?? "default")} patch configmap ${shellQuote(map.name)} --type merge --patch-file patch.yaml`,
      risk,
    };
  }
  const key = result.evidence
    .find(({ pointer }) => pointer.startsWith("/metadata/annotations/"))
    ?.pointer.slice("/metadata/annotations/".length)
    .replaceAll("~1", "/");
  if (key !== undefined) {
    const value = key.endsWith("ssl-ciphers") ? "-" : "=ELBSecurityPolicy-TLS13-1-2-2021-06";
    return {
      summary: `${value === "-" ? "Take the annotation away, so that the controller's own list counts" : "Choose a security policy that begins at TLS 1.2"} for ${kind} ${name}.`,
      apply: `kubectl annotate --overwrite ${kind.toLowerCase()}${place} ${shellQuote(name)} ${key}${value}`,
      risk,
    };
  }
  return {
    summary: `Set the floor of ${kind} ${name} to TLS 1.2 and list strong ciphers (Istio: servers[].tls.minProtocolVersion TLSV1_2; OpenShift: tlsSecurityProfile Intermediate), then try it again.`,
    risk,
  };
}
