/** Import of how nodes keep their clocks. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const timeSyncImport = documentImport(
  {
    id: "time-sync",
    title: "Time service of nodes",
    nature: "fact",
    description:
      "For each node: which time service runs, whether it is synchronised, how far the clock is off, and its servers.",
    howToGet:
      "On each node chronyc -c tracking (fifth field: offset in seconds; last: leap status) and chronyc -c sources, or timedatectl timesync-status. From Prometheus: node_timex_sync_status and node_timex_offset_seconds.",
    controls: ["mon-time-sync"],
    example: `nodes:
  - { node: node-1, tool: chrony, isSynchronized: true, offsetSeconds: 0.000021, sources: [169.254.169.123] }
  - { node: node-2, tool: node-exporter, isSynchronized: true, offsetSeconds: -0.0004, sources: [] }
`,
  },
  z.strictObject({
    nodes: z
      .array(
        z.strictObject({
          node: z.string().min(1).max(253),
          tool: label,
          isSynchronized: z.boolean(),
          offsetSeconds: z.number().nullable(),
          sources: z.array(label).max(50),
        }),
      )
      .min(1)
      .max(5000),
  }),
  ({ nodes }, origin) => ({ facts: { timeSync: nodes.map((entry) => ({ origin, ...entry })) } }),
);
