/** How environments are told apart in the clusters, and whether there is only production (PCI DSS 6.5.3). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const environments = z.strictObject({
  /** Label of namespaces (and nodes) that names their environment. */
  labelKey: name.default("environment"),
  /** Values that mean production. */
  production: z.array(name).min(1).max(50),
  /** Values of what serves every environment: the platform's own namespaces. */
  shared: z.array(name).max(50).default([]),
  /** The fleet has no other environment at all. */
  isProductionOnly: z.boolean().default(false),
  ...approvalFields,
});
export type Environments = z.output<typeof environments>;
