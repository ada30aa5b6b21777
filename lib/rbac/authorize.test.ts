import { describe, expect, it } from "vitest";
import {
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  inventoryOf,
  role,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import { distinctSubjects, explain, rulesFor, whoCan } from "./authorize";
import { grantsOf } from "./grants";
import { accountReach, isPublicSubject, isSystemComponent, serviceAccountIdentity } from "./subjects";

const READ = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
const readSecrets = { verb: "get", group: "", resource: "secrets", namespace: "cde" };
const web = serviceAccountIdentity({ namespace: "cde", name: "web" });

describe("who may do what, and through what", () => {
  it("confines a RoleBinding to its namespace, also when it names a ClusterRole", () => {
    const world = inventoryOf([
      clusterRole("reader", [READ]),
      roleBinding("rb", "cde", "reader", [serviceAccountSubject("web", "cde")]),
    ]);
    const decision = explain(world, web, readSecrets);
    expect(decision).toMatchObject({
      allowed: true,
      path: { binding: { kind: "RoleBinding", name: "rb" }, role: { name: "reader" }, rule: { index: 0 } },
    });
    expect(explain(world, web, { ...readSecrets, namespace: "other" }).allowed).toBe(false);
    expect(explain(world, web, { ...readSecrets, namespace: "" }).allowed).toBe(false);
  });

  it("grants a ClusterRoleBinding everywhere and no URL through a RoleBinding", () => {
    const metrics = { verbs: ["get"], nonResourceURLs: ["/metrics"] };
    const bound = inventoryOf([
      clusterRole("m", [metrics]),
      clusterRoleBinding("b", "m", [serviceAccountSubject("web", "cde")]),
    ]);
    expect(explain(bound, web, { verb: "get", url: "/metrics" }).allowed).toBe(true);
    const namespaced = inventoryOf([
      clusterRole("m", [metrics]),
      roleBinding("b", "cde", "m", [serviceAccountSubject("web", "cde")]),
    ]);
    expect(explain(namespaced, web, { verb: "get", url: "/metrics" }).allowed).toBe(false);
  });

  it("expands a service account to its groups and to its user name", () => {
    for (const subject of [
      groupSubject("system:serviceaccounts"),
      groupSubject("system:serviceaccounts:cde"),
      groupSubject("system:authenticated"),
      userSubject("system:serviceaccount:cde:web"),
      { kind: "ServiceAccount", name: "web" },
    ]) {
      const world = inventoryOf([role("r", "cde", [READ]), roleBinding("rb", "cde", "r", [subject], "Role")]);
      expect(explain(world, web, readSecrets).allowed, JSON.stringify(subject)).toBe(true);
    }
    const other = inventoryOf([
      role("r", "cde", [READ]),
      roleBinding("rb", "cde", "r", [groupSubject("system:serviceaccounts:other"), userSubject("*")], "Role"),
    ]);
    expect(explain(other, web, readSecrets).allowed).toBe(false);
  });

  it("lets system:masters pass without a binding", () => {
    expect(explain(inventoryOf([]), { username: "u", groups: ["system:masters"] }, readSecrets)).toEqual({
      allowed: true,
      by: "superuser",
    });
  });

  it("takes null rules and a missing role for no rights, and marks the missing one", () => {
    const world = inventoryOf([
      role("empty", "cde", null),
      roleBinding("a", "cde", "empty", [userSubject("u")], "Role"),
      roleBinding("b", "cde", "gone", [userSubject("u")], "Role"),
    ]);
    expect(grantsOf(world).map((grant) => grant.roleState)).toEqual(["present", "missing"]);
    expect(rulesFor(world, { username: "u", groups: [] }, "cde")).toEqual([]);
  });

  it("doesn't take a Role of another namespace for the one that is bound", () => {
    const world = inventoryOf([role("r", "other", [READ]), roleBinding("rb", "cde", "r", [userSubject("u")], "Role")]);
    expect(grantsOf(world)[0]?.roleState).toBe("missing");
  });

  it("collects an aggregated role without filled rules, with the place of each rule, and survives a cycle", () => {
    const aggregated = (name: string, label: string, select: string) =>
      clusterRole(name, [], {
        metadata: { labels: { [label]: "true" } },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [select]: "true" } }] },
      });
    const world = inventoryOf([
      aggregated("outer", "to-inner", "to-outer"),
      aggregated("inner", "to-outer", "to-inner"),
      clusterRole("leaf", [READ], { metadata: { labels: { "to-outer": "true" } } }),
      clusterRoleBinding("b", "outer", [userSubject("u")]),
    ]);
    expect(rulesFor(world, { username: "u", groups: [] }, "")).toMatchObject([{ role: { name: "leaf" }, index: 0 }]);
  });

  it("uses the filled rules of an aggregated role", () => {
    const world = inventoryOf([
      clusterRole("outer", [READ], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { x: "y" } }] } }),
      clusterRole("leaf", [{ ...READ, verbs: ["delete"] }], { metadata: { labels: { x: "y" } } }),
      clusterRoleBinding("b", "outer", [userSubject("u")]),
    ]);
    expect(rulesFor(world, { username: "u", groups: [] }, "").map((r) => r.rule.verbs)).toEqual([["get"]]);
  });

  it("assumes cluster-admin in manifests only", () => {
    const objects = [clusterRoleBinding("b", "cluster-admin", [userSubject("u")])];
    expect(grantsOf(inventoryOf(objects))[0]?.roleState).toBe("missing");
    const manifests = inventoryOf(objects, { source: "manifests" });
    expect(grantsOf(manifests)[0]?.roleState).toBe("assumed");
    expect(explain(manifests, { username: "u", groups: [] }, readSecrets).allowed).toBe(true);
  });

  it("lists who can, system:masters first, cluster-wide before namespaced, each once", () => {
    const world = inventoryOf([
      clusterRole("reader", [READ]),
      clusterRoleBinding("all", "reader", [userSubject("ann")]),
      roleBinding("rb", "cde", "reader", [userSubject("bob"), userSubject("ann")]),
    ]);
    expect(distinctSubjects(whoCan(world, readSecrets)).map((s) => s.name)).toEqual(["system:masters", "ann", "bob"]);
    expect(distinctSubjects(whoCan(world, { ...readSecrets, namespace: "" })).map((s) => s.name)).toEqual([
      "system:masters",
      "ann",
    ]);
  });
});

describe("kinds of subjects", () => {
  it("tells what accounts a subject stands for", () => {
    expect(accountReach(groupSubject("system:serviceaccounts:a") as never, "")).toEqual({
      kind: "namespace",
      namespace: "a",
    });
    expect(accountReach({ kind: "ServiceAccount", name: "x" }, "")).toBeNull();
    expect(accountReach(groupSubject("devs") as never, "")).toBeNull();
  });
  it("tells everybody-groups and system components apart", () => {
    expect(isPublicSubject(groupSubject("system:authenticated") as never)).toBe(true);
    expect(isSystemComponent(groupSubject("system:authenticated") as never)).toBe(false);
    expect(isSystemComponent(userSubject("system:kube-scheduler") as never)).toBe(true);
    expect(isSystemComponent(userSubject("system:serviceaccount:a:b") as never)).toBe(false);
    expect(isSystemComponent(groupSubject("system:masters") as never)).toBe(false);
  });
});
