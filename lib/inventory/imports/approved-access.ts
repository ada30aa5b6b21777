/** Import of the register of approved access. */
import { z } from "zod";
import { approvedAccess } from "../registers/approved-access";
import { documentImport } from "./types";

export const approvedAccessImport = documentImport(
  {
    id: "approved-access",
    title: "Approved access",
    nature: "register",
    description:
      "Subjects whose rights in the cluster were approved, with reason, approver and expiry: break-glass groups, delivery pipelines, operators. What is not on the list counts as not approved.",
    howToGet: "Kept by whoever approves access; write it as YAML, or export it from the access-management system.",
    controls: [
      "rbac-cluster-admin",
      "rbac-secrets-humans",
      "rbac-interactive-access",
      "rbac-escalation-paths",
      "rbac-nsc-write",
      "rbac-cross-scope-subjects",
      "rbac-secrets-workloads",
      "rbac-access-review",
      "rbac-unused-access",
      "auth-no-human-client-certs",
      "auth-no-long-lived-tokens",
      "auth-shared-accounts",
      "scp-label-protected",
    ],
    example: `access:
  - subject: { kind: Group, name: oncall-breakglass }
    controls: [rbac-interactive-access]
    namespaces: [cde-processing]
    isBreakGlass: true
    reason: Emergencies in payment processing
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-03-01
`,
  },
  z.strictObject({ access: z.array(approvedAccess).max(5000) }),
  ({ access }) => ({ registers: { approvedAccess: access } }),
);
