import { describe, expect, it } from "vitest";
import { parseProjectedObject, projectObject } from ".";
import { CA_BUNDLE } from "./samples-exposure";

const ca = {
  fingerprint: "70cf9e9ba2d960c70b1074f453b637c00d6d46fb3fdeb916314419a212da8e48",
  notBefore: "2026-11-21T16:24:49Z",
  notAfter: "2027-11-21T16:24:49Z",
  keyAlgorithm: "EC",
  keyBits: 256,
  signatureHash: "SHA-256",
};

describe("caBundle", () => {
  const webhook = (clientConfig: object) => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "w" },
    webhooks: [{ name: "w.example.com", clientConfig }],
  });
  const of = (clientConfig: object) =>
    projectObject("validatingwebhookconfigurations", webhook(clientConfig), "test").object?.webhooks?.[0]?.clientConfig;

  it("leaves as digest, dates and strength", () => {
    expect(of({ service: { name: "s", namespace: "n" }, caBundle: CA_BUNDLE })).toEqual({
      service: { name: "s", namespace: "n" },
      caCertificates: [ca],
    });
  });

  it("that can't be read leaves an empty list, and one that is not there nothing", () => {
    expect(of({ caBundle: "bm90IGEgY2VydGlmaWNhdGU=" })).toEqual({ caCertificates: [] });
    expect(of({ caBundle: "" })).toEqual({});
    expect(of({})).toEqual({});
  });

  it("is never believed from the object itself", () => {
    expect(of({ caCertificates: [{ ...ca, notAfter: "2099-01-01T00:00:00Z" }] })).toEqual({});
  });

  it("of an APIService is treated the same", () => {
    const object = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1.x" },
      spec: { group: "x", version: "v1", caBundle: CA_BUNDLE },
    };
    expect(projectObject("apiservices", object, "test").object?.spec).toEqual({
      group: "x",
      version: "v1",
      caCertificates: [ca],
    });
  });
});

describe("ConfigMap", () => {
  const of = (data: object) =>
    projectObject(
      "configmaps",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "n" }, data },
      "test",
    ).object;

  it("keeps keys, and values of listed settings only", () => {
    expect(of({ "ssl-protocols": "TLSv1.2", "db.properties": "user=x" })).toMatchObject({
      keys: ["db.properties", "ssl-protocols"],
      settings: { "ssl-protocols": "TLSv1.2" },
    });
  });

  it("keeps of a ModSecurity snippet the mode of the engine, the last one said", () => {
    const snippet = 'SecRuleEngine On\nSecRule ARGS "@contains x" "deny"\n  secruleengine DetectionOnly\n';
    expect(of({ "modsecurity-snippet": snippet })).toMatchObject({
      settings: { "modsecurity-snippet": "SecRuleEngine DetectionOnly" },
    });
    expect(of({ "modsecurity-snippet": "Include /etc/x.conf" })).toMatchObject({ settings: {} });
  });

  it("keeps no value that is not what the setting may hold", () => {
    expect(of({ "ssl-protocols": "TLSv1.2; include /tmp/x", "enable-modsecurity": "maybe" })).toMatchObject({
      settings: {},
    });
  });

  it("is refused when it arrives with a value that no projection lets through", () => {
    const sent = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c", namespace: "n" },
      keys: ["db.properties"],
      settings: { "db.properties": "user=x" },
    };
    expect(parseProjectedObject("configmaps", sent, "test").problems).toHaveLength(1);
  });
});

it("keeps of an Ingress's ModSecurity snippet the mode of the engine only", () => {
  const key = "nginx.ingress.kubernetes.io/modsecurity-snippet";
  const annotationsOf = (snippet: string) =>
    projectObject(
      "ingresses",
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "i", namespace: "n", annotations: { [key]: snippet } },
        spec: {},
      },
      "test",
    ).object?.metadata.annotations;
  expect(annotationsOf("SecRuleEngine On\nSecAuditLog /dev/stdout")).toEqual({ [key]: "SecRuleEngine On" });
  expect(annotationsOf("SecRule x y")).toEqual({ [key]: "<redacted>" });
});
