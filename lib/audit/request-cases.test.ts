import { describe, expect, it } from "vitest";
import { identitiesIn, objectNamesIn, requestsFor, resourceWords } from "./request-cases";

describe("identitiesIn", () => {
  it("asks for an ordinary person even where the policy names nobody", () => {
    expect(identitiesIn({ rules: [{ level: "Metadata" }] }).map((i) => i.words)).toEqual(["an ordinary user"]);
  });

  it("asks for every user and group that a rule names, and knows Kubernetes' own components", () => {
    const identities = identitiesIn({
      rules: [
        { level: "None", users: ["system:kube-proxy", "ci-bot"] },
        { level: "None", userGroups: ["system:nodes", "system:serviceaccounts", "system:masters"] },
        {
          level: "None",
          users: [
            "system:serviceaccount:kube-system:namespace-controller",
            "system:serviceaccount:shop:api",
            "system:admin",
          ],
        },
      ],
    });
    expect(identities.filter((i) => i.isComponent).map((i) => i.words)).toEqual([
      "user system:kube-proxy",
      "group system:nodes",
      "user system:serviceaccount:kube-system:namespace-controller",
    ]);
    expect(identities.filter((i) => !i.isComponent).map((i) => i.words)).toEqual([
      "an ordinary user",
      "user ci-bot",
      "group system:serviceaccounts",
      "group system:masters",
      "user system:serviceaccount:shop:api",
      "user system:admin",
    ]);
  });

  it("gives a user the groups that the same rule asks for", () => {
    const [, jane] = identitiesIn({ rules: [{ level: "None", users: ["jane"], userGroups: ["admins"] }] });
    expect(jane?.user.groups).toContain("admins");
  });
});

describe("requestsFor", () => {
  const secrets = { apiGroup: "", resource: "secrets", subresource: "", verbs: ["get", "list"], isNamespaced: true };
  const policy = {
    rules: [{ level: "None" as const, resources: [{ resources: ["secrets"], resourceNames: ["leader"] }] }],
  };
  const user = { username: "jane", groups: [] };

  it("asks for names that the policy treats apart, but not where a request has no name", () => {
    expect(objectNamesIn(policy, "secrets")).toContain("leader");
    expect(objectNamesIn(policy, "pods")).not.toContain("leader");
    const asked = requestsFor(secrets, policy, ["a", "b"], user);
    expect(asked.filter((r) => r.verb === "list").map((r) => r.name)).toEqual(["", "", ""]);
    expect(asked.filter((r) => r.verb === "get" && r.name === "leader")).toHaveLength(2);
  });

  it("asks for lists over all namespaces, which return the objects of each", () => {
    const asked = requestsFor(secrets, policy, ["a", "b"], user);
    expect(asked.filter((r) => r.verb === "list").map((r) => r.namespace)).toEqual(["a", "b", ""]);
    expect(asked.filter((r) => r.verb === "get").map((r) => r.namespace)).not.toContain("");
  });

  it("asks for cluster-scoped resources without a namespace, and for subresources by name", () => {
    const proxy = { apiGroup: "", resource: "nodes", subresource: "proxy", verbs: ["create"], isNamespaced: false };
    const [request] = requestsFor(proxy, { rules: [] }, ["a"], user);
    expect(request?.namespace).toBe("");
    expect(request?.name).not.toBe("");
    expect(resourceWords(proxy)).toBe("nodes/proxy");
  });
});
