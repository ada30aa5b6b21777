/** Import of the register of services that may be reached from outside. */
import { z } from "zod";
import { publicService } from "../registers/public-services";
import { documentImport } from "./types";

export const publicServicesImport = documentImport(
  {
    id: "public-services",
    title: "Public services",
    nature: "register",
    description:
      "What may be reached from outside the cluster, from where, and why. What is not on the list counts as not authorised.",
    howToGet:
      "Kept by whoever approves connections into the CDE; write it as YAML, one entry for each object that opens a way in.",
    controls: ["net-external-exposure"],
    example: `services:
  - object: { kind: Ingress, namespace: cde-frontend, name: checkout }
    reach: internet
    reason: Customers pay here
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-09-01
`,
  },
  z.strictObject({ services: z.array(publicService).max(5000) }),
  ({ services }) => ({ registers: { publicServices: services } }),
);
