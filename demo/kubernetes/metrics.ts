/** `/metrics`, as far as Ringfence reads it: what the API server stores, and through which transformer Secrets pass. */
import type { Store } from "./store";

/** An EncryptionConfiguration (documentation, "Encrypting Confidential Data at Rest"), as far as it decides the prefix. */
export interface EncryptionConfiguration {
  apiVersion: string;
  kind: "EncryptionConfiguration";
  resources: {
    resources: string[];
    providers: Record<string, { name?: string; apiVersion?: string; keys?: { name: string }[] } | null>[];
  }[];
}

/**
 * The prefix of a stored value: provider and version for the local providers, the provider alone for identity (which has
 * none), as the API server labels its transformer metrics.
 */
export function writePrefix(configuration: EncryptionConfiguration | undefined, resource: string): string | undefined {
  const rule = configuration?.resources.find((held) =>
    held.resources.some((name) => name === resource || name === "*.*" || name === "*."),
  );
  const first = rule ? Object.keys(rule.providers[0] ?? {})[0] : undefined;
  if (first === undefined) return undefined;
  const settings = rule!.providers[0]![first];
  switch (first) {
    case "aesgcm":
    case "aescbc":
    case "secretbox":
      return `k8s:enc:${first}:v1:`;
    case "kms":
      return `k8s:enc:kms:${settings?.apiVersion ?? "v1"}:`;
    default:
      return "";
  }
}

export function renderMetrics(store: Store, encryption: EncryptionConfiguration | undefined, requests: number): string {
  const lines = [
    "# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by kind.",
    "# TYPE apiserver_storage_objects gauge",
    ...store.resources().map((resource) => {
      const slash = resource.indexOf("/");
      const [group, plural] = [resource.slice(0, slash), resource.slice(slash + 1)];
      return `apiserver_storage_objects{resource="${group ? `${plural}.${group}` : plural}"} ${store.count(resource)}`;
    }),
  ];
  const prefix = writePrefix(encryption, "secrets");
  if (prefix !== undefined) {
    const secrets = store.count("/secrets");
    lines.push(
      "# HELP apiserver_storage_transformation_operations_total [ALPHA] Total number of transformations. Successful transformation will have a status 'OK' and a varied status string when the transformation fails.",
      "# TYPE apiserver_storage_transformation_operations_total counter",
      `apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="from_storage",transformer_prefix="${prefix}"} ${secrets * 12}`,
      `apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",transformer_prefix="${prefix}"} ${secrets}`,
    );
  }
  lines.push(
    "# HELP apiserver_request_total [STABLE] Counter of apiserver requests.",
    "# TYPE apiserver_request_total counter",
    `apiserver_request_total{code="200"} ${requests}`,
    "",
  );
  return lines.join("\n");
}
