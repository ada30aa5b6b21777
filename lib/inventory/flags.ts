/**
 * The flags that the control plane's components run with, as far as the API shows them: the static pods' command lines.
 *
 * - Every live instance counts, because a flag on two of three API servers protects nothing. A control-plane node (by label)
 *   without a visible instance is named: its flags are unknown.
 * - A flag is written `--name=value`, `--name value` or, for a boolean, `--name` alone. `_` in a name means `-`. The last one
 *   wins. `command` is read before `args`. A shell's `-c` script isn't in the snapshot, so such an instance isn't recognised.
 * - etcd also takes `ETCD_NAME` environment variables, where a flag wins over the variable. A value that came from elsewhere
 *   (`valueFrom`) or was redacted is known to be set and not more. With `--config-file` etcd reads neither flags nor variables:
 *   then the file's settings count where they were imported, and nothing is known where they were not.
 * - EKS, GKE and AKS run the control plane out of sight; OpenShift's operators keep settings in files. There nothing is known.
 *   RKE2 runs static pods like kubeadm. Where no pod is found (k3s, Talos) command lines that were imported from the hosts count.
 * Source: pflag (`--a=b`, last wins), component-base's normalisation of `_`, etcd's configuration precedence.
 */
import { type Inventory, type ResourceRef, refOf } from "./inventory";
import type { Container, Pod } from "./kinds";
import { MIRROR_ANNOTATION, namespaceOf } from "./workloads";

export type Component = "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd";

export interface FlagSetting {
  /** The last value; null when it is set and its value isn't in the snapshot. A bare boolean flag is "true". */
  value: string | null;
  /** All values in order, for flags that add up. */
  values: string[];
  /** JSON pointer into the pod, of the last occurrence. */
  pointer: string;
}

export interface ComponentInstance {
  ref: ResourceRef;
  nodeName: string | null;
  /** JSON pointer of the container. */
  pointer: string;
  flags: ReadonlyMap<string, FlagSetting>;
}

export type ComponentFlags =
  | { visible: false; reason: string }
  | {
      visible: true;
      instances: readonly ComponentInstance[];
      /**
       * Control-plane nodes that show no instance of the component, and pods of its name that were not valid, in name order:
       * what runs there is unknown. Where nodes could not be listed, one entry says so.
       */
      hiddenNodes: readonly string[];
    };

const MANAGED: Record<string, string> = {
  eks: "EKS runs the control plane out of sight; its settings are in the provider's record of the cluster",
  gke: "GKE runs the control plane out of sight; its settings are in the provider's record of the cluster",
  aks: "AKS runs the control plane out of sight; its settings are in the provider's record of the cluster",
  openshift: "OpenShift's operators keep the control plane's settings in configuration objects and files, not in flags",
};
const CONTROL_PLANE_LABELS = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
const REDACTED = "<redacted>";

const known = new WeakMap<Inventory, Map<Component, ComponentFlags>>();

/** Reads a component's flags from every instance that the snapshot shows. Several controls ask; the pods are walked once. */
export function componentFlags(inventory: Inventory, component: Component): ComponentFlags {
  const byComponent = known.get(inventory) ?? new Map<Component, ComponentFlags>();
  known.set(inventory, byComponent);
  const flags = byComponent.get(component) ?? readFlags(inventory, component);
  byComponent.set(component, flags);
  return flags;
}

function readFlags(inventory: Inventory, component: Component): ComponentFlags {
  const managed = MANAGED[inventory.provider];
  if (managed !== undefined) return { visible: false, reason: managed };
  const readable = inventory.readable("pods");
  if (!readable.known) return { visible: false, reason: readable.message };

  const instances: ComponentInstance[] = [];
  for (const pod of controlPlanePods(inventory)) {
    pod.spec.containers.forEach((container, index) => {
      const words = wordsOf(container);
      if (!runs(component, pod, container, words)) return;
      const pointer = `/spec/containers/${index}`;
      instances.push({
        ref: refOf(pod),
        nodeName: pod.spec.nodeName ?? null,
        pointer,
        flags: withConfigFile(
          inventory,
          component,
          pod.spec.nodeName ?? null,
          parseFlags(container, pointer, component),
        ),
      });
    });
  }
  if (instances.length === 0) instances.push(...importedInstances(inventory, component));
  if (instances.length === 0) {
    return { visible: false, reason: `no static pod of ${component} is visible through the API` };
  }
  const seen = new Set(instances.map((instance) => instance.nodeName));
  const silent = inventory.nodes
    .filter((node) => CONTROL_PLANE_LABELS.some((label) => node.metadata.labels?.[label] !== undefined))
    .map((node) => node.metadata.name)
    .filter((name) => !seen.has(name) && component !== "etcd");
  const invalid = inventory.invalid
    .filter((o) => o.kind === "Pod" && o.namespace === "kube-system" && o.name.startsWith(component))
    .map((o) => o.name);
  // Without the list of nodes nobody knows whether there are more of them than those whose pods were seen.
  const isUnlisted = inventory.snapshot.source !== "manifests" && !inventory.readable("nodes").known;
  const unlisted = isUnlisted && component !== "etcd" ? ["nodes that could not be listed"] : [];
  const hiddenNodes = [...silent, ...invalid, ...unlisted].sort();
  return { visible: true, instances, hiddenNodes };
}

/** Whether the control plane may run on machines that nobody could list, so that what is known of some says nothing about all. */
export function mayHideInstances(inventory: Inventory): boolean {
  if (MANAGED[inventory.provider] !== undefined || inventory.snapshot.source === "manifests") return false;
  return !inventory.readable("pods", "nodes").known;
}

/** Command lines that somebody brought from the hosts, the newest of each node. */
function importedInstances(inventory: Inventory, component: Component): ComponentInstance[] {
  const byNode = new Map<string, { command: string[]; index: number; at: string }>();
  (inventory.facts.componentCommands ?? []).forEach((entry, index) => {
    const at = entry.origin.collectedAt;
    if (entry.component !== component || (byNode.get(entry.node)?.at ?? "") > at) return;
    byNode.set(entry.node, { command: entry.command, index, at });
  });
  return [...byNode].map(([node, { command, index }]) => {
    const pointer = `/facts/componentCommands/${index}`;
    return {
      ref: { apiVersion: "v1", kind: "Node", name: node },
      nodeName: node,
      pointer,
      flags: parseFlags({ name: component, command }, pointer, component),
    };
  });
}

/** etcd's settings where they stand in a file: those of the file if it was imported, else only that there is one. */
function withConfigFile(
  inventory: Inventory,
  component: Component,
  node: string | null,
  flags: Map<string, FlagSetting>,
): Map<string, FlagSetting> {
  const file = flags.get("config-file");
  if (component !== "etcd" || file === undefined || file.value === "") return flags;
  const configs = (inventory.facts.etcdConfigs ?? []).filter((candidate) => candidate.node === node);
  const newest = configs.reduce<(typeof configs)[number] | undefined>(
    (best, config) => (best === undefined || config.origin.collectedAt >= best.origin.collectedAt ? config : best),
    undefined,
  );
  const settings = new Map<string, FlagSetting>([["config-file", file]]);
  for (const [name, value] of Object.entries(newest?.settings ?? {})) {
    settings.set(name, { value, values: [value], pointer: file.pointer });
  }
  return settings;
}

/** True when etcd's settings stand in a file that nobody imported, so that its flags say nothing. */
export function isConfiguredByUnknownFile(instance: ComponentInstance): boolean {
  return instance.flags.has("config-file") && instance.flags.size === 1;
}

/** The pods that may be of the control plane, looked up once per inventory. */
const candidates = new WeakMap<Inventory, readonly Pod[]>();
function controlPlanePods(inventory: Inventory): readonly Pod[] {
  let pods = candidates.get(inventory);
  if (pods === undefined) {
    pods = inventory.livePods.flatMap(({ pod }) => (mayBeControlPlane(inventory, pod) ? [pod] : []));
    candidates.set(inventory, pods);
  }
  return pods;
}

/**
 * Mirror pods of the kubelet and pods of kube-system. Elsewhere a pod of that name is somebody's own (a virtual cluster, a
 * hosted plane of another cluster) and says nothing about this one. In manifests a bare pod is what the kubelet would run.
 */
function mayBeControlPlane(inventory: Inventory, pod: Pod): boolean {
  if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return true;
  if (namespaceOf(pod) === "kube-system") return true;
  return inventory.snapshot.source === "manifests" && (pod.metadata.ownerReferences ?? []).length === 0;
}

interface Word {
  text: string;
  pointer: string;
}

/** The words of the command line: command, then args. */
function wordsOf(container: Container, base = ""): Word[] {
  return [
    ...(container.command ?? []).map((text, i) => ({ text, pointer: `${base}/command/${i}` })),
    ...(container.args ?? []).map((text, i) => ({ text, pointer: `${base}/args/${i}` })),
  ];
}

function runs(component: Component, pod: Pod, container: Container, words: readonly Word[]): boolean {
  const isProgram = (text: string): boolean => text.slice(text.lastIndexOf("/") + 1) === component;
  if (words.some(({ text }) => isProgram(text))) return true;
  // Without a command the image's own entry point runs: then the container's name and the kubelet's label have to say it.
  const hasCommand = (container.command ?? []).length > 0;
  return !hasCommand && container.name === component && pod.metadata.labels?.component === component;
}

/** Flags of one container by name, without the dashes. Exported for components that are read from elsewhere. */
export function parseFlags(container: Container, pointer: string, component: Component): Map<string, FlagSetting> {
  const flags = new Map<string, FlagSetting>();
  const set = (name: string, value: string | null, at: string): void => {
    const known = value === REDACTED ? null : value;
    const values = [...(flags.get(name)?.values ?? []), ...(known === null ? [] : [known])];
    flags.set(name, { value: known, values, pointer: at });
  };
  const words = wordsOf(container, pointer);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined || !/^--?[A-Za-z]/.test(word.text)) continue;
    // Only etcd's parser (Go's flag package) takes a single dash; for the others `-v=2` is a shorthand, not a long name.
    if (!word.text.startsWith("--") && component !== "etcd") continue;
    const body = word.text.replace(/^--?/, "");
    const equals = body.indexOf("=");
    const name = (equals < 0 ? body : body.slice(0, equals)).replaceAll("_", "-");
    if (equals >= 0) {
      set(name, unquote(body.slice(equals + 1)), word.pointer);
      continue;
    }
    const next = words[i + 1];
    if (next !== undefined && !next.text.startsWith("-")) {
      set(name, unquote(next.text), next.pointer);
      i++;
    } else {
      set(name, "true", word.pointer);
    }
  }
  if (component === "etcd") {
    container.env?.forEach((variable, index) => {
      if (!variable.name.startsWith("ETCD_")) return;
      const name = variable.name.slice("ETCD_".length).toLowerCase().replaceAll("_", "-");
      if (!flags.has(name)) set(name, variable.value ?? null, `${pointer}/env/${index}`);
    });
  }
  return flags;
}

function unquote(value: string): string {
  const quote = value[0];
  return (quote === '"' || quote === "'") && value.length > 1 && value.endsWith(quote) ? value.slice(1, -1) : value;
}

/** A flag's boolean value as strconv.ParseBool reads it; null when it isn't one or isn't known. */
export function parseBooleanFlag(value: string | null): boolean | null {
  if (value === null) return null;
  if (["1", "t", "T", "TRUE", "true", "True"].includes(value)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(value)) return false;
  return null;
}
