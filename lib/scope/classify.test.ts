import { describe, expect, it } from "vitest";
import { clusterRole, contextOf, deployment, minimalPod, namespace } from "@/lib/fixtures/builders";
import type { ScopeSettings } from "./types";

const rows = (objects: unknown[], scope: Partial<ScopeSettings> = {}, options = {}) =>
  contextOf(objects, { scope, ...options }).scope.namespaces.map((n) => [n.namespace, n.category, n.reasons[0]?.code]);

describe("classifyScope", () => {
  it("reads the three labels, takes a wrong value and a missing label as CDE", () => {
    const objects = [
      namespace("a", { "pci-scope": "in-scope" }),
      namespace("b", { "pci-scope": "connected-to" }),
      namespace("c", { "pci-scope": "out-of-scope" }),
      namespace("d", { "pci-scope": "In-Scope" }),
      namespace("e"),
    ];
    expect(rows(objects)).toEqual([
      ["a", "cde", "label"],
      ["b", "connected-to", "label"],
      ["c", "out-of-scope", "label"],
      ["d", "cde", "invalid-label"],
      ["e", "cde", "missing-label"],
    ]);
  });

  it("declares nothing in a cluster without any scope label", () => {
    const { scope } = contextOf([namespace("a"), minimalPod("p", "a")]);
    expect(scope.declared).toBe(false);
    expect(scope.hasCde).toBe(false);
    expect(scope.namespaces).toMatchObject([{ category: "undeclared", reasons: [{ code: "no-scope-declared" }] }]);
  });

  it("counts unlabelled namespaces as CDE when the organization says so", () => {
    expect(rows([namespace("a")], { assumeUnlabelledInScope: true })).toEqual([["a", "cde", "missing-label"]]);
  });

  it("declares nothing where there is no namespace that the organization's rule could be about", () => {
    const { scope } = contextOf([clusterRole("ops", [])], {
      scope: { assumeUnlabelledInScope: true },
      source: "manifests",
    });
    expect(scope.declared).toBe(false);
  });

  it("counts a namespace without an object as CDE when the organization says so, as undeclared otherwise", () => {
    expect(rows([deployment("x", "a")])).toEqual([["a", "undeclared", "namespace-object-missing"]]);
    expect(rows([deployment("x", "a")], { assumeUnlabelledInScope: true })).toEqual([
      ["a", "cde", "namespace-object-missing"],
    ]);
  });

  it("lets the scope file win over a label, and name a namespace without an object", () => {
    const objects = [namespace("a", { "pci-scope": "out-of-scope" }), deployment("x", "b"), deployment("y", "c")];
    expect(rows(objects, { namespaces: { a: "cde", b: "connected-to" } })).toEqual([
      ["a", "cde", "scope-file"],
      ["b", "connected-to", "scope-file"],
      ["c", "undeclared", "namespace-object-missing"],
    ]);
  });

  it("says undeclared when namespaces could not be read", () => {
    const { scope } = contextOf([minimalPod("p", "a")], { sections: { namespaces: { status: "forbidden" } } });
    expect(scope.declared).toBe(false);
    expect(scope.namespaces).toMatchObject([{ category: "undeclared", reasons: [{ code: "namespaces-unreadable" }] }]);
  });

  it("gives workloads the category of their namespace", () => {
    const { scope } = contextOf([namespace("a", { "pci-scope": "in-scope" }), deployment("x", "a")]);
    expect(scope.workloads).toMatchObject([{ ref: { name: "x" }, category: "cde" }]);
    expect(scope.inCategory("cde")).toEqual(["a"]);
    expect(scope.categoryOf("constructor")).toBe("undeclared");
  });
});
