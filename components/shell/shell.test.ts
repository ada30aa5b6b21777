import { describe, expect, it } from "vitest";
import { isAssessor, ROLES } from "@/lib/access";
import { crumbsOf } from "./crumbs-of";
import { navigationFor } from "./navigation";
import { sessionView, shouldReport } from "./session-watch";

describe("the navigation", () => {
  it("shows each role what it may open, in the order of its work", () => {
    const table = ROLES.map(
      (role) =>
        `${role}: ${navigationFor([role])
          .flatMap((group) => group.items.map((item) => item.id))
          .join(" ")}`,
    );
    expect(table).toMatchInlineSnapshot(`
      [
        "owner: clusters requirements controls findings scope audit members",
        "complianceOfficer: clusters requirements controls findings scope audit members",
        "platformEngineer: clusters requirements controls findings scope",
        "assessor: requirements controls findings scope clusters audit",
      ]
    `);
  });
  it("treats somebody as an assessor only if they are nothing else", () => {
    expect(isAssessor(["assessor"])).toBe(true);
    expect(isAssessor(["assessor", "owner"])).toBe(false);
    expect(isAssessor([])).toBe(false);
  });
});

describe("the breadcrumb", () => {
  const organization = { slug: "acme", name: "Acme Pay" };
  const words = (path: string) => crumbsOf(path, organization).map((crumb) => crumb.label);
  it("names organization, section, what lies above, and the thing", () => {
    expect(words("/o/acme/clusters")).toEqual(["Acme Pay", "Clusters"]);
    expect(words("/o/acme/requirements/1.3.1")).toEqual(["Acme Pay", "Requirements", "1", "1.3", "1.3.1"]);
    expect(words("/o/acme/findings/2291")).toEqual(["Acme Pay", "Findings", "F-2291"]);
    expect(words("/o/acme/clusters/register")).toEqual(["Acme Pay", "Clusters", "Register"]);
    expect(words("/o/acme/controls/guides")).toEqual(["Acme Pay", "Controls", "What common guides get wrong"]);
  });
  it("links everything but the last", () => {
    expect(crumbsOf("/o/acme/requirements/1.3", organization)).toEqual([
      { label: "Acme Pay", path: "/o/acme" },
      { label: "Requirements", path: "/o/acme/requirements" },
      { label: "1", path: "/o/acme/requirements/1" },
      { label: "1.3" },
    ]);
  });
});

describe("the end of a session", () => {
  const minute = 60_000;
  it("is announced two minutes before the idle limit, and staying is on offer", () => {
    expect(sessionView(0, 15 * minute, 600 * minute)).toEqual({ kind: "quiet" });
    expect(sessionView(13 * minute, 15 * minute, 600 * minute)).toEqual({
      kind: "warning",
      leftMilliseconds: 2 * minute,
      canStay: true,
    });
    expect(sessionView(15 * minute, 15 * minute, 600 * minute)).toEqual({ kind: "ended", because: "idle" });
  });
  it("offers no staying when the twelve hours are over", () => {
    expect(sessionView(0, 15 * minute, minute)).toEqual({ kind: "warning", leftMilliseconds: minute, canStay: false });
    expect(sessionView(minute, 15 * minute, minute)).toEqual({ kind: "ended", because: "absolute" });
  });
  it("reports a gesture at most once a minute", () => {
    expect(shouldReport(59_999, 0)).toBe(false);
    expect(shouldReport(60_000, 0)).toBe(true);
  });
});
