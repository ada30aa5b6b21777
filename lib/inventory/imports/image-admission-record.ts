/** Import of the provider's record of image admission. */
import { z } from "zod";
import { documentImport } from "./types";

const text = z.string().min(1).max(2000);
export const imageAdmissionRecordImport = documentImport(
  {
    id: "image-admission-record",
    title: "Provider's image admission",
    nature: "fact",
    description:
      "Whether the provider itself refuses images without a trusted signature (GKE Binary Authorization, AKS image integrity), for whom it makes exceptions, and whose signatures it trusts.",
    howToGet:
      "gcloud container binauthz policy export (evaluationMode, requireAttestationsBy, admissionWhitelistPatterns), written into this form.",
    controls: ["img-signature-enforced"],
    example: `service: GKE Binary Authorization
mode: enforce
attestors: [projects/example/attestors/built-by-pipeline]
exemptImages: []
`,
  },
  z.strictObject({
    service: text,
    mode: z.enum(["enforce", "dry-run", "off"]),
    attestors: z.array(text).max(1000),
    exemptImages: z.array(text).max(1000).default([]),
  }),
  (record, origin) => ({ facts: { imageAdmissionRecord: { origin, ...record } } }),
);
