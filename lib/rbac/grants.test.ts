import { describe, expect, it } from "vitest";
import { contextOf } from "@/lib/fixtures/builders";
import { grantsOf, grantsOfAccount } from "./grants";
import { bindingNamespaceOf, matchingSubject, serviceAccountIdentity } from "./subjects";

const RBAC = "rbac.authorization.k8s.io/v1";
const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" };
const binding = (name: string, subjects: object[], namespace?: string) => ({
  apiVersion: RBAC,
  kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
  metadata: namespace === undefined ? { name } : { name, namespace },
  roleRef: role,
  subjects,
});
const group = (name: string) => ({ kind: "Group", name });
const account = (name: string, namespace?: string) => ({
  kind: "ServiceAccount",
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

describe("grants of a service account", () => {
  const { inventory } = contextOf([
    { apiVersion: RBAC, kind: "ClusterRole", metadata: { name: "reader" }, rules: [] },
    binding("by-name", [account("web", "shop")]),
    binding("without-namespace", [account("web")]),
    binding("everybody", [group("system:authenticated")]),
    binding("all-accounts", [group("system:serviceaccounts")]),
    binding("as-user", [{ kind: "User", name: "system:serviceaccount:shop:web" }]),
    binding("as-group-of-that-name", [group("system:serviceaccount:shop:web")]),
    binding("own-namespace", [account("web"), account("web", "shop")], "shop"),
    binding("accounts-of-shop", [group("system:serviceaccounts:shop")], "other"),
    binding("another", [account("worker", "shop")], "shop"),
  ]);
  const namesOf = (namespace: string, name: string) =>
    grantsOfAccount(inventory, { namespace, name }).map((grant) => grant.binding.metadata.name);

  it("are those that name it or a group of accounts, each once and in list order", () => {
    expect(namesOf("shop", "web")).toEqual(["all-accounts", "as-user", "by-name", "accounts-of-shop", "own-namespace"]);
    expect(namesOf("other", "web")).toEqual(["all-accounts"]);
  });

  it("are those that a walk over every binding finds", () => {
    for (const namespace of ["shop", "other"])
      for (const name of ["web", "worker", "default"]) {
        const identity = serviceAccountIdentity({ namespace, name });
        const own = { ...identity, groups: identity.groups.filter((g) => g !== "system:authenticated") };
        const walked = grantsOf(inventory).filter(
          (grant) => matchingSubject(grant.subjects, own, bindingNamespaceOf(grant.binding)) >= 0,
        );
        expect(grantsOfAccount(inventory, { namespace, name })).toEqual(walked);
      }
  });
});
