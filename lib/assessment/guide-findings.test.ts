/**
 * A hardening guide's three manifests (lib/fixtures/guides/hardening), as such guides write them, and what each of their faults
 * gets. A guide's manifests look right and are copied: this is the list of what they are told.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { findControl } from "@/lib/controls";
import type { Result } from "@/lib/controls/types";
import { type ContextOptions, contextOf, namespace, runningDeployment } from "@/lib/fixtures/builders";
import { auditPolicyImport } from "@/lib/inventory/imports/audit-policy";
import type { ImportedAuditPolicy } from "@/lib/inventory/imported";

const folder = path.join(import.meta.dirname, "../fixtures/guides/hardening");
const read = (file: string): string => readFileSync(path.join(folder, file), "utf8");
const objectsOf = (file: string): unknown[] =>
  parseAllDocuments(read(file)).map((document) => document.toJS() as unknown);

const CARDS = ["cards-core", "cards-data", "cards-web"];
const NAMESPACES = [
  ...CARDS.map((name) => namespace(name, { "pci-scope": "in-scope" })),
  namespace("kube-system", { "pci-scope": "connected-to" }),
];
const origin = { by: "upload", name: "audit-policy.yaml of the guide", collectedAt: "2026-11-21T10:00:00Z" } as const;
const POLICY: ImportedAuditPolicy[] =
  auditPolicyImport.parse(read("audit-policy.yaml"), origin).facts?.auditPolicies ?? [];

function resultsOf(control: string, objects: readonly unknown[], options: ContextOptions = {}): Result[] {
  return findControl(control)?.evaluate(contextOf([...NAMESPACES, ...objects], options)) ?? [];
}
function detailOf(control: string, objects: readonly unknown[], options: ContextOptions = {}): string {
  return resultsOf(control, objects, options)
    .map(({ status, severity, detail }) => `${status} ${severity ?? ""} ${detail}`)
    .join("\n");
}

describe("the guide's audit policy", () => {
  const imported = { facts: { auditPolicies: POLICY } };
  const withoutLastRule = {
    facts: {
      auditPolicies: POLICY.map((one) => ({ ...one, policy: { ...one.policy, rules: one.policy.rules.slice(0, -1) } })),
    },
  };
  const lint = detailOf("log-policy-lint", [], imported);

  it("records the contents of Secrets, though its comment says that it does not", () => {
    expect(detailOf("log-policy-secret-access", [], imported)).toMatch(
      /^fail high .*secrets get.*rule 1 decides level RequestResponse, bodies are recorded/,
    );
  });

  it("misses sessions over WebSocket in its rule for them", () => {
    expect(lint).toContain("rule 2: its verbs lack get, the verb of pods/exec, pods/attach, pods/portforward");
    expect(detailOf("log-policy-interactive", [], withoutLastRule)).toMatch(
      /^fail .*pods\/exec get by an ordinary user/,
    );
  });

  it("lists bind and escalate, which are never the verb of a request", () => {
    expect(lint).toContain("rule 3: the verb bind matches nothing");
    expect(lint).toContain("rule 3: the verb escalate matches nothing");
  });

  it("catches no failed login by its rule for them: the wildcard matches nothing, and there is no user", () => {
    expect(lint).toContain('rule 4: the verb "*" matches nothing');
    expect(detailOf("log-policy-auth-failures", [], withoutLastRule)).toMatch(/^fail high .*a failed login for /);
    // Its last rule is what records them.
    expect(detailOf("log-policy-auth-failures", [], imported)).toMatch(/^pass/);
  });

  it("puts resourceNames where the API server drops them, and watches a ConfigMap instead of a file", () => {
    expect(POLICY.map(({ unknownFields }) => unknownFields)).toEqual([["rules[5].resourceNames"]]);
    expect(lint).toContain("rule 6 matches objects of every name");
    expect(lint).toContain("the audit policy itself is a file on the host");
  });

  it("calls application workloads the control plane, and leaves policies and webhooks without their content", () => {
    const admin = detailOf("log-policy-admin-changes", [], imported);
    expect(admin).toMatch(/^fail low/);
    for (const kind of ["networkpolicies", "validatingwebhookconfigurations", "mutatingwebhookconfigurations"]) {
      expect(admin).toContain(kind);
    }
    const bare = detailOf("log-policy-admin-changes", [], withoutLastRule);
    expect(bare).toMatch(/^fail high/);
    expect(bare).toMatch(/namespaces create|serviceaccounts create|nodes create/);
  });
});

describe("the guide's Kyverno policy", () => {
  const files: ContextOptions = { source: "manifests" };
  const workload = runningDeployment("checkout", "cards-web");
  const enforced = detailOf("adm-policies-enforced", [...objectsOf("kyverno-policy.yaml"), ...workload], files);

  it('leaves debug containers out, while its text "false" does match the boolean', () => {
    expect(enforced).toContain("rule privileged-is-false, but not for ephemeral containers");
  });

  it("leaves init and debug containers out where it asks for a read-only root and another user", () => {
    expect(enforced).toContain("rule root-is-read-only, but not for init containers, ephemeral containers");
    expect(enforced).toContain("rule not-as-root, but not for init containers, ephemeral containers");
  });

  it("relies on an action that is deprecated, and audits without it", () => {
    expect(enforced).toContain("spec.validationFailureAction is deprecated since Kyverno 1.13");
    const [policy] = objectsOf("kyverno-policy.yaml") as { spec: Record<string, unknown> }[];
    const { validationFailureAction: _, ...spec } = policy?.spec ?? {};
    expect(detailOf("adm-policies-enforced", [{ ...policy, spec }, ...workload], files)).toMatch(/Audit|audit/);
  });

  it("fails for pods without volumes, and proves nothing about host folders", () => {
    expect(enforced).toContain("rule no-host-folders: length() fails for a pod without volumes");
    expect(enforced).toContain("Not known: no hostPath volumes");
  });

  it("refuses pods that say it on their containers only", () => {
    expect(enforced).toContain("rule not-as-root: it refuses pods that set runAsNonRoot on their containers only");
  });

  it("calls a function that does not exist", () => {
    expect(enforced).toContain("rule namespace-has-default-deny: it calls networkpolicies()");
  });

  it("is loaded, which is not enforced", () => {
    const results = resultsOf("adm-policies-enforced", [...objectsOf("kyverno-policy.yaml"), ...workload], files);
    expect(results.map(({ status }) => status)).toEqual(CARDS.map(() => "fail"));
  });
});

describe("the guide's access for one service", () => {
  const objects = [...objectsOf("rbac.yaml"), ...runningDeployment("checkout", "cards-web")];

  it("is right as it stands: its faults are in the commands over it", () => {
    for (const control of ["rbac-no-wildcards", "rbac-secrets-workloads", "rbac-cluster-admin"]) {
      expect(
        resultsOf(control, objects).filter(({ status }) => status === "fail"),
        control,
      ).toEqual([]);
    }
  });

  it("stays no finding when the binding leads to a ClusterRole: a RoleBinding limits it to its namespace", () => {
    const clusterRole = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "reads-settings" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
    };
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "reads-settings", namespace: "cards-web" },
      subjects: [{ kind: "ServiceAccount", name: "checkout", namespace: "cards-web" }],
      roleRef: { kind: "ClusterRole", name: "reads-settings", apiGroup: "rbac.authorization.k8s.io" },
    };
    expect(resultsOf("rbac-cluster-admin", [...objects, clusterRole, binding]).map(({ status }) => status)).toEqual([
      "pass",
    ]);
  });

  it("does not hide a Role without rules or a binding to all groups, at which the guide's jq breaks off or looks past", () => {
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "nothing-yet", namespace: "cards-core" },
      rules: null,
    };
    const wildcard = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "everything", namespace: "cards-core" },
      rules: [{ apiGroups: [""], resources: ["*"], verbs: ["*"] }],
    };
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "everything", namespace: "cards-core" },
      subjects: [{ kind: "Group", name: "system:serviceaccounts:cards-core", apiGroup: "rbac.authorization.k8s.io" }],
      roleRef: { kind: "Role", name: "everything", apiGroup: "rbac.authorization.k8s.io" },
    };
    const failed = resultsOf("rbac-no-wildcards", [...objects, role, wildcard, binding]).filter(
      ({ status }) => status === "fail",
    );
    expect(failed.map(({ object }) => object.name)).toEqual(["everything"]);
  });
});
