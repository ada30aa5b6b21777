/** Import of the register of approved Linux capabilities. */
import { z } from "zod";
import { approvedCapability } from "../registers/approved-capabilities";
import { documentImport } from "./types";

export const approvedCapabilitiesImport = documentImport(
  {
    id: "approved-capabilities",
    title: "Approved Linux capabilities",
    nature: "register",
    description: "Linux capabilities that a workload was allowed to add, with reason, approver and expiry.",
    howToGet: "Kept by whoever approves workloads; write it as YAML.",
    controls: ["pod-capabilities-dropped"],
    example: `capabilities:
  - namespace: cde-processing
    workload: packet-inspector
    container: capture
    capabilities: [NET_RAW]
    reason: Reads traffic for intrusion detection
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-03-01
`,
  },
  z.strictObject({ capabilities: z.array(approvedCapability).max(5000) }),
  ({ capabilities }) => ({ registers: { approvedCapabilities: capabilities } }),
);
