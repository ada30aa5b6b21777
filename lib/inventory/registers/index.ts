/**
 * Registers: lists that people keep and controls compare the cluster with (approved access, flows, public services …).
 * One file per register beside this one; each reaches the product as an import (lib/inventory/imports).
 * Absent: nothing is approved, which is also what an empty list says, unless the control's rule says otherwise.
 */
import type { PolicyRule } from "../kinds";
import type { ApprovedAccess } from "./approved-access";

export type { Approval } from "./approval";
export { endOf, isApprovedAt, startOf } from "./approval";
export type { ApprovedAccess };

export interface Registers {
  /** Service accounts whose workloads need the Kubernetes API, and the permissions that were approved for each. */
  apiClients?: readonly ApiClient[];
  approvedAccess?: readonly ApprovedAccess[];
}
export interface ApiClient {
  namespace: string;
  serviceAccount: string;
  permissions: readonly PolicyRule[];
}
