/** Service accounts whose workloads need the Kubernetes API, and the permissions that were approved for each. */
import { z } from "zod";
import { approvalFields, name } from "./approval";

const list = z.array(z.string().max(512)).max(500);

/** One rule as RBAC writes it. */
const permission = z.strictObject({
  apiGroups: list.optional(),
  resources: list.optional(),
  resourceNames: list.optional(),
  nonResourceURLs: list.optional(),
  verbs: list.min(1),
});

export const apiClient = z.strictObject({
  namespace: name,
  serviceAccount: name,
  permissions: z.array(permission).max(500),
  ...approvalFields,
});
export type ApiClient = z.output<typeof apiClient>;
