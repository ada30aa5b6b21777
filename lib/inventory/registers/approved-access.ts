/** Subjects whose rights were approved: break-glass, pipelines, administrators, operators (PCI DSS 7.2.2, 7.2.3, 7.2.5). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const approvedAccess = z.strictObject({
  subject: z
    .strictObject({
      kind: z.enum(["User", "Group", "ServiceAccount"]),
      name,
      /** Of a service account. */
      namespace: name.optional(),
    })
    .refine((subject) => (subject.kind === "ServiceAccount") === (subject.namespace !== undefined), {
      error: "is needed for a ServiceAccount, and for nobody else",
      path: ["namespace"],
    }),
  /** Ids of the controls whose rights it covers, for example `rbac-secrets-humans`. */
  controls: z.array(name).min(1).max(120),
  /** Namespaces in which it holds; absent: everywhere. */
  namespaces: z.array(name).min(1).max(500).optional(),
  /** Used in emergencies only. */
  isBreakGlass: z.boolean().default(false),
  ...approvalFields,
});
export type ApprovedAccess = z.output<typeof approvedAccess>;
