/**
 * Custom controls: an organization's own checks as CEL expressions over one or more kinds, in the language and with the meaning
 * of Kubernetes' ValidatingAdmissionPolicy (kubernetes.io, "Validating Admission Policy").
 */
import type { LabelSelector } from "@/lib/inventory/kinds";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { ScopeCategory } from "@/lib/scope/types";
import type { RequirementLink, Severity } from "../types";

export interface NamedExpression {
  name: string;
  expression: string;
}
export interface CustomValidation {
  /** True: the object is as it should be. */
  expression: string;
  message?: string | undefined;
  /** CEL that gives the message; wins over `message` when it gives a text. */
  messageExpression?: string | undefined;
}

export interface CustomControlDefinition {
  /** `custom-` and kebab-case; for ever. */
  id: string;
  title: string;
  severity: Severity;
  /** Why a pass or fail says something about the requirements, for whoever reads the result. */
  why: string;
  /** Kinds, by the name of their section (`pods`, `services`, `kyverno-clusterpolicies` …). */
  kinds: readonly SectionName[];
  /** Categories whose namespaces are judged; empty: every namespace. What has no namespace is judged always. */
  scope: readonly Exclude<ScopeCategory, "undeclared">[];
  namespaceSelector?: LabelSelector | undefined;
  objectSelector?: LabelSelector | undefined;
  matchConditions: readonly NamedExpression[];
  variables: readonly NamedExpression[];
  validations: readonly CustomValidation[];
  requirements: readonly RequirementLink[];
  /** Counts up with every change of what it decides. */
  revision: number;
}

/** What is wrong with a definition, and where (`validations[0].expression`). */
export interface DefinitionProblem {
  where: string;
  problem: string;
}

/** Every id of a custom control begins so, and no other does. */
export const CUSTOM_PREFIX = "custom-";

/** Limits of one definition; structural limits of an expression are in environment.ts. */
export const CUSTOM_LIMITS = {
  kinds: 10,
  validations: 30,
  matchConditions: 16,
  variables: 30,
  expressionCharacters: 4_000,
  messageCharacters: 1_000,
  idCharacters: 80,
  titleCharacters: 160,
  requirements: 20,
  controlsOfOrganization: 100,
} as const;
