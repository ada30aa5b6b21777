/**
 * The allow-list of NodeReport, whose fields node-reports.ts explains. How such a list is written: shape.ts and custom.ts.
 *
 * The collector has redacted already; this list is the second lock: of an encryption configuration there is no field in which key
 * material could leave the cluster.
 */
import type { CustomBody } from "./custom";
import { flag, identifier, integer, list, map, oneOf, record, text } from "./shape";

const texts = list(text);
const stages = list(oneOf("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"));
const auditRule = record(
  {
    level: oneOf("None", "Metadata", "Request", "RequestResponse"),
    users: texts,
    userGroups: texts,
    verbs: texts,
    resources: list(record({ group: text, resources: texts, resourceNames: texts })),
    namespaces: texts,
    nonResourceURLs: texts,
    omitStages: stages,
    omitManagedFields: flag,
  },
  ["level"],
);
const encryptionProvider = record(
  {
    type: oneOf("identity", "aescbc", "aesgcm", "secretbox", "kms"),
    kmsVersion: oneOf("v1", "v2"),
    name: text,
    keys: texts,
  },
  ["type", "keys"],
);

export const nodeReportBody: CustomBody = record(
  {
    spec: record(
      {
        nodeName: text,
        collectedAt: identifier,
        collectorVersion: text,
        files: list(
          record(
            {
              path: text,
              role: text,
              state: oneOf("read", "absent", "refused", "invalid"),
              problem: text,
              mode: text,
              uid: integer,
              gid: integer,
            },
            ["path", "role", "state"],
          ),
        ),
        auditPolicy: record(
          {
            path: text,
            policy: record({ rules: list(auditRule), omitStages: stages, omitManagedFields: flag }, ["rules"]),
            unknownFields: texts,
          },
          ["path", "policy"],
        ),
        authentication: record(
          {
            path: text,
            issuers: texts,
            anonymous: record({ enabled: flag, paths: texts }, ["enabled", "paths"]),
            claimRules: list(record({ issuer: text, claim: text, requiredValue: text, expression: text }, ["issuer"])),
          },
          ["path", "issuers"],
        ),
        authorization: record({ path: text, authorizers: list(record({ type: text, name: text }, ["type"])) }, [
          "path",
          "authorizers",
        ]),
        admission: record(
          {
            path: text,
            plugins: texts,
            podSecurity: record(
              {
                defaults: map(text),
                exemptions: record({ usernames: texts, runtimeClasses: texts, namespaces: texts }, [
                  "usernames",
                  "runtimeClasses",
                  "namespaces",
                ]),
              },
              ["defaults", "exemptions"],
            ),
          },
          ["path", "plugins"],
        ),
        encryption: record(
          {
            path: text,
            resources: list(
              record({ resources: texts, providers: list(encryptionProvider) }, ["resources", "providers"]),
            ),
          },
          ["path", "resources"],
        ),
        kubelet: record(
          {
            path: text,
            flags: map(text),
            anonymous: flag,
            webhook: flag,
            clientCAFile: text,
            authorizationMode: text,
            readOnlyPort: integer,
            rotateCertificates: flag,
            serverTLSBootstrap: flag,
            tlsMinVersion: text,
            tlsCipherSuites: texts,
            streamingConnectionIdleTimeout: text,
            protectKernelDefaults: flag,
            makeIPTablesUtilChains: flag,
            eventRecordQPS: integer,
            podPidsLimit: integer,
            seccompDefault: flag,
          },
          ["path"],
        ),
        server: record(
          {
            path: text,
            distribution: oneOf("k3s", "rke2"),
            arguments: list(record({ component: text, name: text, value: text }, ["component", "name", "value"])),
            secretsEncryption: flag,
            profile: text,
            protectKernelDefaults: flag,
            anonymousAuth: flag,
          },
          ["path", "distribution", "arguments"],
        ),
        etcd: record({ path: text, settings: map(text) }, ["path", "settings"]),
        certificates: list(
          record(
            {
              path: text,
              subject: text,
              issuer: text,
              notBefore: identifier,
              notAfter: identifier,
              keyAlgorithm: identifier,
              keyBits: integer,
              signatureHash: identifier,
            },
            ["path", "subject", "issuer", "notBefore", "notAfter"],
          ),
        ),
        timeSync: record({ tool: text, isSynchronized: flag, offsetMicroseconds: integer, sources: texts }, [
          "tool",
          "isSynchronized",
          "sources",
        ]),
        patch: record({ updatedAt: identifier, isRebootPending: flag }, ["updatedAt"]),
      },
      ["nodeName", "collectedAt", "files"],
    ),
  },
  ["spec"],
);
