/** What was decided about single vulnerabilities, and how the organization ranks them (PCI DSS 6.3.1, 11.3.1, 11.3.1.1). */
import { z } from "zod";
import { approvalFields, name, words } from "./approval";

export const riskAcceptance = z.strictObject({
  /** CVE or the scanner's id. */
  vulnerability: name,
  /** Repository (`registry.example.com/payments/api`) or digest (`sha256:…`); absent: every image. */
  image: name.optional(),
  /** `not-affected`: the weakness can't be reached (VEX). `mitigated`: no fix yet, and something else protects. `accepted`: the risk is borne. */
  decision: z.enum(["not-affected", "mitigated", "accepted"]),
  /** What protects meanwhile; needed for a mitigation. */
  measure: words.optional(),
  ...approvalFields,
});
export type RiskAcceptance = z.output<typeof riskAcceptance>;

export const RANKS = ["critical", "high", "medium", "low"] as const;
export type Rank = (typeof RANKS)[number];

/** One row of the organization's own ranking: a vulnerability by id, or every one that the scanner gives this severity. */
export const vulnerabilityRanking = z
  .strictObject({
    vulnerability: name.optional(),
    severity: z.enum(["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"]).optional(),
    rank: z.enum(RANKS),
    ...approvalFields,
  })
  .refine((row) => (row.vulnerability === undefined) !== (row.severity === undefined), {
    error: "must name either a vulnerability or a severity",
  });
export type VulnerabilityRanking = z.output<typeof vulnerabilityRanking>;
