/**
 * Signs that people come with client certificates or service account tokens: what auth-no-human-client-certs judges, and ways past
 * the second factor for auth-mfa-evidence.
 */
import { refOf, type ResourceRef } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import { kindOfUser } from "@/lib/inventory/imports/audited-user";
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { findAccountOfUsername, standsForPeople } from "@/lib/rbac/subjects";
import { activityOf, unrecordedDays } from "./activity";
import { describeApproval, findApproval } from "./approved";
import { nameSome } from "./population";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer, type Severity } from "./types";

export const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";
export const SIGN_IN_DAYS = 30;
/** Programs that people use; what a client says of itself, so a hint. */
export const HUMAN_CLIENTS = /^(kubectl|oc|k9s|lens|openlens|freelens|headlamp|octant|stern|kubectx)\b/i;

export interface CredentialSign {
  object: ResourceRef;
  severity: Severity;
  reason: string;
  detail: string;
  evidence: EvidencePointer[];
  /** Set when an approval makes it acceptable. */
  approval: string | null;
}

/** Every sign in events, signing requests and bindings, in that order. */
export function humanCredentialSigns(context: EvaluationContext, control: string): CredentialSign[] {
  return [...usesOf(context, control), ...requestsOf(context, control), ...unknownUsers(context)];
}

function usesOf(context: EvaluationContext, control: string): CredentialSign[] {
  const activity = activityOf(context);
  const signs: CredentialSign[] = [];
  const seen = new Set<string>();
  for (const user of activity?.users.values() ?? []) {
    const byCertificate = user.kind === "person" && user.usedCertificate;
    const clients = user.kind === "service-account" ? user.clients.filter((client) => HUMAN_CLIENTS.test(client)) : [];
    if (!byCertificate && clients.length === 0) continue;
    const days = unrecordedDays(context, user, SIGN_IN_DAYS);
    const isRecent = Date.parse(context.asOf) - Date.parse(user.lastAt) <= SIGN_IN_DAYS * 86_400_000;
    if (!isRecent) continue;
    seen.add(user.username);
    const account = findAccountOfUsername(user.username);
    const object: ResourceRef =
      account === null
        ? { apiVersion: "rbac.authorization.k8s.io/v1", kind: "User", name: user.username }
        : { apiVersion: "v1", kind: "ServiceAccount", ...account };
    const answer = findApproval(context, { control, subject: { kind: "User", name: user.username }, namespace: null });
    const approval =
      days.length === 0
        ? "each use is recorded with a person"
        : answer.state === "approved"
          ? describeApproval(answer)
          : null;
    signs.push({
      object,
      severity: byCertificate ? "high" : "medium",
      reason: byCertificate
        ? "a person signed in with a client certificate"
        : `a person's program (${nameSome(clients, 2)}) used a service account`,
      detail: byCertificate
        ? `${user.username} signed in with a client certificate, last at ${user.lastAt}.${days.length > 0 ? ` No record names the person for ${nameSome(days)}.` : ""}`
        : `${user.username} was used with ${nameSome(clients)}, last at ${user.lastAt}. What a program calls itself is a hint only: approve the account if it is a pipeline's.`,
      evidence: activity?.evidence ?? [],
      approval,
    });
  }
  const sample = context.inventory.facts.signIns;
  for (const { username, method } of sample?.otherwise ?? []) {
    if (seen.has(username) || !/certificate|service.?account|token/i.test(method)) continue;
    if (Date.parse(context.asOf) - Date.parse(sample?.to ?? "") > SIGN_IN_DAYS * 86_400_000) continue;
    const answer = findApproval(context, { control, subject: { kind: "User", name: username }, namespace: null });
    signs.push({
      object: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "User", name: username },
      severity: "high",
      reason: `a person signed in by ${method}`,
      detail: `${username} signed in by ${method} between ${sample?.from} and ${sample?.to}.`,
      evidence: [{ ref: CLUSTER_REF, pointer: "/facts/signIns/otherwise", found: `${username}: ${method}` }],
      approval: answer.state === "approved" ? describeApproval(answer) : null,
    });
  }
  return signs;
}

interface Condition {
  type?: unknown;
  status?: unknown;
}
/** Approved requests of people for a certificate that still lives. A certificate lives for a year unless the request says less. */
function requestsOf(context: EvaluationContext, control: string): CredentialSign[] {
  return context.inventory.list("certificatesigningrequests").flatMap((csr: CustomObject): CredentialSign[] => {
    const spec = csr.spec ?? {};
    if (spec.signerName !== CLIENT_SIGNER) return [];
    const conditions = (Array.isArray(csr.status?.conditions) ? csr.status.conditions : []) as Condition[];
    const has = (type: string): boolean => conditions.some((c) => c.type === type && c.status !== "False");
    if (!has("Approved") || has("Denied") || has("Failed")) return [];
    const username = typeof spec.username === "string" ? spec.username : "";
    if (kindOfUser({ username }) !== "person") return [];
    const made = Date.parse(csr.metadata.creationTimestamp ?? "");
    const seconds = typeof spec.expirationSeconds === "number" ? spec.expirationSeconds : 365 * 86_400;
    if (made + seconds * 1000 < Date.parse(context.asOf)) return [];
    const answer = findApproval(context, { control, subject: { kind: "User", name: username }, namespace: null });
    return [
      {
        object: refOf(csr),
        severity: "high",
        reason: `client certificate approved for a request of ${username}`,
        detail: `CertificateSigningRequest ${csr.metadata.name} of ${username} for the signer ${CLIENT_SIGNER} is approved. A certificate can't be taken back one by one: it opens the API server for ${Math.round(seconds / 86_400)} days.`,
        evidence: [
          { ref: refOf(csr), pointer: "/spec/username", found: username },
          { ref: refOf(csr), pointer: "/status/conditions", found: "Approved" },
        ],
        approval: answer.state === "approved" ? describeApproval(answer) : null,
      },
    ];
  });
}

/** Bound users that a complete list of the identity provider doesn't hold: only a certificate or a file can make them. */
function unknownUsers(context: EvaluationContext): CredentialSign[] {
  const { inventory } = context;
  const directory = inventory.facts.identityDirectory;
  if (directory === undefined || !directory.isComplete) return [];
  const known = new Set(directory.users.map(({ name }) => name));
  const found = new Map<string, CredentialSign>();
  for (const grant of grantsOf(inventory)) {
    grant.subjects.forEach((subject, index) => {
      if (subject.kind !== "User" || !standsForPeople(subject) || subject.name.startsWith("system:")) return;
      if (isPlatformSubject(grant, subject, inventory.provider) || known.has(subject.name) || found.has(subject.name))
        return;
      found.set(subject.name, {
        object: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "User", name: subject.name },
        severity: "medium",
        reason: "bound, and the identity provider doesn't know the user",
        detail: `${grant.binding.kind} ${grant.binding.metadata.name} names User ${subject.name}, whom the identity provider doesn't know (${directory.origin.name}). Only a client certificate, a file of credentials or an impersonator can be that user.`,
        evidence: [{ ref: grant.bindingRef, pointer: `/subjects/${index}`, found: subject.name }],
        approval: null,
      });
    });
  }
  return [...found.values()];
}
