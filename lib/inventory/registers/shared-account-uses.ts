/** Uses of shared accounts, each tied to the person behind it (PCI DSS 8.2.2). */
import { z } from "zod";
import { approvalFields, endOf, moment, name, startOf } from "./approval";

export const sharedAccountUse = z
  .strictObject({
    /** User name as the cluster sees it, for example `kubernetes-admin`. */
    account: name,
    /** Who used it: a person's own name, not the account's. */
    person: name,
    from: moment,
    to: moment,
    ...approvalFields,
  })
  .refine((use) => startOf(use.from) < endOf(use.to), { error: "must end after it begins", path: ["to"] })
  .refine((use) => use.person !== use.account, { error: "must name the person behind the account", path: ["person"] });
export type SharedAccountUse = z.output<typeof sharedAccountUse>;
