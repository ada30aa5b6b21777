import { describe, expect, it } from "vitest";
import type { AuditPolicyRule } from "@/lib/inventory/imported";
import { auditCoverage } from "./coverage";
import { LOGGED_REQUIREMENTS } from "./demands";

const gapsOf = (rules: AuditPolicyRule[], requirement: string, omitStages?: "ResponseStarted"[]) =>
  auditCoverage(omitStages === undefined ? { rules } : { rules, omitStages }, ["cde"])
    .filter((row) => row.requirement === requirement && row.gaps.length > 0)
    .map(({ what, lowest }) => `${what}: ${lowest}`);

describe("coverage matrix", () => {
  it("has rows for every requirement of 10.2.1, and none is met without a rule that matches", () => {
    const rows = auditCoverage({ rules: [{ level: "Request", verbs: ["*"] }] });
    expect([...new Set(rows.map(({ requirement }) => requirement))]).toEqual([...LOGGED_REQUIREMENTS]);
    expect(rows.filter(({ gaps }) => gaps.length === 0)).toEqual([]);
    expect(rows.every(({ lowest }) => lowest === "None")).toBe(true);
  });

  it("is met by a catch-all with the bodies of changed rights, policies and webhooks", () => {
    const rows = auditCoverage({
      rules: [
        {
          level: "Request",
          resources: [
            { group: "rbac.authorization.k8s.io" },
            { group: "networking.k8s.io" },
            { group: "admissionregistration.k8s.io" },
          ],
        },
        { level: "Metadata" },
      ],
    });
    expect(rows.filter(({ gaps }) => gaps.length > 0)).toEqual([]);
  });

  it("shows what Metadata alone leaves out: the content of a new right", () => {
    expect(gapsOf([{ level: "Metadata" }], "10.2.1.5")).toEqual([
      "roles.rbac.authorization.k8s.io: Metadata",
      "rolebindings.rbac.authorization.k8s.io: Metadata",
      "clusterroles.rbac.authorization.k8s.io: Metadata",
      "clusterrolebindings.rbac.authorization.k8s.io: Metadata",
    ]);
  });

  it("asks for failed logins without a user, at the only stage that they have", () => {
    const anonymous: AuditPolicyRule = { level: "Request", users: ["system:anonymous"] };
    expect(gapsOf([anonymous], "10.2.1.4")).toContain("requests without valid credentials: None");
    expect(gapsOf([{ level: "Metadata" }], "10.2.1.4")).toEqual([]);
    expect(gapsOf([{ level: "Metadata" }], "10.2.1.4", ["ResponseStarted"])).toEqual([
      "requests without valid credentials: None",
    ]);
  });

  it("names who is left out and the rule, and accepts Kubernetes' own components", () => {
    const rows = auditCoverage({
      rules: [
        { level: "None", users: ["ci-bot"], resources: [{ resources: ["secrets"] }] },
        { level: "None", userGroups: ["system:nodes"] },
        { level: "RequestResponse" },
      ],
    });
    expect(rows.filter(({ gaps }) => gaps.length > 0).map(({ what, gaps }) => ({ what, gaps }))).toEqual([
      {
        what: "secrets",
        gaps: [
          {
            who: "user ci-bot",
            verbs: ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
            level: "None",
            rule: 1,
            isStageOmitted: false,
          },
        ],
      },
    ]);
  });
});
