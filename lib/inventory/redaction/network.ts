/** The allow-lists of kinds about what foreign network policies refer to. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const ciliumCIDRGroupBody: CustomBody = record({ spec: open, status: open });
export const networkSetBody: CustomBody = record({ spec: open, status: open });
export const globalNetworkSetBody: CustomBody = record({ spec: open, status: open });
export const tierBody: CustomBody = record({ spec: open, status: open });
