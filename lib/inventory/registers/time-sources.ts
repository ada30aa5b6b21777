/** The designated time sources of nodes (PCI DSS 10.6.2). */
import { z } from "zod";
import { name, words } from "./approval";

export const timeSource = z.strictObject({
  /** Names of nodes; `*` at the end stands for any end, `*` alone for every node. */
  nodes: z.array(name).min(1).max(500),
  /** `Amazon Time Sync Service`, `chrony with time1.example.com and time2.example.com` … */
  source: words,
  /** Servers that may appear in a node's configuration; absent: any. */
  servers: z.array(name).max(50).optional(),
});
export type TimeSource = z.output<typeof timeSource>;
