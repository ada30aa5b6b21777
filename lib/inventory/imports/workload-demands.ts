/** Import of what the organization demands of workloads and has declared about their variables. */
import { z } from "zod";
import { nonCredential, sandboxDemand } from "../registers/workload-demands";
import { documentImport } from "./types";

export const workloadDemandsImport = documentImport(
  {
    id: "workload-demands",
    title: "Sandboxes and declared variables",
    nature: "register",
    description:
      "Namespaces whose pods must run in a sandbox (gVisor, Kata), and Secrets that were declared to hold no credential.",
    howToGet: "Kept by whoever owns the hardening standard; write it as YAML.",
    controls: ["pod-kernel-confinement", "sec-no-secret-env"],
    example: `sandboxes:
  - namespaces: [cde-processing]
    runtimeClasses: [gvisor]
    reason: Runs code of partners
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
nonCredentials:
  - namespace: cde-processing
    secret: feature-switches
    reason: Holds switches, kept as a Secret for historical reasons
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
`,
  },
  z.strictObject({
    sandboxes: z.array(sandboxDemand).max(1000).default([]),
    nonCredentials: z.array(nonCredential).max(5000).default([]),
  }),
  ({ sandboxes, nonCredentials }) => ({ registers: { sandboxDemands: sandboxes, nonCredentials } }),
);
