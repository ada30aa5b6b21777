/** Rich raw objects of the kinds of access.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const ACCESS_SAMPLES = {
  certificatesigningrequests: {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: meta("certificatesigningrequests"),
    spec: { example: "value", password: "spec-secret" },
  },
};
