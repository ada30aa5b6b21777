/** Import of the register of false positives of the pattern scan. */
import { z } from "zod";
import { patternFalsePositive } from "../registers/pattern-false-positives";
import { documentImport } from "./types";

export const patternFalsePositivesImport = documentImport(
  {
    id: "pattern-false-positives",
    title: "False positives of the pattern scan",
    nature: "register",
    description:
      "Places that look like a credential or a card number and were found to be none by a named person. Rule, object and place, never the value.",
    howToGet: "Kept by whoever triages the findings; write it as YAML. Rule, object and place stand in the finding.",
    controls: ["sec-no-embedded-credentials", "sec-pan-discovery"],
    example: `falsePositives:
  - rule: possible-card-number
    object: { kind: ConfigMap, namespace: cde-processing, name: routing-table }
    name: bin-ranges.csv
    reason: Upper ends of issuer ranges, no card numbers
    approvedBy: maria.keller@example.com
    approvedAt: 2026-10-02
    expiresAt: 2027-10-02
`,
  },
  z.strictObject({ falsePositives: z.array(patternFalsePositive).max(5000) }),
  ({ falsePositives }) => ({ registers: { patternFalsePositives: falsePositives } }),
);
