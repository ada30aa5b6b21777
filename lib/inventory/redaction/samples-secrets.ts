/** Rich raw objects of the kinds of secrets.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const SECRETS_SAMPLES = {
  externalsecrets: {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: meta("externalsecrets", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "externalsecret-stores": {
    apiVersion: "external-secrets.io/v1",
    kind: "SecretStore",
    metadata: meta("externalsecret-stores", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "externalsecret-clusterstores": {
    apiVersion: "external-secrets.io/v1",
    kind: "ClusterSecretStore",
    metadata: meta("externalsecret-clusterstores"),
    spec: { example: "value", password: "spec-secret" },
  },
  secretproviderclasses: {
    apiVersion: "secrets-store.csi.x-k8s.io/v1",
    kind: "SecretProviderClass",
    metadata: meta("secretproviderclasses", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
};
