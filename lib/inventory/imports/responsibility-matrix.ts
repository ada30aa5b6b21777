/** Import of the responsibility matrix: what providers answer for, with their attestations of compliance. */
import { z } from "zod";
import { providerResponsibility } from "../registers/provider-responsibilities";
import { documentImport } from "./types";

export const responsibilityMatrixImport = documentImport(
  {
    id: "responsibility-matrix",
    title: "Responsibility matrix of providers",
    nature: "register",
    description:
      "Which controls a provider answers for, and the attestation of compliance that covers its service. Shown as the provider's responsibility, never as a pass, and only while both are valid.",
    howToGet:
      "From the responsibility matrix that you keep for requirement 12.8.5, and the attestation that the provider gives out (AWS Artifact, Google Compliance Reports Manager, Microsoft Service Trust Portal).",
    controls: [
      "cp-authorization-mode",
      "cp-admission-plugins",
      "cp-tls-config",
      "cp-etcd-secured",
      "cp-controllers-hardened",
      "cp-flags-consistent",
      "sec-encryption-provider-strong",
      "sec-secrets-reencrypted",
    ],
    example: `responsibilities:
  - provider: Amazon Web Services
    controls: [cp-authorization-mode, cp-admission-plugins, cp-tls-config, cp-etcd-secured, cp-controllers-hardened, cp-flags-consistent]
    attestation: { document: AWS PCI DSS Attestation of Compliance 2026, validUntil: 2027-06-30 }
    reason: AWS runs the control plane of Amazon EKS
    approvedBy: maria.keller@example.com
    approvedAt: 2026-07-15
`,
  },
  z.strictObject({ responsibilities: z.array(providerResponsibility).max(500) }),
  ({ responsibilities }) => ({ registers: { providerResponsibilities: responsibilities } }),
);
