import { describe, expect, it } from "vitest";
import type { AuditPolicy, AuditPolicyRule } from "@/lib/inventory/imported";
import { lintAuditPolicy } from "./lint-policy";

const last: AuditPolicyRule = { level: "Metadata" };
const lint = (policy: AuditPolicy, existing: string[] | null = ["cde", "kube-system"]) =>
  lintAuditPolicy(policy, { existing, judged: ["cde"] }).map(({ kind, rule, words }) => `${kind} ${rule}: ${words}`);
const rules = (...some: AuditPolicyRule[]) => lint({ rules: [...some, last] });

describe("audit policy lint", () => {
  it("finds nothing in a plain policy", () => {
    expect(rules()).toEqual([]);
    expect(
      rules(
        { level: "None", nonResourceURLs: ["/healthz*", "/version"] },
        { level: "None", userGroups: ["system:nodes"], verbs: ["get"] },
        { level: "Metadata", resources: [{ group: "", resources: ["secrets", "pods/*", "*/scale"] }] },
      ),
    ).toEqual([]);
  });

  it.each([
    ["a wildcard in verbs", { verbs: ["*"] }, 'the verb "*" matches nothing'],
    ["a verb of authorization", { verbs: ["create", "escalate"] }, "escalate matches nothing"],
    ["a mistyped verb", { verbs: ["udpate"] }, 'no request has the verb "udpate"'],
    ["a wildcard in users", { users: ["dev-*"] }, '"dev-*" in users'],
    ["a wildcard in groups", { userGroups: ["*"] }, '"*" in userGroups'],
    ["a wildcard in namespaces", { namespaces: ["cde-*"] }, "matches nothing"],
    ["a namespace that does not exist", { namespaces: ["cde-old"] }, "there is no namespace cde-old"],
    ["a wildcard inside a resource", { resources: [{ resources: ["pod*"] }] }, 'no resource fits "pod*"'],
    [
      "names with a verb that carries none",
      { verbs: ["create"], resources: [{ resources: ["secrets"], resourceNames: ["db"] }] },
      "carry no name",
    ],
  ] satisfies [string, Omit<AuditPolicyRule, "level">, string][])("names %s", (_name, rule, words) => {
    expect(rules({ level: "Request", ...rule })).toEqual([expect.stringContaining(`never-matches 1: `)]);
    expect(rules({ level: "Request", ...rule })[0]).toContain(words);
  });

  it("takes any namespace where the cluster's are not known, and the empty one always", () => {
    expect(lint({ rules: [{ level: "Request", namespaces: ["cde-old", ""] }, last] }, null)).toEqual([]);
    expect(rules({ level: "Request", namespaces: [""] })).toEqual([]);
  });

  it("names a rule that an earlier one takes everything from", () => {
    const secrets = { resources: [{ resources: ["secrets"] }] };
    expect(rules({ level: "Metadata", ...secrets }, { level: "Request", verbs: ["get"], ...secrets })).toEqual([
      "shadowed 2: it is never reached: rule 1 (level Metadata) matches all of its requests first",
    ]);
    expect(rules({ level: "Metadata", verbs: ["get"], ...secrets }, { level: "Request", ...secrets })).toEqual([]);
    expect(rules({ level: "Request", users: ["a"] }, { level: "Metadata", userGroups: ["g"] })).toEqual([]);
    expect(
      rules({ level: "Metadata", resources: [{ group: "*" }] }, { level: "Request", nonResourceURLs: ["/logs*"] }),
    ).toEqual([]);
    expect(rules({ level: "Metadata" })).toEqual([expect.stringContaining("shadowed 2")]);
  });

  it("names a rule of level None that hides what must be recorded", () => {
    expect(rules({ level: "None", userGroups: ["system:authenticated"], verbs: ["get"] })[0]).toContain(
      "hides 1: level None hides secrets by an ordinary user",
    );
    expect(rules({ level: "None", resources: [{ resources: ["events"] }] })).toEqual([]);
  });

  it("names stages whose events are the only ones", () => {
    expect(lint({ omitStages: ["RequestReceived", "ResponseStarted"], rules: [last] })).toEqual([
      expect.stringContaining("stage null: omitStages leaves out ResponseStarted"),
    ]);
    expect(rules({ level: "Metadata", verbs: ["get"], omitStages: ["ResponseComplete"] })).toEqual([
      expect.stringContaining("stage 1: omitStages leaves out ResponseComplete"),
    ]);
    expect(rules({ level: "Metadata", users: ["a"], omitStages: ["ResponseStarted"] })).toEqual([]);
  });

  it("names a rule that misses sessions over the other protocol", () => {
    const exec = { resources: [{ resources: ["pods/exec", "pods/attach"] }] };
    expect(rules({ level: "Request", verbs: ["create"], ...exec })).toEqual([
      "half-matches 1: its verbs lack get, the verb of pods/exec, pods/attach over WebSocket: leave verbs out",
    ]);
    expect(rules({ level: "Request", verbs: ["get", "create"], ...exec }, { level: "Request", ...exec })).toEqual([]);
  });

  it("asks for a catch-all", () => {
    expect(lint({ rules: [{ level: "Metadata", resources: [{ group: "*" }] }] }).at(-1)).toContain(
      "no-catch-all null: there is no last rule",
    );
    expect(lint({ rules: [{ level: "None" }] }).at(-1)).toContain("no-catch-all 1: the last rule has level None");
  });

  it("names a rule for a ConfigMap that nobody writes", () => {
    expect(
      rules({
        level: "Request",
        resources: [{ resources: ["configmaps"], resourceNames: ["apiserver-audit-policy"] }],
      }),
    ).toEqual([expect.stringContaining("watches-nothing 1: it watches the ConfigMap apiserver-audit-policy")]);
  });
});
