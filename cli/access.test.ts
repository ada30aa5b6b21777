import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { main } from "./main";

const RBAC = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: shop }
rules:
  - { apiGroups: [""], resources: [pods, pods/log], verbs: [get, list] }
  - { apiGroups: [""], resources: [secrets], resourceNames: [tls], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: readers, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects:
  - { kind: ServiceAccount, name: web }
  - { kind: Group, name: devs, apiGroup: rbac.authorization.k8s.io }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ops }
rules:
  - { apiGroups: [apps], resources: [deployments, deployments/scale], verbs: ["*"] }
  - { apiGroups: [example.com], resources: [widgets], verbs: [get] }
  - { apiGroups: [""], resources: [nodes], verbs: [get] }
  - { nonResourceURLs: [/metrics, /logs/*], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ops }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ops }
subjects:
  - { kind: User, name: ann, apiGroup: rbac.authorization.k8s.io }
  - { kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io }
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "ringfence-access-"));
  writeFileSync(path.join(folder, "rbac.yaml"), RBAC);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ringfence(words: string[], stdin = ""): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        texts[name] += piece.toString("utf8");
        done();
      },
    });
  const code = await main(words, {
    stdout: into("out"),
    stderr: into("err"),
    stdin: Readable.from([stdin]),
    now: () => "2026-11-21T12:00:00Z",
  });
  return { code, ...texts };
}
const ask = (text: string) => ringfence([...text.split(" "), "--manifests", folder]);
const web = "system:serviceaccount:shop:web";

describe("can-i", () => {
  it.each([
    [`can-i get pods --as ${web} -n shop`, "yes"],
    [`can-i get po --as ${web} -n shop`, "yes"],
    [`can-i get Pod/web-0 --as ${web} --namespace=shop`, "yes"],
    [`can-i get pods --as ${web}`, "no"],
    [`can-i get pods --as ${web} -A`, "no"],
    [`can-i get pods --subresource=log --as ${web} -n shop`, "yes"],
    [`can-i get pods --subresource exec --as ${web} -n shop`, "no"],
    [`can-i create pods --as ${web} -n shop`, "no"],
    [`can-i get secrets/tls --as ${web} -n shop`, "yes"],
    [`can-i get secrets tls --as ${web} -n shop`, "yes"],
    [`can-i get secrets --as ${web} -n shop`, "no"],
    ["can-i list pods --as ben --as-group devs -n shop", "yes"],
    ["can-i list pods --as ben --as-group other --as-group devs -n shop", "yes"],
    ["can-i list pods --as ben -n shop", "no"],
    ["can-i patch deployments.apps --as ann", "yes"],
    ["can-i patch deploy --as ann", "yes"],
    ["can-i patch deployments.v1.apps --as ann", "yes"],
    ["can-i patch deployments.extensions --as ann", "no"],
    ["can-i get /metrics --as ann", "yes"],
    ["can-i get /logs/kube --as ann", "yes"],
    ["can-i get /healthz --as ann", "no"],
    ["can-i get widgets.example.com --as ben", "yes"],
    ["can-i delete secrets --as ben --as-group system:masters", "yes"],
    ["can-i patch deployments --as system:anonymous", "no"],
  ])("%s: %s", async (words, answer) => {
    const { code, out } = await ask(words);
    expect([out, code]).toEqual([`${answer}\n`, answer === "yes" ? 0 : 1]);
  });

  it("names the binding behind a yes, beside the answer", async () => {
    const { err } = await ask(`can-i get pods --as ${web} -n shop`);
    expect(err).toBe("by RoleBinding readers in shop → Role reader, rules[0] get,list pods,pods/log (core)\n");
    const json = await ask(`can-i get pods --as ${web} -n shop -o json`);
    expect(JSON.parse(json.out)).toMatchObject({
      allowed: true,
      by: "binding",
      user: { groups: ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"] },
      path: {
        binding: { kind: "RoleBinding", namespace: "shop", name: "readers" },
        subjectIndex: 0,
        rule: { index: 0 },
      },
    });
    expect((await ask("can-i delete secrets --as x --as-group system:masters")).err).toContain("system:masters");
    const refused = await ask("can-i delete secrets --as x -o json");
    expect([JSON.parse(refused.out).allowed, refused.code]).toEqual([false, 1]);
  });

  it("warns as kubectl does, on standard error", async () => {
    const warnings = async (words: string) => (await ask(words)).err;
    expect(await warnings("can-i get foo --as x")).toContain(
      "Warning: the server doesn't have a resource type 'foo'\n",
    );
    expect(await warnings("can-i get foo.bar.io --as x")).toContain("resource type 'foo' in group 'bar.io'");
    expect(await warnings("can-i fetch pods --as x")).toContain("Warning: verb 'fetch' is not a known verb\n");
    expect(await warnings("can-i get nodes --as x")).toContain("Warning: resource 'nodes' is not namespace scoped\n");
    expect(await warnings("can-i get nodes --as ann -A")).not.toContain("Warning");
    expect(await warnings("can-i impersonate users --as x -A")).toBe("");
    expect(await warnings("can-i get widgets --as x")).toContain("group 'example.com'");
  });

  it("is silent when asked to be", async () => {
    expect(await ask(`can-i get pods --as ${web} -n shop -q`)).toEqual({ code: 0, out: "", err: "" });
  });

  it("refuses what it doesn't understand", async () => {
    for (const [words, problem] of [
      ["can-i get pods", "needs --as"],
      ["can-i get --as x", "needs a verb and a resource"],
      ["can-i get pods a b --as x", "what is b for"],
      ["can-i get pods --as x --foo", "no option --foo"],
      ["can-i get pods -n a -A --as x", "exclude each other"],
      ["can-i get /metrics --subresource x --as x", "neither a name nor a subresource"],
      ["who-can get pods --as x", "belong to can-i"],
    ] as const) {
      const { code, out, err } = await ask(words);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(problem);
    }
    expect((await ringfence(["can-i", "get", "pods", "--as", "x"])).err).toContain("say where to look");
  });
});

describe("who-can", () => {
  it("lists everybody with the binding, system:masters first", async () => {
    const { code, out } = await ask("who-can get pods/log -n shop");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "get pods/log in namespace shop:",
        "Group system:masters     needs no binding",
        "ServiceAccount shop/web  RoleBinding readers in shop → Role reader, rules[0] get,list pods,pods/log (core)",
        "Group devs               RoleBinding readers in shop → Role reader, rules[0] get,list pods,pods/log (core)",
        "",
      ].join("\n"),
    );
  });

  it("asks for one object, a path, or the whole cluster, and answers as JSON", async () => {
    const names = async (words: string) =>
      (JSON.parse((await ask(`${words} --output json`)).out) as { subjects: { name: string }[] }).subjects.map(
        ({ name }) => name,
      );
    expect(await names("who-can get secrets tls -n shop")).toEqual(["system:masters", "web", "devs"]);
    expect(await names("who-can get secrets -n shop")).toEqual(["system:masters"]);
    expect(await names("who-can get pods")).toEqual(["system:masters"]);
    expect(await names("who-can get /metrics")).toEqual(["system:masters", "ann", "system:authenticated"]);
    expect(await names("who-can create deployments/scale --super-user root")).toEqual([
      "system:masters",
      "root",
      "ann",
      "system:authenticated",
    ]);
  });

  it("names what is missing among the files, and bindings without a name", async () => {
    const text = RBAC.replace("metadata: { name: readers, namespace: shop }", "metadata: { namespace: shop }");
    const answer = await ringfence(["who-can", "get", "pods", "-n", "shop", "--manifests", "-"], `${text}---\nkind: [`);
    expect(answer.out).toContain("ServiceAccount shop/web");
    expect(answer.err).toContain("Warning: -:");
    const dangling = await ringfence(
      ["who-can", "get", "pods", "--manifests", "-"],
      RBAC.replace("name: ops }\nrules", "name: other }\nrules"),
    );
    expect(dangling.err).toContain("names ClusterRole ops, which is not among the files");
  });

  it("asks a cluster", async () => {
    const stub = await startKubernetesStub();
    try {
      const file = path.join(folder, "kubeconfig");
      writeFileSync(file, stub.kubeconfig);
      const { code, out } = await ringfence(["who-can", "get", "secrets", "--kubeconfig", file]);
      expect([code, out]).toEqual([0, "get secrets in the whole cluster:\nGroup system:masters  needs no binding\n"]);
    } finally {
      await stub.close();
    }
  });
});
