import { describe, expect, it } from "vitest";
import { CONTROLS } from "@/lib/controls";
import { CLUSTER_REF, type Control, type Result } from "@/lib/controls/types";
import { AS_OF, cdeNamespace, minimalPod, namespace, networkPolicy, snapshotOf } from "@/lib/fixtures/builders";
import { refOf } from "@/lib/inventory/inventory";
import { ATTESTATION_GROUPS, getRequirement, LEAF_REQUIREMENTS } from "@/lib/pci";
import { assess } from "./assess";

const result = (status: Result["status"], extra: Partial<Result> = {}): Result => ({
  status,
  object: CLUSTER_REF,
  reason: "because",
  detail: "Because.",
  evidence: [],
  ...extra,
});
function control(id: string, evaluate: Control["evaluate"], extra: Partial<Control> = {}): Control {
  return {
    id,
    title: id,
    severity: "high",
    requirements: [{ requirement: "1.3.1", kind: "primary", rationale: "test" }],
    judges: "cluster",
    sections: [],
    rule: { reads: "", pass: "", fail: "", unknown: "", notApplicable: "", why: "", cannotSee: "" },
    evaluate,
    verify: () => ({ command: "true", expect: "", needs: [] }),
    remediate: () => ({ summary: "", risk: "" }),
    ...extra,
  };
}
const run = (controls: Control[], snapshot = snapshotOf([cdeNamespace()]), extra = {}) =>
  assess(snapshot, { asOf: AS_OF, controls, ...extra });
const requirement = (assessment: ReturnType<typeof run>, id: string) =>
  assessment.requirements.find((r) => r.requirement === id);

describe("assess", () => {
  it("gives every testable requirement a status, in the standard's order", () => {
    const assessment = run([control("a", () => [result("pass")])]);
    expect(assessment.requirements.map((r) => r.requirement)).toEqual(LEAF_REQUIREMENTS.map((r) => r.id));
    expect(requirement(assessment, "1.3.1")?.parts[0]).toEqual({
      control: "a",
      kind: "primary",
      status: "pass",
      decides: true,
    });
  });

  it("counts every deciding control of the catalogue that there isn't as not assessed", () => {
    const named = getRequirement("1.3.1").primaryControls;
    const [first = "", ...others] = named;
    expect(others.length).toBeGreaterThan(0);
    const alone = requirement(run([control(first, () => [result("pass")])]), "1.3.1");
    expect(alone).toMatchObject({ status: "not-assessed", coverage: "partial" });
    expect(alone?.parts).toEqual([
      { control: first, kind: "primary", status: "pass", decides: true },
      ...others.map((id) => ({ control: id, kind: "primary", status: "not-assessed", decides: true })),
    ]);
    const all = requirement(run(named.map((id) => control(id, () => [result("pass")]))), "1.3.1");
    expect(all).toMatchObject({ status: "pass", coverage: "automated" });
    expect(all?.parts.map((part) => part.status)).toEqual(named.map(() => "pass"));
  });

  it.each([
    ["fail", "primary", "fail"],
    ["unknown", "primary", "unknown"],
    ["pass", "primary", "not-assessed"],
    ["not-applicable", "primary", "not-assessed"],
    ["fail", "fail-only", "fail"],
    ["pass", "fail-only", "not-assessed"],
    ["unknown", "fail-only", "not-assessed"],
    ["fail", "supporting", "not-assessed"],
  ] as const)("with controls missing, a %s by a %s link gives %s", (status, kind, expected) => {
    const one = control("a", () => [result(status)], {
      requirements: [{ requirement: "1.3.1", kind, rationale: "t" }],
    });
    expect(requirement(run([one]), "1.3.1")?.status).toBe(expected);
  });

  it("has not assessed a requirement of which every deciding control is missing, with an attestation or without", () => {
    const none = run([], undefined, { attested: new Set(ATTESTATION_GROUPS.map((group) => group.id)) });
    expect(getRequirement("1.4.2").attestations).toEqual([]);
    expect(requirement(none, "1.4.2")?.status).toBe("not-assessed");
    expect(getRequirement("1.2.2").attestations).not.toEqual([]);
    expect(requirement(none, "1.2.2")?.status).toBe("not-assessed");
    // Where the catalogue names no control, a person alone answers.
    expect(getRequirement("1.1.1").primaryControls).toEqual([]);
    expect(requirement(none, "1.1.1")?.status).toBe("attested");
    expect(requirement(run([]), "1.1.1")?.status).toBe("needs-attestation");
  });

  it("leaves a control that exists to its own file: linked as informing or fail-only, it isn't missing", () => {
    const named = getRequirement("1.3.1").primaryControls;
    const kinds = named.map((id, i) =>
      control(id, () => [result("pass")], {
        requirements: [{ requirement: "1.3.1", kind: i === 0 ? "primary" : "supporting", rationale: "t" }],
      }),
    );
    expect(requirement(run(kinds), "1.3.1")?.status).toBe("pass");
  });

  it("makes a control that throws unknown with the error's message, and goes on", () => {
    const broken = control("broken", () => {
      throw new Error("no such field");
    });
    const assessment = run([broken, control("fine", () => [result("pass")])]);
    expect(assessment.controls.map((c) => [c.control, c.status])).toEqual([
      ["broken", "unknown"],
      ["fine", "pass"],
    ]);
    expect(assessment.results[0]?.results[0]?.detail).toContain("no such field");
    expect(requirement(assessment, "1.3.1")?.status).toBe("unknown");
  });

  it("is unknown for an invalid object of a section that a control only looks into, and says nothing about others", () => {
    const invalid = { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", namespace: "cde", name: "open" };
    const snapshot = snapshotOf([cdeNamespace()], {
      invalid: [{ ...invalid, where: "object 2", problem: "spec must be a map, is a number" }],
    });
    const passing = ["net-default-deny-ingress", "rbac-cluster-admin"].map((id) => control(id, () => [result("pass")]));
    expect(run(passing, snapshot).controls.map(({ control, status }) => [control, status])).toEqual([
      ["net-default-deny-ingress", "unknown"],
      ["rbac-cluster-admin", "pass"],
    ]);
    expect(run(passing, snapshot).results[0]?.results.map(({ object }) => object)).toContainEqual(invalid);
  });

  it("believes no pass that rests on an unread section, and keeps what fails all the same", () => {
    const pod = (name: string) => ({ apiVersion: "v1", kind: "Pod", namespace: "cde", name });
    const needsPods = control(
      "a",
      () => [result("pass", { object: pod("fine") }), result("fail", { object: pod("bad") }), result("not-applicable")],
      {
        sections: ["namespaces", "pods"],
      },
    );
    const assessment = run([needsPods], snapshotOf([cdeNamespace()], { sections: { pods: { status: "forbidden" } } }));
    const results = assessment.results[0]?.results ?? [];
    expect(results.map((r) => [r.object.name, r.status])).toEqual([
      ["cluster", "unknown"],
      ["bad", "fail"],
      ["fine", "unknown"],
    ]);
    expect(results[0]?.reason).toBe("pods could not be read (forbidden)");
    expect(results[0]?.detail).toContain("list pods");
  });

  it("says unknown for a control that says nothing about an unread section", () => {
    const silent = control("a", () => [], { sections: ["pods"] });
    const assessment = run([silent], snapshotOf([], { sections: { pods: { status: "failed" } } }));
    expect(assessment.results[0]?.results).toMatchObject([{ status: "unknown", object: CLUSTER_REF }]);
  });

  it("lets not-applicable stand for lists that manifests never hold", () => {
    const needsNodes = control("a", () => [result("not-applicable")], { sections: ["nodes"] });
    const sections = { nodes: { status: "not-collected" as const } };
    expect(run([needsNodes], snapshotOf([], { source: "manifests", sections })).controls[0]?.status).toBe(
      "not-applicable",
    );
    expect(run([needsNodes], snapshotOf([], { sections })).controls[0]?.status).toBe("unknown");
  });

  it("names an invalid object once when the control names it itself", () => {
    const bad = networkPolicy("bad", "cde", { podSelector: 1 as never });
    const object = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: "cde", name: "bad" };
    const names = control("a", () => [result("unknown", { object, reason: "mine" })], {
      sections: ["networkpolicies"],
    });
    expect(run([names], snapshotOf([cdeNamespace(), bad])).results[0]?.results.map((r) => r.reason)).toEqual(["mine"]);
  });

  it("is unknown about an invalid object for the controls that read its section, and only those", () => {
    const bad = networkPolicy("bad", "cde", { podSelector: { matchExpressions: [{ key: "a", operator: "is" }] } });
    const reads = control("reads", () => [result("pass")], { sections: ["networkpolicies"] });
    const other = control("other", () => [result("pass")], { sections: ["pods"] });
    const assessment = run([reads, other], snapshotOf([cdeNamespace(), bad]));
    expect(assessment.controls.map((c) => c.status)).toEqual(["unknown", "pass"]);
    expect(assessment.results[0]?.results.find((r) => r.status === "unknown")?.object).toEqual({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      namespace: "cde",
      name: "bad",
    });
  });

  it("lets a file's pod without containers fail on what it shows, and never pass", () => {
    const broken = { apiVersion: "v1", kind: "Pod", metadata: { name: "half" }, spec: { hostIPC: true } };
    const judge = (id: string) => {
      const snapshot = snapshotOf([namespace("default", { "pci-scope": "in-scope" }), broken], { source: "manifests" });
      const found = CONTROLS.filter((candidate) => candidate.id === id);
      return run(found, snapshot).results[0]?.results.map((r) => [r.status, r.object.kind, r.object.namespace]);
    };
    const pod = ["Pod", "default"];
    expect(judge("pod-no-host-namespaces")).toEqual([
      ["fail", ...pod],
      ["unknown", ...pod],
    ]);
    expect(judge("pod-no-privileged")).toEqual([["unknown", ...pod]]);
    expect(judge("pod-run-as-non-root")).toEqual([["unknown", ...pod]]);
    const inCluster = snapshotOf([cdeNamespace(), broken]);
    expect(inCluster.sections.pods?.objects).toEqual([]);
    expect(inCluster.invalid).toHaveLength(1);
  });

  it("is unknown everywhere about a document that could be anything", () => {
    const snapshot = snapshotOf([], {
      invalid: [{ apiVersion: "", kind: "", name: "", where: "apps.yaml:12", problem: "is not YAML" }],
    });
    const assessment = run([control("a", () => [result("pass")], { sections: ["pods"] })], snapshot);
    expect(assessment.controls[0]?.status).toBe("unknown");
    expect(assessment.results[0]?.results.find((r) => r.status === "unknown")).toMatchObject({
      object: { kind: "Document", name: "apps.yaml:12" },
    });
  });

  it("orders results by object and part, whatever order the control gives", () => {
    const refs = ["b", "a"].map((name) => ({ apiVersion: "v1", kind: "Pod", namespace: "n", name }));
    const many = control("a", () =>
      refs.flatMap((object) => [result("fail", { object, part: "z" }), result("fail", { object, part: "c" })]),
    );
    const [entry] = run([many]).results;
    expect(entry?.results.map((r) => `${r.object.name}/${r.part}`)).toEqual(["a/c", "a/z", "b/c", "b/z"]);
  });

  it("gives the same bytes for the same snapshot and moment", () => {
    const judge = control("a", ({ inventory }) => inventory.workloads.map((w) => result("fail", { object: w.ref })), {
      sections: ["pods"],
    });
    const world = () => [cdeNamespace(), ...["c", "a", "b"].map((n) => minimalPod(n))];
    const once = JSON.stringify(run([judge], snapshotOf(world())));
    expect(JSON.stringify(run([judge], snapshotOf(world().reverse())))).toBe(once);
    expect(JSON.parse(once)).toMatchObject({ asOf: AS_OF });
  });

  it("needs attestation until every group is signed", () => {
    const passing = getRequirement("12.5.2").primaryControls.map((id) =>
      control(id, () => [result("pass")], {
        requirements: [{ requirement: "12.5.2", kind: "primary", rationale: "t" }],
      }),
    );
    const groups = getRequirement("12.5.2").attestations;
    expect(groups.length).toBeGreaterThan(1);
    expect(requirement(run(passing), "12.5.2")?.status).toBe("needs-attestation");
    expect(requirement(run(passing, undefined, { attested: new Set(groups.slice(1)) }), "12.5.2")?.status).toBe(
      "needs-attestation",
    );
    expect(requirement(run(passing, undefined, { attested: new Set(groups) }), "12.5.2")?.status).toBe("attested");
  });

  it("leaves out what another requirement has superseded, from that day on", () => {
    expect(requirement(run([]), "6.4.1")?.status).toBe("not-applicable");
    expect(requirement(assess(snapshotOf([]), { asOf: "2025-03-30T00:00:00Z", controls: [] }), "6.4.1")?.status).toBe(
      "needs-attestation",
    );
  });

  it("takes an inventory as well as a snapshot, and passes the scope on", () => {
    const seen: string[] = [];
    const looks = control("a", ({ scope, inventory }) => {
      seen.push(...scope.inCategory("cde"), ...inventory.livePods.map((p) => refOf(p.pod).name));
      return [result("pass")];
    });
    run([looks], snapshotOf([cdeNamespace(), minimalPod("p")]));
    expect(seen).toEqual(["cde", "p"]);
  });
});
