import { describe, expect, it } from "vitest";
import { cdeNamespace, deployment, namespace, object } from "@/lib/fixtures/builders";
import { durationMs } from "./external-secrets";
import { secExternalStore } from "./sec-external-store";
import { describeControl } from "./testing";

const ready = (status = "True", reason = "SecretSynced") => [{ type: "Ready", status, reason }];
const store = (fields: { provider?: string; status?: string; kind?: string } = {}) =>
  object(
    "external-secrets.io/v1",
    fields.kind ?? "ClusterSecretStore",
    "vault",
    fields.kind === "SecretStore" ? "cde" : undefined,
    {
      spec: { provider: { [fields.provider ?? "vault"]: { server: "https://vault.example.com" } } },
      status: { conditions: ready(fields.status ?? "True", "Valid") },
    },
  );
const external = (fields: { spec?: object; refreshTime?: string; status?: string } = {}) =>
  object("external-secrets.io/v1", "ExternalSecret", "db", "cde", {
    spec: {
      secretStoreRef: { kind: "ClusterSecretStore", name: "vault" },
      refreshInterval: "1h",
      target: { name: "db-credentials" },
      ...fields.spec,
    },
    status: {
      refreshTime: fields.refreshTime ?? "2026-11-21T11:30:00Z",
      conditions: ready(fields.status ?? "True"),
    },
  });
const origin = { by: "upload", name: "secrets.json by ann", collectedAt: "2026-11-21T10:00:00Z" } as const;
const listed = (...secrets: object[]) => ({
  facts: {
    secretInventory: {
      origin,
      secrets: secrets.map((fields) => ({
        namespace: "cde",
        name: "db-credentials",
        type: "Opaque",
        createdAt: "2026-10-01T00:00:00Z",
        ...fields,
      })),
    },
  },
});
const owned = { owners: [{ kind: "ExternalSecret", name: "db" }] };
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(secExternalStore, [
  {
    name: "filled by a healthy ExternalSecret",
    status: "pass",
    objects: world(store(), external()),
    options: listed(owned),
    object: "Namespace/cde",
    says: "Secret db-credentials is filled by ExternalSecret db",
    assessor: { prints: "" },
  },
  {
    name: "an ExternalSecret that is not ready",
    status: "fail",
    severity: "medium",
    objects: world(store(), external({ status: "False" })),
    options: listed(owned),
    says: "ExternalSecret db is not ready",
    assessor: { prints: "not ready: cde/db" },
  },
  {
    name: "a Secret made by hand, although a store is installed and used",
    status: "fail",
    severity: "low",
    objects: world(store(), external()),
    options: listed(owned, { name: "legacy" }),
    says: "Secret legacy was made by hand",
  },
  {
    name: "a Secret that another controller makes",
    status: "fail",
    severity: "low",
    objects: world(),
    options: listed({ owners: [{ kind: "SealedSecret", name: "x" }] }),
    says: "is made by SealedSecret x, not by an external store",
  },
  {
    name: "a basic-auth Secret counts as well",
    status: "fail",
    objects: world(),
    options: listed({ type: "kubernetes.io/basic-auth" }),
  },
  {
    name: "an ExternalSecret that fills without owning",
    status: "pass",
    objects: world(store(), external({ spec: { target: { name: "db-credentials", creationPolicy: "Orphan" } } })),
    options: listed({}),
  },
  {
    name: "an owner that doesn't exist any more",
    status: "fail",
    objects: world(),
    options: listed(owned),
    says: "which doesn't exist",
  },
  {
    name: "a store that is not ready",
    status: "fail",
    severity: "medium",
    objects: world(store({ status: "False" }), external()),
    options: listed(owned),
    says: "ClusterSecretStore vault is not ready",
  },
  {
    name: "a store that doesn't exist",
    status: "fail",
    objects: world(external()),
    options: listed(owned),
    says: "ClusterSecretStore vault doesn't exist",
  },
  {
    name: "a store of the namespace",
    status: "pass",
    objects: world(store({ kind: "SecretStore" }), external({ spec: { secretStoreRef: { name: "vault" } } })),
    options: listed(owned),
  },
  {
    name: "the provider fake",
    status: "fail",
    objects: world(store({ provider: "fake" }), external()),
    options: listed(owned),
    says: "whose values stand in the object itself",
  },
  {
    name: "it stopped refreshing",
    status: "fail",
    severity: "medium",
    objects: world(store(), external({ refreshTime: "2026-11-20T11:30:00Z" })),
    options: listed(owned),
    says: "refreshes every 1h",
  },
  {
    name: "it never refreshes, and the value is old",
    status: "fail",
    objects: world(store(), external({ refreshTime: "2026-06-01T00:00:00Z", spec: { refreshInterval: "0" } })),
    options: listed(owned),
    says: "more than 90 days ago",
  },
  {
    name: "it never refreshes, and the value is young",
    status: "pass",
    objects: world(store(), external({ refreshTime: "2026-11-01T00:00:00Z", spec: { refreshInterval: "0s" } })),
    options: listed(owned),
  },
  {
    name: "an ExternalSecret that was never refreshed",
    status: "unknown",
    objects: world(store(), { ...external(), status: {} }),
    options: listed(owned),
    says: "no condition Ready",
  },
  {
    name: "a Secret synced by CSI",
    status: "pass",
    objects: world(),
    options: listed({ labels: { "secrets-store.csi.k8s.io/managed": "true" } }),
    says: "synced by the secrets store CSI driver",
  },
  {
    name: "no Secret, because pods mount their credentials",
    status: "pass",
    objects: world(
      deployment("app", "cde", {
        containers: [{ name: "app", image: "a:1" }],
        volumes: [{ name: "s", csi: { driver: "secrets-store.csi.k8s.io" } }],
      }),
    ),
    options: listed(),
    says: "Deployment app gets its credentials by CSI",
  },
  {
    name: "another operator, whose objects are not read",
    status: "unknown",
    objects: world(),
    options: listed({ owners: [{ kind: "VaultStaticSecret", name: "x" }] }),
    says: "whose state is not read",
  },
  {
    name: "a Secret that holds no credential",
    status: "not-applicable",
    objects: world(),
    options: {
      ...listed({ name: "feature-flags" }),
      registers: {
        nonCredentials: [
          {
            namespace: "cde",
            secret: "feature-flags",
            reason: "Switches",
            approvedBy: "ann",
            approvedAt: "2026-01-01",
          },
        ],
      },
    },
  },
  {
    name: "other types are not judged",
    status: "not-applicable",
    objects: world(),
    options: listed({ type: "kubernetes.io/tls" }),
  },
  {
    name: "no list of Secrets",
    status: "unknown",
    objects: world(store(), external()),
    says: "imports their names, types and owners",
  },
  {
    name: "no list of Secrets, but an unhealthy source is one",
    status: "fail",
    objects: world(store(), external({ status: "False" })),
    says: "No list of Secrets was imported",
  },
  {
    name: "a store that reads another Kubernetes API",
    status: "unknown",
    objects: world(store({ provider: "kubernetes" }), external()),
    options: listed(owned),
  },
  {
    name: "ExternalSecrets could not be listed",
    status: "unknown",
    objects: world(store()),
    options: { ...listed(owned), sections: { externalsecrets: { status: "forbidden" } } },
    object: "Namespace/cde",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);

describe("durations", () => {
  it.each([
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["15s", 15_000],
    ["0", 0],
    ["0s", 0],
    ["soon", null],
  ])("%s is %s", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});
