/** Import of the register of designated time sources. */
import { z } from "zod";
import { timeSource } from "../registers/time-sources";
import { documentImport } from "./types";

export const timeSourcesImport = documentImport(
  {
    id: "time-sources",
    title: "Designated time sources",
    nature: "register",
    description: "From where each class of nodes takes its time. With `servers`, a node that uses another one fails.",
    howToGet: "From the configuration standard for time synchronisation (requirement 10.6.2).",
    controls: ["mon-time-sync"],
    example: `sources:
  - nodes: ["ip-10-*"]
    source: Amazon Time Sync Service
    servers: [169.254.169.123]
`,
  },
  z.strictObject({ sources: z.array(timeSource).max(500) }),
  ({ sources }) => ({ registers: { timeSources: sources } }),
);
