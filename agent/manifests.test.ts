/**
 * Every manifest and chart template that we ship, held to what we promise: read what is collected, nothing else, and write
 * one Secret. Whoever adds a right has to change this file too.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { SECTIONS } from "@/lib/inventory/sections";
import { renderTemplate } from "./testing/render-chart";

const deploy = path.join(path.dirname(import.meta.dirname), "deploy");
const IDENTITY = "ringfence-agent-identity";

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [key: string]: unknown;
}

function documents(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest | null;
    })
    .filter((manifest): manifest is Manifest => manifest !== null);
}

/** Every YAML file below deploy/, so that a new one can't slip past. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

const defaults = documents(readFileSync(path.join(deploy, "chart/values.yaml"), "utf8"))[0] as unknown as Record<
  string,
  unknown
>;
const required = { url: "__RINGFENCE_URL__", image: "__AGENT_IMAGE__", enrolmentToken: "__ENROLMENT_TOKEN__" };
const templatesFolder = path.join(deploy, "chart/templates");
function renderChart(values: Record<string, unknown> = {}): Manifest[] {
  const input = { values: { ...defaults, ...required, ...values }, namespace: "ringfence" };
  return readdirSync(templatesFolder)
    .sort()
    .flatMap((name) => documents(renderTemplate(readFileSync(path.join(templatesFolder, name), "utf8"), input)));
}

const plain = filesBelow(path.join(deploy, "agent")).flatMap((file) => documents(readFileSync(file, "utf8")));
const chart = renderChart();
const everyOption = renderChart({
  scanIntervalSeconds: 900,
  caConfigMap: "private-ca",
  existingEnrolmentSecret: "from-elsewhere",
  gatekeeperConstraints: ["k8smyrule"],
});
/** The operator's word lets it read one resource more; nothing else changes. */
const withConfigMaps = renderChart({ readConfigMaps: true });
const sets = [
  ["deploy/agent", plain],
  ["the chart", chart],
  ["the chart with every option", everyOption],
] as const;

const key = ({ kind, metadata }: Manifest) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
const byKey = (manifests: readonly Manifest[]) => new Map(manifests.map((manifest) => [key(manifest), manifest]));
const rulesOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
    .flatMap((manifest) => (manifest.rules as Rule[]).map((rule) => ({ manifest, rule })));

it("knows every manifest that is shipped", () => {
  const known = ["agent", "chart", "node-collector"].map((folder) => path.join(deploy, folder));
  const strays = filesBelow(deploy).filter((file) => !known.some((folder) => file.startsWith(`${folder}${path.sep}`)));
  expect(strays).toEqual([]);
  expect(readdirSync(path.join(deploy, "chart")).sort()).toEqual(["Chart.yaml", "templates", "values.yaml"]);
});

it("ships the same objects as plain files and as a chart", () => {
  const withoutNamespace = plain.filter(({ kind }) => kind !== "Namespace");
  expect(Object.fromEntries(byKey(chart))).toEqual(Object.fromEntries(byKey(withoutNamespace)));
});

describe.each(sets)("rights in %s", (_name, manifests) => {
  const rules = rulesOf(manifests);

  it("are reads of named resources, and the patch of one named Secret", () => {
    const writes = rules.filter(({ rule }) => rule.verbs.some((verb) => verb !== "get" && verb !== "list"));
    expect(writes).toHaveLength(1);
    expect(writes[0]?.manifest).toMatchObject({ kind: "Role", metadata: { name: IDENTITY, namespace: "ringfence" } });
    expect(writes[0]?.rule).toEqual({
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: [IDENTITY],
      verbs: ["patch"],
    });
  });

  it("hold no wildcard, no subresource, no Secret, no ConfigMap, no token, no impersonation", () => {
    const forbidden = /^(\*|secrets|configmaps|events|users|groups|serviceaccounts\/token|.*\/.*)$/;
    for (const { manifest, rule } of rules) {
      if (manifest.kind === "Role" && manifest.metadata.name === IDENTITY) continue;
      for (const resource of rule.resources ?? []) expect(resource).not.toMatch(forbidden);
      for (const group of rule.apiGroups ?? []) expect(group).not.toContain("*");
      for (const verb of rule.verbs) expect(["get", "list"]).toContain(verb);
      expect(rule.resourceNames).toBeUndefined();
    }
  });

  it("reach two addresses that are not resources", () => {
    const addresses = rules.flatMap(({ rule }) =>
      (rule.nonResourceURLs ?? []).map((url) => `${rule.verbs.join()} ${url}`),
    );
    expect(addresses.sort()).toEqual(["get /metrics", "get /version"]);
  });

  it("cover every section that the agent collects", () => {
    for (const section of SECTIONS.filter(({ optional }) => !optional)) {
      for (const { group, resource } of section.sources) {
        const covered = rules.some(
          ({ manifest, rule }) =>
            (section.onlyIn === undefined
              ? manifest.kind === "ClusterRole"
              : manifest.kind === "Role" && manifest.metadata.namespace === section.onlyIn) &&
            rule.apiGroups?.includes(group) === true &&
            rule.verbs.includes("list") &&
            (resource === "*" ? (rule.resources ?? []).length > 0 : rule.resources?.includes(resource)),
        );
        expect(covered, `${section.name}: list ${resource}.${group}`).toBe(true);
      }
    }
  });

  it("cover nothing else", () => {
    for (const { manifest, rule } of rules) {
      if (manifest.metadata.name === IDENTITY) continue;
      const namespace = manifest.kind === "Role" ? manifest.metadata.namespace : undefined;
      const sources = SECTIONS.filter(({ optional, onlyIn }) => !optional && onlyIn === namespace).flatMap(
        (section) => section.sources,
      );
      for (const group of rule.apiGroups ?? []) {
        for (const resource of rule.resources ?? []) {
          const isUsed = sources.some(
            (source) => source.group === group && (source.resource === resource || source.resource === "*"),
          );
          expect(isUsed, `${resource}.${group}`).toBe(true);
        }
      }
    }
  });

  it("are bound to the agent's own account and to nobody else", () => {
    const bindings = manifests.filter(({ kind }) => kind.endsWith("Binding"));
    expect(bindings.map((binding) => (binding.roleRef as { kind: string; name: string }).name).sort()).toEqual([
      "ringfence-agent",
      IDENTITY,
      "ringfence-agent-node-leases",
    ]);
    for (const { subjects } of bindings) {
      expect(subjects).toEqual([{ kind: "ServiceAccount", name: "ringfence-agent", namespace: "ringfence" }]);
    }
  });
});

describe("the chart that reads ConfigMaps", () => {
  const asText = (manifests: readonly Manifest[]) => rulesOf(manifests).map(({ rule }) => JSON.stringify(rule));

  it("adds one rule, list of that one resource, and tells the agent", () => {
    const added = asText(withConfigMaps).filter((rule) => !asText(chart).includes(rule));
    expect(added).toEqual([JSON.stringify({ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] })]);
    expect(rulesOf(withConfigMaps)).toHaveLength(rulesOf(chart).length + 1);
    expect(JSON.stringify(withConfigMaps)).toContain('{"name":"RINGFENCE_COLLECT","value":"configmaps"}');
    expect(JSON.stringify(chart)).not.toContain("RINGFENCE_COLLECT");
  });

  it("covers every optional section with a value of the chart", () => {
    expect(SECTIONS.filter(({ optional }) => optional).map(({ name }) => name)).toEqual(["configmaps"]);
  });

  it("switches the pattern scan off where the operator wants that", () => {
    expect(JSON.stringify(renderChart({ patternScan: false }))).toContain(
      '{"name":"RINGFENCE_PATTERN_SCAN","value":"off"}',
    );
    expect(JSON.stringify(chart)).not.toContain("RINGFENCE_PATTERN_SCAN");
  });
});

describe.each(sets)("the Deployment in %s", (_name, manifests) => {
  const deployment = manifests.find(({ kind }) => kind === "Deployment") as unknown as {
    spec: {
      replicas: number;
      strategy: unknown;
      selector: { matchLabels: object };
      template: { metadata: { labels: object }; spec: PodSpec };
    };
  };
  interface PodSpec {
    [key: string]: unknown;
    securityContext: Record<string, unknown>;
    containers: {
      [key: string]: unknown;
      securityContext: Record<string, unknown>;
      env: { name: string; value: string }[];
      volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
    }[];
    volumes: Record<string, unknown>[];
  }
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;

  it("passes the Pod Security Standard restricted, field by field", () => {
    for (const field of ["hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"])
      expect(spec).not.toHaveProperty(field);
    expect(spec.containers).toHaveLength(1);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container).not.toHaveProperty("ports");
    const allowed = [
      "configMap",
      "csi",
      "downwardAPI",
      "emptyDir",
      "ephemeral",
      "persistentVolumeClaim",
      "projected",
      "secret",
    ];
    for (const volume of spec.volumes)
      expect(Object.keys(volume).filter((name) => name !== "name" && !allowed.includes(name))).toEqual([]);
  });

  it("runs one agent at a time, under its own account, with bounded memory", () => {
    expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
    expect(deployment.spec.template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
    expect(spec).toMatchObject({ serviceAccountName: "ringfence-agent", automountServiceAccountToken: true });
    expect(container?.resources).toMatchObject({ limits: { memory: "192Mi" } });
  });

  it("gets its token and key as files, never in the environment", () => {
    expect(container?.env.map(({ value }) => value)).not.toContain("__ENROLMENT_TOKEN__");
    expect(container?.env.every((entry) => !("valueFrom" in entry))).toBe(true);
    const mounts = new Map(container?.volumeMounts.map((mount) => [mount.mountPath, mount]));
    const setting = (name: string) => container?.env.find((entry) => entry.name === name)?.value ?? "";
    expect(mounts.get(path.dirname(setting("RINGFENCE_ENROLMENT_TOKEN_FILE")))?.readOnly).toBe(true);
    expect(mounts.get(setting("RINGFENCE_IDENTITY_DIR"))?.readOnly).toBe(true);
    expect(mounts.get(setting("RINGFENCE_STATE_DIR"))?.readOnly).toBeUndefined();
    expect(setting("RINGFENCE_IDENTITY_SECRET")).toBe(IDENTITY);
  });
});

describe("the Secrets", () => {
  it("are the token and an identity without data, so that applying again leaves the agent's key alone", () => {
    const secrets = plain.filter(({ kind }) => kind === "Secret");
    expect(secrets.map(({ metadata }) => metadata.name).sort()).toEqual(["ringfence-agent-enrolment", IDENTITY]);
    const identity = secrets.find(({ metadata }) => metadata.name === IDENTITY);
    expect(identity).not.toHaveProperty("data");
    expect(identity).not.toHaveProperty("stringData");
  });

  it("stay out of the chart when the token comes from elsewhere", () => {
    expect(everyOption.filter(({ kind }) => kind === "Secret").map(({ metadata }) => metadata.name)).toEqual([
      IDENTITY,
    ]);
    expect(JSON.stringify(everyOption)).toContain('"secretName":"from-elsewhere"');
  });
});

it("the namespace enforces the level that the agent keeps", () => {
  expect(plain.find(({ kind }) => kind === "Namespace")?.metadata).toMatchObject({
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
  });
});

it.each(["url", "image", "enrolmentToken"])("the chart refuses to render without %s", (name) => {
  expect(() => renderChart({ [name]: "" })).toThrow(name === "enrolmentToken" ? "enrolmentToken" : name);
});

it("the renderer refuses what it does not know", () => {
  const input = { values: { a: "x" }, namespace: "n" };
  for (const text of [
    '{{ include "x" . }}',
    "{{ .Values.b }}",
    "{{ .Values.a | upper }}",
    "{{- with .Values.a }}\n{{- end }}",
    "{{- if .Values.a }}",
  ]) {
    expect(() => renderTemplate(text, input), text).toThrow();
  }
});

describe("the node collector", () => {
  const files = filesBelow(path.join(deploy, "node-collector")).flatMap((file) =>
    documents(readFileSync(file, "utf8")),
  );
  const settings = (change: object) => ({
    nodeCollector: {
      ...(defaults.nodeCollector as object),
      enabled: true,
      image: "__NODE_COLLECTOR_IMAGE__",
      ...change,
    },
  });
  const agents = new Set(chart.map(key));
  const own = (change: object = {}) => renderChart(settings(change)).filter((manifest) => !agents.has(key(manifest)));
  const everyMount = own({ rancher: true, chrony: true, timesyncd: true });

  it("is off unless it is switched on, and needs an image then", () => {
    expect(JSON.stringify(chart)).not.toContain("node-collector");
    expect(() => own({ image: "" })).toThrow("nodeCollector.image");
  });

  it("is the same as plain files and as a chart", () => {
    expect(Object.fromEntries(byKey(own()))).toEqual(Object.fromEntries(byKey(files)));
  });

  it.each([
    ["plain", files],
    ["with every mount", everyMount],
  ] as const)("may write reports and nothing else: %s", (_, manifests) => {
    expect(rulesOf(manifests).map(({ rule }) => rule)).toEqual([
      { apiGroups: ["ringfence.dev"], resources: ["nodereports"], verbs: ["get", "create", "update"] },
    ]);
    const bindings = manifests.filter(({ kind }) => kind === "ClusterRoleBinding" || kind === "RoleBinding");
    expect(bindings.map(({ subjects }) => subjects)).toEqual([
      [{ kind: "ServiceAccount", name: "ringfence-node-collector", namespace: "ringfence-node-collector" }],
    ]);
  });

  it("may write the report of its own node only", () => {
    const policy = files.find(({ kind }) => kind === "ValidatingAdmissionPolicy")?.spec as {
      failurePolicy: string;
      validations: { expression: string }[];
    };
    expect(policy.failurePolicy).toBe("Fail");
    expect(policy.validations[0]?.expression).toContain("authentication.kubernetes.io/node-name");
    expect(files.find(({ kind }) => kind === "ValidatingAdmissionPolicyBinding")?.spec).toMatchObject({
      validationActions: ["Deny"],
    });
  });

  it.each([
    ["plain", files],
    ["with every mount", everyMount],
  ] as const)("is root without any privilege, and reads the host only: %s", (_, manifests) => {
    const { spec } = (
      manifests.find(({ kind }) => kind === "DaemonSet") as unknown as {
        spec: { template: { spec: Record<string, unknown> } };
      }
    ).spec.template;
    for (const field of ["hostNetwork", "hostPID", "hostIPC", "initContainers"]) expect(spec).not.toHaveProperty(field);
    const [container, ...others] = spec.containers as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const mounts = container?.volumeMounts as { name: string; mountPath: string; readOnly?: boolean }[];
    expect(mounts.every(({ readOnly, mountPath }) => readOnly === true && mountPath.startsWith("/host/"))).toBe(true);
    const volumes = spec.volumes as { name: string; hostPath: { path: string; type: string } }[];
    expect(volumes.map(({ name, hostPath }) => [name, `/host${hostPath.path}`])).toEqual(
      mounts.map(({ name, mountPath }) => [name, mountPath]),
    );
    // A type that would make what isn't there would change the host.
    expect(volumes.every(({ hostPath }) => ["Directory", "File"].includes(hostPath.type))).toBe(true);
    for (const { hostPath } of volumes)
      expect(["/", "/etc", "/var", "/var/lib", "/var/lib/kubelet", "/run", "/proc"]).not.toContain(hostPath.path);
  });
});

describe("the images", () => {
  const files = readdirSync(path.join(deploy, "images"));

  it("are one for the agent, the node collector, the web server and the worker", () => {
    expect(files.sort()).toEqual([
      "agent.Dockerfile",
      "node-collector.Dockerfile",
      "web.Dockerfile",
      "worker.Dockerfile",
    ]);
  });

  it.each(files)("%s ends as a user without rights, with a pinned base and an entry that is no shell", (name) => {
    const lines = readFileSync(path.join(deploy, "images", name), "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#"));
    const stages = new Set<string>();
    for (const line of lines.filter((text) => text.startsWith("FROM "))) {
      const [, image = "", , stage] = line.split(" ");
      if (stage !== undefined) stages.add(stage);
      if (!stages.has(image)) expect(image).toMatch(/:[a-z0-9.-]+$|@sha256:[0-9a-f]{64}$/);
      expect(image).not.toMatch(/:latest$/);
    }
    const users = lines.filter((line) => line.startsWith("USER "));
    expect(users.at(-1)).toBe("USER 65532:65532");
    const entries = lines.filter((line) => line.startsWith("ENTRYPOINT "));
    expect(entries).toHaveLength(1);
    expect(JSON.parse(entries[0]?.slice("ENTRYPOINT ".length) ?? "")[0]).toBe("/nodejs/bin/node");
    expect(lines.some((line) => /^(ADD|CMD) /.test(line))).toBe(false);
  });
});
