/** Linux capabilities that a workload was allowed to add (PCI DSS 2.2.4, 2.2.6). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const approvedCapability = z.strictObject({
  namespace: name,
  /** Name of the workload (Deployment, StatefulSet …). */
  workload: name,
  /** Absent: every container of the workload. */
  container: name.optional(),
  /** Spelt as in the pod, for example NET_RAW. */
  capabilities: z
    .array(name.regex(/^[A-Z][A-Z0-9_]*$/, "must be a capability such as NET_RAW"))
    .min(1)
    .max(64),
  ...approvalFields,
});
export type ApprovedCapability = z.output<typeof approvedCapability>;
