/**
 * What the pattern scan tells: which rule matched where, never what was matched.
 *
 * Raw objects are looked through where they are read (in the agent, in the command line) while they are being projected. A hit
 * holds the rule, the object, the place and, for card numbers, a mask with the last four digits at most. No value and no hash of
 * one leaves the cluster: a hash of a card number or of a short password is as good as the value.
 */
/** Rules about credentials. */
export const CREDENTIAL_RULES = [
  "private-key",
  "cloud-key",
  "json-web-token",
  "connection-string",
  "default-password",
  "empty-password",
  "short-password",
  "password-literal",
] as const;
/** Rules about cardholder data. `possible-card-number`: right in form, but nothing around it speaks of cards. */
export const CARD_RULES = ["track-data", "card-number", "test-card-number", "possible-card-number"] as const;

export const PATTERN_RULES = [...CREDENTIAL_RULES, ...CARD_RULES] as const;
export type PatternRule = (typeof PATTERN_RULES)[number];
export type CredentialRule = (typeof CREDENTIAL_RULES)[number];
export type CardRule = (typeof CARD_RULES)[number];

/** One match in one text. */
export interface PatternMatch {
  rule: PatternRule;
  /** Card numbers only: asterisks and the last four digits. */
  masked?: string;
  /** The name that stands before the value in a text (`db.password=…`). */
  name?: string;
}

export interface PatternHit extends PatternMatch {
  apiVersion: string;
  kind: string;
  namespace?: string;
  /** Name of the object. */
  objectName: string;
  /** JSON pointer into the object as the API holds it. */
  pointer: string;
  /** Place inside a value that is a document of its own (last-applied-configuration, Base64). */
  inside?: string;
  /** How many objects carry the same hit: the pods of one ReplicaSet count as one hit. */
  objects: number;
}

export interface PatternScan {
  /** Counts up when the rules change. */
  rulesVersion: number;
  /** Sections whose every object was looked through. */
  sections: string[];
  /** How many objects were looked through. */
  objects: number;
  /** Bounded for each family of rules; `totals` tells when some are missing. */
  hits: PatternHit[];
  /** Distinct hits of each rule that has any, those left out included. */
  totals: { rule: PatternRule; count: number }[];
}

export const PATTERN_RULES_VERSION = 1;
export const MAX_HITS = { credentials: 400, cards: 200 } as const;

export function isCardRule(rule: PatternRule): rule is CardRule {
  return (CARD_RULES as readonly string[]).includes(rule);
}

/** True when hits of the family were left out of the list. */
export function isTruncated(scan: PatternScan, family: "credentials" | "cards"): boolean {
  const belongs = (rule: PatternRule) => isCardRule(rule) === (family === "cards");
  const total = scan.totals.reduce((sum, { rule, count }) => sum + (belongs(rule) ? count : 0), 0);
  return total > scan.hits.filter(({ rule }) => belongs(rule)).length;
}
