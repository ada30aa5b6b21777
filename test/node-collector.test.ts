/**
 * From a file on a node to the answer of a control: the node collector's own process reads a folder that stands for the node and
 * writes its report into a simulated cluster; the agent's collector lists it; controls judge what it says. Keys are planted in the
 * files, and must not be found anywhere on the way.
 */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { collectSnapshot } from "@/agent/collect-snapshot";
import type { ApiObject } from "@/demo/kubernetes/objects";
import { Simulator } from "@/demo/kubernetes/simulator";
import { findControl } from "@/lib/controls";
import type { Result } from "@/lib/controls/types";
import { cdeNamespace, node, staticPod } from "@/lib/fixtures/builders";
import { createInventory } from "@/lib/inventory/create-inventory";
import type { Registers } from "@/lib/inventory/registers";
import { classifyScope } from "@/lib/scope/classify";
import { DEFAULT_SCOPE_SETTINGS } from "@/lib/scope/types";

const root = path.dirname(import.meta.dirname);
const KEY = "Y2FuYXJ5LWtleS1tYXRlcmlhbC1vZi1hLXRlc3Q=";
const FLAGS = [
  "kube-apiserver",
  "--encryption-provider-config=/etc/kubernetes/enc/config.yaml",
  "--authorization-config=/etc/kubernetes/authz.yaml",
  "--audit-policy-file=/etc/kubernetes/audit.yaml",
  "--audit-log-path=/var/log/kubernetes/audit.log",
];
const registers: Registers = {
  encryptionKeys: [
    {
      key: "key1",
      createdAt: new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10),
      cryptoperiodDays: 365,
      isRotatedAutomatically: false,
      protectsAccountDataKeys: false,
    },
  ],
};

let folder: string;
let host: string;
let kubeconfig: string;
let simulator: Simulator;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ringfence-node-"));
  host = path.join(folder, "host");
  const crd = await readFile(path.join(root, "deploy/node-collector/crd.yaml"), "utf8");
  simulator = await Simulator.start({
    name: "node-collector",
    folders: [],
    recorded: [
      ...parseAllDocuments(crd).map((document) => document.toJS() as ApiObject),
      cdeNamespace(),
      node("cp-1", { "node-role.kubernetes.io/control-plane": "" }),
      staticPod("kube-apiserver", FLAGS, "cp-1"),
    ] as ApiObject[],
  });
  kubeconfig = path.join(folder, "kubeconfig");
  await writeFile(kubeconfig, simulator.kubeconfig(), { mode: 0o600 });
});
afterAll(async () => {
  await simulator.stop();
  await rm(folder, { recursive: true, force: true });
});

async function put(file: string, text: string, mode = 0o600): Promise<void> {
  const place = path.join(host, file);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, text);
  await chmod(place, mode);
}

/** A kubeadm node; `identityFirst` puts the provider that stores plain text first. */
async function makeHost({ identityFirst, anonymous }: { identityFirst: boolean; anonymous: boolean }): Promise<void> {
  await rm(host, { recursive: true, force: true });
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "kube-apiserver" },
    spec: {
      containers: [
        {
          name: "kube-apiserver",
          command: FLAGS.map((flag) => flag.replace("/etc/kubernetes/enc/", "/enc/")),
          volumeMounts: [{ name: "enc", mountPath: "/enc" }],
        },
      ],
      volumes: [{ name: "enc", hostPath: { path: "/etc/kubernetes/enc" } }],
    },
  };
  await put("/etc/kubernetes/manifests/kube-apiserver.yaml", JSON.stringify(pod));
  const local = { aescbc: { keys: [{ name: "key1", secret: KEY }] } };
  await put(
    "/etc/kubernetes/enc/config.yaml",
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [{ resources: ["secrets"], providers: identityFirst ? [{ identity: {} }, local] : [local] }],
    }),
  );
  await put(
    "/etc/kubernetes/authz.yaml",
    "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n  - { type: Node, name: node }\n  - { type: RBAC, name: rbac }\n",
  );
  await put("/etc/kubernetes/audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n");
  await put(
    "/var/lib/kubelet/config.yaml",
    `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nauthentication:\n  anonymous: { enabled: ${anonymous} }\n  x509: { clientCAFile: /etc/kubernetes/pki/ca.crt }\nrotateCertificates: true\nstreamingConnectionIdleTimeout: 5m0s\n`,
  );
  await put(
    "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
    '[Service]\nEnvironment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\n',
  );
  await put("/var/lib/kubelet/kubeadm-flags.env", 'KUBELET_KUBEADM_ARGS="--bootstrap-token=canary-token"\n');
  await put("/etc/kubernetes/pki/ca.key", "canary-private-key");
  await put("/etc/kubernetes/admin.conf", "canary-kubeconfig", 0o600);
  // A way out of the folder, and a way round inside of it.
  await symlink("/../../../../../../etc/passwd", path.join(host, "/etc/kubernetes/scheduler.conf"));
}

/** Runs the collector's process once and evaluates what the cluster then shows. */
async function evaluate(): Promise<{ resultOf(id: string): Result[]; text: string; files: Map<string, string> }> {
  const program = [path.join(root, "agent/node-collector/main.ts"), "--once"];
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", "tsx", ...program], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      RINGFENCE_NODE_NAME: "cp-1",
      RINGFENCE_HOST_ROOT: host,
      RINGFENCE_KUBECONFIG: kubeconfig,
    },
  });
  expect(stderr).toContain("report written");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const collectedAt = new Date().toISOString();
  const snapshot = await collectSnapshot(config, { collectedAt, provider: "self-managed" });
  expect(snapshot.invalid).toEqual([]);
  expect(snapshot.sections["node-reports"]).toMatchObject({
    status: "complete",
    objects: [{ metadata: { name: "cp-1" } }],
  });
  const inventory = createInventory(snapshot);
  const scope = classifyScope(inventory, DEFAULT_SCOPE_SETTINGS);
  const report = snapshot.sections["node-reports"]?.objects[0]?.spec as { files: { path: string; state: string }[] };
  return {
    resultOf: (id) => findControl(id)?.evaluate({ inventory, scope, asOf: collectedAt, registers }) ?? [],
    text: `${JSON.stringify(snapshot)}${stderr}`,
    files: new Map(report.files.map(({ path: file, state }) => [file, state])),
  };
}
const statuses = (results: readonly Result[]) => results.map(({ status }) => status);

it("carries what a good node says to passes", async () => {
  await makeHost({ identityFirst: false, anonymous: false });
  const { resultOf, text, files } = await evaluate();
  expect(statuses(resultOf("cp-authorization-mode"))).toEqual(["pass"]);
  expect(statuses(resultOf("sec-encryption-provider-strong"))).toEqual(["pass"]);
  expect(statuses(resultOf("node-kubelet-hardened"))).toEqual(["pass", "pass"]);
  expect(statuses(resultOf("log-policy-interactive"))).toEqual(["pass"]);
  expect(files.get("/etc/kubernetes/pki/ca.key")).toBe("read");
  for (const planted of [KEY, "canary", "root:"]) expect(text).not.toContain(planted);
});

it("carries what a bad node says to fails, in place of the report that was there", async () => {
  await makeHost({ identityFirst: true, anonymous: true });
  await put("/etc/kubernetes/audit.yaml", `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: "${KEY}"\n`);
  await chmod(path.join(host, "/etc/kubernetes/admin.conf"), 0o644);
  const { resultOf, text, files } = await evaluate();
  expect(statuses(resultOf("sec-encryption-provider-strong"))).toEqual(["fail"]);
  expect(statuses(resultOf("node-kubelet-hardened"))).toEqual(["fail", "pass"]);
  expect(resultOf("node-benchmark-current")[0]?.detail).toContain("/etc/kubernetes/admin.conf (0644)");
  // A policy that can't be read leaves no trace of the one before it, and nothing of its content.
  expect(files.get("/etc/kubernetes/audit.yaml")).toBe("invalid");
  expect(statuses(resultOf("log-policy-interactive"))).toEqual(["unknown"]);
  for (const planted of [KEY, "canary"]) expect(text).not.toContain(planted);
});
