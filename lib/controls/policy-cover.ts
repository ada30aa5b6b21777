/** What the admission engines' readers share: what a policy does in a namespace, and how to walk its free-form fields. */
import type { ResourceRef } from "@/lib/inventory/inventory";
import { mentions, OUTCOMES, type Outcome, PROBES } from "./admission-outcomes";
import { isMap } from "./kyverno-pattern";

/** One rule of one policy, seen from one namespace. */
export interface PolicyCover {
  ref: ResourceRef;
  /** Where the rule stands in the policy. */
  pointer: string;
  /** `ClusterPolicy pod-hardening, rule no-privileged`. */
  words: string;
  /** The effective action, for evidence. */
  action: string;
  /** Probes that it refuses. */
  probes: string[];
  /** Outcomes that it may bring about; its body is not understood, or whether it is loaded is not known. */
  possible: Outcome[];
  /** Why it brings nothing about here (audit only, not ready, scoped out); null when it does. */
  gap: string | null;
}

export interface NamespaceUnderPolicy {
  name: string;
  labels: Record<string, string>;
  /** Images of the workloads that run in it. */
  images: readonly string[];
}

export type Fields = Record<string, unknown>;
export const maps = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isMap) : []);
export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
export const mapOf = (value: unknown): Fields => (isMap(value) ? value : {});
export const isFilled = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : isMap(value)
      ? Object.keys(value).length > 0
      : value !== undefined && value !== null;
/** Outcomes that the words of a policy are about, for one whose meaning is not understood. */
export const mentioned = (...parts: unknown[]): Outcome[] => {
  const text = JSON.stringify(parts);
  return OUTCOMES.filter((outcome) => mentions(text, outcome));
};
export const outcomesOf = (probes: readonly string[]): Outcome[] =>
  OUTCOMES.filter((outcome) => probes.some((id) => id.startsWith(outcome)));

export const everyProbeOf = (outcome: Outcome): string[] =>
  PROBES.filter((probe) => probe.outcome === outcome).map((probe) => probe.id);
