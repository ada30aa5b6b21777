/**
 * `caBundle`: what the certificates inside say about their dates and strength, computed in the cluster; the bundle stays there.
 *
 * It trusts, it hides nothing: but whoever knows which authorities an API server trusts knows whom to attack. An empty list says
 * that there is a bundle in which no certificate could be read.
 */
import type { CaCertificate } from "../kinds";
import { certificatesOfPem, decodeBase64, factsOfCertificate } from "../x509";
import type { CustomBody } from "./custom";
import { identifier, integer, isObject, list, object, type Shape, text } from "./shape";

export const caCertificates: Shape<CaCertificate[]> = list(
  object<CaCertificate>(
    {
      fingerprint: text,
      notBefore: identifier,
      notAfter: identifier,
      keyAlgorithm: text,
      keyBits: integer,
      signatureHash: text,
    },
    ["fingerprint", "notAfter"],
  ),
);

/** The facts of the bundle: base64 over PEM, as the API holds it. */
export function factsOfBundle(caBundle: string): CaCertificate[] {
  try {
    return certificatesOfPem(new TextDecoder().decode(decodeBase64(caBundle))).map((der) => {
      const { fingerprint, notBefore, notAfter, keyAlgorithm, keyBits, signatureHash } = factsOfCertificate(der);
      return {
        fingerprint,
        notBefore,
        notAfter,
        keyAlgorithm,
        ...(keyBits === null ? {} : { keyBits }),
        signatureHash,
      };
    });
  } catch {
    return [];
  }
}

/** The body of an APIService, whose bundle lies in its spec, with the bundle's facts. */
export function withBundleFacts(body: CustomBody): CustomBody {
  return (value, at) => {
    if (at.isParsing || !isObject(value) || !isObject(value.spec)) return body(value, at);
    const { caCertificates: _, ...spec } = value.spec;
    const projected = body({ ...value, spec }, at);
    if (typeof spec.caBundle !== "string" || spec.caBundle === "" || !isObject(projected.spec)) return projected;
    return { ...projected, spec: { ...projected.spec, caCertificates: factsOfBundle(spec.caBundle) } };
  };
}
