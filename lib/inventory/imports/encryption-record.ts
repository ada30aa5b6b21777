/** Import of the provider's record of how Secrets are encrypted at rest. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const encryptionRecordImport = documentImport(
  {
    id: "encryption-record",
    title: "Provider's record of encryption at rest",
    nature: "fact",
    description:
      "Whether a managed control plane encrypts Secrets themselves, beyond the encryption of its disks, and whose key it uses.",
    howToGet:
      "EKS: aws eks describe-cluster --name NAME --query cluster.encryptionConfig. GKE: gcloud container clusters describe NAME --format='json(databaseEncryption)'. AKS: az aks show -n NAME -g GROUP --query securityProfile.azureKeyVaultKms. OpenShift: oc get apiserver cluster -o jsonpath='{.spec.encryption.type}'. Give the value under `found`.",
    controls: ["sec-etcd-encryption-on"],
    example: `isSecretEncryptionOn: true
key: customer
found: "databaseEncryption.state=ENCRYPTED keyName=projects/p/locations/l/keyRings/r/cryptoKeys/k"
`,
  },
  z.strictObject({
    isSecretEncryptionOn: z.boolean(),
    key: z.enum(["customer", "platform"]).nullable(),
    found: label,
  }),
  ({ isSecretEncryptionOn, key, found }, origin) => ({
    facts: { encryptionRecord: { origin, isSecretEncryptionOn, key, found } },
  }),
);
