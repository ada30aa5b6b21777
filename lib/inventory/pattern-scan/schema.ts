/** The scan as it travels. Strict, and short texts without control characters: nothing that could hold a value fits. */
import { z } from "zod";
import { MAX_HITS, PATTERN_RULES } from "./types";

const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, "must not hold control characters");
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const patternHit = z.strictObject({
  rule: z.enum(PATTERN_RULES),
  masked: z
    .string()
    .regex(/^\*{9,15}[0-9]{4}$/, "must be asterisks and the last four digits")
    .optional(),
  name: text(253).optional(),
  apiVersion: text(253),
  kind: text(253),
  namespace: text(253).optional(),
  objectName: text(253),
  pointer: text(500),
  inside: text(500).optional(),
  objects: count,
});

export const patternScan = z.strictObject({
  rulesVersion: z.number().int().min(1),
  /** Names of sections, perhaps of a newer release. */
  sections: z.array(text(64)).max(256),
  objects: count,
  hits: z.array(patternHit).max(MAX_HITS.credentials + MAX_HITS.cards),
  totals: z.array(z.strictObject({ rule: z.enum(PATTERN_RULES), count })).max(PATTERN_RULES.length),
});
