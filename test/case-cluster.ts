/**
 * The world of a control's case as a simulated cluster, so that real kubectl can be pointed at it.
 *
 * `recorded`: the objects exactly as the case says, and a running pod for each workload that the case leaves without one. `living`: the same cluster with controllers and kubelets,
 * which make pods from the workloads as they would; what they would make is left out of the case, and what a live cluster
 * demands (namespaces, service accounts, definitions of custom kinds) is added.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Simulator } from "@/demo/kubernetes/simulator";
import type { ApiObject } from "@/demo/kubernetes/objects";
import { SECTIONS, splitApiVersion } from "@/lib/inventory/sections";

export interface CaseCluster {
  simulator: Simulator;
  folder: string;
  kubeconfig: string;
  stop(): Promise<void>;
}

export async function startCaseCluster(
  objects: readonly unknown[],
  mode: "recorded" | "living",
  gitVersion?: string,
  { isBare = false }: { isBare?: boolean } = {},
): Promise<CaseCluster> {
  const folder = mkdtempSync(path.join(tmpdir(), "ringfence-case-"));
  const raw = structuredClone(objects) as ApiObject[];
  const version = gitVersion === undefined ? {} : { gitVersion };
  let simulator: Simulator;
  if (mode === "recorded") {
    simulator = await Simulator.start({
      name: "case",
      folders: [],
      recorded: [...definitionsFor(raw), ...raw, ...(isBare ? [] : podsFor(raw))],
      ...version,
    });
  } else {
    const state = mkdtempSync(path.join(folder, "state-"));
    writeFileSync(
      path.join(state, "world.yaml"),
      living(raw)
        .map((object) => JSON.stringify(object))
        .join("\n---\n"),
    );
    simulator = await Simulator.start({ name: "case", folders: [state], ...version });
  }
  const kubeconfig = path.join(folder, "kubeconfig");
  writeFileSync(kubeconfig, simulator.kubeconfig(), { mode: 0o600 });
  return {
    simulator,
    folder,
    kubeconfig,
    async stop() {
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface ShellAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command in bash against the cluster; `recorded` programs print what was recorded instead of running; a name with a dot is a file. */
export function runShell(
  cluster: CaseCluster,
  command: string,
  recorded: Readonly<Record<string, string>> = {},
): Promise<ShellAnswer> {
  const bin = mkdtempSync(path.join(cluster.folder, "bin-"));
  for (const [program, output] of Object.entries(recorded)) {
    if (program.includes(".")) {
      writeFileSync(path.join(cluster.folder, program), output);
      continue;
    }
    writeFileSync(path.join(bin, `${program}.out`), output);
    writeFileSync(path.join(bin, program), `#!/bin/sh\ncat "${path.join(bin, program)}.out"\n`, { mode: 0o755 });
  }
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", command], {
      cwd: cluster.folder,
      env: {
        PATH: `${bin}:${process.env.PATH ?? ""}`,
        HOME: cluster.folder,
        KUBECONFIG: cluster.kubeconfig,
        LANG: "C.UTF-8",
        NODE_ENV: "test",
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 45_000,
    });
    const answer: ShellAnswer = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (answer.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (answer.stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...answer, code }));
  });
}

/** Definitions of every custom kind that Ringfence reads, so that a list of one that is absent is empty, not an error. */
function definitionsFor(objects: readonly ApiObject[]): ApiObject[] {
  const defined = new Set(
    objects.filter(({ kind }) => kind === "CustomResourceDefinition").map(({ metadata }) => metadata.name),
  );
  const byName = new Map<
    string,
    { group: string; plural: string; kind: string; namespaced: boolean; versions: Set<string> }
  >();
  for (const { sources, namespaced } of SECTIONS) {
    for (const { group, version, resource, kind } of sources) {
      if (resource === "*" || !isCustomGroup(group)) continue;
      const name = `${resource}.${group}`;
      const held = byName.get(name) ?? { group, plural: resource, kind, namespaced, versions: new Set<string>() };
      held.versions.add(version);
      byName.set(name, held);
    }
  }
  for (const { apiVersion, kind, metadata } of objects) {
    const { group, version } = splitApiVersion(apiVersion);
    if (!isCustomGroup(group)) continue;
    const known = [...byName.values()].find((held) => held.group === group && held.kind === kind);
    if (known !== undefined) known.versions.add(version);
    else {
      const plural = kind.toLowerCase();
      byName.set(`${plural}.${group}`, {
        group,
        plural,
        kind,
        namespaced: metadata.namespace !== undefined,
        versions: new Set([version]),
      });
    }
  }
  return [...byName.entries()]
    .filter(([name]) => !defined.has(name))
    .map(([name, { group, plural, kind, namespaced, versions }]) => ({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name },
      spec: {
        group,
        scope: namespaced ? "Namespaced" : "Cluster",
        names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [...versions].map((version, i) => ({
          name: version,
          served: true,
          storage: i === 0,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        })),
      },
      status: { conditions: [{ type: "Established", status: "True" }] },
    })) as unknown as ApiObject[];
}

function isCustomGroup(group: string): boolean {
  return group.includes(".") && !(group.endsWith(".k8s.io") && !CUSTOM_K8S_GROUPS.has(group));
}
const CUSTOM_K8S_GROUPS = new Set([
  "gateway.networking.k8s.io",
  "policy.networking.k8s.io",
  "snapshot.storage.k8s.io",
  "secrets-store.csi.x-k8s.io",
  "wgpolicyk8s.io",
]);

/** The commands look at running pods; many cases only have the template. */
function podsFor(objects: readonly ApiObject[]): ApiObject[] {
  interface Template {
    metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
    spec?: object;
  }
  const pods = objects.filter(({ kind }) => kind === "Pod");
  return objects.flatMap((object) => {
    const spec = object.spec as
      | { template?: Template; jobTemplate?: { spec?: { template?: Template } }; replicas?: number }
      | undefined;
    const template = spec?.template ?? spec?.jobTemplate?.spec?.template;
    const { name, namespace } = object.metadata;
    if (template?.spec === undefined || object.kind === "ReplicaSet" || spec?.replicas === 0) return [];
    if (pods.some(({ metadata }) => metadata.namespace === namespace && metadata.name.startsWith(name))) return [];
    const owner = { apiVersion: object.apiVersion, kind: object.kind, name, uid: "1", controller: true };
    return [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...template.metadata, name: `${name}-0`, namespace, ownerReferences: [owner] },
        spec: template.spec,
        status: { phase: "Running" },
      } as unknown as ApiObject,
    ];
  });
}

function living(objects: readonly ApiObject[]): ApiObject[] {
  const kept = objects.filter(({ kind, metadata }) => {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    return owner === undefined || !["Pod", "ReplicaSet", "Job"].includes(kind) || owner.kind === "Node";
  });
  const has = (kind: string, name: string, namespace?: string) =>
    kept.some((held) => held.kind === kind && held.metadata.name === name && held.metadata.namespace === namespace);
  const added: ApiObject[] = [];
  const add = (object: ApiObject) => {
    const { kind, metadata } = object;
    const isThere = [...added, ...kept].some(
      (held) =>
        held.kind === kind && held.metadata.name === metadata.name && held.metadata.namespace === metadata.namespace,
    );
    if (!isThere) added.push(object);
  };
  for (const object of kept) {
    const { namespace } = object.metadata;
    if (namespace === undefined) continue;
    if (!BOOTSTRAP_NAMESPACES.has(namespace)) {
      add({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, labels: { "kubernetes.io/metadata.name": namespace } },
      });
    }
    for (const account of accountsOf(object)) {
      if (account !== "default")
        add({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } });
    }
  }
  if (!kept.some(({ kind }) => kind === "Node") && !has("Node", "node-1")) {
    add({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1", labels: { "kubernetes.io/hostname": "node-1", "kubernetes.io/os": "linux" } },
      status: { nodeInfo: { kubeletVersion: "v1.34.2" } },
    } as unknown as ApiObject);
  }
  return [...definitionsFor(kept), ...added, ...kept];
}
const BOOTSTRAP_NAMESPACES = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

function accountsOf(object: ApiObject): string[] {
  interface Spec {
    serviceAccountName?: string;
    template?: { spec?: Spec };
    jobTemplate?: { spec?: Spec };
  }
  const spec = object.spec as Spec | undefined;
  const specs = [spec, spec?.template?.spec, spec?.jobTemplate?.spec?.template?.spec];
  return specs.flatMap((held) => (typeof held?.serviceAccountName === "string" ? [held.serviceAccountName] : []));
}
