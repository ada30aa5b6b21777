/** Import of the register of decisions about vulnerabilities, and of the organization's own ranking. */
import { z } from "zod";
import { riskAcceptance, vulnerabilityRanking } from "../registers/risk-acceptances";
import { documentImport } from "./types";

export const riskAcceptancesImport = documentImport(
  {
    id: "risk-acceptances",
    title: "Vulnerability decisions and ranking",
    nature: "register",
    description:
      "What was decided about single vulnerabilities (not affected, mitigated, accepted), and how the organization ranks them where it does not follow the scanner.",
    howToGet: "Kept by vulnerability management; write it as YAML. OpenVEX documents have an import of their own.",
    controls: ["img-no-overdue-vulns"],
    example: `decisions:
  - vulnerability: CVE-2026-1234
    image: registry.example.com/payments/api
    decision: not-affected
    reason: The parser is never called with untrusted input
    approvedBy: maria.keller@example.com
    approvedAt: 2026-10-01
    expiresAt: 2027-01-01
ranking:
  - severity: HIGH
    rank: high
    reason: Follows the scanner
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
  - vulnerability: CVE-2026-5678
    rank: critical
    reason: Used in attacks on payment pages
    approvedBy: maria.keller@example.com
    approvedAt: 2026-10-05
`,
  },
  z.strictObject({
    decisions: z.array(riskAcceptance).max(20_000).default([]),
    ranking: z.array(vulnerabilityRanking).max(20_000).default([]),
  }),
  ({ decisions, ranking }) => ({ registers: { riskAcceptances: decisions, vulnerabilityRanking: ranking } }),
);
