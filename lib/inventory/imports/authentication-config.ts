/** Import of the authentication configuration of an API server: issuers, claim rules and what anonymous users may ask. */
import { z } from "zod";
import { ImportProblem, documentImport } from "./types";

const FLAG = "apiserver.config.k8s.io/";

/** The file itself; only what is listed is read, so certificates of issuers stay out. */
const configuration = z.looseObject({
  apiVersion: z.string().refine((text) => text.startsWith(FLAG), `must begin with ${FLAG}`),
  kind: z.literal("AuthenticationConfiguration"),
  jwt: z
    .array(
      z.looseObject({
        issuer: z.looseObject({ url: z.string().min(1).max(2048) }),
        claimValidationRules: z
          .array(
            z.looseObject({
              claim: z.string().max(512).optional(),
              requiredValue: z.string().max(2048).optional(),
              expression: z.string().max(4096).optional(),
            }),
          )
          .max(64)
          .nullish(),
      }),
    )
    .max(64)
    .nullish(),
  anonymous: z
    .looseObject({
      enabled: z.boolean(),
      conditions: z.array(z.looseObject({ path: z.string().max(2048) })).nullish(),
    })
    .nullish(),
});

export const authenticationConfigImport = documentImport(
  {
    id: "authentication-config",
    title: "Authentication configuration of the API servers",
    nature: "fact",
    description:
      "The file that --authentication-config names, one entry per API server: issuers, what is demanded of claims (a second factor, for example), and whether anonymous requests are answered.",
    howToGet:
      "On each control-plane node: sudo cat the file that --authentication-config names; put it below the node's name as in the example. The node collector brings it by itself.",
    controls: ["auth-central-idp", "auth-anonymous-scoped", "auth-mfa-evidence"],
    example: `apiServers:
  - instance: control-plane-1
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: AuthenticationConfiguration
      jwt:
        - issuer: { url: "https://login.example.com", audiences: [kubernetes] }
          claimValidationRules:
            - expression: "claims.acr == 'phishing-resistant'"
              message: sign in with a second factor
          claimMappings:
            username: { claim: sub, prefix: "idp:" }
      anonymous:
        enabled: true
        conditions:
          - path: /livez
`,
  },
  z.strictObject({
    apiServers: z
      .array(z.strictObject({ instance: z.string().min(1).max(253), configuration }))
      .min(1)
      .max(100),
  }),
  ({ apiServers }, origin) => {
    const names = apiServers.map(({ instance }) => instance);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new ImportProblem(`apiServers: ${twice} is named twice`);
    return {
      facts: {
        authenticationConfigs: apiServers.map(({ instance, configuration: { jwt, anonymous } }) => ({
          origin,
          instance,
          issuers: (jwt ?? []).map(({ issuer }) => issuer.url),
          anonymous:
            anonymous == null
              ? null
              : { enabled: anonymous.enabled, paths: (anonymous.conditions ?? []).map(({ path }) => path) },
          claimRules: (jwt ?? []).flatMap(({ issuer, claimValidationRules }) =>
            (claimValidationRules ?? []).map(({ claim, requiredValue, expression }) => ({
              issuer: issuer.url,
              ...(claim === undefined ? {} : { claim }),
              ...(requiredValue === undefined ? {} : { requiredValue }),
              ...(expression === undefined ? {} : { expression }),
            })),
          ),
        })),
      },
    };
  },
);
