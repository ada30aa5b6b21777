/** Import of an audit policy file, decoded as the API server does. */
import { AuditPolicyProblem, parseAuditPolicy, type ParsedAuditPolicy } from "../audit-policy";
import { type ImportKind, ImportProblem, MAX_IMPORT_BYTES, parseWith, parseYamlDocument } from "./types";
import { z } from "zod";

const withServers = z.strictObject({
  /** Nodes or API server pods that run with the file. */
  servers: z.array(z.string().min(1).max(253)).min(1).max(100),
  policy: z.unknown(),
});

export const auditPolicyImport: ImportKind = {
  id: "audit-policy",
  title: "Audit policy file",
  nature: "fact",
  description:
    "The file of --audit-policy-file: which requests are recorded and how much of them. Every API server has its own copy, so name the servers that run with this one; the file alone is taken too, but doesn't say for which servers it counts.",
  howToGet:
    "On each control-plane node: the file that --audit-policy-file names. Put it under `policy`, and the names of the nodes or API server pods under `servers`.",
  format: "yaml",
  maxBytes: MAX_IMPORT_BYTES,
  controls: [
    "log-policy-secret-access",
    "log-policy-interactive",
    "log-policy-admin-changes",
    "log-policy-auth-failures",
    "log-policy-lint",
  ],
  example: `servers: [control-plane-1, control-plane-2]
policy:
  apiVersion: audit.k8s.io/v1
  kind: Policy
  omitStages: [RequestReceived]
  rules:
    - level: Metadata
      resources:
        - group: ""
          resources: [secrets, configmaps, serviceaccounts/token]
    - level: Request
      verbs: [create, update, patch, delete, deletecollection]
      resources:
        - group: rbac.authorization.k8s.io
    - level: Metadata
`,
  parse(text, origin) {
    const document = parseYamlDocument(text);
    const isWrapped = typeof document === "object" && document !== null && "servers" in document;
    const { servers, policy } = isWrapped
      ? parseWith(withServers, document)
      : { servers: [origin.name], policy: document };
    const { policy: parsed, unknownFields } = parse(policy);
    return {
      facts: {
        auditPolicies: servers.map((instance) => ({ origin, instance, policy: parsed, unknownFields })),
      },
    };
  },
};

function parse(policy: unknown): ParsedAuditPolicy {
  try {
    const parsed = parseAuditPolicy(policy);
    const [refusal] = parsed.refusals;
    if (refusal === undefined) return parsed;
    throw new AuditPolicyProblem(`${refusal}; no API server starts with it`);
  } catch (error) {
    if (error instanceof AuditPolicyProblem) throw new ImportProblem(error.message);
    throw error;
  }
}
