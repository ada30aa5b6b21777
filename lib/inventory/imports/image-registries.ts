/** Import of the register of approved image registries. */
import { z } from "zod";
import { imageRegistry } from "../registers/image-registries";
import { documentImport } from "./types";

export const imageRegistriesImport = documentImport(
  {
    id: "image-registries",
    title: "Approved image registries",
    nature: "register",
    description:
      "Registries and repositories that images may come from. Without this list nobody can say whether an image's source is approved.",
    howToGet: "Kept by whoever runs the registries; write it as YAML. A prefix ends at a slash, a tag or a digest.",
    controls: ["img-trusted-registry"],
    example: `registries:
  - prefix: registry.example.com/payments
    reason: The payment team's own builds, scanned and signed in the pipeline
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
  - prefix: registry.k8s.io
    scopes: [connected-to]
    reason: Add-ons of the cluster
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
`,
  },
  z.strictObject({ registries: z.array(imageRegistry).max(2000) }),
  ({ registries }) => ({ registers: { imageRegistries: registries } }),
);
