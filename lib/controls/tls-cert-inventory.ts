/**
 * tls-cert-inventory: an inventory of keys and certificates protecting card data in transit is kept.
 *
 * Reads: the certificates that serve CDE and connected-to namespaces (as tls-cert-validity finds them), and the inventory of
 *   certificates with owner, purpose and last review.
 * Pass: an entry names the certificate (by fingerprint, Secret or host), its owner and purpose, and was reviewed within 12 months.
 * Fail: no entry, or the review is older; medium besides: its key is in use longer than the cryptoperiod that the entry states.
 * Unknown: the objects that name certificates could not be read; or none is known while workloads mount Secrets.
 * Not applicable: no certificate in scope.
 * One certificate in many Secrets is one entry with its places. Certificates outside the cluster (CDN, load balancer) are entries
 *   that somebody writes; they are judged by their review.
 */
import { type CertificateItem, CERTIFICATE_SECTIONS, certificatesOf, mountsSecrets } from "./certificates";
import { wordsOfItem } from "./certificate-grades";
import { evidenceOf, findCertificateEntry } from "./certificate-register";
import type { CertificateEntry } from "@/lib/inventory/registers/certificates";
import { clusterResult, findUnreadable, judgeCluster } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const CATEGORIES = ["cde", "connected-to"] as const;
const REVIEW_DAYS = 366;
const DAY = 86_400_000;

export const tlsCertInventory: Control = {
  id: "tls-cert-inventory",
  title: "An inventory of keys and certificates protecting card data in transit is kept",
  severity: "medium",
  requirements: [
    {
      requirement: "4.2.1.1",
      kind: "primary",
      rationale: "An inventory of trusted keys and certificates is kept only if each that is in use stands in it.",
    },
    {
      requirement: "12.3.3",
      kind: "primary",
      rationale:
        "Which cryptography is in use, where and for what is reviewed once a year; certificates are its visible part.",
    },
    {
      requirement: "3.6.1.4",
      kind: "supporting",
      rationale: "Keys are kept in as few places as possible, which the list of places of each certificate shows.",
    },
  ],
  judges: "certificate",
  sections: ["namespaces", "pods", ...CERTIFICATE_SECTIONS],
  rule: {
    reads: "The certificates that entry points, cert-manager and imports show, and the inventory of certificates.",
    pass: "An entry names the certificate with owner and purpose, and was reviewed within 12 months.",
    fail: "No entry, a review that is older than 12 months, or a key that is used longer than its stated cryptoperiod.",
    unknown:
      "The objects that name certificates were not read, or workloads mount Secrets and no certificate is known.",
    notApplicable: "No certificate in scope.",
    why: "The cluster shows which certificates are in use; comparing them with the inventory shows those that nobody has on the list.",
    cannotSee:
      "Certificates in Secrets that only a mounted file shows, and those outside the cluster that nobody has written down.",
  },
  evaluate: (context) => judgeCluster(context, CATEGORIES, () => judge(context)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get certificates.cert-manager.io -A -o json | jq -r '.items[]|["Certificate",.metadata.namespace,.metadata.name,.spec.secretName,(.status.notAfter//"?"),([(.status.conditions//[])[]|select(.type=="Ready")|.status]|join(","))]|@tsv'`,
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $i|(.spec.tls//[])[]|["Ingress",$i.metadata.namespace,$i.metadata.name,(.secretName//"default"),((.hosts//[])|join(","))]|@tsv'`,
    ),
    expect:
      "Each Secret and host has an entry in the inventory of certificates with owner, purpose and a review within 12 months.",
    needs: [],
  }),
  remediate(_context, result) {
    return {
      summary: `Add ${result.object.kind} ${result.object.name} with owner, purpose and date of review to the inventory of certificates, or review its entry; cert-manager renews certificates and their keys by itself.`,
      risk: "None for what runs.",
    };
  },
};

function judge(context: EvaluationContext): Result[] {
  const judged = new Set(context.scope.inCategory(...CATEGORIES));
  // Files of the control plane don't protect card data on its way, and an orphan protects nothing.
  const items = certificatesOf(context, judged).filter(({ node, isOrphan }) => node === null && !isOrphan);
  const results = [...items.map((item) => judgeItem(context, item)), ...outsideResults(context, items)];
  const unread = findUnreadable(context, CERTIFICATE_SECTIONS);
  if (unread !== null) results.push(unread);
  if (results.length > 0) return results;
  if (mountsSecrets(context, judged)) {
    return [
      clusterResult(
        "unknown",
        "no certificate is known, but workloads mount Secrets",
        "No entry point names a certificate, cert-manager manages none and none was imported. Workloads of the scope mount Secrets, in which certificates may lie; import them, or have cert-manager issue them.",
      ),
    ];
  }
  return [
    clusterResult(
      "not-applicable",
      "no certificate in scope",
      "No entry point of the scope names a certificate, cert-manager manages none there, none was imported, and no workload mounts a Secret.",
    ),
  ];
}

function judgeItem(context: EvaluationContext, item: CertificateItem): Result {
  const words = wordsOfItem(item);
  const registered = findCertificateEntry(context, item);
  const places: EvidencePointer[] = [
    ...item.uses.map((use) => use.evidence),
    ...(item.record === null ? [] : [item.record.evidence]),
    ...(item.managed === null
      ? []
      : [
          {
            ref: {
              apiVersion: item.managed.apiVersion,
              kind: item.managed.kind,
              ...(item.managed.metadata.namespace === undefined ? {} : { namespace: item.managed.metadata.namespace }),
              name: item.managed.metadata.name,
            },
            pointer: "/spec/secretName",
          },
        ]),
  ];
  if (registered === null) {
    return {
      status: "fail",
      object: item.object,
      reason: "not in the inventory of certificates",
      detail: `${words}: no entry of the inventory names this certificate, so it has neither owner nor purpose.`,
      evidence: places.length > 0 ? places : [{ ref: CLUSTER_REF, pointer: "/registers/certificates" }],
    };
  }
  const since = item.managed?.status?.notBefore ?? item.record?.value.notBefore;
  return judgeEntry(context, registered.entry, {
    object: item.object,
    words,
    since: typeof since === "string" ? since : undefined,
    evidence: [registered.evidence, ...places],
  });
}

function judgeEntry(
  { asOf }: EvaluationContext,
  { owner, purpose, reviewedAt, reviewedBy, cryptoperiodDays }: CertificateEntry,
  {
    object,
    words,
    since,
    evidence,
  }: { object: Result["object"]; words: string; since?: string | undefined; evidence: EvidencePointer[] },
): Result {
  const now = Date.parse(asOf);
  const review = Date.parse(reviewedAt);
  const fail = (reason: string, detail: string): Result => ({
    status: "fail",
    object,
    reason: shortReason(reason),
    detail: `${words}: ${detail}`,
    evidence,
  });
  if (review > now)
    return fail(
      `its review is dated ${reviewedAt}`,
      `the inventory says that it was reviewed at ${reviewedAt}, which is after ${asOf}.`,
    );
  if (now - review > REVIEW_DAYS * DAY)
    return fail(
      `last reviewed at ${reviewedAt}`,
      `the inventory names ${owner} (${purpose}), and it was last reviewed by ${reviewedBy} at ${reviewedAt}, more than 12 months ago.`,
    );
  if (cryptoperiodDays !== undefined && since !== undefined && now - Date.parse(since) > cryptoperiodDays * DAY)
    return fail(
      `its key is older than its cryptoperiod of ${cryptoperiodDays} days`,
      `it is in use since ${since}, and the inventory allows its key ${cryptoperiodDays} days.`,
    );
  return {
    status: "pass",
    object,
    reason: shortReason(`${owner}: ${purpose}`),
    detail: `${words}: owner ${owner}, purpose ${purpose}, reviewed by ${reviewedBy} at ${reviewedAt}.`,
    evidence,
  };
}

/** Entries about certificates outside the cluster that no import shows. */
function outsideResults(context: EvaluationContext, items: readonly CertificateItem[]): Result[] {
  return (context.registers?.certificates ?? []).flatMap((entry, i): Result[] => {
    if (!("elsewhere" in entry.certificate)) return [];
    const { elsewhere } = entry.certificate;
    if (items.some(({ locations }) => locations.some((at) => at.kind === "elsewhere" && at.name === elsewhere)))
      return [];
    return [
      judgeEntry(context, entry, {
        object: { apiVersion: "ringfence.dev/v1", kind: "Certificate", name: elsewhere },
        words: elsewhere,
        evidence: [evidenceOf(entry, i)],
      }),
    ];
  });
}
