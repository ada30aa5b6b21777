/** Import of certificates as listeners show them or Secrets hold them. */
import { z } from "zod";
import { findSecret } from "../secret-net";
import { CertificateProblem, certificatesOfPem, type CertificateFacts, factsOfCertificate } from "../x509";
import { label } from "./origin-fields";
import { documentImport, ImportProblem } from "./types";

const EXAMPLE_PEM = `-----BEGIN CERTIFICATE-----
MIIB+DCCAZ2gAwIBAgIUbJU7DpOAQ5RcUywytoN6PxqXh2wwCgYIKoZIzj0EAwIw
LDEQMA4GA1UECgwHRXhhbXBsZTEYMBYGA1UEAwwPYXBpLmV4YW1wbGUuY29tMB4X
DTI2MTEyMTE2MjQ0OVoXDTI3MTEyMTE2MjQ0OVowLDEQMA4GA1UECgwHRXhhbXBs
ZTEYMBYGA1UEAwwPYXBpLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEKr+WZmiITI3TLOsQ3GWZNZcaOzpY+aaLst0CXZH8jxZflEAJt60W/00i
6awmc/jrXuLslu1viEuZ1Qf1cCqQBaOBnDCBmTAdBgNVHQ4EFgQUEomyWb/bMGOD
pBgdeQ119bKqshcwHwYDVR0jBBgwFoAUEomyWb/bMGODpBgdeQ119bKqshcwDwYD
VR0TAQH/BAUwAwEB/zBGBgNVHREEPzA9gg9hcGkuZXhhbXBsZS5jb22CEiouU2hv
cC5leGFtcGxlLmNvbYcECgAAAYcQ/QAAAAAAAAAAAAAAAAAAATAKBggqhkjOPQQD
AgNJADBGAiEAs+IxrUiG3Zvylfd479Vtxs+txEpb8WWBO9WjCM3iJogCIQCuuQcw
yjBwJVMpHUyi4EVfZkbZt0vzVxgD0Rls+X2RKg==
-----END CERTIFICATE-----`;

export const certificatesImport = documentImport(
  {
    id: "certificates",
    title: "Certificates",
    nature: "fact",
    description:
      "Certificates that listeners show, Secrets hold or nodes keep as files. Names, dates, key and signature are read from their bytes; a private key is refused.",
    howToGet:
      "A listener's: openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null. A Secret's, without its key: kubectl get secret -n NS NAME -o jsonpath='{.data.tls\\.crt}' | base64 -d. Name the Secret as a second location of what its listener shows, if nothing stands between. `trust: public` says that openssl verified it against the public roots (Verify return code: 0).",
    controls: ["tls-cert-validity", "tls-cert-inventory"],
    example: `certificates:
  - locations:
      - { kind: listener, host: pay.example.com, port: 443 }
      - { kind: secret, namespace: cde-frontend, name: pay-tls }
    trust: private
    pem: |
      ${EXAMPLE_PEM.replaceAll("\n", "\n      ")}
`,
  },
  z.strictObject({
    certificates: z
      .array(
        z.strictObject({
          locations: z
            .array(
              z.discriminatedUnion("kind", [
                z.strictObject({ kind: z.literal("secret"), namespace: label, name: label }),
                z.strictObject({ kind: z.literal("listener"), host: label, port: z.int().min(1).max(65_535) }),
                z.strictObject({ kind: z.literal("file"), node: label, path: label }),
                z.strictObject({ kind: z.literal("elsewhere"), name: label }),
              ]),
            )
            .min(1)
            .max(200),
          trust: z.enum(["public", "private"]).optional(),
          /** The certificate first, then its chain. */
          pem: z.string().max(65_536),
        }),
      )
      .min(1)
      .max(2000),
  }),
  ({ certificates }, origin) => ({
    facts: {
      certificates: certificates.map(({ pem, locations, trust }, i) => {
        const [leaf, ...chain] = readChain(pem, `certificates[${i}].pem`);
        return {
          ...leaf,
          origin,
          locations,
          chain: chain.map(({ subject }) => subject),
          isChainInOrder:
            chain.length === 0 ? null : [leaf, ...chain].every((one, k, all) => isIssuedBy(one, all[k + 1])),
          trust: trust ?? null,
        };
      }),
    },
  }),
);

function readChain(pem: string, where: string): [CertificateFacts, ...CertificateFacts[]] {
  if (findSecret(pem) === "private-key") throw new ImportProblem(`${where}: holds a private key; leave it out`);
  try {
    const [leaf, ...chain] = certificatesOfPem(pem).map(factsOfCertificate);
    if (leaf === undefined) throw new CertificateProblem("holds no certificate");
    return [leaf, ...chain];
  } catch (error) {
    if (!(error instanceof CertificateProblem)) throw error;
    throw new ImportProblem(`${where}: ${error.message}`);
  }
}
function isIssuedBy(one: CertificateFacts, next: CertificateFacts | undefined): boolean {
  return next === undefined || one.issuer === next.subject;
}
