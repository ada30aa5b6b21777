/** The allow-lists of kinds about certificate signing requests. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const certificateSigningRequestBody: CustomBody = record({ spec: open, status: open });
