import { describe, expect, it } from "vitest";
import type { AuditPolicyRule } from "@/lib/inventory/imported";
import type { ResourceRequest, UrlRequest } from "./evaluate-policy";
import { evaluateAuditPolicy, isAtLeastLevel, isRecorded } from "./evaluate-policy";

const jane = { username: "jane", groups: ["developers", "system:authenticated"] };

function request(fields: Partial<ResourceRequest> = {}): ResourceRequest {
  return {
    kind: "resource",
    user: jane,
    verb: "get",
    apiGroup: "",
    resource: "pods",
    subresource: "",
    namespace: "cde",
    name: "web-0",
    ...fields,
  };
}
function url(path: string, fields: Partial<UrlRequest> = {}): UrlRequest {
  return { kind: "url", user: jane, verb: "get", path, ...fields };
}
function levelOf(rule: Omit<AuditPolicyRule, "level">, asked = request()): string {
  return evaluateAuditPolicy({ rules: [{ level: "Request", ...rule }] }, asked).level;
}

describe("first match", () => {
  it("lets the first matching rule decide and names it", () => {
    const rules: AuditPolicyRule[] = [
      { level: "None", verbs: ["watch"] },
      { level: "Metadata", resources: [{ resources: ["pods"] }] },
      { level: "RequestResponse" },
    ];
    expect(evaluateAuditPolicy({ rules }, request())).toEqual({
      level: "Metadata",
      omitStages: [],
      omitManagedFields: false,
      ruleIndex: 1,
    });
    expect(evaluateAuditPolicy({ rules }, request({ verb: "watch" })).level).toBe("None");
    expect(evaluateAuditPolicy({ rules }, url("/healthz")).ruleIndex).toBe(2);
  });

  it("is None when nothing matches, without a rule", () => {
    const decision = evaluateAuditPolicy({ rules: [{ level: "Request", verbs: ["create"] }] }, request());
    expect(decision).toEqual({ level: "None", omitStages: [], omitManagedFields: false, ruleIndex: null });
    expect(isRecorded(decision)).toBe(false);
  });
});

describe("users, groups and verbs", () => {
  it("compares exactly and knows no wildcard", () => {
    expect(levelOf({ users: ["jane"] })).toBe("Request");
    expect(levelOf({ users: ["*"] })).toBe("None");
    expect(levelOf({ userGroups: ["developers"] })).toBe("Request");
    expect(levelOf({ userGroups: ["*"] })).toBe("None");
    expect(levelOf({ verbs: ["*"] })).toBe("None");
  });

  it("matches a failed authentication by no user or group, but by a rule that names neither", () => {
    const anonymous = request({ user: undefined });
    expect(levelOf({ users: ["system:anonymous"] }, anonymous)).toBe("None");
    expect(levelOf({ userGroups: ["system:unauthenticated"] }, anonymous)).toBe("None");
    expect(levelOf({}, anonymous)).toBe("Request");
    expect(levelOf({}, request({ user: null }))).toBe("Request");
  });

  it("takes an empty list as no restriction", () => {
    expect(levelOf({ users: [], verbs: [], resources: [], namespaces: [], nonResourceURLs: [] })).toBe("Request");
  });
});

describe("resources", () => {
  const exec = request({ verb: "create", subresource: "exec" });
  it.each([
    ["pods", "pods", "Request"],
    ["pods for a subresource", "pods", "None", exec],
    ["pods/exec", "pods/exec", "Request", exec],
    ["pods/exec for pods", "pods/exec", "None"],
    ["pods/* for the subresource", "pods/*", "Request", exec],
    ["pods/* for pods themselves", "pods/*", "Request"],
    ["*/exec", "*/exec", "Request", exec],
    ["*/exec for pods", "*/exec", "None"],
    ["*/exec for another subresource", "*/exec", "None", request({ subresource: "log" })],
    ["*", "*", "Request", exec],
    ["a pattern of another resource", "services/*", "None", exec],
  ] as const)("%s", (_name, pattern, level, asked: ResourceRequest = request()) => {
    expect(levelOf({ resources: [{ resources: [pattern] }] }, asked)).toBe(level);
  });

  it("matches the group exactly, the core group as empty, and * as every group", () => {
    const roles = request({ apiGroup: "rbac.authorization.k8s.io", resource: "roles" });
    expect(levelOf({ resources: [{ group: "", resources: ["roles"] }] }, roles)).toBe("None");
    expect(levelOf({ resources: [{ group: "rbac.authorization.k8s.io" }] }, roles)).toBe("Request");
    expect(levelOf({ resources: [{ group: "*", resources: ["roles"] }] }, roles)).toBe("Request");
    expect(levelOf({ resources: [{ group: "apps" }] }, request())).toBe("None");
  });

  it("narrows by name only where resources are given", () => {
    expect(levelOf({ resources: [{ resources: ["pods"], resourceNames: ["web-1"] }] })).toBe("None");
    expect(levelOf({ resources: [{ resources: ["pods"], resourceNames: ["web-0"] }] })).toBe("Request");
    expect(levelOf({ resources: [{ group: "", resourceNames: ["web-1"] }] })).toBe("Request");
  });

  it("reads namespaces exactly, the empty name as cluster-scoped", () => {
    const node = request({ resource: "nodes", namespace: "", name: "n1" });
    expect(levelOf({ namespaces: ["cde"] })).toBe("Request");
    expect(levelOf({ namespaces: ["*"] })).toBe("None");
    expect(levelOf({ namespaces: [""] })).toBe("None");
    expect(levelOf({ namespaces: [""] }, node)).toBe("Request");
  });

  it("never matches a URL with a rule about resources or namespaces", () => {
    const asked = url("/metrics");
    const rules: AuditPolicyRule[] = [
      { level: "Request", resources: [{ group: "*" }] },
      { level: "Request", namespaces: ["cde"] },
    ];
    expect(evaluateAuditPolicy({ rules }, asked).level).toBe("None");
  });
});

describe("URLs", () => {
  it.each([
    ["*", "/metrics", "Request"],
    ["/metrics", "/metrics", "Request"],
    ["/metrics", "/metrics/cadvisor", "None"],
    ["/logs*", "/logs/kubelet.log", "Request"],
    ["/logs/**", "/logs/a", "Request"],
    ["*/logs", "/node/logs", "None"],
  ])("%s against %s", (pattern, path, level) => {
    const decision = evaluateAuditPolicy({ rules: [{ level: "Request", nonResourceURLs: [pattern] }] }, url(path));
    expect(decision.level).toBe(level);
  });

  it("never matches a resource, and resources win over URLs in one rule", () => {
    expect(levelOf({ nonResourceURLs: ["*"] })).toBe("None");
    expect(levelOf({ nonResourceURLs: ["*"], resources: [{ resources: ["pods"] }] })).toBe("Request");
  });
});

describe("stages and levels", () => {
  it("leaves out the stages of the policy and of the rule, each once", () => {
    const decision = evaluateAuditPolicy(
      {
        omitStages: ["RequestReceived"],
        rules: [{ level: "Metadata", omitStages: ["RequestReceived", "ResponseStarted"] }],
      },
      request(),
    );
    expect(decision.omitStages).toEqual(["RequestReceived", "ResponseStarted"]);
    expect(isRecorded(decision)).toBe(true);
  });

  it("cannot bring a stage back in a rule, and records nothing useful without ResponseComplete", () => {
    const decision = evaluateAuditPolicy(
      { omitStages: ["ResponseComplete"], rules: [{ level: "Metadata", omitStages: [] }] },
      request(),
    );
    expect(decision.omitStages).toEqual(["ResponseComplete"]);
    expect(isRecorded(decision)).toBe(false);
  });

  it("lets a rule override whether managed fields are left out", () => {
    const of = (policy?: boolean, rule?: boolean) =>
      evaluateAuditPolicy(
        {
          ...(policy === undefined ? {} : { omitManagedFields: policy }),
          rules: [{ level: "Request", ...(rule === undefined ? {} : { omitManagedFields: rule }) }],
        },
        request(),
      ).omitManagedFields;
    expect([of(), of(true), of(true, false), of(false, true)]).toEqual([false, true, false, true]);
  });

  it("orders the levels", () => {
    expect(isAtLeastLevel("Request", "Metadata")).toBe(true);
    expect(isAtLeastLevel("None", "Metadata")).toBe(false);
  });
});
