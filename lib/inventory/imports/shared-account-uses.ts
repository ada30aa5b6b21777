/** Import of the register of uses of shared accounts. */
import { z } from "zod";
import { sharedAccountUse } from "../registers/shared-account-uses";
import { documentImport } from "./types";

export const sharedAccountUsesImport = documentImport(
  {
    id: "shared-account-uses",
    title: "Uses of shared accounts",
    nature: "register",
    description:
      "Each time a shared or break-glass account was used: by which person, when, why, and who approved it. A use without a record counts as unapproved.",
    howToGet: "Kept by whoever hands out the sealed credential; write it as YAML.",
    controls: ["auth-shared-accounts"],
    example: `uses:
  - account: kubernetes-admin
    person: ann@example.com
    from: 2026-11-03T21:00:00Z
    to: 2026-11-03T23:00:00Z
    reason: Identity provider down, incident 4711
    approvedBy: maria.keller@example.com
    approvedAt: 2026-11-03T20:55:00Z
`,
  },
  z.strictObject({ uses: z.array(sharedAccountUse).max(5000) }),
  ({ uses }) => ({ registers: { sharedAccountUses: uses } }),
);
