/**
 * The allow-lists of kinds that other projects define, as far as a control reads them. Field meanings: each project's CRD
 * reference (Kyverno, Gatekeeper, Istio, Gateway API, OpenShift, Cilium, Calico, the network policy API of SIG Network).
 *
 * `open` stands where the content of a policy is its meaning (a pattern, a rule, a selector in a foreign language); everything
 * around it is listed field by field.
 */
import { labelSelector } from "./metadata";
import { condition } from "./pod";
import { flag, integer, intOrString, list, map, open, presence, record, type Shape, text } from "./shape";

export type CustomBody = Shape<Record<string, unknown>>;

const conditions = list(condition);
const overrides = list(record({ action: text, namespaces: list(text), namespaceSelector: labelSelector }));

/** Whose signature counts and that a key or certificate is named; keys themselves are not read. */
const kyvernoAttestor = record({
  keys: presence,
  certificates: presence,
  keyless: record({ subject: text, issuer: text, subjectRegExp: text, issuerRegExp: text }),
  attestor: presence,
});
const kyvernoRule = record(
  {
    name: text,
    match: open,
    exclude: open,
    preconditions: open,
    celPreconditions: open,
    skipBackgroundRequests: flag,
    validate: record({
      failureAction: text,
      failureActionOverrides: overrides,
      allowExistingViolations: flag,
      pattern: open,
      anyPattern: open,
      deny: open,
      podSecurity: open,
      foreach: open,
      cel: open,
      assert: open,
      manifests: presence,
    }),
    verifyImages: list(
      record({
        type: text,
        imageReferences: list(text),
        skipImageReferences: list(text),
        failureAction: text,
        required: flag,
        verifyDigest: flag,
        mutateDigest: flag,
        attestors: list(record({ count: integer, entries: list(kyvernoAttestor) })),
        attestations: list(presence),
      }),
    ),
    mutate: presence,
    generate: presence,
  },
  ["name"],
);
export const kyvernoPolicyBody: CustomBody = record(
  {
    spec: record({
      validationFailureAction: text,
      validationFailureActionOverrides: overrides,
      background: flag,
      admission: flag,
      emitWarning: flag,
      failurePolicy: text,
      applyRules: text,
      rules: list(kyvernoRule),
      webhookConfiguration: record({ failurePolicy: text, timeoutSeconds: integer, matchConditions: open }),
    }),
    status: record({ ready: flag, conditions }),
  },
  ["spec"],
);

export const constraintTemplateBody: CustomBody = record(
  {
    spec: record({
      crd: record({ spec: record({ names: record({ kind: text }) }) }),
      targets: list(record({ target: text })),
    }),
    status: record({ created: flag }),
  },
  ["spec"],
);
/** A constraint without a spec is valid: it denies by default. */
export const constraintBody: CustomBody = record({
  spec: record({
    enforcementAction: text,
    scopedEnforcementActions: list(record({ action: text, enforcementPoints: list(record({ name: text })) })),
    match: open,
    parameters: open,
  }),
  status: record({ totalViolations: integer, auditTimestamp: text }),
});

export const admissionPolicyBody: CustomBody = record(
  {
    spec: record({
      failurePolicy: text,
      matchConstraints: open,
      matchConditions: list(record({ name: text, expression: text })),
      validations: list(record({ expression: text, reason: text })),
      variables: list(record({ name: text, expression: text })),
      paramKind: record({ apiVersion: text, kind: text }),
    }),
    status: record({ observedGeneration: integer, conditions }),
  },
  ["spec"],
);
export const admissionPolicyBindingBody: CustomBody = record(
  {
    spec: record({
      policyName: text,
      validationActions: list(text),
      matchResources: open,
      paramRef: record({ name: text, namespace: text, selector: labelSelector, parameterNotFoundAction: text }),
    }),
  },
  ["spec"],
);

const mtls = record({ mode: text });
export const peerAuthenticationBody: CustomBody = record({
  spec: record({ selector: record({ matchLabels: map(text) }), mtls, portLevelMtls: map(mtls) }),
});
const trafficPolicy = record({
  tls: mtls,
  portLevelSettings: list(record({ port: record({ number: integer }), tls: mtls })),
});
export const destinationRuleBody: CustomBody = record(
  {
    spec: record({
      host: text,
      trafficPolicy,
      subsets: list(record({ name: text, labels: map(text), trafficPolicy })),
      exportTo: list(text),
      workloadSelector: record({ matchLabels: map(text) }),
    }),
  },
  ["spec"],
);

export const objectRef = record({
  group: text,
  kind: text,
  namespace: text,
  name: text,
  sectionName: text,
  port: integer,
  weight: integer,
});
export const gatewayBody: CustomBody = record(
  {
    spec: record({
      gatewayClassName: text,
      listeners: list(
        record({
          name: text,
          hostname: text,
          port: integer,
          protocol: text,
          tls: record({ mode: text, certificateRefs: list(objectRef) }),
          allowedRoutes: open,
        }),
      ),
      addresses: list(record({ type: text, value: text })),
    }),
    status: record({
      addresses: list(record({ type: text, value: text })),
      conditions,
      listeners: list(record({ name: text, attachedRoutes: integer })),
    }),
  },
  ["spec"],
);
export const httpRouteBody: CustomBody = record(
  {
    spec: record({
      parentRefs: list(objectRef),
      hostnames: list(text),
      rules: list(
        record({
          name: text,
          matches: list(record({ path: record({ type: text, value: text }), method: text })),
          filters: list(
            record({
              type: text,
              requestRedirect: record({ scheme: text, hostname: text, port: integer, statusCode: integer }),
            }),
          ),
          backendRefs: list(objectRef),
        }),
      ),
    }),
  },
  ["spec"],
);

const routeTarget = record({ kind: text, name: text, weight: integer });
/** Route.spec.tls may hold a certificate with its key: only how it ends and what plain HTTP gets is kept. */
export const openshiftRouteBody: CustomBody = record(
  {
    spec: record({
      host: text,
      path: text,
      to: routeTarget,
      alternateBackends: list(routeTarget),
      port: record({ targetPort: intOrString }),
      tls: record({
        termination: text,
        insecureEdgeTerminationPolicy: text,
        externalCertificate: record({ name: text }),
      }),
      wildcardPolicy: text,
    }),
    status: record({ ingress: list(record({ host: text, routerName: text, conditions })) }),
  },
  ["spec"],
);
export const openshiftApiServerBody: CustomBody = record({
  spec: record({
    encryption: record({ type: text }),
    audit: record({ profile: text, customRules: list(record({ group: text, profile: text })) }),
    tlsSecurityProfile: record({ type: text }),
    clientCA: record({ name: text }),
  }),
});
export const openshiftOauthBody: CustomBody = record({
  spec: record({
    identityProviders: list(record({ name: text, type: text, mappingMethod: text })),
    tokenConfig: record({ accessTokenMaxAgeSeconds: integer, accessTokenInactivityTimeout: text }),
  }),
});

const ciliumSpec = record({
  endpointSelector: open,
  nodeSelector: open,
  ingress: open,
  ingressDeny: open,
  egress: open,
  egressDeny: open,
  enableDefaultDeny: record({ ingress: flag, egress: flag }),
});
/** A Cilium policy has `spec`, `specs`, or both. */
export const ciliumPolicyBody: CustomBody = record({ spec: ciliumSpec, specs: list(ciliumSpec) });

export const calicoPolicyBody: CustomBody = record(
  {
    spec: record({
      selector: text,
      namespaceSelector: text,
      serviceAccountSelector: text,
      types: list(text),
      order: open,
      tier: text,
      ingress: open,
      egress: open,
      applyOnForward: flag,
      doNotTrack: flag,
      preDNAT: flag,
    }),
  },
  ["spec"],
);
export const adminPolicyBody: CustomBody = record(
  { spec: record({ priority: integer, tier: text, subject: open, ingress: open, egress: open }) },
  ["spec"],
);
