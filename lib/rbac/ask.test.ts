import { describe, expect, it } from "vitest";
import { clusterRole, clusterRoleBinding, inventoryOf, userSubject } from "@/lib/fixtures/builders";
import { identityOf, requestOf } from "./ask";
import { grantsOf } from "./grants";

const grants = grantsOf(
  inventoryOf([
    clusterRole("r", [
      { verbs: ["get"], apiGroups: ["example.com"], resources: ["widgets", "gadgets/status"] },
      { verbs: ["get"], apiGroups: [""], resources: ["Pods"] },
    ]),
    clusterRoleBinding("b", "r", [userSubject("ann")]),
  ]),
);
const ask = (what: string, fields: object = {}) =>
  requestOf({ verb: "get", what, namespace: "shop", ...fields }, grants);

describe("questions in the words of kubectl", () => {
  it.each([
    ["pods", { group: "", resource: "pods" }],
    ["DEPLOY", { group: "apps", resource: "deployments" }],
    ["deployment.apps", { group: "apps", resource: "deployments" }],
    ["ingress.networking", { group: "networking.k8s.io", resource: "ingresses" }],
    ["events", { group: "", resource: "events" }],
    ["events.events.k8s.io", { group: "events.k8s.io", resource: "events" }],
    ["cronjobs.v1.batch", { group: "batch", resource: "cronjobs" }],
    ["widgets", { group: "example.com", resource: "widgets" }],
    ["widgets.example.com", { group: "example.com", resource: "widgets" }],
    ["users", { group: "", resource: "users" }],
    ["*", { group: "", resource: "*" }],
    ["pods/web-0", { group: "", resource: "pods", name: "web-0" }],
  ])("%s", (what, request) => {
    expect(ask(what).request).toMatchObject({ verb: "get", namespace: "shop", ...request });
  });

  it("asks as it is written for what only mistyped rules name", () => {
    expect(ask("Pods").request).toMatchObject({ group: "", resource: "Pods" });
    expect(ask("Pods").warnings[0]).toContain("no API server has a resource type 'Pods'");
    expect(ask("Secrets").request).toMatchObject({ resource: "secrets" });
  });

  it("asks for a path, a name and a subresource", () => {
    expect(ask("/metrics").request).toEqual({ verb: "get", url: "/metrics" });
    expect(ask("pods", { name: "a", subresource: "log" }).request).toMatchObject({ name: "a", subresource: "log" });
  });
});

describe("users that --as makes", () => {
  it.each<[string, string[] | undefined, string[]]>([
    ["ann", undefined, ["system:authenticated"]],
    ["ann", ["devs"], ["devs", "system:authenticated"]],
    ["ann", ["system:unauthenticated"], ["system:unauthenticated"]],
    ["system:anonymous", undefined, ["system:unauthenticated"]],
    ["system:anonymous", ["devs"], ["devs", "system:unauthenticated"]],
    [
      "system:serviceaccount:a:b",
      undefined,
      ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
    ],
    ["system:serviceaccount:a:b", ["devs"], ["devs", "system:authenticated"]],
  ])("%s in %o", (username, groups, expected) => {
    expect(identityOf(username, groups)).toEqual({ username, groups: expected });
  });
});
