/** Shapes that every resource shares: pages, errors, lens, freshness. */
import { z } from "zod";

export const orgSlug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
export const idParam = z.uuid();
export const isoTime = z.string();

/** Query of every list: filters, sort and page live in the address. `page` counts from 1. */
export const pageQuery = z.object({
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    page: z.number().int(),
    pageSize: z.number().int(),
    /** Matches of the filter. */
    total: z.number().int(),
    /** Rows without the filter, so that "empty by filter" can say how many there are without it. */
    totalUnfiltered: z.number().int(),
  });
}

export const sortDirection = z.enum(["asc", "desc"]);
export const severity = z.enum(["critical", "high", "medium", "low"]);
export const resultStatus = z.enum(["pass", "fail", "unknown", "not-applicable"]);
export const requirementStatus = z.enum([
  "fail",
  "unknown",
  "not-assessed",
  "needs-attestation",
  "compensating-control",
  "attested",
  "pass",
  "not-applicable",
]);
export const rollupStatus = z.enum(["blocked", "needs-attestation", "ready", "not-applicable"]);
export const coverage = z.enum(["automated", "partial", "manual", "provider", "outside-kubernetes"]);
export const scopeCategory = z.enum(["cde", "connected-to", "out-of-scope", "undeclared"]);
export const provider = z.enum(["self-managed", "eks", "gke", "aks", "openshift", "k3s", "rke2", "other"]);
export const role = z.enum(["owner", "complianceOfficer", "platformEngineer", "assessor"]);

export const resourceRef = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
});
export type ResourceRefJson = z.infer<typeof resourceRef>;

/**
 * How old the evidence is. `current` up to 24 hours (per control), `stale` after that, `expired` (shown as not assessed)
 * after 7 days, `none` when there has never been a scan.
 */
export const freshness = z.enum(["current", "stale", "expired", "none"]);

/** Project and cluster of the lens, by slug, repeated for several: `?project=pci-production&cluster=pci-prod`. */
export const lensQuery = z.object({
  project: z.string().max(63).optional(),
  cluster: z.string().max(63).optional(),
});

export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.array(z.object({ where: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  }),
});
