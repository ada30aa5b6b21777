/** Import of the register of access reviews. */
import { z } from "zod";
import { accessReview } from "../registers/access-reviews";
import { documentImport, MAX_IMPORT_BYTES } from "./types";

export const accessReviewsImport = documentImport(
  {
    id: "access-reviews",
    title: "Access reviews",
    nature: "register",
    description:
      "Completed reviews of who has access: per subject the reviewer, the decision, and the rights that were looked at; for system accounts also how often the targeted risk analysis wants them reviewed.",
    howToGet:
      "Kept by whoever runs the reviews. The list of subjects and rights to review comes from the control's assessor command.",
    controls: ["rbac-access-review"],
    maxBytes: 16 * MAX_IMPORT_BYTES,
    example: `reviews:
  - campaign: 2026-H2 people
    covers: people
    completedAt: 2026-10-15
    acknowledgedBy: cto@example.com
    acknowledgedAt: 2026-10-16
    decisions:
      - subject: { kind: Group, name: "idp:payments" }
        reviewer: maria.keller@example.com
        decision: keep
        decidedAt: 2026-10-14
        rights:
          - { role: { kind: ClusterRole, name: view }, namespace: cde-processing }
`,
  },
  z.strictObject({ reviews: z.array(accessReview).max(200) }),
  ({ reviews }) => ({ registers: { accessReviews: reviews } }),
);
