import { describe, expect, it } from "vitest";
import { type JudgedObject, parsePssCommand, runPss } from "./pss";

const run = async (text: string, ...words: string[]) => {
  const level = words.some((word) => word.startsWith("--level")) ? [] : ["--level", "restricted"];
  const command = parsePssCommand([...level, "--manifests", "-", "--output", "json", ...words]);
  const answer = await runPss(command, () => Promise.resolve(text));
  return { ...answer, judged: command.output === "json" ? (JSON.parse(answer.text) as JudgedObject[]) : [] };
};
const GOOD = `
    securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
    containers:
      - name: app
        image: app
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }`;
const pod = (spec: string, name = "app") =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: cde }\nspec:${spec}\n`;
const BAD =
  "\n    hostNetwork: true\n    hostPID: true\n    containers: [{ name: app, image: app, securityContext: { privileged: true } }]";

/** One manifest of each kind that makes pods, with a privileged container. */
const TEMPLATE = "{ spec: { containers: [{ name: app, image: app, securityContext: { privileged: true } }] } }";
const KINDS: [string, string, string, string][] = [
  ["v1", "PodTemplate", `template: ${TEMPLATE}`, "/template/spec/containers/0/securityContext/privileged"],
  [
    "v1",
    "ReplicationController",
    `spec: { template: ${TEMPLATE} }`,
    "/spec/template/spec/containers/0/securityContext/privileged",
  ],
  [
    "apps/v1",
    "ReplicaSet",
    `spec: { selector: {}, template: ${TEMPLATE} }`,
    "/spec/template/spec/containers/0/securityContext/privileged",
  ],
  [
    "apps/v1",
    "Deployment",
    `spec: { selector: {}, template: ${TEMPLATE} }`,
    "/spec/template/spec/containers/0/securityContext/privileged",
  ],
  [
    "apps/v1",
    "DaemonSet",
    `spec: { selector: {}, template: ${TEMPLATE} }`,
    "/spec/template/spec/containers/0/securityContext/privileged",
  ],
  [
    "apps/v1",
    "StatefulSet",
    `spec: { selector: {}, template: ${TEMPLATE} }`,
    "/spec/template/spec/containers/0/securityContext/privileged",
  ],
  ["batch/v1", "Job", `spec: { template: ${TEMPLATE} }`, "/spec/template/spec/containers/0/securityContext/privileged"],
  [
    "batch/v1",
    "CronJob",
    `spec: { jobTemplate: { spec: { template: ${TEMPLATE} } } }`,
    "/spec/jobTemplate/spec/template/spec/containers/0/securityContext/privileged",
  ],
];

describe("pss", () => {
  it("allows what the level allows", async () => {
    const { code, judged, problems } = await run(pod(GOOD));
    expect({ code, problems }).toEqual({ code: 0, problems: [] });
    expect(judged).toEqual([
      {
        object: { apiVersion: "v1", kind: "Pod", namespace: "cde", name: "app" },
        where: "-:1",
        allowed: true,
        violations: [],
      },
    ]);
  });

  it("names every forbidden field in the API server's words", async () => {
    const { code, judged } = await run(pod(BAD), "--version", "v1.32");
    expect(code).toBe(1);
    expect(judged[0]?.violations.map(({ check, detail }) => [check, detail])).toEqual([
      ["hostNamespaces", "hostNetwork=true, hostPID=true"],
      ["privileged", 'container "app" must not set securityContext.privileged=true'],
      ["allowPrivilegeEscalation", 'container "app" must set securityContext.allowPrivilegeEscalation=false'],
      ["capabilities_restricted", 'container "app" must set securityContext.capabilities.drop=["ALL"]'],
      ["runAsNonRoot", 'pod or container "app" must set securityContext.runAsNonRoot=true'],
      [
        "seccompProfile_restricted",
        'pod or container "app" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
      ],
    ]);
    expect(judged[0]?.violations[0]?.fields).toEqual(["/spec/hostNetwork", "/spec/hostPID"]);
  });

  it.each(KINDS)("looks into %s %s", async (apiVersion, kind, body, field) => {
    const { judged } = await run(
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\n${body}\n`,
      "--level=baseline",
    );
    expect(judged[0]?.object).toEqual({ apiVersion, kind, namespace: null, name: "x" });
    expect(judged[0]?.violations).toMatchObject([{ check: "privileged", fields: [field] }]);
  });

  it("follows the version", async () => {
    const probe = pod(
      "\n    containers: [{ name: app, image: app, securityContext: { seLinuxOptions: { type: container_engine_t } } }]",
    );
    expect((await run(probe, "--level=baseline", "--version=v1.30")).code).toBe(1);
    expect((await run(probe, "--level=baseline", "--version=v1.31")).code).toBe(0);
    expect((await run(probe, "--level=privileged")).code).toBe(0);
  });

  it("judges every document, also a second one of the same name or of none", async () => {
    const nameless = `apiVersion: v1\nkind: Pod\nmetadata: { generateName: job- }\nspec:${BAD}\n`;
    const { judged } = await run(
      [pod(GOOD), pod(BAD), nameless, "kind: Service\napiVersion: v1\nmetadata: {name: s}\n"].join("---\n"),
    );
    expect(judged.map(({ object, allowed }) => [object.name, allowed])).toEqual([
      ["app", true],
      ["app", false],
      ["job-*", false],
    ]);
  });

  it("names what is not valid with its line, and goes on", async () => {
    const wrong = pod("\n    containers: nothing", "wrong");
    const { code, judged, problems } = await run(`${wrong}---\n{ broken: [\n---\njust: text\n---\n${pod(BAD)}`);
    expect(code).toBe(2);
    expect(judged).toHaveLength(1);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^-:1: Pod wrong spec\.containers must be a list/);
    expect(problems[2]).toMatch(/^-:\d+: is no Kubernetes object/);
  });

  it("prints a table", async () => {
    const { text } = await runPss(parsePssCommand(["--level", "restricted", "--manifests", "-"]), () =>
      Promise.resolve(`${pod(GOOD)}---\n${pod(BAD, "bad")}`),
    );
    expect(text).toContain("allowed    Pod/cde/app  -:1");
    expect(text).toContain("FORBIDDEN  Pod/cde/bad");
    expect(text).toContain("hostNamespaces: host namespaces (hostNetwork=true, hostPID=true)");
    expect(text).toContain("1 of 2 forbidden at restricted:latest");
  });

  it("refuses words that it doesn't know", () => {
    const parse = (...words: string[]) => parsePssCommand(["--manifests", "a", ...words]);
    expect(() => parse()).toThrow("pss needs --level");
    expect(() => parse("--level", "strict")).toThrow("--level must be");
    expect(() => parse("--level", "baseline", "--version", "1.32")).toThrow("--version must be");
    expect(() => parse("--level", "baseline", "--output", "sarif")).toThrow("--output must be");
    expect(() => parsePssCommand(["--level", "baseline"])).toThrow("--manifests");
    expect(parsePssCommand(["--level", "baseline", "--manifests", "a", "b", "--version", "v1.32"])).toMatchObject({
      paths: ["a", "b"],
      version: 32,
    });
  });
});
