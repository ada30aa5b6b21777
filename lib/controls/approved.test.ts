import { describe, expect, it } from "vitest";
import { contextOf } from "@/lib/fixtures/builders";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { describeApproval, findApproval } from "./approved";

const entry = (fields: Partial<ApprovedAccess>): ApprovedAccess => ({
  subject: { kind: "Group", name: "ops" },
  controls: ["rbac-secrets-humans"],
  isBreakGlass: false,
  reason: "on call",
  approvedBy: "maria@example.com",
  approvedAt: "2026-01-01",
  ...fields,
});
const ask = (entries: ApprovedAccess[], fields: Partial<Parameters<typeof findApproval>[1]> = {}) =>
  findApproval(
    { ...contextOf([]), asOf: "2026-11-21T12:00:00Z", registers: { approvedAccess: entries } },
    { control: "rbac-secrets-humans", subject: { kind: "Group", name: "ops" }, namespace: "cde", ...fields },
  );

describe("approved access", () => {
  it("approves nothing without a register", () => {
    expect(
      findApproval(contextOf([]), { control: "x", subject: { kind: "User", name: "u" }, namespace: null }),
    ).toEqual({
      state: "none",
    });
  });
  it("holds for the control, the subject and the namespaces that it names", () => {
    expect(ask([entry({})]).state).toBe("approved");
    expect(ask([entry({})], { namespace: null }).state).toBe("approved");
    expect(ask([entry({})], { control: "rbac-nsc-write" }).state).toBe("none");
    expect(ask([entry({})], { subject: { kind: "User", name: "ops" } }).state).toBe("none");
    expect(ask([entry({ namespaces: ["cde"] })]).state).toBe("approved");
    expect(ask([entry({ namespaces: ["other"] })]).state).toBe("none");
    expect(ask([entry({ namespaces: ["cde"] })], { namespace: null }).state).toBe("none");
  });
  it("says that an approval has expired or has not begun, unless another one holds", () => {
    const expired = entry({ expiresAt: "2026-11-20" });
    expect(ask([expired]).state).toBe("expired");
    expect(describeApproval(ask([expired]))).toContain("expired at 2026-11-20");
    expect(ask([entry({ expiresAt: "2026-11-21" })]).state).toBe("approved");
    expect(ask([entry({ approvedAt: "2026-12-01" })]).state).toBe("not-yet-valid");
    expect(ask([expired, entry({})]).state).toBe("approved");
  });
  it("knows a service account under each of its names, and takes the binding's namespace where it names none", () => {
    const entries = [entry({ subject: { kind: "ServiceAccount", name: "ci", namespace: "tools" } })];
    for (const subject of [
      { kind: "ServiceAccount", name: "ci", namespace: "tools" },
      { kind: "User", name: "system:serviceaccount:tools:ci" },
    ]) {
      expect(ask(entries, { subject }).state).toBe("approved");
    }
    const bare = { kind: "ServiceAccount", name: "ci" };
    expect(ask(entries, { subject: bare, bindingNamespace: "tools" }).state).toBe("approved");
    expect(ask(entries, { subject: bare, bindingNamespace: "" }).state).toBe("none");
    expect(ask([entry({ subject: { kind: "ServiceAccount", name: "ci" } })], { subject: bare }).state).toBe("none");
  });
});
