/** Import of the inventory of system components. */
import { z } from "zod";
import { component } from "../registers/components";
import { documentImport } from "./types";

export const componentsImport = documentImport(
  {
    id: "components",
    title: "System components",
    nature: "register",
    description:
      "Workloads, node groups and the cluster itself with owner and purpose, and which of them store account data. Upload it for each cluster: a workload that it names in a namespace in scope and that the cluster doesn't hold fails.",
    howToGet:
      "From the asset inventory. A workload may say the same itself in its annotations ringfence.dev/owner and ringfence.dev/purpose.",
    controls: ["scp-component-inventory", "net-external-exposure"],
    example: `components:
  - { kind: Cluster, name: payments-eu, owner: Platform team, purpose: Runs the payment services }
  - { kind: NodeGroup, name: cde, owner: Platform team, purpose: Nodes of the CDE }
  - kind: StatefulSet
    namespace: cde-storage
    name: vault-db
    owner: Payments team
    purpose: Token vault
    storesAccountData: true
`,
  },
  z.strictObject({ components: z.array(component).max(20_000) }),
  ({ components }) => ({ registers: { components } }),
);
