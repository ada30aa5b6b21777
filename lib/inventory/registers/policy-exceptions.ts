/** Exceptions and exclusions from admission policies that were approved (PCI DSS 2.2.6, 6.5.1). */
import { z } from "zod";
import { approvalFields, moment, name, words } from "./approval";

export const approvedPolicyException = z.strictObject({
  /** Kind and name of the object that holds the exception: PolicyException, a constraint, Config, Namespace, ClusterPolicy … */
  kind: name,
  name,
  /** Of a namespaced object. */
  namespace: name.optional(),
  owner: name,
  compensatingControl: words,
  ...approvalFields,
  /** An exception always ends. */
  expiresAt: moment,
});
export type ApprovedPolicyException = z.output<typeof approvedPolicyException>;
