/** Changes that were approved, break-glass use among them, so that a direct change can be tied to one (PCI DSS 6.5.1, 6.5.2). */
import { z } from "zod";
import { approvalFields, endOf, moment, name, startOf } from "./approval";

export const changeRecord = z
  .strictObject({
    /** Number of the change or ticket. */
    id: name,
    isBreakGlass: z.boolean().default(false),
    /** The change is made within this time. */
    from: moment,
    to: moment,
    namespaces: z.array(name).min(1).max(500),
    /** User names that make it; absent: anybody. */
    users: z.array(name).min(1).max(500).optional(),
    /** Objects that it touches, as `deployments/payment-api`; absent: any of the namespaces. */
    objects: z.array(name).min(1).max(500).optional(),
    /** When the cluster was assessed again after the change. */
    reassessedAt: moment.optional(),
    ...approvalFields,
  })
  .refine((record) => startOf(record.from) < endOf(record.to), { error: "must end after it begins", path: ["to"] });
export type ChangeRecord = z.output<typeof changeRecord>;
