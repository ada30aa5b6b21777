/** The allow-lists of kinds about reports of the node collector. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const nodeReportBody: CustomBody = record({ spec: open, status: open });
