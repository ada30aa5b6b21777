import { describe, expect, it } from "vitest";
import { certificateRegisterImport } from "./certificate-register";
import { certificatesImport } from "./certificates";
import { componentsImport } from "./components";
import { publicServicesImport } from "./public-services";
import { segmentationProbesImport } from "./segmentation-probes";
import { servicePortsImport } from "./service-ports";
import { tlsProbesImport } from "./tls-probes";
import { wafRecordsImport } from "./waf-records";

const origin = { by: "upload" as const, name: "file by ann", collectedAt: "2026-11-21T12:00:00Z" };

describe("imports about exposure", () => {
  it.each([
    [certificatesImport, "kind: secret", "kind: drawer", "certificates[0].locations[1].kind"],
    [certificatesImport, "MIIB", "$$$$", "certificates[0].pem: is not base64"],
    [
      certificatesImport,
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN TEXT-----",
      "certificates[0].pem: holds no certificate",
    ],
    [tlsProbesImport, "version: TLSv1.1", "version: TLS1.1", "probes[0].versions[1].version"],
    [wafRecordsImport, "mode: blocking", "mode: counting", "firewalls[0].mode"],
    [segmentationProbesImport, "outcome: timeout", "outcome: closed", "probes[0].outcome"],
    [publicServicesImport, "reach: internet", "reach: anywhere", "services[0].reach"],
    [servicePortsImport, "port: 8443", "port: 84430", "ports[0].port"],
    [componentsImport, "purpose: Token vault", "purpose: ''", "components[2].purpose"],
    [certificateRegisterImport, "secret: pay-tls", "name: pay-tls", "certificates[0].certificate"],
  ] as const)("%o: a bad one names the place", (kind, from, to, place) => {
    expect(() => kind.parse(kind.example, origin)).not.toThrow();
    expect(kind.example).toContain(from);
    expect(() => kind.parse(kind.example.replace(from, to), origin)).toThrow(place);
  });

  it("reads a certificate from its bytes and keeps none of them", () => {
    const { facts } = certificatesImport.parse(certificatesImport.example, origin);
    expect(facts?.certificates?.[0]).toMatchObject({
      fingerprint: "70cf9e9ba2d960c70b1074f453b637c00d6d46fb3fdeb916314419a212da8e48",
      notAfter: "2027-11-21T16:24:49Z",
      trust: "private",
      isChainInOrder: null,
    });
    expect(JSON.stringify(facts)).not.toContain("BEGIN");
  });

  it("refuses a private key", () => {
    const begin = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
    const text = certificatesImport.example.replace("    pem: |\n", `    pem: |\n      ${begin}\n`);
    expect(() => certificatesImport.parse(text, origin)).toThrow("certificates[0].pem: holds a private key");
  });

  it("takes a fingerprint as openssl prints it", () => {
    const hex = "70cf9e9ba2d960c70b1074f453b637c00d6d46fb3fdeb916314419a212da8e48";
    const printed = hex.toUpperCase().replace(/(..)(?=.)/g, "$1:");
    const text = certificateRegisterImport.example.replace(
      "{ namespace: cde-frontend, secret: pay-tls }",
      `{ fingerprint: "${printed}" }`,
    );
    const { registers } = certificateRegisterImport.parse(text, origin);
    expect(registers?.certificates?.[0]?.certificate).toEqual({ fingerprint: hex });
  });
});
