/** The allow-lists of kinds about external secret stores. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const externalSecretBody: CustomBody = record({ spec: open, status: open });
export const secretStoreBody: CustomBody = record({ spec: open, status: open });
export const clusterSecretStoreBody: CustomBody = record({ spec: open, status: open });
export const secretProviderClassBody: CustomBody = record({ spec: open, status: open });
