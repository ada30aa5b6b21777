/** Import of the provider's record of how users are authenticated. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const authenticationRecordImport = documentImport(
  {
    id: "authentication-record",
    title: "Provider's record of authentication",
    nature: "fact",
    description:
      "Which identity service stands in front of a managed API server, whether it is on, and which ways around it are still open: local accounts, client certificates, shared accounts of a management plane.",
    howToGet:
      "EKS: aws eks describe-cluster --name NAME --query cluster.accessConfig; aws eks list-identity-provider-configs --cluster-name NAME. GKE: gcloud container clusters describe NAME --format='json(masterAuth,legacyAbac)'. AKS: az aks show -n NAME -g GROUP --query '{aad:aadProfile,localOff:disableLocalAccounts}'. Write what they say as in the example.",
    controls: ["auth-central-idp", "auth-mfa-evidence", "auth-shared-accounts", "auth-no-human-client-certs"],
    example: `service: Microsoft Entra ID
isOn: true
bypasses:
  - client certificates of az aks get-credentials --admin
sharedAccounts:
  - name: local account clusterAdmin
    isEnabled: false
`,
  },
  z.strictObject({
    service: label,
    isOn: z.boolean(),
    bypasses: z.array(label).max(100),
    sharedAccounts: z
      .array(z.strictObject({ name: label, isEnabled: z.boolean() }))
      .max(100)
      .optional(),
  }),
  ({ service, isOn, bypasses, sharedAccounts }, origin) => ({
    facts: {
      authenticationRecord: {
        origin,
        service,
        isOn,
        bypasses,
        ...(sharedAccounts === undefined ? {} : { sharedAccounts }),
      },
    },
  }),
);
