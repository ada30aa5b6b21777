/** Import of the authentication configuration of an API server: issuers, claim rules and what anonymous users may ask. */
import { z } from "zod";
import { authenticationConfiguration, authenticationFacts } from "../host-files/documents";
import { ImportProblem, documentImport } from "./types";

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
      .array(z.strictObject({ instance: z.string().min(1).max(253), configuration: authenticationConfiguration }))
      .min(1)
      .max(100),
  }),
  ({ apiServers }, origin) => {
    const names = apiServers.map(({ instance }) => instance);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new ImportProblem(`apiServers: ${twice} is named twice`);
    return {
      facts: {
        authenticationConfigs: apiServers.map(({ instance, configuration }) => ({
          origin,
          instance,
          anonymous: null,
          ...authenticationFacts(configuration),
        })),
      },
    };
  },
);
