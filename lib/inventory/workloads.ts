/**
 * From pods to the root owners that controls report on.
 *
 * - A pod's controller (`ownerReferences` with `controller: true`) is followed through ReplicaSet and Job to the Deployment,
 *   CronJob or whatever owns those; a root of a kind that we don't read (an Argo Rollout) is named from the reference alone.
 * - When the ReplicaSet or Job itself isn't in the snapshot, its Deployment or CronJob is found by the name that the
 *   controllers generate, if an object of that name exists; else the missing owner itself is the root.
 * - A mirror pod (the kubelet's static pod, owned by its Node) and a pod without controller are their own roots.
 * - Succeeded and Failed pods are left out: nothing runs in them. A Job that is finished and has no live pod goes with them.
 * - An owner with live pods is judged by what its pods run; one without (scaled to zero, or read from manifests) by its template.
 */
import type { CronJob, KubeObject, OwnerReference, Pod, TemplatedWorkload } from "./kinds";
import { type PodVariant, type ResourceRef, refKey, refOf, type Workload } from "./inventory";
import { templateKeyOf } from "./pod-template";

export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";

export interface WorkloadSources {
  pods: readonly Pod[];
  replicasets: readonly TemplatedWorkload[];
  jobs: readonly TemplatedWorkload[];
  cronjobs: readonly CronJob[];
  /** Deployments, StatefulSets, DaemonSets, ReplicationControllers. */
  roots: readonly TemplatedWorkload[];
}

/** Live: phase neither Succeeded nor Failed. A pod without a status (a manifest) is live. */
export function isLivePod(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
}

/** Workloads in the order of their keys, and each live pod with its workload in the order of the pods. */
export function buildWorkloads(sources: WorkloadSources): {
  workloads: Workload[];
  livePods: { pod: Pod; workload: Workload }[];
} {
  const owners = new OwnerIndex(sources);
  const groups = new Map<string, { ref: ResourceRef; pods: Pod[] }>();
  const keys: { pod: Pod; key: string }[] = [];
  for (const pod of sources.pods) {
    if (!isLivePod(pod)) continue;
    const ref = owners.rootOf(pod);
    const key = refKey(ref);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ref, pods: [pod] });
    else group.pods.push(pod);
    keys.push({ pod, key });
  }

  const byKey = new Map<string, Workload>();
  for (const [key, group] of groups) byKey.set(key, fromPods(group.ref, group.pods));
  for (const object of [...sources.roots, ...sources.jobs, ...sources.replicasets, ...sources.cronjobs]) {
    addTemplate(byKey, object, owners);
  }
  const workloads = [...byKey].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, workload]) => workload);
  const livePods = keys.flatMap(({ pod, key }) => {
    const workload = byKey.get(key);
    return workload === undefined ? [] : [{ pod, workload }];
  });
  return { workloads, livePods };
}

/** Adds `object`'s template as a workload when it is a root without live pods. */
function addTemplate(byKey: Map<string, Workload>, object: TemplatedWorkload | CronJob, owners: OwnerIndex): void {
  const root = owners.rootOf(object);
  const key = refKey(root);
  if (byKey.has(key) || isFinished(object)) return;
  // An old ReplicaSet of a Deployment that is in the snapshot says nothing: the Deployment's own template does.
  const isSelf = key === refKey(refOf(object));
  if (!isSelf && owners.has(root)) return;
  if (!isSelf && "replicas" in object.spec && object.spec.replicas === 0) return;
  const { template, pointer } =
    "jobTemplate" in object.spec
      ? { template: object.spec.jobTemplate.spec.template, pointer: "/spec/jobTemplate/spec/template/spec" }
      : { template: object.spec.template, pointer: "/spec/template/spec" };
  const annotations = template.metadata?.annotations ?? {};
  byKey.set(key, {
    ref: root,
    namespace: namespaceOf(object),
    variants: [{ spec: template.spec, annotations, podNames: [], source: { ref: refOf(object), pointer } }],
    pods: [],
    labels: template.metadata?.labels ?? {},
    annotations,
    isStatic: false,
  });
}

function fromPods(ref: ResourceRef, unsorted: Pod[]): Workload {
  const pods = unsorted.sort((a, b) =>
    a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0,
  );
  const variants = new Map<string, PodVariant>();
  for (const pod of pods) {
    const key = `${templateKeyOf(pod.spec)}\n${confinementOf(pod.metadata.annotations)}`;
    const variant = variants.get(key);
    if (variant === undefined) {
      variants.set(key, {
        spec: pod.spec,
        annotations: pod.metadata.annotations ?? {},
        podNames: [pod.metadata.name],
        source: { ref: refOf(pod), pointer: "/spec" },
      });
    } else variant.podNames.push(pod.metadata.name);
  }
  const [first] = pods;
  return {
    ref,
    namespace: first === undefined ? (ref.namespace ?? "default") : namespaceOf(first),
    variants: [...variants.values()],
    pods,
    labels: first?.metadata.labels ?? {},
    annotations: first?.metadata.annotations ?? {},
    isStatic: first !== undefined && isMirror(first),
  };
}

/** Annotations that change how a pod is judged (AppArmor and seccomp before they became fields), as one comparable text. */
function confinementOf(annotations: Record<string, string> | undefined): string {
  if (annotations === undefined) return "";
  const keys = Object.keys(annotations).filter(
    (key) => key.includes("apparmor.security") || key.includes("seccomp.security"),
  );
  return keys.length === 0 ? "" : JSON.stringify(keys.sort().map((key) => [key, annotations[key]]));
}

/** True for the API server's picture of a static pod. */
export function isMirror(pod: KubeObject): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

/** The namespace that an object lies in; `default` where a manifest leaves it out, as kubectl does. */
export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? "default";
}

function isFinished(object: TemplatedWorkload | CronJob): boolean {
  if (object.kind !== "Job" || !("status" in object)) return false;
  return (object.status?.conditions ?? []).some(
    (c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True",
  );
}

/** `payment-api-6d4f9c7b5d` → `payment-api` (ReplicaSet), `backup-29012345` → `backup` (Job of a CronJob). */
const GENERATED_NAME: Record<string, { pattern: RegExp; owner: { apiVersion: string; kind: string } }> = {
  ReplicaSet: {
    pattern: /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/,
    owner: { apiVersion: "apps/v1", kind: "Deployment" },
  },
  Job: { pattern: /^(.+)-[0-9]{8,10}$/, owner: { apiVersion: "batch/v1", kind: "CronJob" } },
};

class OwnerIndex {
  private readonly objects = new Map<string, KubeObject>();

  constructor(sources: WorkloadSources) {
    for (const list of [sources.roots, sources.replicasets, sources.jobs, sources.cronjobs]) {
      for (const object of list)
        this.objects.set(ownerKey(object.kind, namespaceOf(object), object.metadata.name), object);
    }
  }

  has(ref: ResourceRef): boolean {
    return this.objects.has(ownerKey(ref.kind, ref.namespace ?? "default", ref.name));
  }

  /** Follows the controllers upwards. A loop of owner references (only a broken client makes one) ends after 8 steps. */
  rootOf(object: KubeObject): ResourceRef {
    let current = object;
    for (let step = 0; step < 8; step += 1) {
      const owner = current.metadata.ownerReferences?.find((reference) => reference.controller === true);
      if (owner === undefined || owner.kind === "Node" || isMirror(current)) return withNamespace(current);
      // Deployments and StatefulSets may belong to an operator's custom resource; they stay the unit that people know.
      if (current.kind !== "Pod" && current.kind !== "ReplicaSet" && current.kind !== "Job")
        return withNamespace(current);
      const namespace = namespaceOf(current);
      const next = this.objects.get(ownerKey(owner.kind, namespace, owner.name));
      if (next === undefined) return this.missingOwner(owner, namespace);
      current = next;
    }
    return withNamespace(current);
  }

  private missingOwner(owner: OwnerReference, namespace: string): ResourceRef {
    const generated = GENERATED_NAME[owner.kind];
    const name = generated?.pattern.exec(owner.name)?.[1];
    if (generated !== undefined && name !== undefined) {
      const guess = this.objects.get(ownerKey(generated.owner.kind, namespace, name));
      if (guess !== undefined) return withNamespace(guess);
    }
    return { apiVersion: owner.apiVersion, kind: owner.kind, namespace, name: owner.name };
  }
}

function ownerKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
function withNamespace(object: KubeObject): ResourceRef {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespace: namespaceOf(object),
    name: object.metadata.name,
  };
}
