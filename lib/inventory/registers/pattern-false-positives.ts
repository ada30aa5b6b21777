/**
 * Hits of the pattern scan that a named person looked at and found to be no credential and no card number.
 *
 * An entry names rule, object and place, never a value: if the value there changes, the entry still holds until it expires, so it
 * should expire.
 */
import { z } from "zod";
import { PATTERN_RULES } from "../pattern-scan";
import { approvalFields, name } from "./approval";

export const patternFalsePositive = z
  .strictObject({
    rule: z.enum(PATTERN_RULES),
    /** The object as the result names it: for pods their Deployment, StatefulSet … */
    object: z.strictObject({ kind: name, namespace: name.optional(), name }),
    /** Name of the variable, flag, key or annotation. */
    name: name.optional(),
    /** JSON pointer into the object. */
    pointer: z.string().startsWith("/").max(500).optional(),
    ...approvalFields,
  })
  .refine((entry) => entry.name !== undefined || entry.pointer !== undefined, {
    message: "needs the name or the pointer of the place: an entry for a whole object would hide what comes tomorrow",
  });
export type PatternFalsePositive = z.output<typeof patternFalsePositive>;
