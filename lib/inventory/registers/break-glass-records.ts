/** Debug sessions in pods that were allowed for a time (PCI DSS 8.6.1, 7.2.6). */
import { z } from "zod";
import { approvalFields, endOf, moment, name, startOf } from "./approval";

export const breakGlassRecord = z
  .strictObject({
    namespace: name,
    /** The pod's name; a trailing `*` stands for any end. Absent: every pod of the namespace. */
    pod: name.optional(),
    person: name,
    /** Number of the ticket or incident. */
    ticket: name,
    from: moment,
    to: moment,
    ...approvalFields,
  })
  .refine((record) => startOf(record.from) < endOf(record.to), { error: "must end after it begins", path: ["to"] });
export type BreakGlassRecord = z.output<typeof breakGlassRecord>;
