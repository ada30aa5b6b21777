/**
 * A deterministic generator of whole clusters, as the Kubernetes API would answer them: the unit of work of the benchmarks.
 *
 * The same seed and size give the same bytes. 5,000 pods make about 14,500 objects and 48 MB of JSON, with the managedFields and
 * `last-applied-configuration` that real clusters carry and that redaction has to throw away.
 */
import { hash, type Json, meta, TIME, uidOf } from "./generate-metadata";
import { defaultDenyOf, generatePlatform, ingressOf, scopeOf } from "./generate-platform";

/** mulberry32: a small generator of 32-bit numbers in [0, 1), good enough for shapes and repeatable for ever. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface GeneratorOptions {
  pods: number;
  seed: number;
  podsPerWorkload?: number;
  workloadsPerNamespace?: number;
  podsPerNode?: number;
}

function podSpec(random: () => number, workload: string, index: number): Json {
  const hardened = random() < 0.7;
  return {
    serviceAccountName: random() < 0.8 ? workload : "default",
    ...(random() < 0.6 ? { automountServiceAccountToken: false } : {}),
    securityContext: hardened
      ? { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } }
      : {},
    containers: [
      {
        name: "app",
        image: `registry.example.com/team-${index % 17}/${workload}${random() < 0.5 ? `@sha256:${uidOf(workload).replaceAll("-", "").repeat(2)}` : ":1.4.2"}`,
        args: ["--listen=:8443", "--log-format=json", `--shard=${index}`],
        ports: [{ name: "https", containerPort: 8443, protocol: "TCP" }],
        env: [
          { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: `${workload}-db`, key: "url" } } },
          { name: "REGION", value: "eu-west-1" },
          { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
        ],
        resources: { limits: { cpu: "500m", memory: "256Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        securityContext: hardened
          ? { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } }
          : { privileged: random() < 0.02 },
        readinessProbe: { httpGet: { path: "/ready", port: "https", scheme: "HTTPS" }, periodSeconds: 10 },
      },
    ],
    volumes: [{ name: "tmp", emptyDir: {} }],
    tolerations: [
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
    ],
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
  };
}

/** Every object of the cluster, section by section (`pods`, `namespaces` …), each section in list order (namespace, name). */
export function* generateCluster(options: GeneratorOptions): Generator<{ section: string; object: Json }> {
  const { pods, seed, podsPerWorkload = 3, workloadsPerNamespace = 25, podsPerNode = 60 } = options;
  const random = randomOf(seed);
  const workloads = Math.max(1, Math.ceil(pods / podsPerWorkload));
  const namespaces = Math.max(1, Math.ceil(workloads / workloadsPerNamespace));
  const nodes = Math.max(1, Math.ceil(pods / podsPerNode));
  const namespaceOf = (w: number) => `team-${String(Math.floor(w / workloadsPerNamespace)).padStart(4, "0")}`;
  const nameOf = (w: number) => `service-${String(w % workloadsPerNamespace).padStart(3, "0")}`;

  yield* generatePlatform({ nodes, namespaces });
  for (let n = 0; n < namespaces; n++) {
    const name = `team-${String(n).padStart(4, "0")}`;
    const labels = {
      "kubernetes.io/metadata.name": name,
      "pci-scope": scopeOf(n),
      "pod-security.kubernetes.io/enforce": n % 3 === 0 ? "restricted" : "baseline",
    };
    yield {
      section: "namespaces",
      object: {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: meta("Namespace", name, undefined, { labels }),
        status: { phase: "Active" },
      },
    };
  }
  for (let n = 0; n < nodes; n++) {
    const name = `node-${String(n).padStart(4, "0")}`;
    yield {
      section: "nodes",
      object: {
        apiVersion: "v1",
        kind: "Node",
        metadata: meta("Node", name, undefined, {
          labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
        }),
        spec: { podCIDR: `10.${Math.floor(n / 250)}.${n % 250}.0/24`, providerID: `generated:///${name}` },
        status: {
          nodeInfo: {
            kubeletVersion: "v1.34.2",
            operatingSystem: "linux",
            architecture: "amd64",
            containerRuntimeVersion: "containerd://2.1.0",
          },
          conditions: [{ type: "Ready", status: "True" }],
        },
      },
    };
  }
  const specs: Json[] = [];
  for (let w = 0; w < workloads; w++) specs.push(podSpec(random, nameOf(w), w));
  const labelsOf = (w: number) => ({ app: nameOf(w), team: namespaceOf(w), tier: w % 3 === 0 ? "front" : "back" });
  const hashOf = (w: number) => hash(`${namespaceOf(w)}/${nameOf(w)}`).toString(36);

  for (let w = 0; w < workloads; w++) {
    const [namespace, name] = [namespaceOf(w), nameOf(w)];
    const count = Math.min(podsPerWorkload, pods - w * podsPerWorkload);
    for (let p = 0; p < count; p++) {
      const index = w * podsPerWorkload + p;
      const podName = `${name}-${hashOf(w)}-${hash(`${index}`).toString(36).padStart(5, "0").slice(0, 5)}`;
      const token = hash(podName).toString(36).slice(0, 5);
      const spec = structuredClone(specs[w]) as {
        volumes: Json[];
        containers: { volumeMounts: Json[] }[];
        nodeName?: string;
        automountServiceAccountToken?: boolean;
      };
      spec.nodeName = `node-${String(index % nodes).padStart(4, "0")}`;
      if (spec.automountServiceAccountToken !== false) {
        spec.volumes.push({
          name: `kube-api-access-${token}`,
          projected: {
            defaultMode: 420,
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              { configMap: { name: "kube-root-ca.crt" } },
            ],
          },
        });
        for (const c of spec.containers)
          c.volumeMounts.push({
            name: `kube-api-access-${token}`,
            readOnly: true,
            mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
          });
      }
      const ip = `10.${Math.floor((index % nodes) / 250)}.${(index % nodes) % 250}.${1 + (Math.floor(index / nodes) % 250)}`;
      yield {
        section: "pods",
        object: {
          apiVersion: "v1",
          kind: "Pod",
          metadata: meta("Pod", podName, namespace, {
            labels: { ...labelsOf(w), "pod-template-hash": hashOf(w) },
            ownerReferences: [
              {
                apiVersion: "apps/v1",
                kind: "ReplicaSet",
                name: `${name}-${hashOf(w)}`,
                uid: uidOf(`ReplicaSet/${namespace}/${name}-${hashOf(w)}`),
                controller: true,
                blockOwnerDeletion: true,
              },
            ],
          }),
          spec,
          status: {
            phase: "Running",
            podIP: ip,
            podIPs: [{ ip }],
            hostIP: "192.168.0.10",
            startTime: TIME,
            qosClass: "Burstable",
            conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(
              (type) => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: TIME }),
            ),
            containerStatuses: [
              {
                name: "app",
                ready: true,
                restartCount: 0,
                image: "registry.example.com/app",
                imageID: `registry.example.com/app@sha256:${uidOf(name).replaceAll("-", "").repeat(2)}`,
                state: { running: { startedAt: TIME } },
              },
            ],
          },
        },
      };
    }
  }
  for (let w = 0; w < workloads; w++) {
    const [namespace, name] = [namespaceOf(w), nameOf(w)];
    if (w % workloadsPerNamespace === 0) yield defaultDenyOf(w / workloadsPerNamespace, namespace);
    const ingress = ingressOf(w, name, namespace);
    if (ingress) yield ingress;
    const template = { metadata: { labels: labelsOf(w) }, spec: specs[w] };
    const selector = { matchLabels: { app: name } };
    const count = Math.min(podsPerWorkload, pods - w * podsPerWorkload);
    const status = { replicas: count, readyReplicas: count, availableReplicas: count, observedGeneration: 1 };
    const annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ spec: { template } }),
      "deployment.kubernetes.io/revision": "1",
    };
    yield {
      section: "deployments",
      object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: meta("Deployment", name, namespace, { labels: labelsOf(w), annotations, generation: 1 }),
        spec: { replicas: count, selector, template },
        status,
      },
    };
    yield {
      section: "replicasets",
      object: {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: meta("ReplicaSet", `${name}-${hashOf(w)}`, namespace, {
          labels: { ...labelsOf(w), "pod-template-hash": hashOf(w) },
          ownerReferences: [
            {
              apiVersion: "apps/v1",
              kind: "Deployment",
              name,
              uid: uidOf(`Deployment/${namespace}/${name}`),
              controller: true,
            },
          ],
        }),
        spec: { replicas: count, selector, template },
        status,
      },
    };
    yield {
      section: "serviceaccounts",
      object: { apiVersion: "v1", kind: "ServiceAccount", metadata: meta("ServiceAccount", name, namespace) },
    };
    yield {
      section: "services",
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: meta("Service", name, namespace, { labels: labelsOf(w) }),
        spec: {
          type: "ClusterIP",
          clusterIP: `172.20.${(w >> 8) & 255}.${w & 255}`,
          selector: { app: name },
          ports: [{ name: "https", port: 443, targetPort: "https", protocol: "TCP" }],
        },
      },
    };
    yield {
      section: "networkpolicies",
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: meta("NetworkPolicy", `allow-${name}`, namespace),
        spec: {
          podSelector: { matchLabels: { app: name } },
          policyTypes: ["Ingress"],
          ingress: [
            { from: [{ podSelector: { matchLabels: { tier: "front" } } }], ports: [{ protocol: "TCP", port: 8443 }] },
          ],
        },
      },
    };
    if (w % 5 === 0) {
      yield {
        section: "roles",
        object: {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "Role",
          metadata: meta("Role", name, namespace),
          rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
        },
      };
      yield {
        section: "rolebindings",
        object: {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: meta("RoleBinding", name, namespace),
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
          subjects: [{ kind: "ServiceAccount", name, namespace }],
        },
      };
    }
  }
}

/** The whole cluster as the API's lists would give it: one JSON text per section. */
export function clusterAsJson(options: GeneratorOptions): {
  sections: Map<string, string>;
  objects: number;
  bytes: number;
} {
  const lists = new Map<string, string[]>();
  let objects = 0;
  for (const { section, object } of generateCluster(options)) {
    objects++;
    let list = lists.get(section);
    if (!list) lists.set(section, (list = []));
    list.push(JSON.stringify(object));
  }
  let bytes = 0;
  const sections = new Map<string, string>();
  for (const [section, list] of lists) {
    const text = `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1000000"},"items":[${list.join(",")}]}`;
    bytes += Buffer.byteLength(text);
    sections.set(section, text);
  }
  return { sections, objects, bytes };
}
