/** The allow-lists of kinds about change management (quotas, GitOps). How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const resourceQuotaBody: CustomBody = record({ spec: open, status: open });
export const limitRangeBody: CustomBody = record({ spec: open, status: open });
export const applicationBody: CustomBody = record({ spec: open, status: open });
export const kustomizationBody: CustomBody = record({ spec: open, status: open });
export const helmReleaseBody: CustomBody = record({ spec: open, status: open });
