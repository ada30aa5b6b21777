/** Services, protocols and ports that are allowed, each with its need (PCI DSS 1.2.5, 1.2.6, 2.2.4, 2.2.5). */
import { z } from "zod";
import { approvalFields, name, words } from "./approval";

export const servicePort = z.strictObject({
  namespace: name,
  /** Name of the Service or workload; absent: any of the namespace. */
  service: name.optional(),
  port: z.int().min(1).max(65_535),
  transport: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
  /** What is spoken: https, postgresql over TLS, ssh. */
  protocol: name,
  /** What protects it all the same, when the protocol is an insecure one. */
  safeguards: words.optional(),
  ...approvalFields,
});
export type ServicePortEntry = z.output<typeof servicePort>;
