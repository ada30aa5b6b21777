/**
 * The allow-lists of kinds about exposure and certificates. How such a list is written: shape.ts and custom.ts. Field meanings:
 * Kubernetes API reference; Gateway API, Istio and cert-manager CRD references.
 */
import { caCertificates, withBundleFacts } from "./ca-bundle";
import type { CustomBody } from "./custom";
import { objectRef } from "./custom";
import { ruleEngineOf } from "./rule-engine";
import { condition } from "./pod";
import { flag, identifier, integer, isObject, list, map, presence, record, type Shape, text } from "./shape";

const conditions = list(condition);

export const endpointSliceBody: CustomBody = record({
  addressType: text,
  endpoints: list(
    record({
      addresses: list(text),
      conditions: record({ ready: flag }),
      targetRef: record({ kind: text, namespace: text, name: text }),
    }),
  ),
  ports: list(record({ name: text, port: integer, protocol: text, appProtocol: text })),
});

const apiServiceShape = record(
  {
    spec: record({
      group: text,
      version: text,
      service: record({ namespace: text, name: text, port: integer }),
      insecureSkipTLSVerify: flag,
      caCertificates,
    }),
    status: record({ conditions }),
  },
  ["spec"],
);
export const apiServiceBody: CustomBody = withBundleFacts(apiServiceShape);

const parentRefs = list(objectRef);
const backendRefs = list(objectRef);
const streamRoute = record({ spec: record({ parentRefs, rules: list(record({ name: text, backendRefs })) }) }, [
  "spec",
]);
export const tcpRouteBody: CustomBody = streamRoute;
const hostRoute = record(
  { spec: record({ parentRefs, hostnames: list(text), rules: list(record({ name: text, backendRefs })) }) },
  ["spec"],
);
export const tlsRouteBody: CustomBody = hostRoute;
export const grpcRouteBody: CustomBody = hostRoute;

export const istioGatewayBody: CustomBody = record(
  {
    spec: record({
      selector: map(text),
      servers: list(
        record({
          name: text,
          port: record({ number: integer, name: text, protocol: text }),
          hosts: list(text),
          bind: text,
          tls: record({
            mode: text,
            httpsRedirect: flag,
            minProtocolVersion: text,
            maxProtocolVersion: text,
            cipherSuites: list(text),
            credentialName: text,
          }),
        }),
      ),
    }),
  },
  ["spec"],
);
const destinations = list(
  record({ destination: record({ host: text, subset: text, port: record({ number: integer }) }), weight: integer }),
);
export const virtualServiceBody: CustomBody = record(
  {
    spec: record({
      hosts: list(text),
      gateways: list(text),
      exportTo: list(text),
      http: list(record({ name: text, route: destinations, redirect: presence, directResponse: presence })),
      tls: list(
        record({
          match: list(record({ sniHosts: list(text), port: integer, gateways: list(text) })),
          route: destinations,
        }),
      ),
      tcp: list(record({ match: list(record({ port: integer, gateways: list(text) })), route: destinations })),
    }),
  },
  ["spec"],
);
export const serviceEntryBody: CustomBody = record(
  {
    spec: record({
      hosts: list(text),
      addresses: list(text),
      ports: list(record({ number: integer, name: text, protocol: text, targetPort: integer })),
      location: text,
      resolution: text,
      endpoints: list(record({ address: text, ports: map(integer) })),
      exportTo: list(text),
      workloadSelector: record({ labels: map(text) }),
    }),
  },
  ["spec"],
);

export const certificateBody: CustomBody = record(
  {
    spec: record({
      secretName: text,
      commonName: text,
      dnsNames: list(text),
      ipAddresses: list(text),
      uris: list(text),
      duration: text,
      renewBefore: text,
      renewBeforePercentage: integer,
      isCA: flag,
      usages: list(text),
      privateKey: record({ algorithm: text, size: integer, rotationPolicy: text }),
      issuerRef: record({ name: text, kind: text, group: text }),
    }),
    status: record({
      notBefore: identifier,
      notAfter: identifier,
      renewalTime: identifier,
      lastFailureTime: identifier,
      failedIssuanceAttempts: integer,
      revision: integer,
      conditions,
    }),
  },
  ["spec"],
);
/** Of whom an issuer asks; never how it proves who it is. */
const issuer = record(
  {
    spec: record({
      acme: record({ server: text }),
      ca: record({ secretName: text }),
      selfSigned: presence,
      vault: presence,
      venafi: presence,
    }),
    status: record({ conditions }),
  },
  ["spec"],
);
export const issuerBody: CustomBody = issuer;
export const clusterIssuerBody: CustomBody = issuer;

/**
 * Settings of ingress controllers that controls read, each with the text that it may hold. Of everything else in a ConfigMap the
 * key is kept and the value is not.
 */
const CONFIG_SETTINGS: Readonly<Record<string, RegExp>> = {
  // ingress-nginx and NGINX.
  "ssl-protocols": /^[A-Za-z0-9. ]{1,120}$/,
  "ssl-ciphers": /^[A-Za-z0-9:+!@=_. -]{1,4000}$/,
  "enable-modsecurity": /^(true|false)$/i,
  "enable-owasp-modsecurity-crs": /^(true|false)$/i,
  // HAProxy.
  "ssl-options": /^[A-Za-z0-9. -]{1,400}$/,
  "ssl-cipher-suites": /^[A-Za-z0-9:_-]{1,2000}$/,
};

const projectedConfigMap = record({ keys: list(text), settings: map(text) });
export const configMapBody: Shape<Record<string, unknown>> = (value, at) => {
  if (at.isParsing) {
    const parsed = projectedConfigMap(value, at);
    for (const [key, setting] of Object.entries((parsed.settings ?? {}) as Record<string, string>))
      if (settingOf(key, setting) !== setting) at.fail(`settings["${key}"] is not what a projection makes`);
    return parsed;
  }
  const { data, binaryData } = isObject(value) ? value : {};
  const plain = isObject(data) ? data : {};
  const settings: Record<string, string> = {};
  for (const key of Object.keys(plain).sort()) {
    const raw = plain[key];
    const setting = typeof raw === "string" ? settingOf(key, raw) : null;
    if (setting !== raw) at.dropped += 1;
    if (setting !== null) settings[key] = setting;
  }
  const keys = [...new Set([...Object.keys(plain), ...Object.keys(isObject(binaryData) ? binaryData : {})])].sort();
  at.dropped += isObject(binaryData) ? Object.keys(binaryData).length : 0;
  return projectedConfigMap({ keys, settings }, at);
};
function settingOf(key: string, raw: string): string | null {
  if (key === "modsecurity-snippet") return ruleEngineOf(raw);
  const allowed = Object.hasOwn(CONFIG_SETTINGS, key) ? CONFIG_SETTINGS[key] : undefined;
  return allowed?.test(raw.trim()) === true ? raw.trim() : null;
}
