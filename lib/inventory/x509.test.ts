import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "./sha256";
import { CertificateProblem, certificatesOfPem, decodeBase64, factsOfCertificate } from "./x509";

// Made with openssl; what it prints of them (x509 -text) is what the tests expect.
const EC = `-----BEGIN CERTIFICATE-----
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
const WEAK = `-----BEGIN CERTIFICATE-----
MIICEDCCAXmgAwIBAgIUEe9yxrDih7l7qSxVeIvdPgEM+SswDQYJKoZIhvcNAQEF
BQAwGjEYMBYGA1UEAwwPb2xkLmV4YW1wbGUuY29tMB4XDTI2MTEyMTE2MjQ0OVoX
DTM2MTExODE2MjQ0OVowGjEYMBYGA1UEAwwPb2xkLmV4YW1wbGUuY29tMIGfMA0G
CSqGSIb3DQEBAQUAA4GNADCBiQKBgQCnEJPGiqcOmN2gyzSOLgjzJwcb5051aqd2
axiWVdRUB7bAEjdzDLP9gzLGxX6SNHcAWWQ/vUBrElopJEhtiHepajV4VNzR8DrV
vU/fe/Z6wbc36xVx2wWp9JKcfnn3Uy8R3BUtwo5o8Y/cU4zwkyoKYjj7x86zg4t8
Ka6vUiKvBwIDAQABo1MwUTAdBgNVHQ4EFgQU8tdHECdQpTFkIvV3MoUMDfyvF2Iw
HwYDVR0jBBgwFoAU8tdHECdQpTFkIvV3MoUMDfyvF2IwDwYDVR0TAQH/BAUwAwEB
/zANBgkqhkiG9w0BAQUFAAOBgQA06Tu+k3rntJX5jV/R9AOxlq6nOnoLqNewUTld
/Ud66LGaZ5mHAWO4hkC1njHK295NuODSN10Cx1Vl2VdmprxKn3DBhVeVwPNVKXAn
DeHtzHKjSTt5m1XhVRkw+ZV+DoKqQ8vVavGOqkPFx7pxWNCMXA1fVErrxrPqhYnF
bMrgXg==
-----END CERTIFICATE-----`;
const PSS = `-----BEGIN CERTIFICATE-----
MIIDaTCCAhygAwIBAgIUPYueNWD147CboXsQuvoL8LoQxnYwQgYJKoZIhvcNAQEK
MDWgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIF
AKIEAgIAzjAOMQwwCgYDVQQDDANwc3MwIBcNMjYxMTIxMTYyNDQ5WhgPMjEyNjEw
MjgxNjI0NDlaMA4xDDAKBgNVBAMMA3BzczCCASIwDQYJKoZIhvcNAQEBBQADggEP
ADCCAQoCggEBAMcok1VwcBd5ctTiApRM/qxUqtCvxTcckLTHl+NU5T+g3o+um+ZM
PZ3TpsRTbrv/WTFDeCHMN0OT8GKx95mLL8pVuV9CXInqG2yQyP+NWlIP5/r2+wiH
Ivl0T8t6fcWblrpK8cAXSJJrvccrNU8Bw1b2mYmt2oxQ0Y/OfbNtv5MnsZolqXDP
drKDdAENkOsOOXPhKP5tbJkp2YUXLKunhcd//1CYQm4KjG+jVIaHRLa8MLhdIg+t
0b9rUZ0u2ZIlmQHSvqJM7/dlrKEJ47cEB6yghSd81w8V0xq1/0ycNzqJBo6pm2mq
7MQ5VH/gXRA12RDNM1boDLnHXPJrfpMAqx0CAwEAAaNTMFEwHQYDVR0OBBYEFHdw
QYyikjDTW1Y/SCjlX6VmBb64MB8GA1UdIwQYMBaAFHdwQYyikjDTW1Y/SCjlX6Vm
Bb64MA8GA1UdEwEB/wQFMAMBAf8wQgYJKoZIhvcNAQEKMDWgDzANBglghkgBZQME
AgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIFAKIEAgIAzgOCAQEAJzxD
u9rbXJc4so0oUBLszyTAx+5fJ6P+XbeiR7oYoBHGn/BISHhGG6O+MYVI+mA96011
cACS0iuLdBvOOOPoe/8IVMJrB6O9OkNPVcAVvRHZTtMiHoVR2On2mCC49Ccdc5lm
gkXX7A8XAdkYsdwtTq0J8PqXkJWoKriSNasQM6lS1i0IJXahvrGmRlLACBxfhXcD
tf0e9EvcyW/VRLLkZOsiLdInlwQOmx9RbR4+a4DYEwgWaNtEWraxgd4+C1zV+G+a
7j+b/Hch4od85u93Z2w0Gs3NccNMmkeQThJgtOAs/2ijM2X8ibd0O9S9mVe+sLI1
EAEcnOAoyxnVd9we3A==
-----END CERTIFICATE-----`;
const ED25519 = `-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhQNAafrEjmvBbJrDZUwt09sA2tBYzAFBgMrZXAwDTELMAkG
A1UEAwwCZWQwHhcNMjYxMTIxMTYyNDQ5WhcNMjYxMjIxMTYyNDQ5WjANMQswCQYD
VQQDDAJlZDAqMAUGAytlcAMhAEMPbUNff6TRA7plBIau0sDFC5ofB+iubDwM6lPX
Wwg2o1MwUTAdBgNVHQ4EFgQU9J4wLyup324dl/PoWnqtL1X8NfwwHwYDVR0jBBgw
FoAU9J4wLyup324dl/PoWnqtL1X8NfwwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQAjt0s+TSICWkygDOSMPOVdL8YLr7LXocE2DKgfms4Ua4bI4dIWkl2eKgp/5MMk
vUf6KsESAnOTAnJwvroipBgE
-----END CERTIFICATE-----`;

const factsOf = (pem: string) => certificatesOfPem(pem).map(factsOfCertificate);

describe("SHA-256", () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])("of %i bytes is what the crypto library says", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
    expect(sha256Hex(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("facts of certificates", () => {
  it("reads names, dates, key and signature", () => {
    expect(factsOf(EC)).toEqual([
      {
        fingerprint: "70cf9e9ba2d960c70b1074f453b637c00d6d46fb3fdeb916314419a212da8e48",
        subject: "O=Example, CN=api.example.com",
        issuer: "O=Example, CN=api.example.com",
        dnsNames: ["api.example.com", "*.shop.example.com"],
        ipAddresses: ["10.0.0.1", "fd00:0:0:0:0:0:0:1"],
        notBefore: "2026-11-21T16:24:49Z",
        notAfter: "2027-11-21T16:24:49Z",
        keyAlgorithm: "EC",
        keyBits: 256,
        signatureHash: "SHA-256",
        isCa: true,
        isSelfIssued: true,
      },
    ]);
  });

  it("sees a short key and an old hash", () => {
    expect(factsOf(WEAK)[0]).toMatchObject({
      keyAlgorithm: "RSA",
      keyBits: 1024,
      signatureHash: "SHA-1",
      dnsNames: [],
    });
  });

  it("reads the hash of RSASSA-PSS from its parameters, and a year beyond 2049", () => {
    expect(factsOf(PSS)[0]).toMatchObject({
      keyBits: 2048,
      signatureHash: "SHA-384",
      notAfter: "2126-10-28T16:24:49Z",
    });
  });

  it("knows Ed25519", () => {
    expect(factsOf(ED25519)[0]).toMatchObject({ keyAlgorithm: "Ed25519", signatureHash: "built-in" });
  });

  it("takes every certificate of a chain in its order, and no other block", () => {
    const key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    expect(factsOf(`subject=x\n${EC}\n${key}\n${WEAK}`).map(({ subject }) => subject)).toEqual([
      "O=Example, CN=api.example.com",
      "CN=old.example.com",
    ]);
    expect(factsOf("nothing")).toEqual([]);
  });

  it("refuses bytes that are none, and never loops or crashes on a broken one", () => {
    const [der = new Uint8Array()] = certificatesOfPem(EC);
    for (const bytes of [new Uint8Array(), Uint8Array.of(0x30), Uint8Array.of(0x30, 0x80), Uint8Array.of(0x02, 1, 1)])
      expect(() => factsOfCertificate(bytes)).toThrow(CertificateProblem);
    for (let cut = 1; cut < der.length; cut += 13)
      expect(() => factsOfCertificate(der.subarray(0, cut))).toThrow(CertificateProblem);
    for (let at = 0; at < der.length; at++) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      try {
        factsOfCertificate(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(CertificateProblem);
      }
    }
    expect(() => decodeBase64("a b$")).toThrow(CertificateProblem);
  });
});
