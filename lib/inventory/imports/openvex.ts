/**
 * Import of an OpenVEX document: statements of a named author that a product is not affected by a vulnerability, or that it is
 * fixed. Source: OpenVEX specification v0.2.0. Only `not_affected` becomes a decision; the other states say nothing that excuses.
 */
import { z } from "zod";
import type { RiskAcceptance } from "../registers/risk-acceptances";
import { documentImport, ImportProblem } from "./types";

const name = z.string().min(1).max(2000);
const time = z.iso.datetime({ offset: true });
/** Before 0.2.0 the vulnerability was a text and products were texts. */
const vulnerability = z.union([name, z.looseObject({ name, "@id": name.optional() })]);
const product = z.union([name, z.looseObject({ "@id": name.optional() })]);
const statement = z.looseObject({
  vulnerability,
  products: z.array(product).max(1000).default([]),
  status: z.enum(["not_affected", "affected", "fixed", "under_investigation"]),
  justification: name.optional(),
  impact_statement: name.optional(),
  timestamp: time.optional(),
});

export const openvexImport = documentImport(
  {
    id: "openvex",
    title: "OpenVEX statements",
    nature: "register",
    description:
      "Statements of a named author that an image is not affected by a vulnerability. A statement without a named author or date is refused.",
    howToGet: "vexctl create --author=… --product=pkg:oci/… --vuln=CVE-… --status=not_affected --justification=…",
    format: "json",
    controls: ["img-no-overdue-vulns"],
    example: `{
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://example.com/vex/2026-10-01",
  "author": "maria.keller@example.com",
  "timestamp": "2026-10-01T09:00:00Z",
  "version": 1,
  "statements": [
    {
      "vulnerability": { "name": "CVE-2026-1234" },
      "products": [{ "@id": "pkg:oci/api?repository_url=registry.example.com/payments/api" }],
      "status": "not_affected",
      "justification": "vulnerable_code_not_in_execute_path"
    }
  ]
}
`,
  },
  z.looseObject({
    "@context": name.refine((text) => text.startsWith("https://openvex.dev/ns"), "must be an OpenVEX context"),
    author: name,
    timestamp: time,
    statements: z.array(statement).max(20_000),
  }),
  ({ author, timestamp, statements }) => ({
    registers: {
      riskAcceptances: statements.flatMap((entry, index): RiskAcceptance[] => {
        if (entry.status !== "not_affected") return [];
        const reason = entry.justification ?? entry.impact_statement;
        if (reason === undefined)
          throw new ImportProblem(`statements[${index}]: not_affected needs a justification or an impact_statement`);
        const base = {
          vulnerability: typeof entry.vulnerability === "string" ? entry.vulnerability : entry.vulnerability.name,
          decision: "not-affected" as const,
          reason,
          approvedBy: author,
          approvedAt: new Date(entry.timestamp ?? timestamp).toISOString(),
        };
        const images = entry.products.map(imageOf);
        if (images.length === 0)
          throw new ImportProblem(`statements[${index}]: names no product, so it would hold for everything`);
        return images.map((image) => ({ ...base, image }));
      }),
    },
  }),
);

/** The repository or digest that a product's package URL names; any other identifier as it stands. */
function imageOf(entry: z.output<typeof product>): string {
  const id = typeof entry === "string" ? entry : (entry["@id"] ?? "");
  const purl = /^pkg:(?:oci|docker)\/([^@?]+)(?:@([^?]+))?(?:\?(.*))?$/.exec(id);
  if (purl === null) return id === "" ? "(no product)" : id;
  const digest = decodeURIComponent(purl[2] ?? "");
  if (digest.startsWith("sha256:")) return digest;
  return new URLSearchParams(purl[3] ?? "").get("repository_url") ?? decodeURIComponent(purl[1] ?? "");
}
