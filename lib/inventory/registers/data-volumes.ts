/** Volumes with their classification and retention, for those that don't carry labels (PCI DSS 3.2.1, 9.4.2). */
import { z } from "zod";
import { name } from "./approval";

export const dataVolume = z.strictObject({
  namespace: name,
  /** Name of the PersistentVolumeClaim; `*` at the end stands for any end (the claims of a StatefulSet). */
  claim: name,
  classification: name,
  retentionDays: z.number().int().min(0).max(36_500),
  owner: name,
});
export type DataVolume = z.output<typeof dataVolume>;
