/**
 * What every real cluster holds beside its applications: control plane, network plug-in, log shipper, mesh, admission policies and
 * access rules. Without them most controls would answer `unknown` at once and cost nothing.
 */
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { hash, type Json, meta, TIME, uidOf } from "./generate-metadata";

export interface PlatformOptions {
  nodes: number;
  namespaces: number;
}
interface Generated {
  section: string;
  object: Json;
}

const RBAC = "rbac.authorization.k8s.io/v1";
const CONTROL_PLANES = 3;
/** Objects of the platform stand for a cluster's constant part; those per team grow with the namespaces. */
const PLATFORM_NAMESPACES = ["istio-system", "kube-system", "kyverno", "logging"];

/** Every tenth namespace belongs to the cardholder data environment, the next one is connected to it. */
export function scopeOf(namespace: number): string {
  return namespace % 10 === 0 ? "in-scope" : namespace % 10 === 1 ? "connected-to" : "out-of-scope";
}

/** The platform's objects, each section in list order and before those of the applications, whose namespaces sort later. */
export function* generatePlatform(options: PlatformOptions): Generator<Generated> {
  for (const name of PLATFORM_NAMESPACES) yield one("namespaces", "v1", "Namespace", name, undefined, NAMESPACE(name));
  for (let n = 0; n < CONTROL_PLANES; n++) yield { section: "nodes", object: controlPlaneNode(n) };
  for (const agent of DAEMONS) yield* daemonSet(agent, options.nodes);
  yield* controlPlanePods();
  yield* admission();
  yield* mesh();
  yield* clusterAccess(options.namespaces);
  yield* storage(options.namespaces);
}

/** An encrypted class, and a bound volume in every namespace; every fourth says what it holds and for how long. */
function* storage(namespaces: number): Generator<Generated> {
  yield one("storageclasses", "storage.k8s.io/v1", "StorageClass", "gp3", undefined, {
    provisioner: "ebs.csi.aws.com",
    parameters: { type: "gp3", encrypted: "true", kmsKeyId: "arn:aws:kms:eu-central-1:111122223333:key/generated" },
    reclaimPolicy: "Delete",
  });
  for (let n = 0; n < namespaces; n++) {
    const name = `team-${String(n).padStart(4, "0")}`;
    const labels = n % 4 === 0 ? { "data-classification": "cardholder-data", "data-retention": "90d" } : {};
    yield one("persistentvolumes", "v1", "PersistentVolume", `pv-${name}`, undefined, {
      spec: {
        storageClassName: "gp3",
        claimRef: { namespace: name, name: "data-0" },
        csi: { driver: "ebs.csi.aws.com" },
        persistentVolumeReclaimPolicy: "Delete",
      },
      status: { phase: "Bound" },
    });
    yield one("persistentvolumeclaims", "v1", "PersistentVolumeClaim", "data-0", name, {
      metadata: { labels },
      spec: { storageClassName: "gp3", volumeName: `pv-${name}`, accessModes: ["ReadWriteOnce"] },
      status: { phase: "Bound" },
    });
  }
}

/** An Ingress for every eighth workload; every fifth of those forgets its certificate. */
export function ingressOf(workload: number, name: string, namespace: string): Generated | null {
  if (workload % 8 !== 0) return null;
  const host = `${name}.${namespace}.example.com`;
  return one("ingresses", "networking.k8s.io/v1", "Ingress", name, namespace, {
    metadata: { annotations: { "nginx.ingress.kubernetes.io/force-ssl-redirect": "true" } },
    spec: {
      ingressClassName: "nginx",
      ...(workload % 40 === 0 ? {} : { tls: [{ hosts: [host], secretName: `${name}-tls` }] }),
      rules: [
        {
          host,
          http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 443 } } } }] },
        },
      ],
    },
  });
}

/** Every team's namespaces deny by default, save that every seventh leaves egress open. */
export function defaultDenyOf(namespaceIndex: number, namespace: string): Generated {
  return one("networkpolicies", "networking.k8s.io/v1", "NetworkPolicy", "a-default-deny", namespace, {
    spec: { podSelector: {}, policyTypes: namespaceIndex % 7 === 0 ? ["Ingress"] : ["Ingress", "Egress"] },
  });
}

function one(
  section: string,
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string | undefined,
  body: Json,
): Generated {
  const { metadata, ...rest } = body;
  const object = {
    apiVersion,
    kind,
    metadata: meta(kind, name, namespace, (metadata ?? {}) as Json),
    ...rest,
  };
  return { section, object };
}

const NAMESPACE = (name: string): Json => ({
  metadata: { labels: { "kubernetes.io/metadata.name": name, "pci-scope": "connected-to" } },
  status: { phase: "Active" },
});

function controlPlaneNode(index: number): Json {
  const name = `control-plane-${index}`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: meta("Node", name, undefined, {
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/control-plane": "",
      },
    }),
    spec: {
      podCIDR: `10.255.${index}.0/24`,
      taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    },
    status: {
      nodeInfo: {
        kubeletVersion: "v1.34.2",
        operatingSystem: "linux",
        architecture: "amd64",
        containerRuntimeVersion: "containerd://2.1.0",
      },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

interface Daemon {
  name: string;
  namespace: string;
  image: string;
  args: string[];
  hostPath?: string;
  onControlPlane?: "only";
}
const DAEMONS: readonly Daemon[] = [
  { name: "calico-node", namespace: "kube-system", image: "quay.io/calico/node:v3.31.0", args: [] },
  {
    name: "kube-proxy",
    namespace: "kube-system",
    image: "registry.k8s.io/kube-proxy:v1.34.2",
    args: ["--config=/var/lib/kube-proxy/config.conf"],
  },
  {
    name: "audit-log-shipper",
    namespace: "logging",
    image: "cr.fluentbit.io/fluent/fluent-bit:4.1.1",
    args: ["--config=/fluent-bit/etc/fluent-bit.conf"],
    hostPath: "/var/log/kubernetes",
    onControlPlane: "only",
  },
];

function* daemonSet(daemon: Daemon, workers: number): Generator<Generated> {
  const { name, namespace, image, args, hostPath } = daemon;
  const labels = { "k8s-app": name };
  const volumes = hostPath ? [{ name: "host", hostPath: { path: hostPath, type: "Directory" } }] : [];
  const spec = {
    serviceAccountName: name,
    ...(hostPath ? {} : { hostNetwork: true }),
    automountServiceAccountToken: !hostPath,
    containers: [
      {
        name,
        image,
        args,
        ...(hostPath
          ? { volumeMounts: [{ name: "host", mountPath: hostPath, readOnly: true }] }
          : { securityContext: { privileged: true } }),
        resources: { requests: { cpu: "100m", memory: "128Mi" } },
      },
    ],
    volumes,
    tolerations: [{ operator: "Exists" }],
    ...(daemon.onControlPlane ? { nodeSelector: { "node-role.kubernetes.io/control-plane": "" } } : {}),
  };
  const nodes = Array.from({ length: CONTROL_PLANES }, (_, n) => `control-plane-${n}`);
  if (!daemon.onControlPlane) for (let n = 0; n < workers; n++) nodes.push(`node-${String(n).padStart(4, "0")}`);
  const count = nodes.length;
  const uid = uidOf(`DaemonSet/${namespace}/${name}`);
  yield one("serviceaccounts", "v1", "ServiceAccount", name, namespace, {});
  yield one("daemonsets", "apps/v1", "DaemonSet", name, namespace, {
    metadata: { labels, generation: 1 },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    status: {
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      updatedNumberScheduled: count,
      numberReady: count,
      numberAvailable: count,
      numberMisscheduled: 0,
      observedGeneration: 1,
    },
  });
  const names = nodes.map((node) => ({ node, pod: `${name}-${hash(`${name}${node}`).toString(36).padStart(7, "0")}` }));
  names.sort((a, b) => (a.pod < b.pod ? -1 : 1));
  for (const { node, pod } of names)
    yield one("pods", "v1", "Pod", pod, namespace, {
      metadata: {
        labels,
        ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name, uid, controller: true }],
      },
      spec: { ...spec, nodeName: node },
      status: runningStatus(name),
    });
}

function runningStatus(container: string): Json {
  return {
    phase: "Running",
    startTime: TIME,
    conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({ type, status: "True" })),
    containerStatuses: [
      { name: container, ready: true, restartCount: 0, imageID: "", state: { running: { startedAt: TIME } } },
    ],
  };
}

const CONTROL_PLANE_PROGRAMS: readonly { name: string; args: string[]; hostPath: string }[] = [
  { name: "etcd", args: ["--client-cert-auth=true"], hostPath: "/var/lib/etcd" },
  {
    name: "kube-apiserver",
    args: [
      "--anonymous-auth=false",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--audit-policy-file=/etc/kubernetes/audit-policy.yaml",
      "--audit-log-path=/var/log/kubernetes/audit.log",
      "--encryption-provider-config=/etc/kubernetes/encryption.yaml",
      "--oidc-issuer-url=https://login.example.com",
      "--oidc-client-id=kubernetes",
    ],
    hostPath: "/var/log/kubernetes",
  },
  { name: "kube-controller-manager", args: ["--use-service-account-credentials=true"], hostPath: "/etc/kubernetes" },
  { name: "kube-scheduler", args: ["--leader-elect=true"], hostPath: "/etc/kubernetes" },
];

function* controlPlanePods(): Generator<Generated> {
  for (const { name, args, hostPath } of CONTROL_PLANE_PROGRAMS)
    for (let n = 0; n < CONTROL_PLANES; n++) {
      const node = `control-plane-${n}`;
      yield one("pods", "v1", "Pod", `${name}-${node}`, "kube-system", {
        metadata: {
          labels: { component: name, tier: "control-plane" },
          annotations: { "kubernetes.io/config.mirror": uidOf(name), "kubernetes.io/config.source": "file" },
          ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid: uidOf(node), controller: true }],
        },
        spec: {
          hostNetwork: true,
          nodeName: node,
          containers: [
            {
              name,
              image: `registry.k8s.io/${name}:v1.34.2`,
              command: [name, ...args],
              volumeMounts: [{ name: "host", mountPath: hostPath }],
            },
          ],
          volumes: [{ name: "host", hostPath: { path: hostPath, type: "DirectoryOrCreate" } }],
        },
        status: runningStatus(name),
      });
    }
}

function* admission(): Generator<Generated> {
  const match = {
    any: [{ resources: { kinds: ["Pod"], namespaceSelector: { matchLabels: { "pci-scope": "in-scope" } } } }],
  };
  const status = { ready: true, conditions: [{ type: "Ready", status: "True", reason: "Succeeded" }] };
  const rule = (name: string, pattern: Json): Json => ({
    name,
    match,
    validate: { failureAction: "Enforce", message: name, pattern: { spec: pattern } },
  });
  const policy = (name: string, rules: Json[]) =>
    one("kyverno-clusterpolicies", "kyverno.io/v1", "ClusterPolicy", name, undefined, {
      spec: { admission: true, background: true, rules },
      status,
    });
  yield one("kyverno-policyexceptions", "kyverno.io/v2", "PolicyException", "read-only-root", "team-0000", {
    spec: {
      exceptions: [{ policyName: "pod-security", ruleNames: ["read-only-root"] }],
      match: { any: [{ resources: { kinds: ["Pod"], namespaces: ["team-0000"], names: ["batch-*"] } }] },
    },
  });
  yield policy("images", [rule("allowed-registries", { containers: [{ image: "registry.example.com/*" }] })]);
  yield policy("node-pool", [rule("cde-nodes-only", { nodeSelector: { "node-pool": "cde" } })]);
  yield policy("pod-security", [
    rule("no-privileged-containers", { containers: [{ "=(securityContext)": { "=(privileged)": "false" } }] }),
    rule("no-hostpath-volumes", { "=(volumes)": [{ "X(hostPath)": "null" }] }),
    rule("read-only-root", { containers: [{ securityContext: { readOnlyRootFilesystem: true } }] }),
  ]);
  yield policy("restricted", [
    { name: "restricted", match, validate: { failureAction: "Enforce", podSecurity: { level: "restricted" } } },
  ]);
  yield one(
    "validatingwebhookconfigurations",
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "kyverno-resource-validating-webhook-cfg",
    undefined,
    {
      webhooks: [
        {
          name: "validate.kyverno.svc-fail",
          admissionReviewVersions: ["v1"],
          sideEffects: "NoneOnDryRun",
          failurePolicy: "Fail",
          matchPolicy: "Equivalent",
          clientConfig: { service: { name: "kyverno-svc", namespace: "kyverno", path: "/validate/fail", port: 443 } },
          rules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["pods"], scope: "*" },
          ],
          namespaceSelector: {},
          objectSelector: {},
        },
      ],
    },
  );
}

function* mesh(): Generator<Generated> {
  yield one("istio-peerauthentications", "security.istio.io/v1", "PeerAuthentication", "default", "istio-system", {
    spec: { mtls: { mode: "STRICT" } },
  });
  yield one("istio-destinationrules", "networking.istio.io/v1", "DestinationRule", "default", "istio-system", {
    spec: { host: "*.local", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
  });
}

/** The installer's own roles and bindings, a few wide ones of operators, and a team's role for each namespace. */
function* clusterAccess(namespaces: number): Generator<Generated> {
  const clusterRole = (name: string, rules: Json[]) =>
    one("clusterroles", RBAC, "ClusterRole", name, undefined, { rules });
  const bind = (name: string, role: string, subjects: Json[]) =>
    one("clusterrolebindings", RBAC, "ClusterRoleBinding", name, undefined, {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects,
    });
  const group = (name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name });
  const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs });

  yield clusterRole("cluster-admin", [rule(["*"], ["*"], ["*"]), { nonResourceURLs: ["*"], verbs: ["*"] }]);
  for (let n = 0; n < 40; n++)
    yield clusterRole(`operator-${String(n).padStart(2, "0")}`, [
      rule([`operator${n}.example.com`], n % 10 === 0 ? ["*"] : ["things"], ["get", "list", "watch"]),
      rule([""], n % 4 === 0 ? ["secrets", "configmaps"] : ["configmaps"], ["get", "list"]),
    ]);
  for (let n = 0; n < 60; n++)
    yield clusterRole(`system:part-${String(n).padStart(2, "0")}`, [
      rule([""], ["nodes", "endpoints"], ["get", "list", "watch"]),
      rule(["coordination.k8s.io"], ["leases"], ["create", "get", "update"]),
    ]);
  for (let n = 0; n < namespaces; n++)
    yield clusterRole(`team-${String(n).padStart(4, "0")}`, [
      rule(["", "apps"], ["pods", "deployments", "services"], ["get", "list", "watch", "create", "update"]),
    ]);
  yield bind("cluster-admin", "cluster-admin", [group("system:masters")]);
  yield bind("cluster-admins", "cluster-admin", [group("oidc:platform-admins")]);
  for (let n = 0; n < 40; n++) {
    const name = `operator-${String(n).padStart(2, "0")}`;
    yield bind(name, name, [{ kind: "ServiceAccount", name, namespace: "kube-system" }]);
  }
  yield bind("system:discovery", "system:part-00", [group("system:authenticated")]);
  for (let n = 0; n < namespaces; n++) {
    const name = `team-${String(n).padStart(4, "0")}`;
    yield one("rolebindings", RBAC, "RoleBinding", "a-team", name, {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [group(`oidc:${name}`)],
    });
  }
}

/** What the agent reads beside the lists, and what an importer has brought: the audit policy's rules and the log store's settings. */
export function clusterFacts(): ClusterFacts {
  const origin = { by: "upload" as const, name: "audit-policy.yaml", collectedAt: TIME };
  return {
    gitVersion: "v1.34.2",
    clusterUid: uidOf("kube-system"),
    encryptionTransformers: [
      { operation: "to_storage", resource: "secrets", prefix: "k8s:enc:kms:v2:", count: 120 },
      { operation: "from_storage", resource: "secrets", prefix: "k8s:enc:kms:v2:", count: 4000 },
    ],
    auditPolicies: Array.from({ length: CONTROL_PLANES }, (_, n) => ({
      origin,
      instance: `control-plane-${n}`,
      policy: {
        omitStages: ["RequestReceived" as const],
        rules: [
          { level: "Metadata" as const, resources: [{ group: "", resources: ["secrets", "configmaps"] }] },
          { level: "Request" as const, resources: [{ group: "", resources: ["pods/exec", "pods/attach"] }] },
          { level: "Metadata" as const },
        ],
      },
    })),
    logStores: [
      {
        name: "kubernetes-audit",
        kind: "opensearch",
        retention: { origin, deleteAfterDays: 400, isAttached: true, unattached: [], searchableDays: 92 },
        protection: {
          origin,
          lock: "compliance",
          lockDays: 400,
          bypassIdentities: [],
          writersThatCanDelete: [],
          breakGlass: [],
          unapprovedReaders: [],
          areReadsLogged: true,
        },
      },
    ],
  };
}
