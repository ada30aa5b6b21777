/** Services that are meant to be reachable from outside the cluster (PCI DSS 1.4.1, 1.4.2). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const publicService = z.strictObject({
  /** What opens it: a Service, Ingress, Gateway, route, or the workload that listens on its node. */
  object: z.strictObject({ kind: name, namespace: name, name }),
  /** From where it may be reached: the internet, or the organization's own network only. */
  reach: z.enum(["internet", "internal"]),
  /** Addresses that `spec.externalIPs` of a Service may claim; none unless said. */
  externalIPs: z.array(name).max(100).default([]),
  ...approvalFields,
});
export type PublicService = z.output<typeof publicService>;
