/** Patch releases of Kubernetes with the security fixes in each, ranked by the organization (PCI DSS 6.3.1, 6.3.3). */
import { z } from "zod";
import { moment, name } from "./approval";

const version = z.string().regex(/^\d+\.\d+\.\d+$/, "must be a patch version, such as 1.35.9");

export const kubernetesPatches = z.strictObject({
  /** The page or feed, and when it was read: nothing later is known. */
  source: name,
  seenAt: moment,
  releases: z
    .array(z.strictObject({ version, releasedAt: moment }))
    .min(1)
    .max(500),
  fixes: z
    .array(
      z.strictObject({
        id: name,
        ranking: z.enum(["critical", "high", "medium", "low"]),
        /** The first patch release of each minor version that holds the fix. */
        fixedIn: z.array(version).min(1).max(20),
      }),
    )
    .max(1000),
  /** Days within which fixes that are not critical have to be installed; critical ones always within 30. */
  days: z.strictObject({
    high: z.number().int().min(1).max(365),
    medium: z.number().int().min(1).max(365),
    low: z.number().int().min(1).max(365),
  }),
});
export type KubernetesPatches = z.output<typeof kubernetesPatches>;
