/** Import of the EncryptionConfiguration of API servers: provider names, key names and resources. Keys are dropped as the file is read. */
import { z } from "zod";
import { readEncryptionConfiguration } from "../host-files/documents";
import { documentImport } from "./types";

export const encryptionConfigurationImport = documentImport(
  {
    id: "encryption-configuration",
    title: "Encryption configuration of the API servers",
    nature: "fact",
    description:
      "Which provider and key write Secrets, in the order of the file. Take the keys out before you upload it; what is still in it is dropped as the file is read and is not stored.",
    howToGet:
      "On each control-plane node: sudo yq 'del(.resources[].providers[].[].keys[].secret)' FILE, where FILE is what --encryption-provider-config names; put it below the node's name. The node collector brings it by itself.",
    controls: [
      "sec-etcd-encryption-on",
      "sec-encryption-provider-strong",
      "sec-secrets-reencrypted",
      "sto-backup-protected",
    ],
    example: `apiServers:
  - instance: control-plane-1
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: EncryptionConfiguration
      resources:
        - resources: [secrets, configmaps]
          providers:
            - kms: { apiVersion: v2, name: vault }
            - identity: {}
`,
  },
  z.strictObject({
    apiServers: z
      .array(z.strictObject({ instance: z.string().min(1).max(253), configuration: z.unknown() }))
      .min(1)
      .max(100),
  }),
  ({ apiServers }, origin) => ({
    facts: {
      encryptionConfigs: apiServers.map(({ instance, configuration }) => ({
        origin,
        instance,
        resources: readEncryptionConfiguration(configuration),
      })),
    },
  }),
);
