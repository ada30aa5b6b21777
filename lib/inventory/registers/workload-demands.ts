/** What the organization demands of workloads beyond the standard, and what it has declared about their variables. */
import { z } from "zod";
import { approvalFields, name } from "./approval";

/** Namespaces whose pods must run in a sandbox (gVisor, Kata): one of these RuntimeClasses. */
export const sandboxDemand = z.strictObject({
  namespaces: z.array(name).min(1).max(500),
  runtimeClasses: z.array(name).min(1).max(50),
  ...approvalFields,
});
export type SandboxDemand = z.output<typeof sandboxDemand>;

/** A Secret, or a key of it, that holds no credential (a feature switch, a host name). */
export const nonCredential = z.strictObject({
  namespace: name,
  secret: name,
  /** Absent: no key of it is a credential. */
  key: name.optional(),
  ...approvalFields,
});
export type NonCredential = z.output<typeof nonCredential>;
