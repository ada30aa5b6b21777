/** The allow-list of pod specs, shared by pods and everything with a template. */
import type {
  AppArmorProfile,
  Capabilities,
  ClaimTemplate,
  Condition,
  Container,
  ContainerPort,
  ContainerStatus,
  EnvFromSource,
  EnvVar,
  HttpHandler,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSecurityContext,
  PodSpec,
  PodTemplate,
  ProbeHandler,
  SeccompProfile,
  SecurityContext,
  SELinuxOptions,
  Toleration,
  Volume,
  VolumeMount,
  WindowsOptions,
} from "../kinds";
import { commandLine, keepsEtcdVariable } from "./flags";
import { type ContainerFacts, containerFacts } from "./container-facts";
import { templateMetadata } from "./metadata";
import {
  described,
  filledList,
  formOf,
  formWith,
  flag,
  identifier,
  integer,
  intOrString,
  isObject,
  list,
  map,
  object,
  presence,
  quantity,
  type Shape,
  text,
} from "./shape";

const seccompProfile = object<SeccompProfile>({ type: text, localhostProfile: text }, ["type"]);
const appArmorProfile = object<AppArmorProfile>({ type: text, localhostProfile: text }, ["type"]);
const seLinuxOptions = object<SELinuxOptions>({ user: text, role: text, type: text, level: text });
const windowsOptions = object<WindowsOptions>({ hostProcess: flag, runAsUserName: text, gmsaCredentialSpecName: text });

const securityContext = object<SecurityContext>({
  privileged: flag,
  allowPrivilegeEscalation: flag,
  readOnlyRootFilesystem: flag,
  runAsNonRoot: flag,
  runAsUser: integer,
  runAsGroup: integer,
  capabilities: object<Capabilities>({ add: list(text), drop: list(text) }),
  procMount: text,
  seccompProfile,
  appArmorProfile,
  seLinuxOptions,
  windowsOptions,
});
const podSecurityContext = object<PodSecurityContext>({
  runAsNonRoot: flag,
  runAsUser: integer,
  runAsGroup: integer,
  fsGroup: integer,
  supplementalGroups: list(integer),
  sysctls: list(object<{ name: string; value?: string }>({ name: text, value: text }, ["name"])),
  seccompProfile,
  appArmorProfile,
  seLinuxOptions,
  windowsOptions,
});

const named = object<{ name?: string }>({ name: text });
const envFields: { [K in keyof EnvVar]-?: Shape<NonNullable<EnvVar[K]>> } = {
  name: text,
  value: text,
  valueFrom: object<NonNullable<EnvVar["valueFrom"]>>({
    secretKeyRef: object<{ name?: string; key: string; optional?: boolean }>(
      { name: text, key: text, optional: flag },
      ["key"],
    ),
    configMapKeyRef: object<{ name?: string; key: string; optional?: boolean }>(
      { name: text, key: text, optional: flag },
      ["key"],
    ),
    fieldRef: object<{ fieldPath: string }>({ fieldPath: text }, ["fieldPath"]),
    resourceFieldRef: object<{ resource: string }>({ resource: text }, ["resource"]),
  }),
};
const envVarWithValue = object<EnvVar>(envFields, ["name"]);
const envVarByName: Shape<EnvVar> = (value, at) => {
  if (!isObject(value) || !Object.hasOwn(value, "value")) return envVarWithValue(value, at);
  const { value: _, ...rest } = value;
  at.dropped += 1;
  return envVarWithValue(rest, at);
};
const envVar: Shape<EnvVar> = described(
  (raw, at) => {
    const keeps =
      isObject(raw) &&
      typeof raw.name === "string" &&
      typeof raw.value === "string" &&
      keepsEtcdVariable(raw.name, raw.value, at);
    return keeps ? envVarWithValue(raw, at) : envVarByName(raw, at);
  },
  formWith(envVarWithValue, { value: { kind: "hidden" } }),
);

/** The path of a probe without its query, which may hold a token. */
const probePath: Shape<string> = (value, at) => {
  const path = text(value, at);
  const query = path.indexOf("?");
  if (query < 0) return path;
  at.dropped += 1;
  return path.slice(0, query);
};
const handler = object<ProbeHandler>({
  httpGet: object<HttpHandler>({ host: text, port: intOrString, path: probePath, scheme: text }),
  tcpSocket: object<{ host?: string; port?: number | string }>({ host: text, port: intOrString }),
  grpc: object<{ port: number }>({ port: integer }, ["port"]),
  exec: presence,
});
const quantities = object<NonNullable<Container["resources"]>>({ limits: map(quantity), requests: map(quantity) });

const containerPortShape = object<ContainerPort>(
  { name: text, containerPort: integer, hostPort: integer, hostIP: text, protocol: text },
  ["containerPort"],
);
/** The API refuses a port of the host without one of the container; in a manifest the host's port is what counts. */
const containerPort: Shape<ContainerPort> = described((value, at) => {
  const isHalf =
    !at.isParsing && isObject(value) && value.containerPort === undefined && Number.isInteger(value.hostPort);
  return containerPortShape(isHalf ? { ...value, containerPort: value.hostPort } : value, at);
}, formOf(containerPortShape));

const containerShape = object<Container>(
  {
    name: text,
    image: text,
    imagePullPolicy: text,
    command: commandLine,
    args: commandLine,
    ports: list(containerPort),
    env: list(envVar),
    envFrom: list(object<EnvFromSource>({ prefix: text, secretRef: named, configMapRef: named })),
    volumeMounts: list(
      object<VolumeMount>({ name: text, mountPath: text, readOnly: flag, subPath: text }, ["name", "mountPath"]),
    ),
    securityContext,
    restartPolicy: text,
    stdin: flag,
    tty: flag,
    resources: quantities,
    livenessProbe: handler,
    readinessProbe: handler,
    startupProbe: handler,
    lifecycle: object<{ postStart?: ProbeHandler; preStop?: ProbeHandler }>({ postStart: handler, preStop: handler }),
    facts: object<ContainerFacts>({ usesTls: flag, verifiesTls: flag, databaseUsesTls: flag }),
  },
  ["name"],
);
/** Facts are read from a projected container and worked out from a raw one, where nobody can have put true ones. */
const container: Shape<Container> = described(
  (value, at) => {
    if (at.isParsing || !isObject(value)) return containerShape(value, at);
    const { facts: _, ...raw } = value;
    // The API refuses a container without a name; a manifest that has one is judged all the same, under its position.
    raw.name ??= `container-${Number(at.path.at(-1) ?? 0) + 1}`;
    const facts = containerFacts(raw);
    const projected = containerShape(raw, at);
    return facts === undefined ? projected : { ...projected, facts };
  },
  formWith(containerShape, { command: { kind: "hidden" }, args: { kind: "hidden" } }),
);

export const claimTemplate: Shape<ClaimTemplate> = object<ClaimTemplate>({
  metadata: object<NonNullable<ClaimTemplate["metadata"]>>({ name: text, labels: map(text) }),
  spec: object<NonNullable<ClaimTemplate["spec"]>>({ storageClassName: text }),
});

/** Volume sources that are known by name only (kubernetes.io, "Volumes"); one that we have never heard of is `unknown`. */
const OTHER_SOURCES = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "gitRepo",
  "glusterfs",
  "image",
  "iscsi",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
];
type ProjectedSource = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];
const volumeFields: { [K in keyof Volume]-?: Shape<NonNullable<Volume[K]>> } = {
  name: text,
  hostPath: object<{ path: string; type?: string }>({ path: text, type: text }, ["path"]),
  emptyDir: object<{ medium?: string }>({ medium: text }),
  configMap: object<{ name?: string; optional?: boolean }>({ name: text, optional: flag }),
  secret: object<{ secretName?: string; optional?: boolean }>({ secretName: text, optional: flag }),
  persistentVolumeClaim: object<{ claimName: string; readOnly?: boolean }>({ claimName: text, readOnly: flag }, [
    "claimName",
  ]),
  projected: object<NonNullable<Volume["projected"]>>({
    sources: list(
      object<ProjectedSource>({
        serviceAccountToken: object<NonNullable<ProjectedSource["serviceAccountToken"]>>({
          audience: text,
          expirationSeconds: integer,
          path: text,
        }),
        configMap: named,
        secret: named,
        downwardAPI: presence,
        clusterTrustBundle: object<{ name?: string; signerName?: string }>({ name: text, signerName: text }),
      }),
    ),
  }),
  csi: object<{ driver: string; readOnly?: boolean }>({ driver: text, readOnly: flag }, ["driver"]),
  downwardAPI: presence,
  ephemeral: object<NonNullable<Volume["ephemeral"]>>({ volumeClaimTemplate: claimTemplate }),
  nfs: object<{ server: string; path: string }>({ server: text, path: text }, ["server", "path"]),
  otherSource: text,
};
const volumeShape = object<Volume>(volumeFields, ["name"]);
const volume: Shape<Volume> = described((value, at) => {
  if (!isObject(value)) return volumeShape(value, at);
  const { otherSource, ...raw } = value;
  if (at.isParsing) {
    if (otherSource !== undefined && !OTHER_SOURCES.includes(String(otherSource)) && otherSource !== "unknown") {
      at.fail("has an otherSource that is no volume source");
    }
    return volumeShape(value, at);
  }
  // As with a container: the API refuses a volume without a name, and a manifest's is judged under its position.
  raw.name ??= `volume-${Number(at.path.at(-1) ?? 0) + 1}`;
  const projected = volumeShape(raw, at);
  const unlisted = Object.keys(raw).filter((key) => !Object.hasOwn(volumeFields, key) && isObject(raw[key]));
  if (unlisted.length === 0) return projected;
  return { ...projected, otherSource: unlisted.find((key) => OTHER_SOURCES.includes(key)) ?? "unknown" };
}, formOf(volumeShape));

const nodeRequirement = object<NodeSelectorRequirement>({ key: text, operator: text, values: list(text) }, [
  "key",
  "operator",
]);
const nodeSelectorTerm = object<NodeSelectorTerm>({
  matchExpressions: list(nodeRequirement),
  // A DaemonSet's pods differ in nothing but the node that this names; without it they share one template.
  matchFields: list(object<{ key: string; operator: string }>({ key: text, operator: text }, ["key", "operator"])),
});
const affinity = object<NonNullable<PodSpec["affinity"]>>({
  nodeAffinity: object<NonNullable<NonNullable<PodSpec["affinity"]>["nodeAffinity"]>>({
    requiredDuringSchedulingIgnoredDuringExecution: object<{ nodeSelectorTerms: NodeSelectorTerm[] }>(
      { nodeSelectorTerms: list(nodeSelectorTerm) },
      ["nodeSelectorTerms"],
    ),
    preferredDuringSchedulingIgnoredDuringExecution: list(presence),
  }),
});

const podSpecShape = (containers: Shape<Container[]>, required: readonly (keyof PodSpec)[]): Shape<PodSpec> =>
  object<PodSpec>(
    {
      containers,
      initContainers: list(container),
      ephemeralContainers: list(container),
      volumes: list(volume),
      securityContext: podSecurityContext,
      serviceAccountName: text,
      automountServiceAccountToken: flag,
      hostNetwork: flag,
      hostPID: flag,
      hostIPC: flag,
      hostUsers: flag,
      shareProcessNamespace: flag,
      os: object<{ name: string }>({ name: text }, ["name"]),
      nodeName: text,
      nodeSelector: map(text),
      affinity,
      tolerations: list(
        object<Toleration>({ key: text, operator: text, value: text, effect: text, tolerationSeconds: integer }),
      ),
      runtimeClassName: text,
      restartPolicy: text,
      priorityClassName: text,
      imagePullSecrets: list(named),
    },
    required,
  );
const completePodSpec = podSpecShape(filledList(container), ["containers"]);
const anyPodSpec = podSpecShape(list(container), []);
/** A manifest's spec without containers is no pod, and what else it asks for (the host's network, a debug container) is read. */
const listedPodSpec: Shape<PodSpec> = described((value, at) => {
  if (!at.keepsIncomplete || !isObject(value) || (value.containers ?? null) !== null) return completePodSpec(value, at);
  at.defect ??= `${at.where()} lacks containers`;
  return { ...anyPodSpec(value, at), containers: [] };
}, formOf(completePodSpec));

/**
 * A pod's spec. `serviceAccount` is the old name of `serviceAccountName`: the API server takes it where the new one is empty, and so
 * does the projection.
 */
export const podSpec: Shape<PodSpec> = described((value, at) => {
  if (at.isParsing || !isObject(value) || value.serviceAccountName) return listedPodSpec(value, at);
  const { serviceAccount, ...rest } = value;
  if (typeof serviceAccount !== "string" || serviceAccount === "") return listedPodSpec(value, at);
  return listedPodSpec({ ...rest, serviceAccountName: serviceAccount }, at);
}, formOf(listedPodSpec));

export const podTemplate: Shape<PodTemplate> = object<PodTemplate>({ metadata: templateMetadata, spec: podSpec }, [
  "spec",
]);

export const condition: Shape<Condition> = object<Condition>(
  { type: text, status: text, reason: text, lastTransitionTime: identifier, observedGeneration: integer },
  ["type", "status"],
);
export const containerStatus: Shape<ContainerStatus> = object<ContainerStatus>(
  {
    name: text,
    image: text,
    imageID: text,
    ready: flag,
    restartCount: integer,
    state: object<NonNullable<ContainerStatus["state"]>>({
      running: object<{ startedAt?: string }>({ startedAt: identifier }),
      terminated: object<{ startedAt?: string; finishedAt?: string }>({
        startedAt: identifier,
        finishedAt: identifier,
      }),
    }),
  },
  ["name"],
);
