import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  contextOf,
  deployment,
  minimalPod,
  namespace,
  object,
  runningDeployment,
} from "@/lib/fixtures/builders";
import { secNoEmbeddedCredentials } from "./sec-no-embedded-credentials";
import { describeControl } from "./testing";

const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const withEnv = (...env: object[]) => ({ containers: [{ name: "app", image: "app:1", env }] });
const configMap = (data: Record<string, string>, namespaceName = "cde", fields: object = {}) =>
  object("v1", "ConfigMap", "app-config", namespaceName, { data, ...fields });
const PEM = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
const approval = { reason: "Test value", approvedBy: "maria", approvedAt: "2026-01-01", expiresAt: "2027-01-01" };
const unread = { status: "not-collected", message: "It is read only where the operator wants it." } as const;

describeControl(secNoEmbeddedCredentials, [
  {
    name: "values from Secrets",
    status: "pass",
    objects: world(
      deployment(
        "app",
        "cde",
        withEnv({ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }),
      ),
      configMap({ "app.yaml": "db:\n  password: ${DB_PASSWORD}\n" }),
    ),
    object: "Deployment/cde/app",
    assessor: { prints: "" },
  },
  {
    name: "a literal password in the environment",
    status: "fail",
    severity: "critical",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "Zx8Kd02LmQp4Vw" }))),
    object: "Deployment/cde/app",
    says: "a literal credential in DB_PASSWORD (/spec/template/spec/containers/0/env/0/value)",
    assessor: { prints: /cde\/app\S* app DB_PASSWORD/, hides: "Zx8Kd02LmQp4Vw" },
  },
  {
    name: "a placeholder is a default, and a literal",
    status: "fail",
    severity: "critical",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))),
    says: "a default password",
  },
  {
    name: "a reference passes",
    status: "pass",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "$(FROM_SECRET)" }))),
  },
  {
    name: "an empty password",
    status: "fail",
    severity: "high",
    objects: world(configMap({ REDIS_PASSWORD: "" })),
    object: "ConfigMap/cde/app-config",
    says: "an empty password",
  },
  {
    name: "a short password",
    status: "fail",
    severity: "high",
    objects: world(configMap({ "redis.conf": "requirepass k3yb0ard" })),
    says: "fewer than 12",
  },
  {
    name: "a private key in a ConfigMap",
    status: "fail",
    objects: world(configMap({ "tls.key": `${PEM}\nMIIE` })),
    says: "a private key in tls.key (/data/tls.key)",
    assessor: { prints: "cde/app-config key=tls.key" },
  },
  {
    name: "Base64 in a ConfigMap is no protection",
    status: "fail",
    objects: world(configMap({ "app.properties": btoa("db.password=Zx8Kd02LmQp4Vw") })),
    says: "inside Base64",
  },
  {
    name: "a connection string in an argument",
    status: "fail",
    objects: world(
      deployment("app", "cde", {
        containers: [{ name: "app", image: "a:1", args: ["--dsn=postgres://app:Zx8Kd02LmQp4Vw@db/app"] }],
      }),
    ),
    says: "a connection string with its password",
  },
  {
    name: "the last applied configuration still holds what was taken away",
    status: "fail",
    objects: world(
      deployment("app", "cde", undefined, {
        metadata: {
          annotations: {
            "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(
              deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" })),
            ),
          },
        },
      }),
    ),
    says: "inside /spec/template/spec/containers/0/env/0/value",
  },
  {
    name: "the pods of a Deployment are told once, at the Deployment",
    status: "fail",
    objects: world(...runningDeployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))),
    object: "Deployment/cde/app",
    says: "on 2 objects",
  },
  {
    name: "a former revision of the Deployment is history",
    status: "pass",
    objects: world(
      deployment("app", "cde"),
      object("apps/v1", "ReplicaSet", "app-1", "cde", {
        metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "app", controller: true }] },
        spec: { replicas: 0, template: { spec: withEnv({ name: "DB_PASSWORD", value: "changeme" }) } },
      }),
    ),
  },
  {
    name: "a variable that a webhook put into the pod only",
    status: "fail",
    objects: world(minimalPod("app", "cde", { spec: withEnv({ name: "DB_PASSWORD", value: "changeme" }) })),
    object: "Pod/cde/app",
  },
  {
    name: "a custom resource",
    status: "fail",
    objects: world(
      object("external-secrets.io/v1", "SecretStore", "store", "cde", {
        spec: { provider: { webhook: { url: "https://bob:Zx8Kd02LmQp4Vw@vault.example.com" } } },
      }),
    ),
    object: "SecretStore/cde/store",
  },
  {
    name: "an object of the whole cluster",
    status: "fail",
    objects: world(
      object("storage.k8s.io/v1", "StorageClass", "gluster", undefined, {
        parameters: { restpassword: "Zx8Kd02LmQp4Vw" },
      }),
    ),
    object: "StorageClass/gluster",
  },
  {
    name: "a connected-to namespace",
    status: "fail",
    objects: [namespace("tools", { "pci-scope": "connected-to" }), configMap({ DB_PASSWORD: "changeme" }, "tools")],
    object: "ConfigMap/tools/app-config",
  },
  {
    name: "an approved false positive",
    status: "pass",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))),
    options: {
      registers: {
        patternFalsePositives: [
          {
            rule: "default-password",
            object: { kind: "Deployment", namespace: "cde", name: "app" },
            name: "DB_PASSWORD",
            ...approval,
          },
        ],
      },
    },
    says: "maria at 2026-01-01: Test value",
  },
  {
    name: "a false positive of another place",
    status: "fail",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))),
    options: {
      registers: {
        patternFalsePositives: [
          {
            rule: "default-password",
            object: { kind: "Deployment", namespace: "cde", name: "app" },
            name: "OTHER",
            ...approval,
          },
        ],
      },
    },
  },
  {
    name: "a false positive whose approval has expired",
    status: "fail",
    objects: world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))),
    options: {
      registers: {
        patternFalsePositives: [
          {
            rule: "default-password",
            object: { kind: "Deployment", namespace: "cde", name: "app" },
            name: "DB_PASSWORD",
            ...approval,
            expiresAt: "2026-11-20",
          },
        ],
      },
    },
  },
  {
    name: "ConfigMaps were not granted: the workloads pass, and the whole doesn't",
    status: "unknown",
    objects: world(deployment("app", "cde")),
    options: { sections: { configmaps: unread } },
    object: "Cluster/cluster",
    says: "ConfigMaps were not looked through",
  },
  {
    name: "a workload's owners could not be listed",
    status: "unknown",
    objects: world(minimalPod("app", "cde")),
    options: { sections: { deployments: { status: "forbidden" } } },
    object: "Pod/cde/app",
    says: "deployments not looked through",
  },
  {
    name: "another kind could not be listed",
    status: "unknown",
    objects: world(deployment("app", "cde")),
    options: { sections: { ingresses: { status: "forbidden" } } },
    says: "ingresses not looked through",
  },
  {
    name: "the operator switched the scan off",
    status: "unknown",
    objects: world(deployment("app", "cde")),
    options: { facts: { gitVersion: "v1.34.2", patternScan: undefined as never } },
    says: "objects were not looked through",
  },
  {
    name: "a list that was cut off proves nothing about the others",
    status: "unknown",
    objects: world(deployment("app", "cde")),
    options: {
      facts: {
        patternScan: {
          rulesVersion: 1,
          sections: contextOf([]).inventory.facts.patternScan?.sections ?? [],
          objects: 2,
          hits: [],
          totals: [{ rule: "default-password", count: 3 }],
        },
      },
    },
    object: "Deployment/cde/app",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "a namespace out of scope",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" }), configMap({ DB_PASSWORD: "changeme" }, "x")],
  },
  { name: "nothing but a namespace", status: "pass", objects: world() },
]);

describe("remediation", () => {
  it("reads the very variables from a Secret", () => {
    const context = contextOf(world(deployment("app", "cde", withEnv({ name: "DB_PASSWORD", value: "changeme" }))));
    const [result] = secNoEmbeddedCredentials.evaluate(context);
    if (result === undefined) throw new Error("there is no result");
    const { manifest, apply } = secNoEmbeddedCredentials.remediate(context, result);
    expect(manifest).toContain("secretKeyRef");
    expect(manifest).toContain("key: db-password");
    expect(manifest).not.toContain("changeme");
    expect(apply).toContain("patch deployment");
  });

  it("takes the key out of a ConfigMap", () => {
    const context = contextOf(world(configMap({ "a/b": "x", DB_PASSWORD: "changeme" })));
    const result = secNoEmbeddedCredentials.evaluate(context).find(({ status }) => status === "fail");
    if (result === undefined) throw new Error("there is no result");
    expect(secNoEmbeddedCredentials.remediate(context, result).manifest).toBe("data:\n  DB_PASSWORD: null\n");
  });
});
