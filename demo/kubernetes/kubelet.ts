/**
 * Scheduler and kubelets in one: gives every pod a node by rule, an address and a status. Containers do not really run, with
 * one exception: an image that a `Program` stands for is started as a process on this machine, with its environment, its
 * mounted volumes and its service account, and lives and dies with its pod.
 */
import { createHash } from "node:crypto";
import type { Cluster } from "./cluster";
import type { Node, Pod, PodStatus } from "./objects";
import { type Program, ProgramRun } from "./program";
import { chooseNode, tolerates } from "./scheduling";
import { objectKey } from "./store";

export interface KubeletOptions {
  programs: readonly Program[];
  /** Issues the service account token of a pod. */
  issueToken(namespace: string, name: string, pod: Pod): string;
  /** `host:port` of the simulated API, as a pod sees it; undefined until the server listens. */
  apiAddress(): { host: string; port: number } | undefined;
  /** A folder of our own for mounted volumes. */
  folder: string;
  log(line: string): void;
  onProcess(pid: number, isRunning: boolean): void;
}

export class Kubelet {
  private readonly runs = new Map<string, ProgramRun>();
  private readonly addresses = new Map<string, number>();
  private readonly podsByNode = new Map<string, number>();
  private readonly unsubscribe: () => void;
  private readonly ending = new Set<Promise<void>>();
  private isStopped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: KubeletOptions,
  ) {
    this.unsubscribe = cluster.store.subscribe((change) => {
      if (change.resource === "/pods") {
        const pod = change.object as Pod;
        if (change.type === "ADDED" && pod.spec.nodeName) this.count(pod.spec.nodeName, 1);
        if (change.type === "MODIFIED" && pod.spec.nodeName && !(change.previous as Pod).spec.nodeName)
          this.count(pod.spec.nodeName, 1);
        if (change.type === "DELETED") {
          if (pod.spec.nodeName) this.count(pod.spec.nodeName, -1);
          void this.end(pod);
        } else this.settle(pod);
      }
      if (change.resource === "/nodes" && change.type !== "DELETED") {
        this.evict(change.object as Node);
        this.settlePending();
      }
      if (change.resource === "/secrets" || change.resource === "/configmaps") {
        for (const run of this.runs.values()) run.refreshVolumes();
      }
    });
  }

  /** Output of a pod's process, newest last; undefined for a container that only exists on paper. */
  findLog(namespace: string, name: string): string | undefined {
    return this.runs.get(objectKey(namespace, name))?.output();
  }

  /** Starts what is waiting for the API's address. Call it when the server listens. */
  startPrograms(): void {
    for (const pod of this.cluster.store.all<Pod>("/pods")) this.settle(pod);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.unsubscribe();
    await Promise.all([...this.runs.values()].map((run) => run.stop()));
    this.runs.clear();
  }

  private count(node: string, by: number): void {
    this.podsByNode.set(node, (this.podsByNode.get(node) ?? 0) + by);
  }

  /** A NoExecute taint sends away at once every pod that does not tolerate it; its controller makes another elsewhere. */
  private evict(node: Node): void {
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");
    if (taints.length === 0) return;
    for (const pod of this.cluster.store.all<Pod>("/pods")) {
      if (
        pod.spec.nodeName !== node.metadata.name ||
        taints.every((taint) => tolerates(pod.spec.tolerations ?? [], taint))
      )
        continue;
      this.cluster.delete(this.cluster.resource("", "v1", "pods"), pod.metadata.namespace, pod.metadata.name);
    }
  }

  private settlePending(): void {
    for (const pod of this.cluster.store.all<Pod>("/pods")) if (!pod.spec.nodeName) this.settle(pod);
  }

  /** Brings one pod a step further: node, then status, then its process. */
  private settle(pod: Pod): void {
    if (this.isStopped) return;
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const held = this.cluster.store.get("/pods", key) as Pod | undefined;
    if (!held || held.metadata.resourceVersion !== pod.metadata.resourceVersion) return;
    if (!pod.spec.nodeName) {
      const node = chooseNode(
        pod.spec,
        this.cluster.store.all<Node>("/nodes"),
        (name) => this.podsByNode.get(name) ?? 0,
      );
      if (node) this.cluster.store.put("/pods", { ...pod, spec: { ...pod.spec, nodeName: node.metadata.name } });
      else if (!pod.status?.phase) this.cluster.store.put("/pods", { ...pod, status: unschedulable(pod) });
      return;
    }
    const program = this.options.programs.find((candidate) =>
      pod.spec.containers.some((container) => candidate.runs(container.image ?? "")),
    );
    if (!pod.status?.phase || (pod.status.phase === "Pending" && !pod.status.podIP)) {
      this.cluster.store.put("/pods", { ...pod, status: this.statusOf(pod, program ? "Pending" : "Running", 0) });
      return;
    }
    const api = this.options.apiAddress();
    if (program && api && !this.runs.has(key)) this.begin(pod, program, api);
  }

  private begin(pod: Pod, program: Program, api: { host: string; port: number }): void {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const folder = `${this.options.folder}/${pod.metadata.uid}`;
    const run = new ProgramRun(program, {
      pod,
      folder,
      api,
      store: this.cluster.store,
      caPem: this.cluster.options.caPem,
      token: () => this.options.issueToken(pod.metadata.namespace ?? "", pod.spec.serviceAccountName ?? "default", pod),
      log: this.options.log,
      onProcess: this.options.onProcess,
      report: (isRunning, restarts) => {
        const held = this.cluster.store.get("/pods", key) as Pod | undefined;
        if (!held || held.metadata.uid !== pod.metadata.uid || this.isStopped) return;
        this.cluster.store.put("/pods", {
          ...held,
          status: this.statusOf(held, isRunning ? "Running" : "Waiting", restarts),
        });
      },
    });
    this.runs.set(key, run);
    // A replaced pod is gone before its successor starts: two agents with one key would be in each other's way.
    void Promise.all(this.ending).then(() => {
      if (this.runs.get(key) === run && !this.isStopped) run.start();
    });
  }

  private async end(pod: Pod): Promise<void> {
    const key = objectKey(pod.metadata.namespace, pod.metadata.name);
    const run = this.runs.get(key);
    if (!run || run.podUid !== pod.metadata.uid) return;
    this.runs.delete(key);
    const ended = run.stop();
    this.ending.add(ended);
    await ended;
    this.ending.delete(ended);
  }

  private statusOf(pod: Pod, state: "Pending" | "Running" | "Waiting", restarts: number): PodStatus {
    const node = this.cluster.store.get("/nodes", pod.spec.nodeName ?? "") as Node | undefined;
    const hostIP = node?.status?.addresses?.find((address) => address.type === "InternalIP")?.address;
    const podIP = pod.status?.podIP ?? (pod.spec.hostNetwork ? hostIP : this.nextAddress(node));
    const isJob = pod.metadata.ownerReferences?.some((owner) => owner.kind === "Job") ?? false;
    const phase = state === "Pending" ? "Pending" : isJob ? "Succeeded" : "Running";
    const isReady = state === "Running" && !isJob;
    const at = pod.metadata.creationTimestamp;
    const condition = (type: string, ok: boolean, reason?: string) => ({
      type,
      status: ok ? "True" : "False",
      lastProbeTime: null,
      lastTransitionTime: at,
      ...(reason ? { reason } : {}),
    });
    const containerState = isJob
      ? { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } }
      : state === "Running"
        ? { running: { startedAt: at } }
        : { waiting: { reason: state === "Pending" ? "ContainerCreating" : "CrashLoopBackOff" } };
    return {
      phase,
      conditions: [
        condition("PodReadyToStartContainers", true),
        condition("Initialized", true, isJob ? "PodCompleted" : undefined),
        condition("Ready", isReady, isReady ? undefined : isJob ? "PodCompleted" : "ContainersNotReady"),
        condition("ContainersReady", isReady, isReady ? undefined : isJob ? "PodCompleted" : "ContainersNotReady"),
        condition("PodScheduled", true),
      ],
      hostIP,
      hostIPs: hostIP ? [{ ip: hostIP }] : undefined,
      podIP,
      podIPs: podIP ? [{ ip: podIP }] : undefined,
      startTime: at,
      containerStatuses: pod.spec.containers.map((container) => ({
        name: container.name,
        state: containerState,
        lastState: {},
        ready: isReady,
        restartCount: restarts,
        image: container.image,
        imageID: imageId(container.image ?? ""),
        started: isReady,
      })),
      ...(pod.spec.initContainers
        ? {
            initContainerStatuses: pod.spec.initContainers.map((container) => ({
              name: container.name,
              state: { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } },
              lastState: {},
              ready: true,
              restartCount: 0,
              image: container.image,
              imageID: imageId(container.image ?? ""),
              started: false,
            })),
          }
        : {}),
      qosClass: qosClass(pod),
    };
  }

  /** The next free address of the node's pod network (the first three parts of its CIDR, `/24`). */
  private nextAddress(node: Node | undefined): string {
    const prefix = (node?.spec?.podCIDR ?? "10.244.0.0/24").split(".").slice(0, 3).join(".");
    const host = (this.addresses.get(prefix) ?? 1) + 1;
    this.addresses.set(prefix, host);
    return `${prefix}.${host}`;
  }
}

/** What a registry would have answered: the digest that the image names, or one derived from its name. */
function imageId(image: string): string {
  if (image.includes("@")) return image;
  const repository = image.replace(/:[^/:]*$/, "");
  return `${repository}@sha256:${createHash("sha256").update(image).digest("hex")}`;
}

function qosClass(pod: Pod): string {
  const resources = pod.spec.containers.map(
    (container) =>
      container.resources as { limits?: Record<string, string>; requests?: Record<string, string> } | undefined,
  );
  if (resources.every((held) => !held?.limits && !held?.requests)) return "BestEffort";
  const isGuaranteed = resources.every((held) =>
    ["cpu", "memory"].every(
      (kind) =>
        held?.limits?.[kind] !== undefined && (held.requests?.[kind] ?? held.limits[kind]) === held.limits[kind],
    ),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function unschedulable(pod: Pod): PodStatus {
  return {
    phase: "Pending",
    conditions: [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0 nodes are available: no node matches the pod's node selector, affinity and tolerations.",
        lastTransitionTime: pod.metadata.creationTimestamp,
      } as { type: string; status: string },
    ],
    qosClass: qosClass(pod),
  };
}
