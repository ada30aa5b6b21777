/** Import of what is known of nodes' machines: their last update, open findings, public addresses. */
import { z } from "zod";
import type { ImportedFacts } from "../imported";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

export const nodeMachinesImport = documentImport(
  {
    id: "node-machines",
    title: "Updates and addresses of nodes' machines",
    nature: "fact",
    description:
      "For each node: when its packages or image were last brought up to date, whether a restart is pending, which critical findings of a scan are open since when, and the public addresses that the provider gives it.",
    howToGet:
      "Patch management or image pipeline for the updates, the scanner for the findings, the provider's API for the addresses (aws ec2 describe-instances, gcloud compute instances list, az vm list-ip-addresses). Leave out what you don't know.",
    controls: ["node-os-current", "node-no-public-address"],
    example: `nodes:
  - node: node-1
    updatedAt: 2026-11-12T02:00:00Z
    isRebootPending: false
    openCritical: []
    imageId: ami-0123456789abcdef0
    publicAddresses: []
`,
  },
  z.strictObject({
    nodes: z
      .array(
        z.strictObject({
          node: z.string().min(1).max(253),
          updatedAt: time.optional(),
          isRebootPending: z.boolean().optional(),
          openCritical: z
            .array(z.strictObject({ id: label, since: time }))
            .max(1000)
            .optional(),
          imageId: label.optional(),
          publicAddresses: z
            .array(z.union([z.ipv4(), z.ipv6()]))
            .max(50)
            .optional(),
        }),
      )
      .min(1)
      .max(5000),
  }),
  ({ nodes }, origin) => {
    const facts: Partial<ImportedFacts> = { nodePatches: [], nodeAddresses: [] };
    for (const { node, updatedAt, publicAddresses, ...rest } of nodes) {
      if (updatedAt !== undefined) facts.nodePatches?.push({ origin, node, updatedAt, ...rest });
      if (publicAddresses !== undefined) facts.nodeAddresses?.push({ origin, node, publicAddresses });
    }
    return { facts };
  },
);
