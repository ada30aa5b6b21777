/**
 * What is wrong with a certificate: dates, renewal, key, signature, names, and whom a public host is vouched for by.
 *
 * cert-manager's status is newer than any import: where it manages the Secret, its dates and its renewal count. It signs with SHA-256
 * and better, and its keys are RSA 2048 unless the specification says otherwise (cert-manager, API reference).
 */
import type { Condition, CustomObject } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { refOf } from "@/lib/inventory/inventory";
import { type CertificateItem, placeOf } from "./certificates";
import { hostCovers } from "./ingress-tls";
import { nameSome } from "./population";
import type { EvaluationContext, EvidencePointer, Severity } from "./types";

const DAY = 86_400_000;
export const WARN_DAYS = 30;
/** Imports older than this say nothing about what is served today. */
const IMPORT_DAYS = 90;
/** Longest validity that browsers accept of a public certificate. */
const LONG_DAYS = 398;

export interface Grade {
  grade: "fail" | "unknown" | "note";
  severity?: Severity;
  text: string;
  evidence: EvidencePointer[];
}

/** Expired, not valid yet, or about to expire; `renews` says whether somebody sees to it. */
export function gradeDates(
  dates: { notBefore?: string | undefined; notAfter: string },
  asOf: string,
  renews: "yes" | "no" | "unknown",
  evidence: EvidencePointer[],
): Grade[] {
  const now = Date.parse(asOf);
  const end = Date.parse(dates.notAfter);
  if (Number.isNaN(end)) return [{ grade: "unknown", text: `ends at ${dates.notAfter}, which is no date`, evidence }];
  if (end <= now) return [{ grade: "fail", text: `expired at ${dates.notAfter}`, evidence }];
  if (dates.notBefore !== undefined && Date.parse(dates.notBefore) > now)
    return [{ grade: "fail", text: `is not valid before ${dates.notBefore}`, evidence }];
  const days = Math.floor((end - now) / DAY);
  if (days >= WARN_DAYS || renews === "yes") return [];
  const words = `expires at ${dates.notAfter}, in ${days} days`;
  return renews === "no"
    ? [{ grade: "fail", severity: "medium", text: `${words}, and nothing renews it`, evidence }]
    : [{ grade: "unknown", text: `${words}, and whether something renews it is not known`, evidence }];
}

/** Key length and signature hash; a root's own signature is trusted by choice and not graded. */
export function gradeStrength(
  facts: { keyAlgorithm?: string | undefined; keyBits?: number | null | undefined; signatureHash?: string | undefined },
  isRoot: boolean,
  evidence: EvidencePointer[],
): Grade[] {
  const { keyAlgorithm, keyBits, signatureHash } = facts;
  const out: Grade[] = [];
  const shortest = keyAlgorithm === "RSA" ? 2048 : keyAlgorithm === "EC" ? 256 : null;
  if (keyAlgorithm === "DSA")
    out.push({ grade: "fail", text: "has a DSA key, which no browser accepts any more", evidence });
  else if (keyAlgorithm === undefined)
    out.push({ grade: "unknown", text: "its key and signature were not read", evidence });
  else if (shortest !== null && keyBits == null)
    out.push({ grade: "unknown", text: `has a key on a curve that is not known`, evidence });
  else if (shortest !== null && (keyBits ?? 0) < shortest)
    out.push({ grade: "fail", text: `has a key of ${keyAlgorithm} ${keyBits} bits (at least ${shortest})`, evidence });
  else if (keyAlgorithm === "other")
    out.push({ grade: "unknown", text: "has a key of an algorithm that is not known", evidence });
  if (isRoot || signatureHash === undefined) return out;
  if (["MD2", "MD5", "SHA-1"].includes(signatureHash))
    out.push({ grade: "fail", text: `is signed with ${signatureHash}`, evidence });
  else if (signatureHash === "other")
    out.push({ grade: "unknown", text: "is signed with an algorithm that is not known", evidence });
  return out;
}

/** Everything about one item. `isPublic`: an entry point that anybody may reach presents it. `isDeclared`: the register names it. */
export function gradeItem(
  context: EvaluationContext,
  item: CertificateItem,
  { isPublic, isDeclared }: { isPublic: boolean; isDeclared: boolean },
): Grade[] {
  const { record, managed, node } = item;
  const hosts = [
    ...new Set([
      ...item.uses.flatMap((use) => use.hosts),
      ...item.locations.flatMap((at) => (at.kind === "listener" ? [at.host] : [])),
    ]),
  ];
  if (managed !== null) {
    const grades = gradeManaged(context, managed, hosts, isPublic);
    // Beyond cert-manager's word: what the bytes say of the signature, if they are of the same certificate.
    if (record !== null && record.value.notAfter === statusOf(managed).notAfter)
      grades.push(...gradeStrength(record.value, false, [record.evidence]));
    return grades;
  }
  if (node !== null) {
    const renews = /\/kubelet\/pki\//.test(node.value.path) ? "unknown" : "no";
    return [
      ...gradeDates(node.value, context.asOf, renews, [node.evidence]),
      ...gradeStrength(node.value, node.value.subject === node.value.issuer, [node.evidence]),
    ];
  }
  if (record === null) {
    const at = item.uses.map((use) => use.evidence);
    return [
      { grade: "unknown", text: "nobody has read this certificate; the agent may not read Secrets", evidence: at },
    ];
  }
  const { value } = record;
  const evidence = [record.evidence];
  const isRoot = value.isCa && value.isSelfIssued;
  const grades = [
    ...gradeDates(value, context.asOf, "no", evidence),
    ...gradeStrength(value, isRoot, evidence),
    ...gradeHosts(hosts, [...value.dnsNames, ...value.ipAddresses], evidence),
  ];
  if (Date.parse(context.asOf) - Date.parse(value.origin.collectedAt) > IMPORT_DAYS * DAY)
    grades.push({
      grade: "unknown",
      text: `was read at ${value.origin.collectedAt}, more than ${IMPORT_DAYS} days ago`,
      evidence,
    });
  if (isPublic && value.isSelfIssued)
    grades.push({ grade: "fail", text: "is self-signed and serves a public host", evidence });
  else if (isPublic && value.trust === "private" && !isDeclared)
    grades.push({
      grade: "fail",
      text: `serves a public host and is issued by ${value.issuer}, which is neither publicly trusted nor declared in the inventory`,
      evidence,
    });
  else if (isPublic && value.trust === null && !isDeclared)
    grades.push({
      grade: "unknown",
      text: `serves a public host, and nobody has verified ${value.issuer} against the public roots`,
      evidence,
    });
  if (value.isChainInOrder === false) grades.push({ grade: "note", text: "its chain is not in order", evidence });
  else if (value.chain.length === 0 && !value.isSelfIssued)
    grades.push({ grade: "note", text: "no intermediate certificate comes with it", evidence });
  const days = (Date.parse(value.notAfter) - Date.parse(value.notBefore)) / DAY;
  if (!value.isCa && days > LONG_DAYS)
    grades.push({
      grade: "note",
      text: `it is valid for ${Math.round(days)} days: review how long its key may live`,
      evidence,
    });
  return grades;
}

function gradeHosts(hosts: readonly string[], names: readonly string[], evidence: EvidencePointer[]): Grade[] {
  const open = hosts.filter((host) => !names.some((name) => hostCovers(name, host)));
  if (open.length === 0) return [];
  return [
    {
      grade: "fail",
      text: `does not name ${nameSome(open, 3)} (it names ${nameSome(names, 3) || "no host"})`,
      evidence,
    },
  ];
}

interface CertificateStatus {
  notBefore?: string;
  notAfter?: string;
  renewalTime?: string;
  conditions?: Condition[];
}
function statusOf(certificate: CustomObject): CertificateStatus {
  return (certificate.status ?? {}) as CertificateStatus;
}

/** A cert-manager Certificate: its status for dates and renewal, its specification for names and key. */
function gradeManaged(
  context: EvaluationContext,
  certificate: CustomObject,
  hosts: readonly string[],
  isPublic: boolean,
): Grade[] {
  const ref = { ...refOf(certificate), namespace: namespaceOf(certificate) };
  const at = (pointer: string, found?: string): EvidencePointer[] => [
    { ref, pointer, ...(found === undefined ? {} : { found }) },
  ];
  const { notBefore, notAfter, renewalTime, conditions = [] } = statusOf(certificate);
  const ready = conditions.find(({ type }) => type === "Ready");
  if (notAfter === undefined)
    return [
      {
        grade: ready?.status === "False" ? "fail" : "unknown",
        text:
          ready?.status === "False"
            ? `has not been issued (${ready.reason ?? "not ready"})`
            : "cert-manager has not said yet until when it is valid",
        evidence: at("/status"),
      },
    ];
  const grades = gradeDates({ notBefore, notAfter }, context.asOf, "yes", at("/status/notAfter", notAfter));
  const isExpired = grades.length > 0;
  if (!isExpired && ready?.status !== "True")
    grades.push({
      grade: ready === undefined ? "unknown" : "fail",
      severity: "medium",
      text:
        ready === undefined
          ? "cert-manager does not say whether it is ready"
          : `is valid until ${notAfter}, but its renewal is broken (Ready is ${ready.status}: ${ready.reason ?? "no reason"})`,
      evidence: at("/status/conditions", `Ready ${ready?.status ?? "absent"}`),
    });
  else if (!isExpired && renewalTime !== undefined && Date.parse(context.asOf) - Date.parse(renewalTime) > DAY)
    grades.push({
      grade: "fail",
      severity: "medium",
      text: `should have been renewed at ${renewalTime} and was not`,
      evidence: at("/status/renewalTime", renewalTime),
    });
  const spec = (certificate.spec ?? {}) as {
    dnsNames?: string[];
    ipAddresses?: string[];
    privateKey?: { algorithm?: string; size?: number };
    issuerRef?: { name?: string; kind?: string; group?: string };
  };
  const { algorithm = "RSA", size } = spec.privateKey ?? {};
  const key =
    algorithm === "ECDSA"
      ? { keyAlgorithm: "EC", keyBits: size ?? 256 }
      : { keyAlgorithm: algorithm, keyBits: size ?? 2048 };
  grades.push(...gradeStrength(key, false, at("/spec/privateKey", `${algorithm} ${key.keyBits}`)));
  grades.push(...gradeHosts(hosts, [...(spec.dnsNames ?? []), ...(spec.ipAddresses ?? [])], at("/spec/dnsNames")));
  if (isPublic)
    grades.push(
      ...gradeIssuer(context, ref.namespace, spec.issuerRef ?? {}, at("/spec/issuerRef", spec.issuerRef?.name)),
    );
  return grades;
}

function gradeIssuer(
  { inventory }: EvaluationContext,
  namespace: string,
  { name = "", kind = "Issuer", group = "cert-manager.io" }: { name?: string; kind?: string; group?: string },
  evidence: EvidencePointer[],
): Grade[] {
  if (group !== "cert-manager.io") return [];
  const issuer =
    kind === "ClusterIssuer"
      ? inventory.list("certmanager-clusterissuers").find((one) => one.metadata.name === name)
      : inventory
          .list("certmanager-issuers")
          .find((one) => one.metadata.name === name && namespaceOf(one) === namespace);
  if (issuer === undefined)
    return [
      {
        grade: "unknown",
        text: `serves a public host, and its issuer ${kind} ${name} is not in the snapshot`,
        evidence,
      },
    ];
  const spec = (issuer.spec ?? {}) as { acme?: { server?: string }; selfSigned?: object };
  if (spec.selfSigned !== undefined)
    return [
      { grade: "fail", text: `serves a public host and is issued by the self-signing ${kind} ${name}`, evidence },
    ];
  if (/staging/i.test(spec.acme?.server ?? ""))
    return [
      { grade: "fail", text: `serves a public host and is issued by the test authority of ${kind} ${name}`, evidence },
    ];
  // ACME is a public authority; a CA, Vault or Venafi issuer was declared by whoever made it.
  return [];
}

/** `Secret cde/pay-tls, pay.example.com:443`. */
export function wordsOfItem(item: CertificateItem): string {
  return nameSome(item.locations.map(placeOf), 4);
}
