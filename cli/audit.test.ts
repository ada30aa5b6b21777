import { describe, expect, it } from "vitest";
import { parseAuditCommand, runAudit } from "./audit";

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [ci-bot]
    resources: [{group: "", resources: [secrets]}]
  - level: Metadata
    omitStages: [ResponseStarted]
`;
const secret = { verb: "get", apiGroup: "", resource: "secrets", namespace: "cde", name: "db", resourceRequest: true };
const files = (more: Record<string, string>) => (name: string) =>
  Promise.resolve({ "policy.yaml": POLICY, ...more }[name] ?? "");
const level = (attributes: string, output = "json") =>
  runAudit(
    parseAuditCommand("audit-level", ["--policy", "policy.yaml", "--attributes", "a.json", "--output", output]),
    files({ "a.json": attributes }),
  );

describe("audit-level", () => {
  it("answers one object with one, and a list or lines with a list", async () => {
    const bot = { ...secret, user: { username: "ci-bot", groups: [] } };
    const answer = {
      level: "Metadata",
      omitStages: ["RequestReceived", "ResponseStarted"],
      omitManagedFields: false,
      rule: 2,
    };
    expect(JSON.parse((await level(JSON.stringify(secret))).text)).toEqual(answer);
    const none = { level: "None", omitStages: ["RequestReceived"], omitManagedFields: false, rule: 1 };
    expect(JSON.parse((await level(JSON.stringify([bot, secret]))).text)).toEqual([none, answer]);
    expect(JSON.parse((await level(`${JSON.stringify(secret)}\n${JSON.stringify(bot)}\n`)).text)).toEqual([
      answer,
      none,
    ]);
    expect((await level(JSON.stringify([bot]), "table")).text).toBe("None  rule 1  omits RequestReceived\n");
  });

  it("asks for a URL where it is no request for a resource", async () => {
    const { text } = await level(JSON.stringify({ resourceRequest: false, verb: "get", path: "/version", user: null }));
    expect(JSON.parse(text)).toMatchObject({ level: "Metadata", rule: 2 });
  });

  it("names what it can't read", async () => {
    await expect(level("{")).rejects.toThrow("line 1 is not JSON");
    await expect(level("[]")).rejects.toThrow("holds no request");
    await expect(level('{"verb":"get"}')).rejects.toThrow("request 1: resourceRequest");
    await expect(
      runAudit({ name: "audit-coverage", policy: "p", namespaces: [], output: "table" }, files({ p: "kind: Policy" })),
    ).rejects.toThrow("p: apiVersion and kind must be audit.k8s.io/v1 Policy");
  });

  it("refuses words that it doesn't know", () => {
    expect(() => parseAuditCommand("audit-level", ["--policy", "p"])).toThrow("needs --attributes");
    expect(() => parseAuditCommand("audit-coverage", [])).toThrow("needs --policy");
    expect(() => parseAuditCommand("audit-coverage", ["--policy", "p", "--attributes", "a"])).toThrow("no option");
    expect(() => parseAuditCommand("audit-coverage", ["--policy", "p", "--policy=q"])).toThrow("given twice");
    expect(() => parseAuditCommand("audit-coverage", ["--policy"])).toThrow("needs a value");
    expect(() => parseAuditCommand("audit-coverage", ["--policy", "p", "--output", "sarif"])).toThrow("json or table");
  });
});

describe("audit-coverage", () => {
  const run = (output: string) =>
    runAudit(
      parseAuditCommand("audit-coverage", ["--policy=policy.yaml", "--namespace", "cde", `--output=${output}`]),
      files({}),
    );

  it("shows each requirement with who is left out and by which rule", async () => {
    const { text } = await run("table");
    expect(text).toMatch(/^10\.2\.1\.1 {2}\d+ of \d+$/m);
    expect(text).toMatch(/no {3}secrets +None .*by user ci-bot: rule 1/);
    expect(text).toMatch(/no {3}requests without valid credentials +None .*rule 2, its stage is left out/);
    expect(text).toContain("Failed logins at the identity provider never reach the API server.");
  });

  it("gives the same as JSON", async () => {
    const { requirements } = JSON.parse((await run("json")).text) as {
      requirements: { requirement: string; isCovered: boolean; requests: { gaps: unknown[] }[] }[];
    };
    expect(requirements.map(({ requirement }) => requirement)).toHaveLength(7);
    expect(requirements[0]?.isCovered).toBe(false);
  });

  it("warns of fields that the API server drops", async () => {
    const { warnings } = await runAudit(
      { name: "audit-coverage", policy: "p", namespaces: [], output: "table" },
      files({ p: `${POLICY}    resourceNames: [a]\n` }),
    );
    expect(warnings).toEqual([expect.stringContaining("rules[1].resourceNames is no field")]);
  });

  it("answers for a policy that no API server starts with, and says so", async () => {
    const { warnings, text } = await runAudit(
      { name: "audit-coverage", policy: "p", namespaces: [], output: "table" },
      files({ p: "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n" }),
    );
    expect(warnings).toEqual(["p: rules: a policy without a rule; no API server starts with it"]);
    expect(text).toContain("no rule");
  });
});
