/** The allow-lists of Kubernetes' own kinds, one declaration per kind. Field meanings: Kubernetes API reference. */
import type {
  CronJob,
  Ingress,
  IngressBackend,
  KubeObject,
  Namespace,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  Node,
  PersistentVolume,
  Pod,
  PolicyRule,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
  ServicePort,
  Subject,
  TemplatedWorkload,
  WebhookConfiguration,
} from "../kinds";
import { caCertificates, factsOfBundle } from "./ca-bundle";
import { labelSelector } from "./metadata";
import { claimTemplate, condition, containerStatus, podSpec, podTemplate } from "./pod";
import { flag, identifier, integer, intOrString, isObject, list, map, object, oneOf, type Shape, text } from "./shape";

/** The fields of a kind beside apiVersion, kind and metadata. */
export type Body<T extends KubeObject> = Omit<T, keyof KubeObject>;

export const namespaceBody = object<Body<Namespace>>({
  status: object<NonNullable<Namespace["status"]>>({ phase: text }),
});

export const nodeBody = object<Body<Node>>({
  spec: object<NonNullable<Node["spec"]>>({
    taints: list(
      object<{ key: string; value?: string; effect: string }>({ key: text, value: text, effect: text }, [
        "key",
        "effect",
      ]),
    ),
    unschedulable: flag,
    podCIDR: text,
    podCIDRs: list(text),
    providerID: text,
  }),
  status: object<NonNullable<Node["status"]>>({
    nodeInfo: object<NonNullable<NonNullable<Node["status"]>["nodeInfo"]>>({
      kubeletVersion: text,
      kubeProxyVersion: text,
      osImage: text,
      kernelVersion: text,
      containerRuntimeVersion: text,
      operatingSystem: text,
      architecture: text,
    }),
    conditions: list(condition),
    addresses: list(object<{ type: string; address: string }>({ type: text, address: text }, ["type", "address"])),
  }),
});

const podStatus = object<NonNullable<Pod["status"]>>({
  phase: text,
  podIP: text,
  podIPs: list(object<{ ip: string }>({ ip: text }, ["ip"])),
  hostIP: text,
  startTime: identifier,
  qosClass: text,
  conditions: list(condition),
  containerStatuses: list(containerStatus),
  initContainerStatuses: list(containerStatus),
  ephemeralContainerStatuses: list(containerStatus),
});
export const persistentVolumeBody = object<Body<PersistentVolume>>(
  {
    spec: object<PersistentVolume["spec"]>({
      storageClassName: text,
      persistentVolumeReclaimPolicy: text,
      csi: object<{ driver: string }>({ driver: text }, ["driver"]),
      nfs: object<{ server: string; path: string }>({ server: text, path: text }, ["server", "path"]),
      hostPath: object<{ path: string; type?: string }>({ path: text, type: text }, ["path"]),
      local: object<{ path: string }>({ path: text }, ["path"]),
      claimRef: object<{ namespace?: string; name?: string }>({ namespace: text, name: text }),
    }),
    status: object<NonNullable<PersistentVolume["status"]>>({ phase: text, lastPhaseTransitionTime: identifier }),
  },
  ["spec"],
);

export const podBody = object<Body<Pod>>({ spec: podSpec, status: podStatus }, ["spec"]);

/** A pod as it travels: its spec is a template that many share (encoding.ts). */
export interface PodInstance extends KubeObject {
  kind: "Pod";
  /** Digest of the template. */
  template: string;
  nodeName?: string;
  status?: Pod["status"];
}
const templateDigest: Shape<string> = (value, at) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value : at.fail("must be a SHA-256 in hex");
export const podInstanceBody = object<Body<PodInstance>>(
  { template: templateDigest, nodeName: text, status: podStatus },
  ["template"],
);

export const templatedBody = object<Body<TemplatedWorkload>>(
  {
    spec: object<TemplatedWorkload["spec"]>(
      {
        replicas: integer,
        // A ReplicationController's selector is a plain map; as a LabelSelector it reads matchLabels.
        selector: (value, at) =>
          isObject(value) &&
          !Object.hasOwn(value, "matchLabels") &&
          !Object.hasOwn(value, "matchExpressions") &&
          Object.keys(value).length > 0
            ? { matchLabels: map(text)(value, at) }
            : labelSelector(value, at),
        template: podTemplate,
        paused: flag,
        suspend: flag,
        volumeClaimTemplates: list(claimTemplate),
      },
      ["template"],
    ),
    status: object<NonNullable<TemplatedWorkload["status"]>>({
      replicas: integer,
      readyReplicas: integer,
      availableReplicas: integer,
      observedGeneration: integer,
      desiredNumberScheduled: integer,
      currentNumberScheduled: integer,
      numberReady: integer,
      numberAvailable: integer,
      numberUnavailable: integer,
      updatedNumberScheduled: integer,
      conditions: list(condition),
    }),
  },
  ["spec"],
);

type JobTemplate = CronJob["spec"]["jobTemplate"];
export const cronJobBody = object<Body<CronJob>>(
  {
    spec: object<CronJob["spec"]>(
      {
        schedule: text,
        suspend: flag,
        jobTemplate: object<JobTemplate>(
          { spec: object<JobTemplate["spec"]>({ template: podTemplate }, ["template"]) },
          ["spec"],
        ),
      },
      ["jobTemplate"],
    ),
  },
  ["spec"],
);

const named = object<{ name?: string }>({ name: text });
export const serviceAccountBody = object<Body<ServiceAccount>>({
  automountServiceAccountToken: flag,
  secrets: list(named),
  imagePullSecrets: list(named),
});

export const serviceBody = object<Body<Service>>(
  {
    spec: object<Service["spec"]>({
      type: text,
      selector: map(text),
      ports: list(
        object<ServicePort>(
          { name: text, port: integer, targetPort: intOrString, protocol: text, nodePort: integer, appProtocol: text },
          ["port"],
        ),
      ),
      clusterIP: text,
      externalIPs: list(text),
      externalName: text,
      loadBalancerSourceRanges: list(text),
      externalTrafficPolicy: text,
      loadBalancerClass: text,
      allocateLoadBalancerNodePorts: flag,
    }),
    status: object<NonNullable<Service["status"]>>({
      loadBalancer: object<NonNullable<NonNullable<Service["status"]>["loadBalancer"]>>({
        ingress: list(object<{ ip?: string; hostname?: string }>({ ip: text, hostname: text })),
      }),
    }),
  },
  ["spec"],
);

const peer: Shape<NetworkPolicyPeer> = (value, at) => {
  const parsed = object<NetworkPolicyPeer>({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: object<{ cidr: string; except?: string[] }>({ cidr: text, except: list(text) }, ["cidr"]),
  })(value, at);
  const selects = parsed.podSelector !== undefined || parsed.namespaceSelector !== undefined;
  if (parsed.ipBlock === undefined && !selects) at.fail("names no peer");
  if (parsed.ipBlock !== undefined && selects) at.fail("has ipBlock beside a selector, which the API refuses");
  return parsed;
};
const policyPort = object<NetworkPolicyPort>({ protocol: text, port: intOrString, endPort: integer });
type IngressRule = NonNullable<NetworkPolicy["spec"]["ingress"]>[number];
type EgressRule = NonNullable<NetworkPolicy["spec"]["egress"]>[number];
const networkPolicyShape = object<Body<NetworkPolicy>>(
  {
    spec: object<NetworkPolicy["spec"]>({
      podSelector: labelSelector,
      policyTypes: list(oneOf("Ingress", "Egress")),
      ingress: list(object<IngressRule>({ from: list(peer), ports: list(policyPort) })),
      egress: list(object<EgressRule>({ to: list(peer), ports: list(policyPort) })),
    }),
  },
  ["spec"],
);
/** Without a spec a policy is the empty one, which selects every pod of its namespace and denies it ingress. */
export const networkPolicyBody: Shape<Body<NetworkPolicy>> = (value, at) =>
  networkPolicyShape(isObject(value) && value.spec == null ? { ...value, spec: {} } : value, at);

const backend = object<IngressBackend>({
  service: object<NonNullable<IngressBackend["service"]>>(
    { name: text, port: object<{ name?: string; number?: number }>({ name: text, number: integer }) },
    ["name"],
  ),
  resource: object<NonNullable<IngressBackend["resource"]>>({ apiGroup: text, kind: text, name: text }, [
    "kind",
    "name",
  ]),
});
type IngressSpec = Ingress["spec"];
type HostRule = NonNullable<IngressSpec["rules"]>[number];
type HttpPaths = NonNullable<HostRule["http"]>;
/** Before v1 the default backend was called `backend` and its service `serviceName`. */
export const ingressBody: Shape<Body<Ingress>> = (value, at) => {
  const spec = isObject(value) ? value.spec : undefined;
  if (at.isParsing || !isObject(spec) || spec.defaultBackend != null || !isObject(spec.backend))
    return ingressShape(value, at);
  const { backend: { serviceName: name } = {}, ...rest } = spec as { backend?: { serviceName?: unknown } };
  const defaultBackend = typeof name === "string" ? { service: { name } } : {};
  return ingressShape({ ...(value as object), spec: { ...rest, defaultBackend } }, at);
};
const ingressShape = object<Body<Ingress>>(
  {
    spec: object<IngressSpec>({
      ingressClassName: text,
      defaultBackend: backend,
      tls: list(object<{ hosts?: string[]; secretName?: string }>({ hosts: list(text), secretName: text })),
      rules: list(
        object<HostRule>({
          host: text,
          http: object<HttpPaths>(
            {
              paths: list(object<HttpPaths["paths"][number]>({ path: text, pathType: text, backend }, ["backend"])),
            },
            ["paths"],
          ),
        }),
      ),
    }),
  },
  ["spec"],
);

export const roleBody = object<Body<Role>>({
  rules: list(
    object<PolicyRule>(
      {
        verbs: list(text),
        apiGroups: list(text),
        resources: list(text),
        resourceNames: list(text),
        nonResourceURLs: list(text),
      },
      ["verbs"],
    ),
  ),
  aggregationRule: object<NonNullable<Role["aggregationRule"]>>({ clusterRoleSelectors: list(labelSelector) }),
});

export const roleBindingBody = object<Body<RoleBinding>>(
  {
    roleRef: object<RoleBinding["roleRef"]>({ apiGroup: text, kind: text, name: text }, ["kind", "name"]),
    subjects: list(object<Subject>({ kind: text, name: text, namespace: text, apiGroup: text }, ["kind", "name"])),
  },
  ["roleRef"],
);

type Webhook = NonNullable<WebhookConfiguration["webhooks"]>[number];
type ClientConfig = NonNullable<Webhook["clientConfig"]>;
/** Of a webhook that is called by URL only that it has one is kept: the address may hold a token. */
const clientConfig: Shape<ClientConfig> = (value, at) => {
  const shape = object<ClientConfig>({
    service: object<NonNullable<ClientConfig["service"]>>({ name: text, namespace: text, path: text, port: integer }, [
      "name",
      "namespace",
    ]),
    hasUrl: flag,
    caCertificates,
  });
  if (at.isParsing || !isObject(value)) return shape(value, at);
  const { hasUrl: _, caCertificates: __, ...raw } = value;
  const projected = shape(raw, at);
  if (typeof raw.url === "string") projected.hasUrl = true;
  if (typeof raw.caBundle === "string" && raw.caBundle !== "") projected.caCertificates = factsOfBundle(raw.caBundle);
  return projected;
};
type WebhookRule = NonNullable<Webhook["rules"]>[number];
export const webhookBody = object<Body<WebhookConfiguration>>({
  webhooks: list(
    object<Webhook>(
      {
        name: text,
        failurePolicy: text,
        sideEffects: text,
        timeoutSeconds: integer,
        matchPolicy: text,
        clientConfig,
        rules: list(
          object<WebhookRule>({
            apiGroups: list(text),
            apiVersions: list(text),
            resources: list(text),
            operations: list(text),
            scope: text,
          }),
        ),
        namespaceSelector: labelSelector,
        objectSelector: labelSelector,
        matchConditions: list(
          object<{ name: string; expression: string }>({ name: text, expression: text }, ["name", "expression"]),
        ),
      },
      ["name"],
    ),
  ),
});
