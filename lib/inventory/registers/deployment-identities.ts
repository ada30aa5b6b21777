/** User names under which pipelines, not people, change the cluster (PCI DSS 6.5.1, 8.6). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const deploymentIdentity = z.strictObject({
  /** As audit events name it; a trailing `*` stands for any end. */
  username: name,
  /** Environment that it delivers to; absent: not said. */
  environment: name.optional(),
  ...approvalFields,
});
export type DeploymentIdentity = z.output<typeof deploymentIdentity>;
