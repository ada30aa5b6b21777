/** Reviews of who has access (PCI DSS 7.2.4 for people, 7.2.5.1 for system accounts), one entry per campaign. */
import { z } from "zod";
import { moment, name, words } from "./approval";

const right = z.strictObject({
  role: z.strictObject({ kind: z.enum(["Role", "ClusterRole"]), name }),
  /** Namespace of the binding; absent for the whole cluster. */
  namespace: name.optional(),
});

export const accessReview = z.strictObject({
  campaign: name,
  covers: z.enum(["people", "system-accounts"]),
  completedAt: moment,
  /** Management's acknowledgement that the access stays appropriate. */
  acknowledgedBy: name.optional(),
  acknowledgedAt: moment.optional(),
  /** Of system accounts: how often they are reviewed, from the targeted risk analysis. */
  periodDays: z.int().min(1).max(1096).optional(),
  decisions: z
    .array(
      z.strictObject({
        subject: z.strictObject({
          kind: z.enum(["User", "Group", "ServiceAccount"]),
          name,
          namespace: name.optional(),
        }),
        reviewer: name,
        decision: z.enum(["keep", "revoke"]),
        decidedAt: moment,
        /** What the subject held when it was reviewed; a right that is not listed was not reviewed. */
        rights: z.array(right).max(500),
        comment: words.optional(),
      }),
    )
    .max(20_000),
});
export type AccessReview = z.output<typeof accessReview>;
export type AccessReviewDecision = AccessReview["decisions"][number];
