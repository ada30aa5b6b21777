/** Rich raw objects of the kinds of access.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const ACCESS_SAMPLES = {
  certificatesigningrequests: {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: meta("certificatesigningrequests"),
    spec: {
      signerName: "kubernetes.io/kube-apiserver-client",
      request: "request-secret",
      username: "ann@example.com",
      uid: "uid-secret",
      groups: ["system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": ["extra-secret"] },
      usages: ["client auth"],
      expirationSeconds: 86_400,
    },
    status: {
      conditions: [
        {
          type: "Approved",
          status: "True",
          reason: "KubectlApprove",
          message: "message-secret",
          lastUpdateTime: "2026-11-20T10:00:00Z",
          lastTransitionTime: "2026-11-20T10:00:00Z",
        },
      ],
      certificate: "certificate-secret",
    },
  },
};
