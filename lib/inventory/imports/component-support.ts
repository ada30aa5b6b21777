/** Import of the register of suppliers' support dates. */
import { z } from "zod";
import { componentSupport } from "../registers/component-support";
import { documentImport } from "./types";

export const componentSupportImport = documentImport(
  {
    id: "component-support",
    title: "Support dates of components",
    nature: "register",
    description:
      'Until when suppliers support add-ons, node images and runtimes that this release holds no date for. An entry that says "supported" counts for 90 days after its source was read.',
    howToGet:
      "From the inventory of technologies that you review yearly (requirement 12.3.4), and each supplier's life-cycle page.",
    controls: ["ver-addons-supported", "node-os-current"],
    example: `components:
  - component: quay.io/calico/
    version: "3.32."
    supportedUntil: 2027-04-30
    source: "https://docs.tigera.io/calico/latest/release-notes/"
    seenAt: 2026-11-15
  - component: Bottlerocket OS
    supportedUntil: 2027-10-28
    source: "https://github.com/bottlerocket-os/bottlerocket"
    seenAt: 2026-11-15
`,
  },
  z.strictObject({ components: z.array(componentSupport).max(2000) }),
  ({ components }) => ({ registers: { componentSupport: components } }),
);
