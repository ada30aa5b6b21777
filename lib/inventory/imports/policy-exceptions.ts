/** Import of the register of approved exceptions from admission policies. */
import { z } from "zod";
import { approvedPolicyException } from "../registers/policy-exceptions";
import { documentImport } from "./types";

export const policyExceptionsImport = documentImport(
  {
    id: "policy-exceptions",
    title: "Approved policy exceptions",
    nature: "register",
    description:
      "Exceptions and exclusions from admission policies that were approved, each with owner, reason, compensating control and the day on which it ends.",
    howToGet: "Kept by whoever approves exceptions; write it as YAML and name the object that holds the exception.",
    controls: ["adm-exceptions-approved"],
    example: `exceptions:
  - kind: PolicyException
    name: node-agent-hostpath
    namespace: cde-processing
    owner: platform-team@example.com
    reason: The log agent reads the node's log folder
    compensatingControl: The folder is mounted read-only and the agent's image is signed
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-03-01
`,
  },
  z.strictObject({ exceptions: z.array(approvedPolicyException).max(5000) }),
  ({ exceptions }) => ({ registers: { policyExceptions: exceptions } }),
);
