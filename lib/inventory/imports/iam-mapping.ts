/** Import of the rights that a cloud provider's IAM gives in the cluster. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const iamMappingImport = documentImport(
  {
    id: "iam-mapping",
    title: "Provider's mapping of identities",
    nature: "fact",
    description:
      "Which identities of the cloud provider become which users and groups of the cluster, and which of the provider's own policies give rights that no RBAC object shows (EKS access entries and aws-auth, GKE IAM roles, Azure RBAC).",
    howToGet:
      "EKS: aws eks list-access-entries --cluster-name NAME, then describe-access-entry and list-associated-access-policies for each; kubectl -n kube-system get cm aws-auth -o yaml. GKE: gcloud projects get-iam-policy PROJECT. AKS: az role assignment list --scope CLUSTER_ID. Write one entry per principal as in the example.",
    controls: ["rbac-secrets-humans", "auth-shared-accounts"],
    example: `provider: eks
creatorIsAdmin: false
entries:
  - principal: arn:aws:iam::111122223333:role/payments-admins
    isPerson: true
    username: payments-admins:{{SessionName}}
    groups: [payments-admins]
    policies:
      - name: AmazonEKSAdminPolicy
        namespaces: [cde-processing]
`,
  },
  z.strictObject({
    provider: z.enum(["eks", "gke", "aks", "openshift", "other"]),
    creatorIsAdmin: z.boolean().nullable(),
    entries: z
      .array(
        z.strictObject({
          principal: z.string().min(1).max(2048),
          /** False for nodes, pipelines and other machines. */
          isPerson: z.boolean(),
          username: label.optional(),
          groups: z.array(label).max(200),
          policies: z.array(z.strictObject({ name: label, namespaces: z.array(label).max(500).nullable() })).max(50),
        }),
      )
      .max(5000),
  }),
  (mapping, origin) => ({ facts: { iamMapping: { origin, ...mapping } } }),
);
