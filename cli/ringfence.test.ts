/**
 * The command line. `launch` starts the real launcher as a process from another working directory, as a person or a pipeline
 * does; `ringfence` runs the same main() in this process, for the many cases that differ only in their files.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { CATALOG_VERSION } from "@/lib/assessment/catalog-version";
import { CONTROLS } from "@/lib/controls";
import { LEAF_REQUIREMENTS } from "@/lib/pci";
import { main } from "./main";
import type { ManifestInput } from "./manifests";
import type { ClusterInput, Report } from "./report";

const root = path.resolve(import.meta.dirname, "..");
const launcher = path.join(root, "cli/ringfence.mjs");
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "ringfence-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
interface Outcome {
  code: number | null;
  out: string;
  err: string;
}
function start(
  program: string,
  words: string[],
  { cwd = folder, stdin = "", env = {} as Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, env: { ...process.env, ...env } });
    const outcome: Outcome = { code: null, out: "", err: "" };
    child.stdout.on("data", (piece: Buffer) => (outcome.out += piece.toString("utf8")));
    child.stderr.on("data", (piece: Buffer) => (outcome.err += piece.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...outcome, code }));
    child.stdin.end(stdin);
  });
}
const launch = (words: string[], options = {}) => start(process.execPath, [launcher, ...words], options);
async function ringfence(words: string[], { stdin = "" } = {}): Promise<Outcome> {
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        texts[name] += piece.toString("utf8");
        done();
      },
    });
  const before = process.cwd();
  process.chdir(folder);
  try {
    const world = {
      stdout: into("out"),
      stderr: into("err"),
      stdin: Readable.from([stdin]),
      now: () => "2026-11-21T12:00:00Z",
    };
    const code = await main(words, world);
    return { code, ...texts };
  } finally {
    process.chdir(before);
  }
}
const report = (outcome: Outcome) => JSON.parse(outcome.out) as Report;

const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: cde, labels: {pci-scope: in-scope}}\n";
const pod = (name: string, fields: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: cde}\nspec:\n  containers: [{name: app, image: "x@sha256:${"a".repeat(64)}"}]\n${fields}`;
const PRIVILEGED = `apiVersion: v1\nkind: Pod\nmetadata: {name: bad, namespace: cde}\nspec:\n  containers:\n  - name: app\n    image: x\n    securityContext: {privileged: yes}\n`;
const ONE = ["--control", "pod-no-privileged"];

describe("scan --manifests", () => {
  it("prints the contract's JSON and ends with 1 on a finding", async () => {
    write("a/ns.yaml", NAMESPACE);
    write("a/b/pod.yml", PRIVILEGED);
    const outcome = await ringfence([
      "scan",
      "--manifests",
      "a",
      "--output",
      "json",
      "--as-of",
      "2026-11-21T12:00:00Z",
    ]);
    expect(outcome.code).toBe(1);
    const json = report(outcome);
    expect(Object.keys(json)).toEqual(["catalogVersion", "scannedAt", "inputs", "results", "requirements"]);
    expect(json).toMatchObject({ catalogVersion: CATALOG_VERSION, scannedAt: "2026-11-21T12:00:00.000Z" });
    expect((json.inputs as ManifestInput[]).map((i) => [i.path, i.objects])).toEqual([
      [path.join("a", "b", "pod.yml"), 1],
      [path.join("a", "ns.yaml"), 1],
    ]);
    const bad = json.results.find((r) => r.control === "pod-no-privileged" && r.status === "fail");
    expect(bad).toMatchObject({
      severity: "critical",
      object: { apiVersion: "v1", kind: "Pod", namespace: "cde", name: "bad" },
      requirements: expect.arrayContaining(["2.2.6"]) as string[],
    });
    for (const r of json.results) {
      const keys = ["control", "requirements", "status", "severity", "object", "part", "reason", "detail"];
      expect(Object.keys(r)).toEqual(r.part === undefined ? keys.filter((key) => key !== "part") : keys);
    }
    expect(new Set(json.results.map((r) => r.control))).toEqual(new Set(CONTROLS.map((c) => c.id)));
    expect(json.requirements).toHaveLength(LEAF_REQUIREMENTS.length);
    expect(json.requirements.find((r) => r.requirement === "2.2.6")).toMatchObject({ status: "fail" });
  });

  it("lacks no control of the catalogue: every part of every requirement was judged", async () => {
    write("ns.yaml", NAMESPACE);
    const { requirements } = report(await ringfence(["scan", "--manifests", ".", "--output", "json"]));
    expect(requirements).toHaveLength(280);
    expect(requirements.filter((r) => r.parts.some((part) => part.status === "not-assessed"))).toEqual([]);
  });

  it("gives the same bytes for the same files and moment", async () => {
    write("ns.yaml", NAMESPACE);
    write("pod.yaml", PRIVILEGED);
    const words = ["scan", "--manifests", ".", "--output", "json", "--as-of", "2026-11-21"];
    const [a, b] = [await launch(words), await ringfence(words)];
    expect(a.out).toBe(b.out);
  });

  it("ends with 0 when nothing fails at the severity", async () => {
    write("all.yaml", `${NAMESPACE}---\n${pod("fine", "")}`);
    const words = ["scan", "--manifests", "all.yaml", ...ONE];
    expect((await launch(words)).code).toBe(0);
    write("all.yaml", `${NAMESPACE}---\n${PRIVILEGED}`);
    expect((await ringfence(words)).code).toBe(1);
    expect((await ringfence([...words, "--fail-on", "never"])).code).toBe(0);
    const medium = ["scan", "--manifests", "all.yaml", "--control", "pod-read-only-rootfs", "--fail-on"];
    expect((await ringfence([...medium, "medium"])).code).toBe(1);
    expect((await ringfence([...medium, "high"])).code).toBe(0);
  });

  it("names file and line of a broken document, scans the rest, and ends with 2", async () => {
    write("all.yaml", `${NAMESPACE}---\napiVersion: v1\nkind: Pod\nmetadata: {name: x\n---\n${PRIVILEGED}`);
    const outcome = await launch(["scan", "--manifests", "all.yaml", "--output", "json"]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toMatch(/all\.yaml:[567]: /);
    const json = report(outcome);
    expect((json.inputs as ManifestInput[])[0]?.invalid[0]?.where).toMatch(/^all\.yaml:[567]$/);
    expect(json.results.some((r) => r.status === "fail" && r.object.name === "bad")).toBe(true);
    expect(json.requirements.some((r) => r.status === "pass")).toBe(false);
  });

  it("names an object that isn't valid for its kind, with the field", async () => {
    write("all.yaml", `${NAMESPACE}---\n${pod("odd", '  securityContext: {runAsUser: "0"}\n')}`);
    const outcome = await ringfence(["scan", "--manifests", "all.yaml", "--output", "json", ...ONE]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain("all.yaml:5: Pod odd spec.securityContext.runAsUser must be an integer, is a string");
    expect(
      report(outcome)
        .results.filter((r) => r.object.name === "odd")
        .map((r) => r.status),
    ).toEqual(["unknown"]);
  });

  it("names objects that are defined twice and judges the last", async () => {
    write("1.yaml", `${NAMESPACE}---\n${PRIVILEGED}`);
    write("2.yaml", pod("bad", ""));
    const outcome = await ringfence(["scan", "--manifests", "1.yaml", "2.yaml", ...ONE]);
    expect(outcome.err).toContain("1.yaml:5: Pod cde/bad is defined again at 2.yaml:1, which counts");
    expect(outcome.code).toBe(0);
  });

  it("reads Lists, JSON and standard input, and passes over kinds that it doesn't judge", async () => {
    const list = JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [
        { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "c" } },
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "bad", namespace: "cde" },
          spec: { containers: [{ name: "a", securityContext: { privileged: true } }] },
        },
      ],
    });
    write("list.json", list);
    write("ns.yaml", NAMESPACE);
    const outcome = await ringfence(["scan", "--manifests", ".", "--output", "json", ...ONE]);
    expect((report(outcome).inputs as ManifestInput[])[0]).toMatchObject({
      objects: 1,
      ignored: { "policy/v1 PodDisruptionBudget": 1 },
    });
    expect(outcome.code).toBe(1);
    const piped = await launch(["scan", "--manifests", "-", "--output", "json", ...ONE], {
      stdin: `${NAMESPACE}---\n${PRIVILEGED}`,
    });
    expect(piped.code).toBe(1);
  });

  it("says that pods of a kind that isn't read were not judged", async () => {
    write("ns.yaml", NAMESPACE);
    const template = { spec: { containers: [{ name: "a", image: "nginx", securityContext: { privileged: true } }] } };
    write(
      "rollout.json",
      JSON.stringify({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        metadata: { name: "shop", namespace: "cde" },
        spec: { template },
      }),
    );
    const outcome = await ringfence(["scan", "--manifests", ".", "--output", "json", ...ONE]);
    expect(report(outcome).results).toMatchObject([{ status: "unknown", object: { kind: "Rollout", name: "shop" } }]);
    expect(outcome.code).not.toBe(2);
  });

  it("judges kinds under the group that they have left", async () => {
    write("ns.yaml", NAMESPACE);
    const template = { spec: { containers: [{ name: "a", image: "nginx", securityContext: { privileged: true } }] } };
    write(
      "old.json",
      JSON.stringify({
        apiVersion: "extensions/v1beta1",
        kind: "Deployment",
        metadata: { name: "old", namespace: "cde" },
        spec: { template },
      }),
    );
    const outcome = await ringfence(["scan", "--manifests", "old.json", "ns.yaml", "--output", "json", ...ONE]);
    expect(report(outcome).results).toMatchObject([{ status: "fail", object: { kind: "Deployment", name: "old" } }]);
  });

  it("doesn't look at Helm values and kustomizations, nor into hidden folders", async () => {
    for (const name of ["values.yaml", "kustomization.yaml", ".git/x.yaml", "node_modules/y.yaml"])
      write(name, "replicas: 1\n");
    write("ns.yaml", NAMESPACE);
    expect((await ringfence(["scan", "--manifests", "."])).code).not.toBe(2);
    write("other.yaml", "replicas: 1\n");
    const outcome = await ringfence(["scan", "--manifests", "."]);
    expect(outcome.err).toContain("other.yaml:1: is no Kubernetes object");
    expect(outcome.code).toBe(2);
  });
});

describe("scope", () => {
  it("follows the scope file, with categories or label values as words", async () => {
    write("pod.yaml", PRIVILEGED);
    const words = ["scan", "--manifests", "pod.yaml", "--output", "json", ...ONE];
    expect(report(await ringfence(words)).results.map((r) => r.status)).toEqual(["unknown"]);
    for (const [word, status] of [
      ["cde", "fail"],
      ["in-scope", "fail"],
      ["out-of-scope", "not-applicable"],
    ] as const) {
      const scope = write("scope.yaml", `namespaces: {cde: ${word}}\n`);
      expect(report(await ringfence([...words, "--scope", scope])).results.map((r) => r.status)).toEqual([status]);
    }
    write("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: cde, labels: {zone: red}}\n");
    const own = write("scope.yaml", "labelKey: zone\nvalues: {cde: red}\n");
    expect(
      report(
        await ringfence(["scan", "--manifests", "ns.yaml", "pod.yaml", "--output", "json", ...ONE, "--scope", own]),
      ).results.map((r) => r.status),
    ).toEqual(["fail"]);
  });

  it("refuses a scope file with a field or word that it doesn't know", async () => {
    write("pod.yaml", PRIVILEGED);
    for (const text of ["namespace: {cde: cde}\n", "namespaces: {cde: secret}\n", "a: [\n"]) {
      const outcome = await ringfence(["scan", "--manifests", "pod.yaml", "--scope", write("scope.yaml", text)]);
      expect(outcome).toMatchObject({ code: 2, out: "" });
      expect(outcome.err).toContain("scope.yaml");
    }
  });
});

describe("other outputs", () => {
  beforeEach(() => {
    write("ns.yaml", NAMESPACE);
    write("pod.yaml", PRIVILEGED.replace("image: x", 'image: "x<&>\\"y"'));
  });

  it("writes SARIF 2.1.0 with file and line", async () => {
    const log = JSON.parse((await ringfence(["scan", "--manifests", ".", "--output", "sarif", ...ONE])).out) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: Record<string, unknown>[];
        invocations: unknown[];
      }[];
    };
    expect(log.version).toBe("2.1.0");
    const [run] = log.runs;
    expect(run?.tool.driver.rules.map((r) => r.id)).toEqual(["pod-no-privileged"]);
    expect(run?.results).toMatchObject([
      {
        ruleId: "pod-no-privileged",
        ruleIndex: 0,
        kind: "fail",
        level: "error",
        locations: [{ physicalLocation: { artifactLocation: { uri: "pod.yaml" }, region: { startLine: 1 } } }],
      },
    ]);
    for (const r of run?.results ?? []) expect(r.kind === "fail" || r.level === "none").toBe(true);
  });

  it("writes JUnit that adds up, with every special character escaped", async () => {
    const { out } = await ringfence(["scan", "--manifests", ".", "--output", "junit"]);
    expect(out).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="Ringfence" tests="\d+" failures="\d+" errors="0"/,
    );
    expect(out.match(/<testcase /g)).toHaveLength(Number(/<testsuites[^>]* tests="(\d+)"/.exec(out)?.[1]));
    expect(out.match(/<failure /g)).toHaveLength(Number(/<testsuites[^>]* failures="(\d+)"/.exec(out)?.[1]));
    // Nothing but the elements of the format, and no bare ampersand.
    const rest = out.replace(
      /<\?xml[^>]*\?>|<\/?(?:testsuites|testsuite|testcase|failure|skipped|error)(?:\s+[a-z]+="[^"<]*")*\s*\/?>/g,
      "",
    );
    expect(rest).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|apos|#10);)/);
  });

  it("writes a table without escape sequences when it isn't a terminal", async () => {
    write("pod.yaml", PRIVILEGED.replace("name: app", 'name: "app\\e[31m"'));
    const { out } = await ringfence(["scan", "--manifests", "."]);
    expect(out).toMatch(/^STATUS {2,}SEVERITY {2,}CONTROL/);
    expect(out).toMatch(/FAIL +critical +pod-no-privileged +Pod\/cde\/bad/);
    expect(out).not.toContain("\u001b");
  });
});

describe("several results about one object", () => {
  it("differ in their part, in the table and in JSON", async () => {
    write("ns.yaml", `${NAMESPACE}---\n${NAMESPACE.replace("name: cde", "name: cards")}`);
    write(
      "binding.yaml",
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: readers}\n" +
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: elsewhere}\n" +
        "subjects: [{kind: ServiceAccount, name: app, namespace: cde}]\n",
    );
    const words = ["scan", "--manifests", ".", "--control", "rbac-secrets-workloads"];
    const { results } = report(await ringfence([...words, "--output", "json"]));
    const bindings = results.filter((r) => r.object.name === "readers");
    expect(new Set(bindings.map((r) => r.part))).toEqual(new Set(["namespace cards", "namespace cde"]));
    const { out } = await ringfence(words);
    const rows = out.split("\n").filter((line) => line.includes("/readers"));
    expect(rows).toHaveLength(2);
    for (const { part } of bindings) expect(rows.filter((row) => row.includes(`readers (${part})`))).toHaveLength(1);
  });
});

describe("usage", () => {
  it.each([
    [["scan"], "say what to scan"],
    [["scan", "--manifests"], "--manifests needs a value"],
    [["scan", "--manifests", "nowhere"], "nowhere doesn't exist"],
    [["scan", "--manifests", ".", "--kubeconfig", "x"], "exclude each other"],
    [["scan", "--manifests", ".", "--context", "x"], "--context belongs to --kubeconfig"],
    [["scan", "--manifests", ".", "--output", "xml"], "--output must be one of"],
    [["scan", "--manifests", ".", "--fail-on", "any"], "--fail-on must be one of"],
    [["scan", "--manifests", ".", "--contrl", "x"], "there is no option --contrl"],
    [["scan", "--manifests", ".", "--control", "nope"], "there is no control nope"],
    [["scan", "--manifests", ".", "--as-of", "soon"], "--as-of must be an ISO 8601 time"],
    [["scan", "--kubeconfig", "nowhere"], "the kubeconfig nowhere can't be read"],
    [["check"], "there is no command check"],
  ])("ends with 2 and says why: %j", async (words, message) => {
    const { code, out, err } = await ringfence(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  it("ends the process with 2 as well", async () => {
    expect(await launch(["scan", "--output", "xml"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("ringfence: ") as string,
    });
  });

  it("shows help and version", async () => {
    expect(await ringfence(["--help"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("--manifests PATH...") as string,
    });
    expect((await launch(["--version"])).out).toMatch(/^ringfence \d+\.\d+\.\d+\n$/);
  });

  it("runs as `npx ringfence` inside the clone, with the registry out of reach", async () => {
    const env = {
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_cache: path.join(folder, "cache"),
      npm_config_fetch_retries: "0",
    };
    const outcome = await start("npx", ["ringfence", "--version"], { cwd: root, env });
    expect(outcome).toMatchObject({ code: 0, out: expect.stringMatching(/^ringfence \d/) as string });
  });
});

describe("scan --kubeconfig", () => {
  it("reads a cluster with the agent's collector, without Secrets, and says what it could not read", async () => {
    const stub = await startKubernetesStub();
    try {
      stub.resources.set("/api/v1/namespaces", [{ metadata: { name: "cde", labels: { "pci-scope": "in-scope" } } }]);
      stub.resources.set("/api/v1/pods", [
        {
          metadata: { name: "bad", namespace: "cde" },
          spec: { containers: [{ name: "a", image: "x", securityContext: { privileged: true } }] },
          status: { phase: "Running" },
        },
      ]);
      stub.intercept = ({ path: p }) => (p === "/api/v1/nodes" ? { status: 403 } : undefined);
      const file = write("kubeconfig", stub.kubeconfig);
      const outcome = await launch(["scan", "--kubeconfig", file, "--context", "stub", "--output", "json"]);
      const json = report(outcome);
      expect(json.results.find((r) => r.control === "pod-no-privileged")).toMatchObject({
        status: "fail",
        object: { name: "bad" },
      });
      const [input] = json.inputs as ClusterInput[];
      expect(input).toMatchObject({ context: "stub", server: stub.url });
      expect(input?.unread.map((u) => [u.section, u.status])).toContainEqual(["nodes", "forbidden"]);
      expect(outcome.err).toContain("nodes not read");
      expect(outcome.code).toBe(1);
      expect(stub.requests.filter((r) => r.path.includes("secrets") || r.method !== "GET")).toEqual([]);
      const other = await launch(["scan", "--kubeconfig", file, "--context", "nope"]);
      expect(other).toMatchObject({
        code: 2,
        err: expect.stringContaining("has no context nope; it has: stub") as string,
      });
    } finally {
      await stub.close();
    }
  });

  it("ends with 2 when the cluster can't be reached", async () => {
    const stub = await startKubernetesStub();
    const file = write("kubeconfig", stub.kubeconfig);
    await stub.close();
    expect(await launch(["scan", "--kubeconfig", file])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("can't be read") as string,
    });
  });
});
