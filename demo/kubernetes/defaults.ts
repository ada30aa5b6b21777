/** What the API server fills in before it stores an object, as far as a client can tell the difference. */
import type { ApiObject, Container, CronJob, KeyedData, Pod, PodSpec, Service, Toleration, Workload } from "./objects";

function defaultContainer(container: Container): Container {
  const image = container.image ?? "";
  const isMoving = !image.includes("@") && (!/:[^/]*$/.test(image) || image.endsWith(":latest"));
  return {
    ...container,
    ...(container.ports ? { ports: container.ports.map((port) => ({ protocol: "TCP", ...port })) } : {}),
    resources: container.resources ?? {},
    terminationMessagePath: container.terminationMessagePath ?? "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy ?? "File",
    imagePullPolicy: container.imagePullPolicy ?? (isMoving ? "Always" : "IfNotPresent"),
  };
}

export function defaultPodSpec(spec: PodSpec): PodSpec {
  return {
    ...spec,
    containers: spec.containers.map(defaultContainer),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(defaultContainer) } : {}),
    restartPolicy: spec.restartPolicy ?? "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName ?? "default-scheduler",
    ...(spec.serviceAccountName ? { serviceAccount: spec.serviceAccountName } : {}),
    ...(spec.volumes
      ? {
          volumes: spec.volumes.map((volume) => {
            if (volume.secret) return { ...volume, secret: { defaultMode: 420, ...volume.secret } };
            if (volume.configMap) return { ...volume, configMap: { defaultMode: 420, ...volume.configMap } };
            if (volume.projected) return { ...volume, projected: { defaultMode: 420, ...volume.projected } };
            return volume;
          }),
        }
      : {}),
  };
}

const EVICTION_TOLERATIONS: Toleration[] = ["not-ready", "unreachable"].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

/** DefaultTolerationSeconds, Priority and ServiceAccount admission of a pod. `suffix` makes the token volume's name. */
export function admitPod(pod: Pod, account: ApiObject | undefined, suffix: string): Pod {
  const spec = { ...defaultPodSpec(pod.spec) };
  spec.serviceAccountName ??= "default";
  spec.serviceAccount = spec.serviceAccountName;
  spec.enableServiceLinks ??= true;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
  spec.priority ??= spec.priorityClassName?.startsWith("system-") ? 2_000_000_000 : 0;
  const tolerations = spec.tolerations ?? [];
  spec.tolerations = [
    ...tolerations,
    ...EVICTION_TOLERATIONS.filter(
      (added) =>
        !tolerations.some(
          (held) => (held.key === added.key || held.key === undefined) && (!held.effect || held.effect === "NoExecute"),
        ),
    ),
  ];
  const isMounted = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
  if (isMounted && !spec.volumes?.some((volume) => volume.name.startsWith("kube-api-access-"))) {
    const name = `kube-api-access-${suffix}`;
    const mount = (container: Container): Container =>
      container.volumeMounts?.some((held) => held.mountPath === SERVICE_ACCOUNT_FOLDER)
        ? container
        : {
            ...container,
            volumeMounts: [
              ...(container.volumeMounts ?? []),
              { name, readOnly: true, mountPath: SERVICE_ACCOUNT_FOLDER },
            ],
          };
    spec.containers = spec.containers.map(mount);
    if (spec.initContainers) spec.initContainers = spec.initContainers.map(mount);
    spec.volumes = [
      ...(spec.volumes ?? []),
      {
        name,
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ];
  }
  return { ...pod, spec };
}

export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

function defaultWorkload(workload: Workload): Workload {
  const { spec } = workload;
  const template = { ...spec.template, spec: defaultPodSpec(spec.template.spec) };
  switch (workload.kind) {
    case "Deployment":
      return {
        ...workload,
        spec: {
          progressDeadlineSeconds: 600,
          replicas: 1,
          revisionHistoryLimit: 10,
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
          ...spec,
          template,
        } as Workload["spec"],
      };
    case "StatefulSet":
      return {
        ...workload,
        spec: {
          podManagementPolicy: "OrderedReady",
          replicas: 1,
          updateStrategy: { type: "RollingUpdate" },
          ...spec,
          template,
        } as Workload["spec"],
      };
    case "DaemonSet":
      return {
        ...workload,
        spec: {
          revisionHistoryLimit: 10,
          updateStrategy: { type: "RollingUpdate" },
          ...spec,
          template,
        } as Workload["spec"],
      };
    case "Job":
      return {
        ...workload,
        spec: {
          backoffLimit: 6,
          completions: 1,
          parallelism: 1,
          suspend: false,
          ...spec,
          template,
        } as Workload["spec"],
      };
    default:
      return { ...workload, spec: { ...spec, replicas: spec.replicas ?? 1, template } };
  }
}

/** The object with its defaults; unknown kinds come back as they are. */
export function withDefaults(object: ApiObject): ApiObject {
  switch (object.kind) {
    case "Namespace":
      return {
        ...object,
        metadata: {
          ...object.metadata,
          labels: { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name },
        },
        spec: { finalizers: ["kubernetes"] },
        status: object.status ?? { phase: "Active" },
      };
    case "Pod":
      return { ...object, spec: defaultPodSpec((object as Pod).spec) };
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "ReplicationController":
    case "Job":
      return defaultWorkload(object as Workload);
    case "CronJob": {
      const cronJob = object as CronJob;
      const jobSpec = cronJob.spec.jobTemplate.spec;
      return {
        ...object,
        spec: {
          concurrencyPolicy: "Allow",
          suspend: false,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 1,
          ...cronJob.spec,
          jobTemplate: {
            ...cronJob.spec.jobTemplate,
            spec: { ...jobSpec, template: { ...jobSpec.template, spec: defaultPodSpec(jobSpec.template.spec) } },
          },
        },
      };
    }
    case "Service": {
      const service = object as Service;
      return {
        ...object,
        spec: {
          sessionAffinity: "None",
          ...service.spec,
          type: service.spec.type ?? "ClusterIP",
          ...(service.spec.ports
            ? { ports: service.spec.ports.map((port) => ({ protocol: "TCP", targetPort: port.port, ...port })) }
            : {}),
        },
        status: object.status ?? { loadBalancer: {} },
      };
    }
    case "Secret": {
      const { stringData, ...secret } = object as KeyedData;
      const added = Object.entries(stringData ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value).toString("base64"),
      ]);
      return {
        ...secret,
        type: secret.type ?? "Opaque",
        ...(stringData ? { data: { ...secret.data, ...Object.fromEntries(added) } } : {}),
      };
    }
    case "NetworkPolicy": {
      const spec = object.spec as { policyTypes?: string[]; egress?: unknown[]; podSelector?: unknown };
      return {
        ...object,
        spec: {
          ...spec,
          podSelector: spec.podSelector ?? {},
          policyTypes: spec.policyTypes ?? ["Ingress", ...(spec.egress ? ["Egress"] : [])],
        },
      };
    }
    case "CustomResourceDefinition":
      return {
        ...object,
        status: {
          conditions: [
            {
              type: "NamesAccepted",
              status: "True",
              reason: "NoConflicts",
              message: "no conflicts found",
              lastTransitionTime: object.metadata.creationTimestamp,
            },
            {
              type: "Established",
              status: "True",
              reason: "InitialNamesAccepted",
              message: "the initial names have been accepted",
              lastTransitionTime: object.metadata.creationTimestamp,
            },
          ],
          acceptedNames: (object.spec as { names: unknown }).names,
          storedVersions: (object.spec as { versions: { name: string; storage: boolean }[] }).versions
            .filter((version) => version.storage)
            .map((version) => version.name),
        },
      };
    default:
      return object;
  }
}
