/** Import of searches for card numbers in logs and volumes. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport, MAX_IMPORT_BYTES } from "./types";

const hit = z.strictObject({
  location: label,
  rule: z.enum(["card-number", "test-card-number", "possible-card-number", "track-data"]),
  masked: z
    .string()
    .regex(/^\*{9,15}[0-9]{4}$/, "must be asterisks and the last four digits")
    .optional(),
  falsePositiveBy: label.optional(),
});

export const cardDataScansImport = documentImport(
  {
    id: "card-data-scans",
    title: "Searches for card numbers",
    nature: "fact",
    description:
      "What a search of logs or volumes for card numbers found: places and at most the last four digits. The agent looks into Kubernetes objects only.",
    howToGet:
      "From the data-discovery tool that searches the log store; write its result in this form. Leave every value out: an upload that holds a card number is refused.",
    controls: ["sec-pan-discovery"],
    maxBytes: 4 * MAX_IMPORT_BYTES,
    example: `scans:
  - target: Index payments-logs-*
    tool: grep with Luhn check
    from: 2026-11-14T00:00:00Z
    to: 2026-11-21T00:00:00Z
    recordsScanned: 18400231
    hits:
      - location: payments-logs-2026.11.17/9f2c
        rule: card-number
        masked: "************1486"
`,
  },
  z.strictObject({
    scans: z
      .array(
        z.strictObject({
          target: label,
          tool: label,
          from: time,
          to: time,
          recordsScanned: z.number().int().min(0),
          hits: z.array(hit).max(5000),
        }),
      )
      .min(1)
      .max(500),
  }),
  ({ scans }, origin) => ({ facts: { cardDataScans: scans.map((scan) => ({ origin, ...scan })) } }),
);
