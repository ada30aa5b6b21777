/** The approved, versioned state that a cluster and its CDE namespaces hold (PCI DSS 2.2.1). */
import { z } from "zod";
import { approvalFields, moment, name } from "./approval";

const value = z.string().max(512);
export const baseline = z.strictObject({
  name,
  version: name,
  /** Label of namespaces that names the version they follow; absent: versions are not compared. */
  versionLabel: name.optional(),
  /** During a rollout, the version before this one is accepted until then. */
  previousVersion: name.optional(),
  rolloutUntil: moment.optional(),
  /** What every CDE namespace has. */
  namespaces: z.strictObject({
    /** Labels; null for any value. */
    labels: z.record(name, value.nullable()).default({}),
    /** Directions in which every pod is selected by a policy that allows nothing by itself. */
    defaultDeny: z.array(z.enum(["ingress", "egress"])).default([]),
    hasResourceQuota: z.boolean().default(false),
    hasLimitRange: z.boolean().default(false),
    roles: z.array(name).max(200).default([]),
  }),
  /** What every cluster has. */
  addOns: z
    .array(
      z.strictObject({
        kind: z.enum(["Deployment", "DaemonSet", "StatefulSet"]),
        namespace: name,
        name,
        /** Tag or digest that one of its images has; absent: any. */
        version: name.optional(),
      }),
    )
    .max(200)
    .default([]),
  /** Flags of the control plane, where it is visible. */
  flags: z
    .array(
      z.strictObject({
        component: z.enum(["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]),
        flag: name,
        value,
      }),
    )
    .max(200)
    .default([]),
  ...approvalFields,
});
export type Baseline = z.output<typeof baseline>;
