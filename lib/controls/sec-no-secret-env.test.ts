import { cdeNamespace, cronJob, deployment, minimalPod, namespace, runningDeployment } from "@/lib/fixtures/builders";
import type { NonCredential } from "@/lib/inventory/registers/workload-demands";
import { secNoSecretEnv } from "./sec-no-secret-env";
import { describeControl } from "./testing";

const app = (fields: object = {}) => ({ name: "app", image: "registry.example.com/app:1.0", ...fields });
const byKey = { env: [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }] };
const byAll = { envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "db" } }] };
const spec = (container: object = {}, fields: object = {}) => ({ containers: [app(container)], ...fields });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const declared = (changes: Partial<NonCredential> = {}) => ({
  registers: {
    nonCredentials: [
      { namespace: "cde", secret: "db", reason: "switches", approvedBy: "maria", approvedAt: "2026-09-01", ...changes },
    ],
  },
});

describeControl(secNoSecretEnv, [
  {
    name: "no variable from a Secret",
    status: "pass",
    objects: world(
      ...runningDeployment(
        "app",
        "cde",
        spec({ env: [{ name: "MODE", value: "x" }], envFrom: [{ configMapRef: { name: "c" } }] }),
      ),
    ),
    assessor: { prints: "" },
  },
  {
    name: "a Secret as a volume",
    status: "pass",
    objects: world(deployment("app", "cde", spec({}, { volumes: [{ name: "s", secret: { secretName: "db" } }] }))),
  },
  {
    name: "one key",
    status: "fail",
    severity: "medium",
    objects: world(...runningDeployment("app", "cde", spec(byKey))),
    says: "takes PASSWORD from Secret db, key password",
    assessor: { prints: /^cde\/app-\S+ app PASSWORD from db\/password$/m },
  },
  {
    name: "every key",
    status: "fail",
    severity: "medium",
    objects: world(cronJob("nightly", "cde", spec(byAll))),
    says: "takes every key of Secret db",
  },
  {
    name: "declared to hold no credential",
    status: "fail",
    severity: "low",
    objects: world(deployment("app", "cde", spec(byKey))),
    options: declared(),
  },
  {
    name: "another key of it was declared",
    status: "fail",
    severity: "medium",
    objects: world(deployment("app", "cde", spec(byKey))),
    options: declared({ key: "host" }),
  },
  {
    name: "one key was declared and all are taken",
    status: "fail",
    severity: "medium",
    objects: world(deployment("app", "cde", spec(byAll))),
    options: declared({ key: "host" }),
  },
  {
    name: "a declaration that has expired",
    status: "fail",
    severity: "medium",
    objects: world(deployment("app", "cde", spec(byKey))),
    options: declared({ expiresAt: "2026-10-01" }),
  },
  {
    name: "an init container",
    status: "fail",
    objects: world(deployment("app", "cde", spec({}, { initContainers: [{ ...app(byKey), name: "init" }] }))),
    says: "container init",
  },
  {
    name: "an ephemeral container",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", { spec: spec({}, { ephemeralContainers: [{ ...app(byAll), name: "debug" }] }) }),
    ),
    says: "container debug",
  },
  {
    name: "connected-to namespaces are not asked",
    status: "not-applicable",
    objects: [namespace("tools", { "pci-scope": "connected-to" }), deployment("app", "tools", spec(byKey))],
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { spec: spec(byKey), status: { phase: "Succeeded" } })),
  },
  { name: "no workload", status: "not-applicable", objects: world() },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
