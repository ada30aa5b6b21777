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
import { reachesNamespaces } from "./cluster-scoped";
import { powerfulSubjects } from "./escalation";
import { grantsOf } from "./grants";
import { isPlatformSubject } from "./platform";
import { describeRight, holdersOf, namespacesOf, type Right, rightOfRule, withoutRights } from "./rights";

const secrets: Right = { group: "", resource: "secrets", verbs: ["get", "list"] };
const nodesProxy: Right = { group: "", resource: "nodes", subresource: "proxy", verbs: ["get"], isClusterScoped: true };
const rule = (resources: string[], verbs: string[], fields: object = {}) => ({
  apiGroups: [""],
  resources,
  verbs,
  ...fields,
});

describe("rights of rules", () => {
  it("gives the verbs that both name, and the names that limit them", () => {
    expect(rightOfRule(rule(["secrets"], ["get", "delete"]), secrets)).toEqual({ verbs: ["get"], names: [] });
    expect(rightOfRule(rule(["secrets"], ["*"], { resourceNames: ["a"] }), secrets)).toEqual({
      verbs: ["get", "list"],
      names: ["a"],
    });
    expect(rightOfRule(rule(["pods"], ["get"]), secrets)).toBeNull();
  });

  it("knows that create carries no name, but create of a subresource does", () => {
    const create = (subresource?: string): Right => ({
      group: "",
      resource: "pods",
      verbs: ["create", "deletecollection"],
      ...(subresource === undefined ? {} : { subresource }),
    });
    const named = rule(["pods", "pods/exec"], ["create", "deletecollection"], { resourceNames: ["db"] });
    expect(rightOfRule(named, create())).toBeNull();
    expect(rightOfRule(named, create("exec"))?.verbs).toEqual(["create", "deletecollection"]);
  });

  it("limits a right to the names that matter", () => {
    const signer: Right = { group: "", resource: "signers", verbs: ["approve"], names: ["a/*"] };
    expect(rightOfRule(rule(["signers"], ["approve"], { resourceNames: ["b/*"] }), signer)).toBeNull();
    expect(rightOfRule(rule(["signers"], ["approve"], { resourceNames: ["b/*", "a/*"] }), signer)).not.toBeNull();
    expect(rightOfRule(rule(["signers"], ["approve"]), signer)).not.toBeNull();
  });
});

describe("holders", () => {
  const world = inventoryOf([
    clusterRole("r", [rule(["secrets"], ["get"]), rule(["nodes/proxy"], ["get"])]),
    roleBinding("in-a", "a", "r", [serviceAccountSubject("web", "a"), groupSubject("ops")]),
    roleBinding("in-b", "b", "r", [userSubject("system:serviceaccount:a:web")]),
    clusterRoleBinding("wide", "r", [{ kind: "ServiceAccount", name: "nobody" }, groupSubject("ops")]),
  ]);
  const holders = holdersOf(grantsOf(world), [secrets, nodesProxy], () => true);

  it("joins an account under both of its names, and leaves out one that is nobody", () => {
    expect(holders.map(({ text }) => text)).toEqual(["Group ops", "ServiceAccount a/web"]);
    expect(holders[1]?.holdings.map(({ grant }) => grant.namespace)).toEqual(["a", "b"]);
  });

  it("gives cluster-scoped rights through ClusterRoleBindings only", () => {
    const proxy = holders[0]?.holdings.filter(({ right }) => right === nodesProxy) ?? [];
    expect(proxy.map(({ grant }) => grant.binding.metadata.name)).toEqual(["wide"]);
    expect(proxy.map(describeRight)).toEqual(["get nodes/proxy"]);
  });

  it("says in which namespaces", () => {
    expect(namespacesOf(holders[0]?.holdings ?? [], ["a", "b", "c"])).toEqual(["a", "b", "c"]);
    expect(namespacesOf(holders[1]?.holdings ?? [], ["a", "c"])).toEqual(["a"]);
  });
});

describe("a rule without some rights", () => {
  it.each([
    [rule(["secrets", "pods"], ["get", "create"]), [rule(["secrets"], ["create"]), rule(["pods"], ["get", "create"])]],
    [rule(["secrets"], ["get"]), []],
    [rule(["secrets", "pods"], ["*"]), [rule(["pods"], ["*"])]],
    [rule(["*"], ["get"]), []],
    [rule(["pods"], ["get"], { resourceNames: ["a"] }), [rule(["pods"], ["get"], { resourceNames: ["a"] })]],
    [{ verbs: ["get"], nonResourceURLs: ["/x"] }, [{ verbs: ["get"], nonResourceURLs: ["/x"] }]],
  ])("%j", (before, after) => {
    expect(withoutRights(before, [secrets])).toEqual(after);
  });
});

describe("powers", () => {
  const powersOf = (...objects: unknown[]) =>
    powerfulSubjects(grantsOf(inventoryOf(objects)), () => true).flatMap(({ holder, powers }) =>
      powers.map(
        ({ power, namespaces, isNamed }) =>
          `${holder.text} ${power.id} ${namespaces?.join(",") ?? "*"}${isNamed ? " named" : ""}`,
      ),
    );

  it("needs all parts in one place", () => {
    const create = role("create", "a", [rule(["secrets"], ["create"])]);
    const read = role("read", "b", [rule(["secrets"], ["get"])]);
    const ann = [userSubject("ann")];
    expect(
      powersOf(create, read, roleBinding("c", "a", "create", ann, "Role"), roleBinding("r", "b", "read", ann, "Role")),
    ).toEqual([]);
    const wide = [clusterRole("read", [rule(["secrets"], ["get"])]), clusterRoleBinding("r", "read", ann)];
    expect(powersOf(create, roleBinding("c", "a", "create", ann, "Role"), ...wide)).toEqual([
      "User ann token-secret a",
    ]);
  });

  it("is not named while one way is unlimited", () => {
    const impersonate = (resourceNames: string[]) => ({
      ...rule(["users"], ["impersonate"]),
      ...(resourceNames.length > 0 ? { resourceNames } : {}),
    });
    const bound = clusterRoleBinding("b", "r", [userSubject("ann")]);
    expect(powersOf(clusterRole("r", [impersonate(["x"])]), bound)).toEqual(["User ann impersonate * named"]);
    expect(powersOf(clusterRole("r", [impersonate(["x"]), impersonate([])]), bound)).toEqual([
      "User ann impersonate *",
    ]);
  });
});

describe("the platform's own", () => {
  const isOwn = (provider: "eks" | "openshift" | "self-managed", binding: unknown) => {
    const [grant] = grantsOf(inventoryOf([binding]));
    const [subject] = grant?.subjects ?? [];
    return grant !== undefined && subject !== undefined && isPlatformSubject(grant, subject, provider);
  };
  it.each([
    ["self-managed", groupSubject("system:masters"), true],
    ["self-managed", userSubject("system:kube-scheduler"), true],
    ["self-managed", groupSubject("system:nodes"), false],
    ["self-managed", groupSubject("system:authenticated"), false],
    ["self-managed", serviceAccountSubject("x", "kube-system"), false],
    ["eks", userSubject("eks:addon-manager"), true],
    ["self-managed", userSubject("eks:addon-manager"), false],
    ["openshift", serviceAccountSubject("x", "openshift-dns"), true],
    ["self-managed", serviceAccountSubject("x", "openshift-dns"), false],
  ] as const)("%s: %j is %s", (provider, subject, expected) => {
    expect(isOwn(provider, clusterRoleBinding("b", "r", [subject]))).toBe(expected);
  });
});

it("tells rules that reach into namespaces from those that don't", () => {
  for (const inside of [
    rule(["pods"], ["get"]),
    rule(["*"], ["get"]),
    { ...rule(["widgets"], ["get"]), apiGroups: ["x.io"] },
  ]) {
    expect(reachesNamespaces(inside)).toBe(true);
  }
  for (const outside of [
    rule(["nodes", "nodes/proxy", "namespaces"], ["get"]),
    { ...rule(["tokenreviews"], ["create"]), apiGroups: ["authentication.k8s.io"] },
    { ...rule(["*"], ["create"]), apiGroups: ["apiextensions.k8s.io"] },
    { verbs: ["get"], nonResourceURLs: ["/metrics"] },
  ]) {
    expect(reachesNamespaces(outside)).toBe(false);
  }
});
