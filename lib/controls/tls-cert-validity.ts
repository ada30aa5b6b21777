/**
 * tls-cert-validity: certificates in use are valid, not about to expire, and strong.
 *
 * Reads: which Secrets serve which hosts (Ingress, Gateway, Route), cert-manager's Certificates and issuers, imported certificates,
 *   certificates on nodes, and the authorities that webhooks and aggregated APIs are verified by (digest, dates and strength of
 *   caBundle). Never a Secret.
 * Pass: valid now, more than 30 days left or renewed by cert-manager that is healthy, RSA 2048 or EC 256 at least, no MD5 or SHA-1,
 *   names its hosts, and a public host is vouched for by a public or declared authority.
 * Fail: expired, not valid yet, wrong names, weak key or hash, self-signed on a public host; medium: under 30 days without renewal,
 *   or a renewal that is broken.
 * Unknown: nobody has read the certificate, an import is older than 90 days, or the key, the authority or the renewal is not known.
 * Not applicable: a Secret that nothing presents or mounts (an orphan), or no certificate at all.
 * Noted, not failed: a chain out of order or without its intermediate; a long-lived certificate.
 * Revocation can't be seen from the cluster.
 */
import { type CertificateItem, CERTIFICATE_SECTIONS, certificatesOf } from "./certificates";
import { type Grade, gradeDates, gradeItem, gradeStrength, wordsOfItem } from "./certificate-grades";
import type { CaCertificate, CustomObject, WebhookConfiguration } from "@/lib/inventory/kinds";
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import { namespaceOf } from "@/lib/inventory/workloads";
import { isApprovedAt } from "@/lib/inventory/registers";
import { findCertificateEntry } from "./certificate-register";
import { renderManifest, renderPatch } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result } from "./types";

const CATEGORIES = ["cde", "connected-to"] as const;
const CA_SECTIONS = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations", "apiservices"] as const;

export const tlsCertValidity: Control = {
  id: "tls-cert-validity",
  title: "Certificates in use are valid, not about to expire, and strong",
  severity: "high",
  requirements: [
    {
      requirement: "4.2.1",
      kind: "primary",
      rationale: "Card data on open networks is protected only where the certificates are valid, trusted and strong.",
    },
    {
      requirement: "3.7.1",
      kind: "supporting",
      rationale: "The strength of a certificate's key is the strength with which keys are generated.",
    },
    {
      requirement: "3.7.4",
      kind: "supporting",
      rationale: "A certificate that is renewed in time changes its key before the end of its cryptoperiod.",
    },
    {
      requirement: "10.7.2",
      kind: "supporting",
      rationale: "An expired certificate of a webhook stops a security control, which has to be noticed.",
    },
  ],
  judges: "certificate",
  sections: ["namespaces", "pods", ...CERTIFICATE_SECTIONS, ...CA_SECTIONS],
  rule: {
    reads:
      "Secrets named by Ingresses, Gateways and Routes, cert-manager Certificates and issuers, imported certificates, certificates on nodes, and digest, dates and strength of each caBundle.",
    pass: "Valid now with 30 days left or a renewal that works, a strong key and hash, the right names, and a public or declared authority for public hosts.",
    fail: "Expired, wrong names, weak key or hash, self-signed on a public host; under 30 days without renewal, or a broken renewal (medium).",
    unknown:
      "Nobody has read the certificate, the import is older than 90 days, or key, authority or renewal are not known.",
    notApplicable: "A Secret that nothing presents or mounts, or no certificate in scope.",
    why: "Dates, names, key and authority are what a client checks before it trusts a connection with card data.",
    cannotSee:
      "Revocation, certificates in Secrets that only a mounted file shows, and those of an HSM or a load balancer outside the cluster until they are imported.",
  },
  evaluate: (context) => judgeCluster(context, CATEGORIES, () => judge(context)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get certificates.cert-manager.io -A -o json | jq -r '.items[]|"Certificate \\(.metadata.namespace)/\\(.metadata.name) secret=\\(.spec.secretName) until=\\(.status.notAfter//"?") ready=\\([(.status.conditions//[])[]|select(.type=="Ready")|.status]|join(","))"'`,
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $i|(.spec.tls//[])[]|"Secret \\($i.metadata.namespace)/\\(.secretName//"(the controller\\u0027s default)") serves \\((.hosts//[])|join(","))", ((.hosts//[])[]|"openssl s_client -connect \\(.):443 -servername \\(.) </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName -checkend 2592000")'`,
    ),
    expect:
      "Every Certificate is ready and ends after today. Paste each openssl line: it shows names, issuer and dates, and says `Certificate will expire` when less than 30 days remain. Reading a Secret for this would show its key too.",
    needs: [],
  }),
  remediate,
};

function judge(context: EvaluationContext): Result[] {
  const judged = new Set(context.scope.inCategory(...CATEGORIES));
  const results = [
    ...certificatesOf(context, judged).map((item) => judgeItem(context, item)),
    ...authorityResults(context),
    ...invalidResults(context, ["Certificate", "Issuer", "ClusterIssuer"]),
  ];
  const unread = findUnreadable(context, [...CERTIFICATE_SECTIONS, ...CA_SECTIONS]);
  if (unread !== null) results.push(unread);
  if (results.length > 0) return results;
  return [
    clusterResult(
      "not-applicable",
      "no certificate in scope is known",
      "No entry point of a CDE or connected-to namespace names a certificate, cert-manager manages none there, and none was imported.",
    ),
  ];
}

function judgeItem(context: EvaluationContext, item: CertificateItem): Result {
  const words = wordsOfItem(item);
  if (item.isOrphan) {
    return {
      status: "not-applicable",
      object: item.object,
      reason: "an orphan: nothing presents or mounts it",
      detail: `${words}: no Ingress, Gateway, Route, cert-manager Certificate or workload of the snapshot uses this Secret. Delete it, with its key.`,
      evidence: item.record === null ? [] : [item.record.evidence],
    };
  }
  const grades = gradeItem(context, item, {
    isPublic: item.uses.some((use) => isPublicUse(context, use.ref)),
    isDeclared: findCertificateEntry(context, item) !== null,
  });
  return resultOf(item.object, words, grades, goodWords(item), [
    ...item.uses.map((use) => use.evidence),
    ...(item.record === null ? [] : [item.record.evidence]),
    ...(item.node === null ? [] : [item.node.evidence]),
  ]);
}

/** Without an entry in the register of public services that says otherwise, an entry point is taken for a public one. */
function isPublicUse({ registers, asOf }: EvaluationContext, ref: ResourceRef): boolean {
  const entry = (registers?.publicServices ?? []).find(
    ({ object, ...approval }) =>
      object.kind === ref.kind &&
      object.namespace === ref.namespace &&
      object.name === ref.name &&
      isApprovedAt(approval, asOf),
  );
  return entry?.reach !== "internal";
}

function goodWords({ managed, record, node }: CertificateItem): string {
  const notAfter = managed?.status?.notAfter ?? record?.value.notAfter ?? node?.value.notAfter;
  return `valid until ${String(notAfter)}${managed === null ? "" : ", renewed by cert-manager"}`;
}

function resultOf(
  object: ResourceRef,
  words: string,
  grades: readonly Grade[],
  good: string,
  evidence: EvidencePointer[],
): Result {
  const fails = grades.filter(({ grade }) => grade === "fail");
  const unknowns = grades.filter(({ grade }) => grade === "unknown");
  const notes = grades.filter(({ grade }) => grade === "note");
  const shown = fails.length > 0 ? [...fails, ...unknowns] : unknowns;
  const isMedium = fails.length > 0 && fails.every(({ severity }) => severity === "medium");
  return {
    status: fails.length > 0 ? "fail" : unknowns.length > 0 ? "unknown" : "pass",
    object,
    ...(isMedium ? { severity: "medium" as const } : {}),
    reason: shortReason(shown[0]?.text ?? good),
    detail: `${words}: ${[...(shown.length > 0 ? shown : [{ text: good }]), ...notes].map(({ text }) => text).join("; ")}.`,
    evidence: shown.length > 0 ? shown.flatMap((grade) => grade.evidence) : evidence,
  };
}

/** The authorities by which the API server verifies webhooks and aggregated APIs: when they expire, these stop. */
function authorityResults(context: EvaluationContext): Result[] {
  const { inventory } = context;
  const configurations: WebhookConfiguration[] = [
    ...inventory.list("validatingwebhookconfigurations"),
    ...inventory.list("mutatingwebhookconfigurations"),
  ];
  return [
    ...configurations.flatMap((configuration) =>
      (configuration.webhooks ?? []).flatMap((webhook, i) => {
        const bundle = webhook.clientConfig?.caCertificates;
        if (bundle === undefined) return [];
        const at = `/webhooks/${i}/clientConfig/caCertificates`;
        return [{ ...authorityResult(context, configuration, bundle, at), part: webhook.name }];
      }),
    ),
    ...inventory.list("apiservices").flatMap((service) => {
      const bundle = service.spec?.caCertificates as CaCertificate[] | undefined;
      return bundle === undefined ? [] : [authorityResult(context, service, bundle, "/spec/caCertificates")];
    }),
  ];
}

/** While an authority is changed a bundle holds the old and the new one, so that the one that lasts longest counts. */
function authorityResult(
  context: EvaluationContext,
  object: WebhookConfiguration | CustomObject,
  bundle: readonly CaCertificate[],
  pointer: string,
): Result {
  const ref = refOf(object);
  const words = `the authority of ${ref.kind} ${ref.name}`;
  const [longest] = [...bundle].sort((a, b) => (a.notAfter < b.notAfter ? 1 : -1));
  if (longest === undefined)
    return resultOf(
      ref,
      words,
      [{ grade: "unknown", text: "no certificate in its caBundle could be read", evidence: [{ ref, pointer }] }],
      "",
      [],
    );
  const evidence = [{ ref, pointer, found: `SHA-256 ${longest.fingerprint.slice(0, 16)}…, until ${longest.notAfter}` }];
  const isInjected = Object.keys(object.metadata.annotations ?? {}).some((key) =>
    key.startsWith("cert-manager.io/inject-ca-from"),
  );
  const grades = [
    ...gradeDates(longest, context.asOf, isInjected ? "yes" : "unknown", evidence),
    ...gradeStrength(longest, true, evidence),
  ];
  return resultOf(ref, words, grades, `valid until ${longest.notAfter}`, evidence);
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const risk =
    "Clients that pin the old certificate or its key fail when it changes; controllers load the new one by themselves, other processes may need a restart.";
  const judged = new Set(context.scope.inCategory(...CATEGORIES));
  const { kind, namespace = "default", name } = result.object;
  const item = certificatesOf(context, judged).find(
    ({ object }) => object.kind === kind && object.namespace === result.object.namespace && object.name === name,
  );
  if (item === undefined) {
    return {
      summary: `Have the operator of ${kind} ${name} issue a new authority and write it into caBundle; with cert-manager, the annotation cert-manager.io/inject-ca-from does it.`,
      risk: "Until service and bundle agree the API server refuses the webhook, and with failurePolicy Fail every request that it is asked about.",
    };
  }
  if (item.node !== null) {
    return {
      summary: `Renew the certificate on ${item.node.value.node}: kubeadm certs renew all, then restart the static pods; kubelet certificates are renewed by rotateCertificates.`,
      apply: "kubeadm certs check-expiration && kubeadm certs renew all",
      risk: "The control-plane components of the node restart one after the other.",
    };
  }
  if (item.managed !== null) return remediateManaged(item, item.managed, risk);
  const hosts = [...new Set(item.uses.flatMap((use) => use.hosts))];
  const issuer = readyIssuer(context, namespace);
  if (kind !== "Secret" || hosts.length === 0 || issuer === null) {
    return {
      summary: `Issue a new certificate for ${wordsOfItem(item)} with a strong key from a trusted authority${issuer === null ? "; cert-manager with an issuer would renew it by itself" : ""}, then import it again.`,
      risk,
    };
  }
  return {
    summary: `Let cert-manager issue and renew the certificate for ${nameSome(hosts)} into Secret ${name}, from ${issuer.kind} ${issuer.name}.`,
    manifest: renderManifest({
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { name, namespace },
      spec: {
        secretName: name,
        dnsNames: hosts,
        renewBefore: "720h",
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        issuerRef: issuer,
      },
    }),
    apply: `kubectl apply -f ${name}-certificate.yaml`,
    risk,
  };
}

/** What is wrong with the specification can be patched; what is wrong with the issuing has to be looked at. */
function remediateManaged(item: CertificateItem, certificate: CustomObject, risk: string): Remediation {
  const { name } = certificate.metadata;
  const namespace = namespaceOf(certificate);
  const spec = (certificate.spec ?? {}) as { dnsNames?: string[] };
  const dnsNames = [...new Set([...(spec.dnsNames ?? []), ...item.uses.flatMap((use) => use.hosts)])];
  return {
    summary: `Correct Certificate ${namespace}/${name}: the patch gives it a strong key and all the hosts that it serves. If its renewal is broken, kubectl describe certificate, its CertificateRequest and Order say why.`,
    manifest: renderPatch({
      spec: { dnsNames, privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" } },
    }),
    apply: `kubectl -n ${shellQuote(namespace)} patch certificates.cert-manager.io ${shellQuote(name)} --type merge --patch-file patch.yaml`,
    risk,
  };
}

function readyIssuer({ inventory }: EvaluationContext, namespace: string): { name: string; kind: string } | null {
  const isReady = (issuer: CustomObject): boolean => {
    const conditions = (issuer.status?.conditions ?? []) as { type?: string; status?: string }[];
    const isTest = /staging/i.test(String((issuer.spec?.acme as { server?: string } | undefined)?.server ?? ""));
    return (
      issuer.spec?.selfSigned === undefined &&
      !isTest &&
      conditions.some((c) => c.type === "Ready" && c.status === "True")
    );
  };
  const own = inventory
    .list("certmanager-issuers")
    .find((issuer) => namespaceOf(issuer) === namespace && isReady(issuer));
  if (own !== undefined) return { name: own.metadata.name, kind: "Issuer" };
  const shared = inventory.list("certmanager-clusterissuers").find(isReady);
  return shared === undefined ? null : { name: shared.metadata.name, kind: "ClusterIssuer" };
}
