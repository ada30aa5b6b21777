/**
 * The controllers of a simulated cluster, as rules over the store: each looks at what is wanted and at what is there, and
 * makes the difference. They run after every change that may concern them, so that loading a folder and applying a file
 * end in the same state.
 */
import { createHash } from "node:crypto";
import { type Cluster, derivedSuffix, derivedUid } from "./cluster";
import { admitPod } from "./defaults";
import { endpointsOf } from "./endpoint-slices";
import type { ApiObject, CronJob, Node, OwnerReference, Pod, PodTemplate, Role, Workload } from "./objects";
import { apiVersionOf, findResource, type Resource } from "./resources";
import { canRunOn, daemonTolerations } from "./scheduling";
import { matchesLabelSelector } from "./selectors";
import type { Change } from "./store";
import { objectKey } from "./store";

export class Controllers {
  private readonly queue = new Map<string, () => void>();
  private isRunning = false;
  private readonly unsubscribe: () => void;

  constructor(private readonly cluster: Cluster) {
    this.unsubscribe = cluster.store.subscribe((change) => this.observe(change));
  }

  stop(): void {
    this.unsubscribe();
  }

  private get store() {
    return this.cluster.store;
  }

  private observe(change: Change): void {
    const { object } = change;
    const namespace = object.metadata.namespace;
    const own = `${change.resource}/${change.key}`;
    switch (change.resource) {
      case "/namespaces":
        if (change.type !== "DELETED") this.enqueue(own, () => this.reconcileNamespace(object.metadata.name));
        break;
      case "/serviceaccounts":
        if (change.type === "DELETED" && object.metadata.name === "default" && namespace) {
          this.enqueue(`/namespaces/${namespace}`, () => this.reconcileNamespace(namespace));
        }
        break;
      case "/nodes":
        for (const set of this.store.all<Workload>("apps/daemonsets")) this.enqueueWorkload("apps/daemonsets", set);
        break;
      case "apps/deployments":
      case "apps/replicasets":
      case "apps/statefulsets":
      case "apps/daemonsets":
      case "batch/jobs":
      case "batch/cronjobs":
        if (change.type !== "DELETED") this.enqueueWorkload(change.resource, object);
        this.enqueueOwner(object);
        break;
      case "/pods":
        this.enqueueOwner(object);
        for (const service of this.store.all("/services"))
          if (service.metadata.namespace === namespace) this.enqueueEndpoints(service);
        break;
      case "/services":
        if (change.type !== "DELETED") this.enqueueEndpoints(object);
        break;
      case "rbac.authorization.k8s.io/clusterroles":
        this.enqueue("aggregate", () => this.aggregateRoles());
        break;
    }
    this.run();
  }

  private enqueueWorkload(storage: string, object: ApiObject): void {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    this.enqueue(`${storage}/${key}`, () => {
      const held = this.store.get(storage, key);
      if (!held || held.metadata.deletionTimestamp) return;
      if (storage === "apps/deployments") this.reconcileDeployment(held as Workload);
      else if (storage === "apps/replicasets") this.reconcileReplicaSet(held as Workload);
      else if (storage === "apps/statefulsets") this.reconcileStatefulSet(held as Workload);
      else if (storage === "apps/daemonsets") this.reconcileDaemonSet(held as Workload);
      else if (storage === "batch/jobs") this.reconcileJob(held as Workload);
      else this.reconcileCronJob(held as CronJob);
    });
  }

  private enqueueEndpoints({ metadata: { namespace, name } }: ApiObject): void {
    const key = objectKey(namespace, name);
    this.enqueue(`endpoints/${key}`, () => {
      const service = this.store.get("/services", key);
      if (service) this.reconcileEndpoints(service);
    });
  }

  private enqueueOwner(object: ApiObject): void {
    const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner || owner.kind === "Node") return;
    const storage = {
      ReplicaSet: "apps/replicasets",
      Deployment: "apps/deployments",
      StatefulSet: "apps/statefulsets",
      DaemonSet: "apps/daemonsets",
      Job: "batch/jobs",
      CronJob: "batch/cronjobs",
    }[owner.kind];
    const held = storage ? this.store.get(storage, objectKey(object.metadata.namespace, owner.name)) : undefined;
    if (storage && held) this.enqueueWorkload(storage, held);
  }

  private enqueue(key: string, reconcile: () => void): void {
    this.queue.set(key, reconcile);
  }

  /** Works the queue off, in turn; what a reconciliation changes comes back through `observe`. */
  private run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    queueMicrotask(() => {
      try {
        for (let entry = this.queue.entries().next(); !entry.done; entry = this.queue.entries().next()) {
          const [key, reconcile] = entry.value;
          this.queue.delete(key);
          reconcile();
        }
      } finally {
        this.isRunning = false;
      }
    });
  }

  private resource(storage: string): Resource {
    const slash = storage.indexOf("/");
    const [group, plural] = [storage.slice(0, slash), storage.slice(slash + 1)];
    const resource = findResource(this.store, group, "v1", plural);
    if (!resource) throw new Error(`no resource ${storage}`);
    return resource;
  }

  private create(storage: string, owner: ApiObject | undefined, object: Omit<ApiObject, "apiVersion" | "kind">): void {
    const resource = this.resource(storage);
    const metadata = {
      ...(object.metadata as ApiObject["metadata"]),
      uid: derivedUid(
        this.cluster.name,
        owner?.metadata.uid ?? "",
        resource.kind,
        (object.metadata as ApiObject["metadata"]).name,
      ),
      // A child of an object that was there at the start was there soon after it.
      creationTimestamp: owner?.metadata.creationTimestamp ?? this.cluster.timestamp(),
      ...(owner ? { ownerReferences: [ownerReference(owner)] } : {}),
    };
    let made: ApiObject = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
    if (storage === "/pods") {
      const pod = made as Pod;
      const account = this.store.get(
        "/serviceaccounts",
        objectKey(metadata.namespace, pod.spec.serviceAccountName ?? "default"),
      );
      made = admitPod(pod, account, derivedSuffix(5, metadata.uid, "token"));
    }
    this.store.put(storage, made);
  }

  private setStatus(storage: string, object: ApiObject, status: Record<string, unknown>): void {
    const held = this.store.get(storage, objectKey(object.metadata.namespace, object.metadata.name));
    if (!held) return;
    if (JSON.stringify(held.status) !== JSON.stringify(status)) this.store.put(storage, { ...held, status });
  }

  private reconcileNamespace(name: string): void {
    const namespace = this.store.get("/namespaces", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return;
    const creationTimestamp = namespace.metadata.creationTimestamp;
    const metadata = (object: string) => ({ name: object, namespace: name, creationTimestamp });
    if (!this.store.get("/serviceaccounts", `${name}/default`))
      this.create("/serviceaccounts", undefined, { metadata: metadata("default") });
    if (!this.store.get("/configmaps", `${name}/kube-root-ca.crt`)) {
      this.create("/configmaps", undefined, {
        metadata: metadata("kube-root-ca.crt"),
        data: { "ca.crt": this.cluster.options.caPem },
      });
    }
  }

  private reconcileDeployment(deployment: Workload): void {
    const hash = templateHash(deployment.spec.template);
    const namespace = deployment.metadata.namespace;
    const name = `${deployment.metadata.name}-${hash}`;
    const sets = this.store.all<Workload>("apps/replicasets").filter((set) => isOwnedBy(set, deployment));
    const replicas = deployment.spec.replicas ?? 1;
    const current = sets.find((set) => set.metadata.name === name);
    const revision = Math.max(
      0,
      ...sets.map((set) => Number(set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0)),
    );
    if (!current) {
      const labels = { ...deployment.spec.template.metadata?.labels, "pod-template-hash": hash };
      this.create(
        "apps/replicasets",
        sets.length === 0
          ? deployment
          : { ...deployment, metadata: { ...deployment.metadata, creationTimestamp: this.cluster.timestamp() } },
        {
          metadata: {
            name,
            namespace,
            labels,
            generation: 1,
            annotations: {
              "deployment.kubernetes.io/desired-replicas": String(replicas),
              "deployment.kubernetes.io/revision": String(revision + 1),
            },
          },
          spec: {
            replicas,
            selector: {
              ...deployment.spec.selector,
              matchLabels: { ...deployment.spec.selector?.matchLabels, "pod-template-hash": hash },
            },
            template: { ...deployment.spec.template, metadata: { ...deployment.spec.template.metadata, labels } },
          },
        },
      );
    }
    for (const set of this.store.all<Workload>("apps/replicasets").filter((held) => isOwnedBy(held, deployment))) {
      const wanted = set.metadata.name === name ? replicas : 0;
      if (set.spec.replicas !== wanted) {
        this.store.put("apps/replicasets", {
          ...set,
          spec: { ...set.spec, replicas: wanted },
          metadata: { ...set.metadata, generation: (set.metadata.generation ?? 1) + 1 },
        });
      }
    }
    const ready = Number(
      (this.store.get("apps/replicasets", objectKey(namespace, name))?.status as { readyReplicas?: number } | undefined)
        ?.readyReplicas ?? 0,
    );
    const at = deployment.metadata.creationTimestamp;
    const isAvailable = ready >= replicas;
    this.setStatus("apps/deployments", deployment, {
      observedGeneration: deployment.metadata.generation,
      ...(replicas > 0 ? { replicas, updatedReplicas: replicas } : {}),
      ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
      ...(replicas > ready ? { unavailableReplicas: replicas - ready } : {}),
      conditions: [
        {
          type: "Available",
          status: isAvailable ? "True" : "False",
          reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
          message: `Deployment ${isAvailable ? "has" : "does not have"} minimum availability.`,
          lastTransitionTime: at,
          lastUpdateTime: at,
        },
        {
          type: "Progressing",
          status: "True",
          reason: isAvailable ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
          message: `ReplicaSet "${name}" ${isAvailable ? "has successfully progressed" : "is progressing"}.`,
          lastTransitionTime: at,
          lastUpdateTime: at,
        },
      ],
    });
  }

  private podsOf(owner: ApiObject): Pod[] {
    return this.store.all<Pod>("/pods").filter((pod) => isOwnedBy(pod, owner));
  }

  private removePod(pod: Pod): void {
    this.store.remove("/pods", objectKey(pod.metadata.namespace, pod.metadata.name));
  }

  private podFrom(
    owner: Workload,
    name: string,
    labels: Record<string, string> = {},
  ): Omit<ApiObject, "apiVersion" | "kind"> {
    const { template } = owner.spec;
    return {
      metadata: {
        name,
        namespace: owner.metadata.namespace,
        labels: { ...template.metadata?.labels, ...labels },
        ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      },
      spec: structuredClone(template.spec),
    };
  }

  private reconcileReplicaSet(set: Workload): void {
    const pods = this.podsOf(set);
    const wanted = set.spec.replicas ?? 1;
    for (const pod of pods.slice(wanted)) this.removePod(pod);
    // A replacement gets another name than the pod that it replaces: count on until a name is free that was never used here.
    for (let missing = wanted - pods.length, attempt = pods.length; missing > 0; attempt++) {
      const generation = `${set.metadata.name}-${derivedSuffix(5, set.metadata.uid ?? "", String(attempt + this.retired(set)))}`;
      if (this.store.get("/pods", objectKey(set.metadata.namespace, generation))) continue;
      const owner =
        this.retired(set) > 0
          ? { ...set, metadata: { ...set.metadata, creationTimestamp: this.cluster.timestamp() } }
          : set;
      const pod = this.podFrom(set, generation);
      this.create("/pods", owner, {
        ...pod,
        metadata: { ...(pod.metadata as ApiObject["metadata"]), generateName: `${set.metadata.name}-` },
      });
      this.used.add(`${set.metadata.uid}/${generation}`);
      missing--;
    }
    const now = this.podsOf(set);
    const ready = now.filter(isReady).length;
    this.setStatus("apps/replicasets", set, {
      replicas: now.length,
      ...(now.length > 0 ? { fullyLabeledReplicas: now.length } : {}),
      ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
      observedGeneration: set.metadata.generation,
    });
  }

  private readonly used = new Set<string>();

  /** How many pods this set has had that are gone. */
  private retired(set: Workload): number {
    const prefix = `${set.metadata.uid}/`;
    let count = 0;
    for (const name of this.used) {
      if (
        name.startsWith(prefix) &&
        !this.store.get("/pods", objectKey(set.metadata.namespace, name.slice(prefix.length)))
      )
        count++;
    }
    return count;
  }

  private reconcileStatefulSet(set: Workload): void {
    const wanted = set.spec.replicas ?? 1;
    const names = Array.from({ length: wanted }, (_, i) => `${set.metadata.name}-${i}`);
    const hash = `${set.metadata.name}-${templateHash(set.spec.template)}`;
    for (const pod of this.podsOf(set)) {
      if (!names.includes(pod.metadata.name) || pod.metadata.labels?.["controller-revision-hash"] !== hash)
        this.removePod(pod);
    }
    names.forEach((name, index) => {
      if (this.store.get("/pods", objectKey(set.metadata.namespace, name))) return;
      const pod = this.podFrom(set, name, {
        "controller-revision-hash": hash,
        "apps.kubernetes.io/pod-index": String(index),
        "statefulset.kubernetes.io/pod-name": name,
      });
      const spec = pod.spec as Pod["spec"];
      for (const claim of set.spec.volumeClaimTemplates ?? []) {
        const claimName = `${claim.metadata.name}-${name}`;
        spec.volumes = [{ name: claim.metadata.name, persistentVolumeClaim: { claimName } }, ...(spec.volumes ?? [])];
        if (!this.store.get("/persistentvolumeclaims", objectKey(set.metadata.namespace, claimName))) {
          const volumeName = `pvc-${derivedUid(set.metadata.uid ?? "", claimName)}`;
          this.create("/persistentvolumeclaims", undefined, {
            metadata: {
              name: claimName,
              namespace: set.metadata.namespace,
              labels: { ...set.spec.selector?.matchLabels, ...claim.metadata.labels },
            },
            spec: { volumeMode: "Filesystem", ...claim.spec, volumeName },
            status: { phase: "Bound", accessModes: claim.spec.accessModes },
          });
          this.provision(volumeName, set.metadata.namespace, claimName, claim.spec);
        }
      }
      this.create("/pods", set, pod);
    });
    const pods = this.podsOf(set);
    const ready = pods.filter(isReady).length;
    this.setStatus("apps/statefulsets", set, {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      readyReplicas: ready,
      currentReplicas: pods.length,
      updatedReplicas: pods.length,
      availableReplicas: ready,
      currentRevision: hash,
      updateRevision: hash,
      collisionCount: 0,
    });
  }

  /** The volume behind a claim, as the class's driver would make it. */
  private provision(name: string, namespace: string | undefined, claim: string, spec: Record<string, unknown>): void {
    const className = spec.storageClassName;
    const storageClass = this.store
      .all<ApiObject & { provisioner?: string; reclaimPolicy?: string }>("storage.k8s.io/storageclasses")
      .find(({ metadata }) => metadata.name === className);
    if (storageClass?.provisioner === undefined || this.store.get("/persistentvolumes", objectKey(undefined, name)))
      return;
    this.create("/persistentvolumes", undefined, {
      metadata: { name },
      spec: {
        accessModes: spec.accessModes,
        capacity: (spec.resources as { requests?: unknown } | undefined)?.requests,
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: claim },
        csi: { driver: storageClass.provisioner, volumeHandle: name },
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
        storageClassName: className,
        volumeMode: "Filesystem",
      },
      status: { phase: "Bound" },
    });
  }

  private reconcileDaemonSet(set: Workload): void {
    const spec = { ...set.spec.template.spec, tolerations: daemonTolerations(set.spec.template.spec) };
    const hash = templateHash(set.spec.template);
    const nodes = this.store.all<Node>("/nodes").filter((node) => canRunOn(spec, node));
    for (const pod of this.podsOf(set)) {
      const isWanted =
        nodes.some((node) => node.metadata.name === pod.spec.nodeName) &&
        pod.metadata.labels?.["controller-revision-hash"] === hash;
      if (!isWanted) this.removePod(pod);
    }
    const covered = new Set(this.podsOf(set).map((pod) => pod.spec.nodeName));
    for (const node of nodes) {
      if (covered.has(node.metadata.name)) continue;
      const name = `${set.metadata.name}-${derivedSuffix(5, set.metadata.uid ?? "", hash, node.metadata.name)}`;
      const pod = this.podFrom(set, name, { "controller-revision-hash": hash, "pod-template-generation": "1" });
      this.create("/pods", set, {
        ...pod,
        metadata: { ...(pod.metadata as ApiObject["metadata"]), generateName: `${set.metadata.name}-` },
        spec: {
          ...(structuredClone(spec) as Pod["spec"]),
          nodeName: node.metadata.name,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  { matchFields: [{ key: "metadata.name", operator: "In", values: [node.metadata.name] }] },
                ],
              },
            },
          },
        },
      });
    }
    const ready = this.podsOf(set).filter(isReady).length;
    this.setStatus("apps/daemonsets", set, {
      currentNumberScheduled: nodes.length,
      desiredNumberScheduled: nodes.length,
      numberMisscheduled: 0,
      numberReady: ready,
      ...(ready > 0 ? { numberAvailable: ready } : {}),
      ...(nodes.length > ready ? { numberUnavailable: nodes.length - ready } : {}),
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: nodes.length,
    });
  }

  /** A Job's pods have done their work as soon as they ran. */
  private reconcileJob(job: Workload): void {
    const wanted = job.spec.completions ?? 1;
    for (let i = this.podsOf(job).length; i < wanted; i++) {
      this.create(
        "/pods",
        job,
        this.podFrom(job, `${job.metadata.name}-${derivedSuffix(5, job.metadata.uid ?? "", String(i))}`, {
          "batch.kubernetes.io/job-name": job.metadata.name,
          "job-name": job.metadata.name,
        }),
      );
    }
    const succeeded = this.podsOf(job).filter((pod) => pod.status?.phase === "Succeeded").length;
    const at = job.metadata.creationTimestamp;
    this.setStatus("batch/jobs", job, {
      startTime: at,
      ...(succeeded > 0 ? { succeeded } : { active: wanted }),
      ...(succeeded >= wanted
        ? {
            completionTime: at,
            conditions: [
              {
                type: "Complete",
                status: "True",
                reason: "CompletionsReached",
                lastProbeTime: at,
                lastTransitionTime: at,
              },
            ],
          }
        : {}),
    });
  }

  /** A CronJob shows its last run; the simulator does not wait for the next. */
  private reconcileCronJob(cronJob: CronJob): void {
    if (cronJob.spec.suspend) return;
    const name = `${cronJob.metadata.name}-29${derivedSuffix(1, cronJob.metadata.uid ?? "")}`.replace(/[a-z]$/, "0");
    if (!this.store.get("batch/jobs", objectKey(cronJob.metadata.namespace, name))) {
      const { template } = cronJob.spec.jobTemplate.spec;
      this.create("batch/jobs", cronJob, {
        metadata: {
          name,
          namespace: cronJob.metadata.namespace,
          generation: 1,
          ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
        },
        spec: { completions: 1, parallelism: 1, backoffLimit: 6, ...cronJob.spec.jobTemplate.spec },
      });
    }
    this.setStatus("batch/cronjobs", cronJob, {
      lastScheduleTime: cronJob.metadata.creationTimestamp,
      lastSuccessfulTime: cronJob.metadata.creationTimestamp,
    });
  }

  /** Keeps the EndpointSlice of a Service in step with the pods behind it. */
  private reconcileEndpoints(service: ApiObject): void {
    const endpoints = endpointsOf(service, this.store.all<Pod>("/pods"));
    if (endpoints === null) return;
    const storage = "discovery.k8s.io/endpointslices";
    const { name, namespace, uid = "" } = service.metadata;
    const slice = `${name}-${derivedSuffix(5, uid, "endpoints")}`;
    const held = this.store.get(storage, objectKey(namespace, slice));
    const labels = { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" };
    if (held === undefined) {
      const metadata = { name: slice, namespace, labels: { ...labels, "kubernetes.io/service-name": name } };
      this.create(storage, service, { metadata, ...endpoints });
    } else if (JSON.stringify({ ...held, ...endpoints }) !== JSON.stringify(held)) {
      this.store.put(storage, { ...held, ...endpoints });
    }
  }

  /** Fills the rules of aggregated ClusterRoles from the roles that their selectors choose. */
  private aggregateRoles(): void {
    const roles = this.store.all<Role>("rbac.authorization.k8s.io/clusterroles");
    for (const role of roles) {
      const selectors = role.aggregationRule?.clusterRoleSelectors;
      if (!selectors) continue;
      const rules = roles
        .filter(
          (other) =>
            other.metadata.name !== role.metadata.name &&
            selectors.some((selector) => matchesLabelSelector(other.metadata.labels ?? {}, selector)),
        )
        .flatMap((other) => other.rules ?? []);
      if (JSON.stringify(rules) !== JSON.stringify(role.rules ?? []))
        this.store.put("rbac.authorization.k8s.io/clusterroles", { ...role, rules });
    }
  }
}

function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false
  );
}

function isOwnedBy(object: ApiObject, owner: ApiObject): boolean {
  return object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) ?? false;
}

function ownerReference(owner: ApiObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

function templateHash(template: PodTemplate): string {
  return derivedSuffix(10, createHash("sha256").update(JSON.stringify(template)).digest("hex"));
}
