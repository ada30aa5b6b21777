import { describe, expect, it } from "vitest";
import { type BlindSpots, type KnownFinding, objectKey, planFindings } from "./finding-plan";
import { fingerprintOf, type ResultRow } from "./rows";

const control = "pod-no-privileged";
const object = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const seesAll: BlindSpots = { controls: new Set(), objects: new Set() };

function row(change: Partial<ResultRow> = {}): ResultRow {
  const base = { ...object, part: null as string | null, controlId: control, ...change };
  const ref = { ...object, kind: base.kind, name: base.name, namespace: base.namespace ?? undefined };
  return {
    fingerprint: fingerprintOf(base.controlId, ref, base.part ?? undefined),
    digest: "d1",
    status: "fail",
    severity: "high",
    reason: "privileged",
    detail: "privileged",
    evidence: [],
    scope: "cde",
    ...base,
  };
}
function finding(change: Partial<KnownFinding> = {}): KnownFinding {
  const { fingerprint, digest } = row();
  return {
    number: 7,
    fingerprint,
    digest,
    state: "open",
    controlId: control,
    ...object,
    isUnevaluated: false,
    ...change,
  };
}
const nothing = { opened: [], reopened: [], changed: [], resolved: [], unevaluated: [] };
/** Any other result of the control, so that the control counts as evaluated. */
const other = row({ name: "other", status: "pass" });

describe("planFindings", () => {
  it("opens a finding for a new fail and for nothing else", () => {
    const rows = [
      row(),
      row({ name: "b", status: "pass" }),
      row({ name: "c", status: "unknown" }),
      row({ name: "d", status: "not-applicable" }),
    ];
    expect(planFindings(rows, [], seesAll)).toEqual({ ...nothing, opened: [rows[0]] });
  });
  it("changes nothing when the same fail is seen again", () => {
    expect(planFindings([row()], [finding()], seesAll)).toEqual(nothing);
  });
  it("updates an open finding whose detail changed", () => {
    const changed = row({ digest: "d2" });
    expect(planFindings([changed], [finding()], seesAll)).toEqual({
      ...nothing,
      changed: [{ number: 7, row: changed }],
    });
  });
  it.each(["pass", "not-applicable"] as const)("resolves on %s", (status) => {
    expect(planFindings([row({ status })], [finding()], seesAll)).toEqual({ ...nothing, resolved: [7] });
  });
  it("resolves when the object is gone and the control could look", () => {
    expect(planFindings([other], [finding()], seesAll)).toEqual({ ...nothing, resolved: [7] });
  });
  it("reopens with the same number", () => {
    expect(planFindings([row()], [finding({ state: "resolved" })], seesAll)).toEqual({
      ...nothing,
      reopened: [{ number: 7, row: row() }],
    });
  });
  it.each<[string, ResultRow[], BlindSpots]>([
    ["the result is unknown", [row({ status: "unknown" })], seesAll],
    ["a section was unreadable", [other], { ...seesAll, controls: new Set([control]) }],
    ["the object is invalid now", [other], { ...seesAll, objects: new Set([objectKey(object)]) }],
    [
      "the whole cluster is unknown",
      [row({ kind: "Cluster", namespace: null, name: "cluster", status: "unknown" })],
      seesAll,
    ],
    [
      "its namespace is unknown",
      [other, row({ kind: "Namespace", namespace: null, name: "shop", status: "unknown" })],
      seesAll,
    ],
    [
      "a document could be anything",
      [other, row({ kind: "Document", namespace: null, name: "f:1", status: "unknown" })],
      seesAll,
    ],
    ["a pod in its namespace can't be read", [other, row({ kind: "Pod", name: "web-x", status: "unknown" })], seesAll],
    ["another part of it is unknown", [other, row({ part: "container app", status: "unknown" })], seesAll],
    ["the control was not evaluated at all", [], seesAll],
  ])("keeps it open, marked, when %s", (_, rows, blind) => {
    expect(planFindings(rows, [finding()], blind)).toEqual({ ...nothing, unevaluated: [7] });
    expect(planFindings(rows, [finding({ isUnevaluated: true })], blind)).toEqual(nothing);
  });
  it("resolves in spite of what can't be read in another namespace", () => {
    const elsewhere = row({ kind: "Pod", namespace: "other", name: "web-x", status: "unknown" });
    expect(planFindings([other, elsewhere], [finding()], seesAll)).toEqual({ ...nothing, resolved: [7] });
  });
  it("takes the mark away when it fails again", () => {
    expect(planFindings([row()], [finding({ isUnevaluated: true })], seesAll).changed).toHaveLength(1);
  });
});

describe("fingerprintOf", () => {
  it("tells parts, kinds, namespaces and controls apart, and ignores the API version", () => {
    const base = fingerprintOf(control, object, undefined);
    expect(fingerprintOf(control, { ...object, apiVersion: "apps/v2" }, undefined)).toBe(base);
    const others = [
      fingerprintOf("x", object, undefined),
      fingerprintOf(control, object, "app"),
      fingerprintOf(control, { ...object, kind: "StatefulSet" }, undefined),
      fingerprintOf(control, { ...object, namespace: undefined }, undefined),
      fingerprintOf(control, { ...object, namespace: "shopw", name: "eb" }, undefined),
      fingerprintOf(control, object, undefined, 1),
    ];
    expect(new Set([base, ...others]).size).toBe(others.length + 1);
  });
});
