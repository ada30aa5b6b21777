import { describe, expect, it } from "vitest";
import {
  controlStatus,
  countStatuses,
  countsAmongClusters,
  decides,
  freshnessOf,
  requirementStatus,
  rollupStatus,
  statusAtAge,
  suggestedPosition,
  worstOverClusters,
  worstStatus,
} from "./status";
import { type MissingPart, REQUIREMENT_STATUSES, type RequirementAssessment } from "./types";

describe("a control over its results", () => {
  const over = (...statuses: Parameters<typeof countStatuses>[0] extends Iterable<infer T> ? T[] : never) =>
    controlStatus(countStatuses(statuses));
  it("fails with any fail", () => expect(over("pass", "unknown", "fail", "not-applicable")).toBe("fail"));
  it("else is unknown with any unknown", () => expect(over("pass", "unknown", "not-applicable")).toBe("unknown"));
  it("else passes with any pass", () => expect(over("not-applicable", "pass")).toBe("pass"));
  it("is not applicable when every result is", () =>
    expect(over("not-applicable", "not-applicable")).toBe("not-applicable"));
  it("is unknown without a result: the empty set doesn't pass", () => expect(over()).toBe("unknown"));
});

describe("a requirement", () => {
  const part = (
    kind: "primary" | "fail-only" | "supporting",
    status: "pass" | "fail" | "unknown" | "not-applicable",
  ) => ({
    control: "c",
    kind,
    status,
    decides: decides(kind, status),
  });
  const missing: MissingPart = { control: "m", kind: "primary", status: "not-assessed", decides: true };
  const open = [{ id: "att-x", status: "needs-attestation" as const }];
  const signed = [{ id: "att-x", status: "attested" as const }];
  const of = (parts: RequirementAssessment["parts"], attestations: RequirementAssessment["attestations"] = []) =>
    requirementStatus(parts, attestations);

  it("shows the worst of its parts in the order of the glossary", () => {
    expect(REQUIREMENT_STATUSES).toEqual([
      "fail",
      "unknown",
      "not-assessed",
      "needs-attestation",
      "compensating-control",
      "attested",
      "pass",
      "not-applicable",
    ]);
    for (const [i, worse] of REQUIREMENT_STATUSES.entries()) {
      for (const better of REQUIREMENT_STATUSES.slice(i)) expect(worstStatus([better, worse])).toBe(worse);
    }
  });
  it("is not applicable only if every part is", () => {
    expect(of([part("primary", "not-applicable"), part("primary", "not-applicable")])).toBe("not-applicable");
    expect(of([part("primary", "not-applicable"), part("primary", "pass")])).toBe("pass");
    expect(of([part("primary", "not-applicable")], open)).toBe("needs-attestation");
  });
  it("is not decided by a supporting link", () => {
    expect(of([part("primary", "pass"), part("supporting", "fail")])).toBe("pass");
    expect(of([part("supporting", "pass")])).toBe("not-assessed");
  });
  it("is broken by a fail-only link that fails, and gets nothing from one that doesn't", () => {
    expect(of([part("primary", "pass"), part("fail-only", "fail")])).toBe("fail");
    expect(of([part("fail-only", "pass")])).toBe("not-assessed");
    expect(of([part("primary", "pass"), part("fail-only", "unknown")])).toBe("pass");
  });
  it("needs attestation while a group is open, whatever the controls say in its favour", () => {
    expect(of([part("primary", "pass")], open)).toBe("needs-attestation");
    expect(of([part("primary", "pass")], signed)).toBe("attested");
    expect(of([part("primary", "fail")], signed)).toBe("fail");
  });
  it("is not assessed while a deciding control is missing, whatever the others and the people say in its favour", () => {
    expect(of([part("primary", "pass"), missing])).toBe("not-assessed");
    expect(of([part("primary", "not-applicable"), missing])).toBe("not-assessed");
    expect(of([part("fail-only", "pass"), missing])).toBe("not-assessed");
    expect(of([missing])).toBe("not-assessed");
    expect(of([missing], open)).toBe("not-assessed");
    expect(of([part("primary", "pass"), missing], signed)).toBe("not-assessed");
  });
  it("fails or is unknown by the controls that it has, also while another is missing", () => {
    expect(of([part("primary", "fail"), missing])).toBe("fail");
    expect(of([part("fail-only", "fail"), missing])).toBe("fail");
    expect(of([part("primary", "unknown"), missing])).toBe("unknown");
  });
  it("is not assessed without any part", () => expect(of([])).toBe("not-assessed"));
});

describe("a roll-up over requirements", () => {
  it("is blocked by any fail or unknown", () => {
    expect(rollupStatus(["pass", "fail"])).toBe("blocked");
    expect(rollupStatus(["needs-attestation", "unknown"])).toBe("blocked");
  });
  it("needs attestation while anything is not assessed or waits", () => {
    expect(rollupStatus(["pass", "not-assessed"])).toBe("needs-attestation");
    expect(rollupStatus(["needs-attestation", "pass"])).toBe("needs-attestation");
  });
  it("is ready when everything that applies is passed, attested or compensated", () => {
    expect(rollupStatus(["pass", "attested", "compensating-control", "not-applicable"])).toBe("ready");
  });
  it("is not applicable only when everything is", () => {
    expect(rollupStatus(["not-applicable"])).toBe("not-applicable");
    expect(rollupStatus([])).toBe("not-applicable");
  });
});

describe("age", () => {
  const now = "2026-11-21T12:00:00Z";
  it.each([
    ["2026-11-20T12:00:00Z", "current"],
    ["2026-11-20T11:59:00Z", "stale"],
    ["2026-11-14T12:00:00Z", "stale"],
    ["2026-11-14T11:59:00Z", "expired"],
    ["2026-11-21T13:00:00Z", "current"],
    ["yesterday", "expired"],
    [null, "none"],
  ])("%s is %s", (collectedAt, expected) => {
    expect(freshnessOf(collectedAt, now)).toBe(expected);
  });
  it("can have a limit of its own per control", () =>
    expect(freshnessOf("2026-11-20T12:00:00Z", now, 1)).toBe("stale"));
  it("keeps the value of stale evidence and takes that of expired evidence away", () => {
    expect(statusAtAge("pass", "stale")).toBe("pass");
    expect(statusAtAge("pass", "expired")).toBe("not-assessed");
    expect(statusAtAge("fail", "none")).toBe("not-assessed");
  });
  it("doesn't count a stale cluster among those that pass", () => {
    expect(countsAmongClusters("stale")).toBe(false);
    const clusters = [
      { status: "pass" as const, freshness: "current" as const },
      { status: "pass" as const, freshness: "stale" as const },
    ];
    expect(worstOverClusters(clusters)).toEqual({ status: "pass", showing: 1, total: 2 });
  });
  it("shows the worst over clusters, and a silent cluster as not assessed", () => {
    expect(
      worstOverClusters([
        { status: "pass", freshness: "current" },
        { status: "fail", freshness: "expired" },
      ]),
    ).toEqual({ status: "not-assessed", showing: 1, total: 2 });
    expect(
      worstOverClusters([
        { status: "pass", freshness: "current" },
        { status: "fail", freshness: "current" },
      ]),
    ).toEqual({ status: "fail", showing: 1, total: 2 });
    expect(worstOverClusters([])).toEqual({ status: "not-assessed", showing: 0, total: 0 });
  });
});

it("suggests a position only where nothing is open", () => {
  expect(Object.fromEntries(REQUIREMENT_STATUSES.map((s) => [s, suggestedPosition(s, [])]))).toEqual({
    fail: "Not in Place",
    unknown: null,
    "not-assessed": null,
    "needs-attestation": null,
    "compensating-control": "In Place",
    attested: "In Place",
    pass: "In Place",
    "not-applicable": "Not Applicable",
  });
});

it("suggests no position while a deciding control is missing, unless something fails", () => {
  for (const status of REQUIREMENT_STATUSES) {
    expect(suggestedPosition(status, ["m"]), status).toBe(status === "fail" ? "Not in Place" : null);
  }
});
