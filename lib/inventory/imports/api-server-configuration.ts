/** Import of AuthorizationConfiguration and AdmissionConfiguration of API servers. */
import { z } from "zod";
import type { ImportedFacts } from "../imported";
import { readAdmissionConfiguration, readAuthorizationConfiguration } from "../host-files/documents";
import { documentImport, ImportProblem } from "./types";

export const apiServerConfigurationImport = documentImport(
  {
    id: "api-server-configuration",
    title: "Authorisation and admission configuration of the API servers",
    nature: "fact",
    description:
      "The files that --authorization-config and --admission-control-config-file name: who is asked for each request, and what Pod Security enforces where a namespace says nothing.",
    howToGet:
      "On each control-plane node: sudo cat the files; put them below the node's name. Pod Security's configuration is read where it stands in the admission file itself, not behind a `path`. The node collector brings them by itself.",
    controls: ["cp-authorization-mode", "adm-pss-restricted"],
    example: `apiServers:
  - instance: control-plane-1
    authorization:
      apiVersion: apiserver.config.k8s.io/v1
      kind: AuthorizationConfiguration
      authorizers:
        - { type: Node, name: node }
        - { type: RBAC, name: rbac }
    admission:
      apiVersion: apiserver.config.k8s.io/v1
      kind: AdmissionConfiguration
      plugins:
        - name: PodSecurity
          configuration:
            apiVersion: pod-security.admission.config.k8s.io/v1
            kind: PodSecurityConfiguration
            defaults: { enforce: restricted, enforce-version: latest }
            exemptions: { namespaces: [kube-system] }
`,
  },
  z.strictObject({
    apiServers: z
      .array(
        z.strictObject({
          instance: z.string().min(1).max(253),
          authorization: z.looseObject({}).optional(),
          admission: z.looseObject({}).optional(),
        }),
      )
      .min(1)
      .max(100),
  }),
  ({ apiServers }, origin) => {
    const facts: Partial<ImportedFacts> = {};
    const podSecurity = new Map<string, NonNullable<ImportedFacts["podSecurityAdmission"]>>();
    for (const { instance, authorization, admission } of apiServers) {
      if (authorization === undefined && admission === undefined) {
        throw new ImportProblem(`apiServers: ${instance} has neither authorization nor admission`);
      }
      if (authorization !== undefined) {
        const authorizers = readAuthorizationConfiguration(authorization);
        facts.authorizationConfigs = [...(facts.authorizationConfigs ?? []), { origin, instance, authorizers }];
      }
      if (admission === undefined) continue;
      const { plugins, podSecurity: pods } = readAdmissionConfiguration(admission);
      facts.admissionConfigs = [...(facts.admissionConfigs ?? []), { origin, instance, plugins }];
      if (pods !== undefined) podSecurity.set(JSON.stringify(pods), { origin, ...pods });
    }
    const [only] = podSecurity.values();
    // Where API servers differ, no single answer is true.
    if (only !== undefined && podSecurity.size === 1) facts.podSecurityAdmission = only;
    return { facts };
  },
);
