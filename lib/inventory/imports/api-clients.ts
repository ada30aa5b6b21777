/** Import of the workloads that need the Kubernetes API. */
import { z } from "zod";
import { apiClient } from "../registers/api-clients";
import { documentImport } from "./types";

export const apiClientsImport = documentImport(
  {
    id: "api-clients",
    title: "Workloads that need the Kubernetes API",
    nature: "register",
    description:
      "Service accounts whose token may be mounted, with the permissions that each needs. More than these is a finding.",
    howToGet: "Kept by whoever reviews service accounts; write it as YAML, with the rules as RBAC writes them.",
    controls: ["pod-sa-token-not-automounted"],
    example: `clients:
  - namespace: cert-manager
    serviceAccount: cert-manager
    permissions:
      - { apiGroups: [cert-manager.io], resources: [certificates], verbs: [get, list, watch, update] }
    reason: Renews certificates
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-09-01
`,
  },
  z.strictObject({ clients: z.array(apiClient).max(2000) }),
  ({ clients }) => ({ registers: { apiClients: clients } }),
);
