/** The inventory of system components in scope: what each is for and who answers for it (PCI DSS 12.5.1). */
import { z } from "zod";
import { moment, name, words } from "./approval";

export const component = z.strictObject({
  /** A workload's kind, `NodeGroup`, or `Cluster`. */
  kind: name,
  /** Of a workload. */
  namespace: name.optional(),
  name,
  owner: name,
  purpose: words,
  /** True for what stores account data: it must never be reachable from outside. */
  storesAccountData: z.boolean().default(false),
  /** Since when it is gone on purpose. */
  retiredAt: moment.optional(),
});
export type ComponentEntry = z.output<typeof component>;
