/**
 * Who refused a pod, read from the API server's answer.
 *
 * The order of admission: authorization, then Pod Security and the other built-in plug-ins with the mutating webhooks, then
 * ValidatingAdmissionPolicies, then validating webhooks. So a pod that Pod Security refuses says nothing about a policy engine, and
 * one that RBAC refuses says nothing about any policy.
 */
import type { AdmissionCanary, Canary } from "@/lib/inventory/imported-images";
import { ageInDays } from "./image-scans";
import type { EvaluationContext } from "./types";

export interface Denial {
  /** `engine`: a webhook or a ValidatingAdmissionPolicy. `built-in`: Pod Security, OpenShift's constraints. `none`: nobody's policy. */
  by: "engine" | "built-in" | "none";
  words: string;
}

/** Canaries are tried again within this time, or they count as not tried. */
export const CANARY_MAX_AGE_DAYS = 7;
/** Canaries that the restricted level of Pod Security accepts, so that only an engine can refuse them. */
export const ENGINE_CANARIES: readonly Canary[] = ["writable-root", "unsigned-image", "foreign-registry", "wrong-node"];

export function denialOf(message: string): Denial {
  const webhook = /admission webhook "([^"]+)" denied the request/.exec(message)?.[1];
  if (webhook !== undefined) return { by: "engine", words: `webhook ${webhook}` };
  const policy = /ValidatingAdmissionPolicy ['"]([^'"]+)['"][^:]*denied request/.exec(message)?.[1];
  if (policy !== undefined) return { by: "engine", words: `ValidatingAdmissionPolicy ${policy}` };
  const level = /violates PodSecurity "([^"]+)"/.exec(message)?.[1];
  if (level !== undefined) return { by: "built-in", words: `Pod Security ${level}` };
  if (/unable to validate against any security context constraint/.test(message))
    return { by: "built-in", words: "OpenShift's security context constraints" };
  if (/cannot create resource|is forbidden: User "/.test(message))
    return { by: "none", words: "RBAC refused it, which says nothing about policies" };
  if (/failed calling webhook/.test(message))
    return { by: "none", words: "a webhook could not be called, so nobody judged the pod" };
  if (/dry ?run|side ?effects/i.test(message))
    return { by: "none", words: "the dry run itself was refused, because a webhook has side effects" };
  return { by: "none", words: "the message does not say which policy refused it" };
}

/** The newest answer for each canary in the namespace that is not too old. */
export function answersIn({ inventory, asOf }: EvaluationContext, namespace: string): Map<Canary, AdmissionCanary> {
  const answers = new Map<Canary, AdmissionCanary>();
  for (const answer of inventory.facts.admissionCanaries ?? []) {
    if (answer.namespace !== namespace || ageInDays(answer.triedAt, asOf) > CANARY_MAX_AGE_DAYS) continue;
    const known = answers.get(answer.canary);
    if (known === undefined || known.triedAt < answer.triedAt) answers.set(answer.canary, answer);
  }
  return answers;
}
