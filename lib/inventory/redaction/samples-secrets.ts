/** Rich raw objects of the kinds of secrets.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

const provider = {
  vault: {
    server: "https://vault-secret.example.com",
    path: "path-secret",
    auth: { kubernetes: { role: "role-secret", secretRef: { name: "ref-secret" } } },
  },
};
const status = {
  capabilities: "ReadOnly",
  conditions: [
    {
      type: "Ready",
      status: "True",
      reason: "Valid",
      message: "message-secret",
      lastTransitionTime: "2026-11-01T00:00:00Z",
    },
  ],
};

export const SECRETS_SAMPLES = {
  externalsecrets: {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: meta("externalsecrets", "cde"),
    spec: {
      secretStoreRef: { name: "vault", kind: "ClusterSecretStore" },
      refreshInterval: "1h",
      refreshPolicy: "Periodic",
      target: {
        name: "db",
        creationPolicy: "Owner",
        deletionPolicy: "Retain",
        immutable: false,
        template: { data: { password: "template-secret" } },
      },
      data: [
        {
          secretKey: "key-secret",
          remoteRef: { key: "remote-secret", property: "property-secret" },
          sourceRef: {
            storeRef: { name: "other", kind: "SecretStore" },
            generatorRef: { kind: "Password", name: "gen", apiVersion: "generator-secret" },
          },
        },
      ],
      dataFrom: [
        { extract: { key: "extract-secret" }, sourceRef: { storeRef: { name: "third", kind: "SecretStore" } } },
      ],
    },
    status: {
      refreshTime: "2026-11-21T11:00:00Z",
      syncedResourceVersion: "version-secret",
      binding: { name: "binding-secret" },
      conditions: status.conditions,
    },
  },
  "externalsecret-stores": {
    apiVersion: "external-secrets.io/v1",
    kind: "SecretStore",
    metadata: meta("externalsecret-stores", "cde"),
    spec: { controller: "main", provider, retrySettings: { retryInterval: "retry-secret" } },
    status,
  },
  "externalsecret-clusterstores": {
    apiVersion: "external-secrets.io/v1",
    kind: "ClusterSecretStore",
    metadata: meta("externalsecret-clusterstores"),
    spec: { controller: "main", provider, conditions: [{ namespaces: ["namespace-secret"] }] },
    status,
  },
  secretproviderclasses: {
    apiVersion: "secrets-store.csi.x-k8s.io/v1",
    kind: "SecretProviderClass",
    metadata: meta("secretproviderclasses", "cde"),
    spec: {
      provider: "vault",
      parameters: { vaultAddress: "address-secret", objects: "objects-secret" },
      secretObjects: [
        { secretName: "synced", type: "Opaque", data: [{ objectName: "object-secret", key: "k-secret" }] },
      ],
    },
    status: { byPod: [{ id: "pod-secret" }] },
  },
};
