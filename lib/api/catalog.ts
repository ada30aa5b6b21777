/** Catalogue versions: `/api/o/[org]/catalog…`. */
import { z } from "zod";
import { isoTime, requirementStatus, resultStatus, severity } from "./common";
import { controlRule } from "./assessment";

const linkKind = z.enum(["primary", "fail-only", "supporting"]);
const controlName = z.object({ id: z.string(), title: z.string(), severity, requirements: z.array(z.string()) });

/** What changes from the active version to the one that this release brings. */
export const catalogChanges = z.object({
  from: z.string(),
  to: z.string(),
  added: z.array(controlName),
  removed: z.array(controlName),
  changed: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      revision: z.object({ from: z.number().int(), to: z.number().int() }).optional(),
      words: z.array(z.string()).optional(),
      severity: z.object({ from: severity, to: severity }).optional(),
      links: z
        .array(z.object({ requirement: z.string(), from: linkKind.nullable(), to: linkKind.nullable() }))
        .optional(),
    }),
  ),
});
export type CatalogChangesView = z.infer<typeof catalogChanges>;

const counts = z.object({
  pass: z.number().int(),
  fail: z.number().int(),
  unknown: z.number().int(),
  notApplicable: z.number().int(),
});
/** What the new version would say of a cluster's last scan, where it differs. Null: the version doesn't have the control. */
export const catalogEffect = z.object({
  controls: z.array(z.object({ id: z.string(), from: resultStatus.nullable(), to: resultStatus.nullable() })),
  requirements: z.array(z.object({ id: z.string(), from: requirementStatus, to: requirementStatus })),
  results: z.object({ from: counts, to: counts }),
});
export type CatalogEffect = z.infer<typeof catalogEffect>;

export const catalogPage = z.object({
  active: z.object({ version: z.string(), since: isoTime, by: z.string(), controls: z.number().int() }),
  shipped: z.object({ version: z.string(), controls: z.number().int() }),
  /** Null while the active version is the one that this release brings. */
  changes: catalogChanges.nullable(),
  /** Controls of the active version that this release decides differently, and those that it has no code for. */
  decidedAnew: z.array(z.string()),
  retired: z.array(z.string()),
  /** Effect on the clusters that the reader may see and that have an evaluated scan; only while there are changes. */
  effects: z.array(
    z.object({
      cluster: z.object({ slug: z.string(), name: z.string() }),
      /** Number of the last evaluated scan. */
      lastScanSeq: z.number().int(),
      /** Null: nobody has asked for it, or a worker is at it. */
      effect: catalogEffect.nullable(),
      /** The scan that the effect is on; null without one. */
      effectScanSeq: z.number().int().nullable(),
      madeAt: isoTime.nullable(),
    }),
  ),
  history: z.array(z.object({ version: z.string(), at: isoTime, by: z.string() })),
  mayActivate: z.boolean(),
});
export type CatalogPage = z.infer<typeof catalogPage>;

/** The controls of a version as they were recorded. */
export const catalogVersionView = z.object({
  version: z.string(),
  digest: z.string(),
  firstSeenAt: isoTime,
  isActive: z.boolean(),
  controls: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      revision: z.number().int(),
      severity,
      judges: z.string(),
      rule: controlRule,
      requirements: z.array(z.object({ requirement: z.string(), kind: linkKind, rationale: z.string() })),
    }),
  ),
});
export type CatalogVersionView = z.infer<typeof catalogVersionView>;

export const versionParam = z.string().regex(/^[0-9A-Za-z.+-]{1,60}$/);
export const activateCatalogBody = z.object({ version: versionParam });
export const catalogActivated = z.object({ version: z.string(), clusters: z.number().int() });
export type CatalogActivated = z.infer<typeof catalogActivated>;
export const previewRequested = z.object({ clusters: z.number().int() });
