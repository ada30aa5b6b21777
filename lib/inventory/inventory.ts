/**
 * Look-ups over a snapshot, built once and shared by every engine and control.
 *
 * The one place that knows how pods lead to their root owner, what "running" means, and which section a control may trust.
 */
import type { Container, KubeObject, Namespace, Node, Pod, PodSpec, ServiceAccount } from "./kinds";
import type {
  ClusterFacts,
  InvalidObject,
  Provider,
  SectionName,
  SectionObjects,
  SectionStatus,
  Snapshot,
} from "./snapshot";

/** A reference to one object; `key` of refKey() is stable over rollouts because it never holds a pod's generated name. */
export interface ResourceRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** Whether the contents of a section can be trusted, and if not, why. */
export type Readability =
  | { known: true }
  | { known: false; section: SectionName; status: SectionStatus; message: string };

/**
 * The unit that pod controls judge: a root owner (Deployment, StatefulSet, DaemonSet, CronJob, Job, bare Pod, mirror pod…)
 * and the distinct pod specs that its live pods run, or its template when it has no live pod.
 */
export interface Workload {
  ref: ResourceRef;
  namespace: string;
  /** Distinct specs to judge: from live pods (not Succeeded or Failed); else the template of the owner. Never empty. */
  variants: PodVariant[];
  /** Live pods (phase neither Succeeded nor Failed), in name order. Empty for manifests and for owners scaled to zero. */
  pods: Pod[];
  /** Labels of the pods: of the first live pod or the template. */
  labels: Record<string, string>;
  /** Annotations of the pods (redacted values), needed for AppArmor before 1.30. */
  annotations: Record<string, string>;
  /** Static (mirror) pod of the kubelet: annotation `kubernetes.io/config.mirror`. */
  isStatic: boolean;
}
export interface PodVariant {
  spec: PodSpec;
  annotations: Record<string, string>;
  /** Names of the live pods that run this spec; empty when it is a template. */
  podNames: string[];
  /** Where the spec stands in the snapshot, for evidence: ref and JSON pointer prefix (`/spec`, `/spec/template/spec` …). */
  source: { ref: ResourceRef; pointer: string };
}

export interface Inventory {
  snapshot: Snapshot;
  provider: Provider;
  facts: ClusterFacts;
  invalid: InvalidObject[];
  /** `known: true` only when every one of the sections is complete or unserved. */
  readable(...sections: SectionName[]): Readability;
  /** Objects of a section, [] when unserved. Ask readable() first: a section that wasn't read also gives []. */
  list<K extends SectionName>(section: K): SectionObjects[K][];
  namespaces: ReadonlyMap<string, Namespace>;
  /** Names of all namespaces that exist or that some object says it lies in (manifests often lack the Namespace object). */
  namespaceNames: readonly string[];
  nodes: readonly Node[];
  workloads: readonly Workload[];
  workloadsIn(namespace: string): readonly Workload[];
  /** Live pods with their workload. */
  livePods: readonly { pod: Pod; workload: Workload }[];
  livePodsIn(namespace: string): readonly Pod[];
  serviceAccount(namespace: string, name: string): ServiceAccount | undefined;
}

/** `apps/v1/Deployment/cde-frontend/payment-api`; namespace empty for cluster-scoped objects. */
export function refKey(ref: ResourceRef): string {
  return `${ref.apiVersion}/${ref.kind}/${ref.namespace ?? ""}/${ref.name}`;
}

export function refOf(object: KubeObject): ResourceRef {
  const { name, namespace } = object.metadata;
  return namespace === undefined
    ? { apiVersion: object.apiVersion, kind: object.kind, name }
    : { apiVersion: object.apiVersion, kind: object.kind, namespace, name };
}

export type ContainerRole = "init" | "container" | "ephemeral";
/** All containers of a spec (init, also restartable sidecars; ordinary; ephemeral) with their JSON pointer below the spec. */
export function allContainers(spec: PodSpec): { container: Container; role: ContainerRole; pointer: string }[] {
  const out: { container: Container; role: ContainerRole; pointer: string }[] = [];
  spec.initContainers?.forEach((container, i) =>
    out.push({ container, role: "init", pointer: `/initContainers/${i}` }),
  );
  spec.containers.forEach((container, i) => out.push({ container, role: "container", pointer: `/containers/${i}` }));
  spec.ephemeralContainers?.forEach((container, i) =>
    out.push({ container, role: "ephemeral", pointer: `/ephemeralContainers/${i}` }),
  );
  return out;
}
