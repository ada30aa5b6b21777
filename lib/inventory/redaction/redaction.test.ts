import { describe, expect, it } from "vitest";
import { findSection, SECTION_NAMES } from "../sections";
import type { SectionName } from "../snapshot";
import { parseProjectedObject, projectObject, readProjectedPodSpec, REDACTED } from ".";
import { SAMPLES } from "./samples";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const clone = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

/** Every leaf of a JSON value with its path; list positions written as `[]` when `general`. */
function leavesOf(value: unknown, general = false, path = ""): { path: string; value: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((v, i) => leavesOf(v, general, `${path}[${general ? "" : i}]`));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, v]) => leavesOf(v, general, path === "" ? key : `${path}.${key}`));
  }
  return [{ path, value }];
}
/** Values that a shape reads as a closed list, so that a canary there makes the object invalid. */
const CLOSED =
  /^(apiVersion|kind)$|\.operator$|policyTypes\[\d+\]$|^spec\.(files.*\.state|auditPolicy.*(\.level|omitStages\[\d+\])|encryption\.resources.*\.(type|kmsVersion)|server\.distribution)$/;

/** Puts a text that occurs nowhere else into every text leaf, and says what stands where. */
function withCanaries(raw: unknown): { object: unknown; canaries: Map<string, string> } {
  const canaries = new Map<string, string>();
  let count = 0;
  const walk = (value: Json, path: string): Json => {
    if (typeof value === "string") {
      if (CLOSED.test(path)) return value;
      count += 1;
      const canary = `canary-${count}-x`;
      canaries.set(canary, path);
      return canary;
    }
    if (Array.isArray(value)) return value.map((v, i) => walk(v, `${path}[${i}]`));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v, path === "" ? k : `${path}.${k}`)]));
    }
    return value;
  };
  return { object: walk(clone(raw) as Json, ""), canaries };
}

describe.each(SECTION_NAMES)("%s", (section) => {
  const sample = SAMPLES[section];

  it("accepts the sample and lets no secret out", () => {
    const { object, problems, dropped } = projectObject(section, clone(sample), "test");
    expect(problems).toEqual([]);
    expect(dropped).toBeGreaterThan(0);
    const out = JSON.stringify(object);
    const kept = (out.match(/[a-z-]*-secret[a-z-]*/g) ?? []).filter((found) => found !== "external-secrets");
    expect(kept).toEqual([]);
    expect(out).not.toMatch(/last-applied|managedFields|caBundle|resourceVersion/);
  });

  it("is projected to itself, and accepted by the strict parse", () => {
    const first = projectObject(section, clone(sample), "test").object;
    const parsed = parseProjectedObject(section, clone(first), "test");
    expect(parsed.problems).toEqual([]);
    expect(JSON.stringify(parsed.object)).toBe(JSON.stringify(first));
  });

  it("gives the same bytes whatever the order of the fields", () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([k, v]) => [k, reversed(v)]),
      );
    };
    const a = projectObject(section, clone(sample), "test").object;
    const b = projectObject(section, reversed(clone(sample)), "test").object;
    expect(JSON.stringify(b)).toBe(JSON.stringify(a));
  });

  it("refuses the raw object where a projected one is due", () => {
    expect(parseProjectedObject(section, clone(sample), "test").problems).toHaveLength(1);
  });

  it("drops a card number put into any text leaf", () => {
    const out: string[] = [];
    for (const { path, value } of leavesOf(sample)) {
      if (typeof value !== "string" || CLOSED.test(path)) continue;
      const { object } = projectObject(section, replaceLeaf(sample, path, "4111 1111 1111 1111"), "test");
      if (JSON.stringify(object ?? "").includes("4111 1111")) out.push(path);
    }
    expect(out).toEqual([]);
  });
});

function replaceLeaf(sample: unknown, target: string, text: string): unknown {
  const walk = (value: unknown, path: string): unknown => {
    if (path === target) return text;
    if (Array.isArray(value)) return value.map((v, i) => walk(v, `${path}[${i}]`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v, path === "" ? k : `${path}.${k}`)]));
  };
  return walk(sample, "");
}

it("lets exactly the listed leaves leave: the diff of this file is the review", async () => {
  const lines: string[] = [];
  for (const section of SECTION_NAMES) {
    const { object: raw, canaries } = withCanaries(SAMPLES[section]);
    const { object, problems } = projectObject(section, raw, "test");
    expect(problems, section).toEqual([]);
    const out = new Set<string>();
    for (const { path, value } of leavesOf(object, true)) {
      if (typeof value !== "string") continue;
      for (const canary of value.match(/canary-\d+-x/g) ?? []) {
        expect(canaries.has(canary)).toBe(true);
        out.add(path);
      }
    }
    lines.push(`# ${section}`, ...[...out].sort(), "");
  }
  await expect(lines.join("\n")).toMatchFileSnapshot("leaves.txt");
});

describe("containers", () => {
  const podWith = (container: Record<string, unknown>, metadata: Record<string, unknown> = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "cde", ...metadata },
    spec: { containers: [{ name: "c", ...container }] },
  });
  const firstContainer = (raw: unknown) => projectObject("pods", raw, "test").object?.spec.containers[0];

  it("keeps flag names and no values", () => {
    const args = [
      "--password=hunter2",
      "--token",
      "hunter2",
      "-phunter2",
      "positional",
      "--verbose",
      "--=x",
      "--a b=c",
    ];
    expect(firstContainer(podWith({ args }))?.args).toEqual([
      `--password=${REDACTED}`,
      "--token",
      REDACTED,
      REDACTED,
      REDACTED,
      "--verbose",
      REDACTED,
      REDACTED,
    ]);
  });

  it("keeps values of the listed flags if they are plain words", () => {
    const args = ["--enable-network-policy=true", "--enable-policy", "always", "--exempt-namespace=a b"];
    expect(firstContainer(podWith({ args }))?.args).toEqual([
      "--enable-network-policy=true",
      "--enable-policy",
      "always",
      `--exempt-namespace=${REDACTED}`,
    ]);
  });

  it("keeps the flag values of static pods in kube-system, but not credentials", () => {
    const command = ["kube-apiserver", "--anonymous-auth=false", "--etcd-password=x", "--token-auth-file=/etc/t.csv"];
    const mirror = { namespace: "kube-system", annotations: { "kubernetes.io/config.mirror": "x" } };
    const expected = [
      "kube-apiserver",
      "--anonymous-auth=false",
      `--etcd-password=${REDACTED}`,
      "--token-auth-file=/etc/t.csv",
    ];
    expect(firstContainer(podWith({ command }, mirror))?.command).toEqual(expected);
    expect(
      firstContainer(podWith({ command }, { namespace: "kube-system", labels: { component: "etcd" } }))?.command,
    ).toEqual(expected);
    const elsewhere = firstContainer(podWith({ command }, { ...mirror, namespace: "cde" }))?.command;
    expect(elsewhere).toContain(`--anonymous-auth=${REDACTED}`);
    expect(elsewhere?.[0]).toBe(REDACTED);
  });

  it("judges a port of the host without one of the container, and a volume without a name, as they would be written", () => {
    const spec = {
      containers: [{ name: "c", ports: [{ hostPort: 9100 }] }],
      volumes: [{ name: "a", emptyDir: {} }, { hostPath: { path: "/srv" } }],
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec };
    const { object } = projectObject("pods", pod, "t");
    expect(object?.spec.containers[0]?.ports).toEqual([{ containerPort: 9100, hostPort: 9100 }]);
    expect(object?.spec.volumes?.[1]).toEqual({ name: "volume-2", hostPath: { path: "/srv" } });
    const empty = { ...pod, spec: { containers: [{ name: "c", ports: [{ name: "http" }] }] } };
    expect(projectObject("pods", empty, "t").problems).toHaveLength(1);
    // The wire knows only what the API server would have taken.
    expect(readProjectedPodSpec(spec, false).problem).toBeDefined();
  });

  it("keeps etcd's flags with one dash, in static pods only, and nothing else with one dash", () => {
    const command = [
      "etcd",
      "-client-cert-auth",
      "-peer-key-file=/k",
      "-trusted-ca-file",
      "/ca",
      "-initial-cluster-token=x",
    ];
    const meta = { namespace: "kube-system", labels: { component: "etcd" } };
    expect(firstContainer(podWith({ command }, meta))?.command).toEqual([
      "etcd",
      "-client-cert-auth",
      "-peer-key-file=/k",
      "-trusted-ca-file",
      "/ca",
      REDACTED,
    ]);
    expect(firstContainer(podWith({ command }))?.command).toEqual(command.map(() => REDACTED));
  });

  it("reads the account under its old name, where the new one is empty", () => {
    const accountOf = (fields: object) => {
      const spec = { containers: [{ name: "c" }], ...fields };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec };
      return projectObject("pods", pod, "t").object?.spec.serviceAccountName;
    };
    expect(accountOf({ serviceAccount: "old" })).toBe("old");
    expect(accountOf({ serviceAccount: "old", serviceAccountName: "" })).toBe("old");
    expect(accountOf({ serviceAccount: "old", serviceAccountName: "new" })).toBe("new");
    expect(accountOf({ serviceAccount: null })).toBeUndefined();
    // The wire knows one name: nothing that the projection made holds the old one.
    const sent = { containers: [{ name: "c" }], serviceAccount: "old" };
    expect(readProjectedPodSpec(sent, false)).toMatchObject({ dropped: 1 });
  });

  it("works out facts from values that it drops", () => {
    const facts = (env: Record<string, string>, args: string[] = []) =>
      firstContainer(podWith({ env: Object.entries(env).map(([name, value]) => ({ name, value })), args }))?.facts;
    expect(facts({ FLUENT_ELASTICSEARCH_SCHEME: "https" })).toEqual({ usesTls: true });
    expect(facts({ OUT: "https://es:9200", OTHER: "http://collector:80" })).toEqual({ usesTls: false });
    expect(facts({ OUT: "http://localhost:2020" })).toBeUndefined();
    expect(facts({}, ["--es.url=http://es:9200"])).toEqual({ usesTls: false });
    expect(facts({ FLUENT_ELASTICSEARCH_SSL_VERIFY: "false" })).toEqual({ verifiesTls: false });
    expect(facts({ INSECURE_SKIP_VERIFY: "true" })).toEqual({ verifiesTls: false });
    expect(facts({ PGSSLMODE: "prefer" })).toEqual({ databaseUsesTls: false });
    expect(facts({ DB: "postgres://u:p@db/x?sslmode=verify-full" })).toEqual({ databaseUsesTls: true });
    expect(facts({ CACHE: "redis://cache:6379" })).toEqual({ databaseUsesTls: false });
    expect(facts({ NAME: "value" })).toBeUndefined();
  });

  it("doesn't believe facts that a raw object brings", () => {
    expect(firstContainer(podWith({ facts: { usesTls: true } }))?.facts).toBeUndefined();
  });

  it("names an unknown volume source without its settings", () => {
    const raw = podWith({});
    Object.assign(raw.spec, {
      volumes: [{ name: "a", rbd: { monitors: ["x"] } }, { name: "b", brandNew: { x: 1 } }, { name: "c" }],
    });
    expect(projectObject("pods", raw, "t").object?.spec.volumes).toEqual([
      { name: "a", otherSource: "rbd" },
      { name: "b", otherSource: "unknown" },
      { name: "c" },
    ]);
  });
});

describe("invalid objects", () => {
  const problemOf = (section: SectionName, raw: unknown) => projectObject(section, raw, "apps.yaml:7").problems[0];
  const policy = (spec: unknown) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p", namespace: "n" },
    spec,
  });

  it.each<[string, SectionName, unknown, string]>([
    [
      "a text for a number",
      "pods",
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", securityContext: { runAsUser: "0" } }] },
      },
      "spec.containers[0].securityContext.runAsUser must be an integer, is a string",
    ],
    [
      "a boolean label",
      "namespaces",
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", labels: { "pci-scope": true } } },
      "metadata.labels.pci-scope must be a string, is a boolean",
    ],
    [
      "an integer beyond 2^53",
      "pods",
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", securityContext: { runAsUser: 2 ** 60 } }] },
      },
      "spec.containers[0].securityContext.runAsUser is too large to be read exactly",
    ],
    [
      "no containers",
      "pods",
      { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [] } },
      "spec.containers must not be empty",
    ],
    [
      "no name",
      "pods",
      { apiVersion: "v1", kind: "Pod", metadata: { generateName: "p-" }, spec: {} },
      "metadata lacks name",
    ],
    [
      "an unknown operator",
      "networkpolicies",
      policy({ podSelector: { matchExpressions: [{ key: "a", operator: "in", values: ["b"] }] } }),
      "spec.podSelector.matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist",
    ],
    [
      "In without values",
      "networkpolicies",
      policy({ podSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }),
      "spec.podSelector.matchExpressions[0] must have values for In",
    ],
    [
      "a peer that names nothing",
      "networkpolicies",
      policy({ ingress: [{ from: [{}] }] }),
      "spec.ingress[0].from[0] names no peer",
    ],
    [
      "another kind",
      "pods",
      { apiVersion: "v1", kind: "Service", metadata: { name: "p" } },
      "the object is a v1 Service, which is not of pods",
    ],
    ["a list", "pods", [], "is not an object"],
  ])("names the field: %s", (_, section, raw, problem) => {
    expect(problemOf(section, raw)).toMatchObject({ problem, where: "apps.yaml:7" });
  });

  it("reads null as Kubernetes does: absent, and an empty object in a list of rules", () => {
    const { object } = projectObject(
      "networkpolicies",
      policy({ podSelector: null, egress: null, ingress: [null] }),
      "t",
    );
    expect(object?.spec).toEqual({ ingress: [{}] });
    expect(
      projectObject(
        "roles",
        { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "r" }, rules: null },
        "t",
      ).object?.rules,
    ).toBeUndefined();
  });

  it("takes a NetworkPolicy without a spec for the empty one, and judges a container without a name", () => {
    const bare = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "p", namespace: "n" } };
    expect(projectObject("networkpolicies", bare, "t").object?.spec).toEqual({});
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "a" }, { image: "x" }] },
    };
    expect(projectObject("pods", pod, "t").object?.spec.containers.map((c) => c.name)).toEqual(["a", "container-2"]);
  });

  it("gives the items of a list answer the kind of their section", () => {
    expect(projectObject("services", { metadata: { name: "s", namespace: "n" }, spec: {} }, "t").object).toMatchObject({
      apiVersion: "v1",
      kind: "Service",
    });
  });

  it("stops at a depth of 32", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 40; i += 1) deep = { a: deep };
    const raw = {
      apiVersion: "kyverno.io/v1",
      kind: "ClusterPolicy",
      metadata: { name: "p" },
      spec: { rules: [{ name: "r", match: deep }] },
    };
    expect(problemOf("kyverno-clusterpolicies", raw)?.problem).toMatch(/nested deeper than 32 levels/);
  });

  it("is not led astray by members of Object", () => {
    const raw = JSON.parse(
      '{"metadata":{"name":"n","labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"spec":1}}',
    ) as unknown;
    const { object } = projectObject("namespaces", raw, "t");
    expect(Object.getPrototypeOf(object?.metadata.labels)).toBe(Object.prototype);
    expect(Object.keys(object?.metadata.labels ?? {})).toEqual(["constructor"]);
  });
});

describe("strict parse", () => {
  it("says when the net caught a secret", () => {
    const value = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "n", labels: { note: "4111111111111111" } },
    };
    expect(parseProjectedObject("namespaces", value, "t")).toMatchObject({
      secret: true,
      problems: [{ problem: "metadata.labels.note holds a secret or a card number" }],
    });
  });
  it("refuses an environment value and an annotation value", () => {
    const pod = (extra: object, metadata: object = {}) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "n", ...metadata },
      spec: { containers: [{ name: "c", ...extra }] },
    });
    expect(parseProjectedObject("pods", pod({ env: [{ name: "A" }] }), "t").problems).toEqual([]);
    expect(parseProjectedObject("pods", pod({ env: [{ name: "A", value: "x" }] }), "t").problems).toHaveLength(1);
    expect(parseProjectedObject("pods", pod({}, { annotations: { "a.b/c": "x" } }), "t").problems).toHaveLength(1);
    expect(parseProjectedObject("pods", pod({ args: ["--a=b"] }), "t").problems).toHaveLength(1);
  });
});

it("has a sample of every section's kind", () => {
  for (const section of SECTION_NAMES) {
    const kinds = findSection(section)?.sources.map((s) => s.kind) ?? [];
    expect(kinds.includes("*") || kinds.includes(String(SAMPLES[section].kind)), section).toBe(true);
  }
});
