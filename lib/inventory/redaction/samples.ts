/**
 * One rich raw object per section for the redaction's tests: every field that is read, and beside it the places where secrets
 * really lie in such objects. Used by tests only.
 */
import type { SectionName } from "../snapshot";
import { STORAGE_SAMPLES } from "./samples-storage";
import { CHANGE_SAMPLES } from "./samples-change";
import { MONITORING_SAMPLES } from "./samples-monitoring";
import { CA_BUNDLE, EXPOSURE_SAMPLES } from "./samples-exposure";
import { NETWORK_SAMPLES } from "./samples-network";
import { ACCESS_SAMPLES } from "./samples-access";
import { WORKLOAD_SAMPLES } from "./samples-workload";
import { SECRETS_SAMPLES } from "./samples-secrets";
import { NODES_SAMPLES } from "./samples-nodes";
import { meta } from "./samples-metadata";

const probe = {
  httpGet: {
    host: "probe-host",
    port: 8080,
    path: "/ready?token=query-secret",
    scheme: "HTTP",
    httpHeaders: [{ name: "Authorization", value: "header-secret" }],
  },
  tcpSocket: { host: "probe-host", port: "http" },
  grpc: { port: 9000, service: "grpc-secret" },
  exec: { command: ["sh", "-c", "exec-secret"] },
  initialDelaySeconds: 3,
};
const container = {
  name: "app",
  image: "registry.example.com/app:1",
  imagePullPolicy: "Always",
  command: ["/bin/app", "-psecret-short-flag", "--password=flag-secret"],
  args: [
    "positional-secret",
    "--token",
    "separate-secret",
    "--enable-policy=default",
    "--enable-policy=always ALL secret-value",
    "--listen",
  ],
  workingDir: "/working-dir-secret",
  ports: [{ name: "http", containerPort: 8080, hostPort: 80, hostIP: "0.0.0.0", protocol: "TCP" }],
  env: [
    { name: "PASSWORD", value: "env-secret" },
    { name: "DATABASE_URL", value: "postgres://u:env-url-secret@db/x?sslmode=require" },
    {
      name: "FROM",
      valueFrom: {
        secretKeyRef: { name: "secret-name", key: "secret-key", optional: true },
        configMapKeyRef: { name: "cm", key: "k" },
        fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" },
        resourceFieldRef: { resource: "limits.cpu", divisor: "1" },
      },
    },
  ],
  envFrom: [{ prefix: "P_", secretRef: { name: "secret-ref" }, configMapRef: { name: "config-ref" } }],
  volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true, subPath: "sub", subPathExpr: "$(EXPR_secret)" }],
  securityContext: {
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
    procMount: "Default",
    seccompProfile: { type: "Localhost", localhostProfile: "p.json" },
    appArmorProfile: { type: "RuntimeDefault", localhostProfile: "aa" },
    seLinuxOptions: { user: "u", role: "r", type: "t", level: "l" },
    windowsOptions: {
      hostProcess: false,
      runAsUserName: "user",
      gmsaCredentialSpecName: "spec-name",
      gmsaCredentialSpec: "gmsa-secret",
    },
  },
  restartPolicy: "Always",
  stdin: false,
  tty: false,
  resources: { limits: { cpu: "1" }, requests: { memory: 1024 }, claims: [{ name: "claim-secret" }] },
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: { postStart: probe, preStop: probe },
  terminationMessagePath: "/dev/termination-secret",
};
export const samplePodSpec = {
  containers: [container],
  initContainers: [{ ...container, name: "init" }],
  ephemeralContainers: [{ ...container, name: "debug", targetContainerName: "target-secret" }],
  volumes: [
    { name: "a", hostPath: { path: "/var/log", type: "Directory" } },
    { name: "b", emptyDir: { medium: "Memory", sizeLimit: "size-secret" } },
    { name: "c", configMap: { name: "cm", optional: true, items: [{ key: "items-secret", path: "p" }] } },
    { name: "d", secret: { secretName: "sn", optional: false, items: [{ key: "items-secret", path: "p" }] } },
    { name: "e", persistentVolumeClaim: { claimName: "claim", readOnly: true } },
    {
      name: "f",
      projected: {
        sources: [
          {
            serviceAccountToken: { audience: "aud", expirationSeconds: 3600, path: "token" },
            configMap: { name: "cm" },
            secret: { name: "s" },
            downwardAPI: { items: [{ path: "downward-secret" }] },
            clusterTrustBundle: { name: "b", signerName: "s", path: "bundle-secret" },
          },
        ],
      },
    },
    {
      name: "g",
      csi: {
        driver: "csi.example.com",
        readOnly: true,
        volumeAttributes: { token: "csi-secret" },
        nodePublishSecretRef: { name: "csi-ref-secret" },
      },
    },
    { name: "h", downwardAPI: { items: [{ path: "downward-secret" }] } },
    {
      name: "i",
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { name: "claim", labels: { kind: "scratch" }, annotations: { note: "ephemeral-secret" } },
          spec: { storageClassName: "fast", resources: { requests: { storage: "request-secret" } } },
        },
      },
    },
    { name: "j", nfs: { server: "nfs.example.com", path: "/export" } },
    { name: "k", iscsi: { targetPortal: "iscsi-secret", chapAuthSession: true } },
    { name: "l", somethingNew: { token: "new-secret" } },
  ],
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    supplementalGroups: [1],
    sysctls: [{ name: "net.core.somaxconn", value: "1" }],
    seccompProfile: { type: "RuntimeDefault" },
    appArmorProfile: { type: "RuntimeDefault" },
    seLinuxOptions: { level: "l" },
    windowsOptions: { gmsaCredentialSpec: "gmsa-secret" },
    fsGroupChangePolicy: "policy-secret",
  },
  serviceAccountName: "sa",
  automountServiceAccountToken: false,
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  hostUsers: true,
  shareProcessNamespace: false,
  os: { name: "linux" },
  nodeName: "node-1",
  nodeSelector: { pool: "cde" },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [{ key: "k", operator: "In", values: ["v"] }],
            matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }],
          },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { note: "preferred-secret" } }],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "affinity-secret" }] },
  },
  tolerations: [{ key: "k", operator: "Equal", value: "v", effect: "NoSchedule", tolerationSeconds: 3 }],
  runtimeClassName: "gvisor",
  restartPolicy: "Always",
  priorityClassName: "high",
  imagePullSecrets: [{ name: "pull" }],
  hostAliases: [{ ip: "10.0.0.1", hostnames: ["alias-secret"] }],
  hostname: "host-secret",
  dnsConfig: { searches: ["dns-secret"] },
  schedulerName: "scheduler-secret",
};
const template = {
  metadata: {
    labels: { app: "a" },
    annotations: { "example.com/x": "template-annotation-secret" },
    name: "template-name-secret",
  },
  spec: samplePodSpec,
};
const condition = {
  type: "Ready",
  status: "True",
  reason: "R",
  message: "condition-message-secret",
  lastTransitionTime: "2026-01-02T03:04:05Z",
  lastHeartbeatTime: "2026-01-02T03:04:05Z",
  observedGeneration: 1,
};
const containerStatus = {
  name: "app",
  image: "i",
  imageID: "registry/app@sha256:abc",
  ready: true,
  restartCount: 0,
  containerID: "containerd://id-secret",
  state: {
    running: { startedAt: "2026-11-20T03:00:00Z" },
    terminated: {
      startedAt: "2026-11-20T03:00:00Z",
      finishedAt: "2026-11-20T04:00:00Z",
      message: "termination-message-secret",
    },
  },
};
const selector = { matchLabels: { app: "a" }, matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] };
const workloadStatus = {
  replicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  observedGeneration: 1,
  desiredNumberScheduled: 1,
  currentNumberScheduled: 1,
  numberReady: 1,
  numberAvailable: 1,
  numberUnavailable: 0,
  updatedNumberScheduled: 1,
  conditions: [condition],
};
const workload = (apiVersion: string, kind: string) => ({
  apiVersion,
  kind,
  metadata: meta("w", "cde"),
  spec: {
    replicas: 1,
    selector,
    template,
    paused: false,
    suspend: false,
    strategy: { type: "strategy-secret" },
    volumeClaimTemplates: [
      {
        metadata: { name: "data", labels: { kind: "orders" }, annotations: { note: "vct-secret" } },
        spec: { storageClassName: "fast", selector: { matchLabels: { x: "claim-selector-secret" } } },
      },
    ],
  },
  status: workloadStatus,
});
const role = (kind: string, namespace?: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind,
  metadata: meta("role", namespace),
  rules: [
    {
      verbs: ["get"],
      apiGroups: [""],
      resources: ["pods"],
      resourceNames: ["n"],
      nonResourceURLs: ["/healthz"],
      attributes: "rule-secret",
    },
  ],
  aggregationRule: { clusterRoleSelectors: [selector] },
});
const binding = (kind: string, namespace?: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind,
  metadata: meta("binding", namespace),
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view", extra: "ref-secret" },
  subjects: [{ kind: "ServiceAccount", name: "sa", namespace: "cde", apiGroup: "", extra: "subject-secret" }],
});
const webhooks = (kind: string) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind,
  metadata: meta("hook"),
  webhooks: [
    {
      name: "h.example.com",
      failurePolicy: "Fail",
      sideEffects: "None",
      timeoutSeconds: 5,
      matchPolicy: "Equivalent",
      clientConfig: {
        service: { name: "s", namespace: "n", path: "/p", port: 443 },
        url: "https://u:url-secret@example.com",
        caBundle: CA_BUNDLE,
      },
      rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["pods"], operations: ["CREATE"], scope: "*" }],
      namespaceSelector: selector,
      objectSelector: selector,
      matchConditions: [{ name: "only-cde", expression: "request.namespace == 'cde'" }],
      admissionReviewVersions: ["review-secret"],
    },
  ],
});
const tls = {
  mode: "SIMPLE",
  caCertificates: "tls-ca-secret",
  privateKey: "tls-key-secret",
  credentialName: "tls-credential-secret",
};
const crd = (apiVersion: string, kind: string, namespace: string | undefined, spec: unknown, status?: unknown) => ({
  apiVersion,
  kind,
  metadata: meta("custom", namespace),
  spec,
  ...(status === undefined ? {} : { status }),
});
const kyvernoSpec = {
  validationFailureAction: "Enforce",
  validationFailureActionOverrides: [{ action: "Audit", namespaces: ["n"], namespaceSelector: selector }],
  background: true,
  admission: true,
  emitWarning: false,
  failurePolicy: "Fail",
  applyRules: "All",
  schemaValidation: false,
  webhookConfiguration: {
    failurePolicy: "Fail",
    timeoutSeconds: 5,
    matchConditions: [{ name: "m", expression: "true" }],
  },
  rules: [
    {
      name: "r",
      match: { any: [{ resources: { kinds: ["Pod"] } }] },
      exclude: { any: [{ resources: { namespaces: ["x"] } }] },
      preconditions: { all: [{ key: "k", operator: "Equals", value: "v" }] },
      context: [{ name: "c", apiCall: { urlPath: "context-secret" } }],
      validate: {
        failureAction: "Enforce",
        failureActionOverrides: [{ action: "Audit", namespaces: ["n"] }],
        allowExistingViolations: true,
        message: "validate-message-secret",
        pattern: { spec: { hostNetwork: "false" } },
        anyPattern: [{ spec: "p" }],
        deny: { conditions: [] },
        podSecurity: { level: "restricted" },
        foreach: [{ list: "l" }],
        cel: { expressions: [{ expression: "e" }] },
      },
      verifyImages: [
        {
          type: "Cosign",
          imageReferences: ["r/*"],
          skipImageReferences: ["s"],
          failureAction: "Enforce",
          required: true,
          verifyDigest: true,
          mutateDigest: true,
          attestors: [
            {
              count: 1,
              entries: [
                {
                  keys: { publicKeys: "attestor-secret" },
                  certificates: { cert: "certificate-secret" },
                  keyless: {
                    subject: "https://github.com/example/*",
                    issuer: "https://token.actions.githubusercontent.com",
                    subjectRegExp: "^https://github.com/example/.+$",
                    issuerRegExp: "^https://token.+$",
                    roots: "roots-secret",
                  },
                  attestor: { keys: "nested-secret" },
                },
              ],
            },
          ],
        },
      ],
      mutate: { patchStrategicMerge: "mutate-secret" },
      generate: { data: "generate-secret" },
    },
  ],
};
const ciliumSpec = {
  endpointSelector: { matchLabels: { a: "b" } },
  nodeSelector: {},
  enableDefaultDeny: { ingress: true, egress: false },
  description: "description-secret",
  ingress: [
    {
      fromEndpoints: [{}],
      toPorts: [{ rules: { http: [{ method: "GET", headers: ["X-Token: cilium-header-secret"] }] } }],
    },
  ],
  ingressDeny: [],
  egress: [],
  egressDeny: [],
};
const calicoSpec = {
  selector: "all()",
  namespaceSelector: "all()",
  serviceAccountSelector: "all()",
  types: ["Ingress"],
  order: 10.5,
  tier: "default",
  ingress: [{ action: "Allow" }],
  egress: [],
  applyOnForward: false,
  doNotTrack: false,
  preDNAT: false,
  performanceHints: ["hint-secret"],
};
const adminSpec = {
  priority: 1,
  tier: "Admin",
  subject: { namespaces: {} },
  ingress: [{ action: "Deny" }],
  egress: [],
  notes: "notes-secret",
};

export const SAMPLES: Record<SectionName, Record<string, unknown>> = {
  namespaces: {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: meta("cde"),
    spec: { finalizers: ["finalizer-secret"] },
    status: { phase: "Active", conditions: [condition] },
  },
  nodes: {
    apiVersion: "v1",
    kind: "Node",
    metadata: meta("node-1"),
    spec: {
      taints: [{ key: "k", value: "v", effect: "NoSchedule", timeAdded: "x" }],
      unschedulable: false,
      podCIDR: "10.0.0.0/24",
      podCIDRs: ["10.0.0.0/24"],
      providerID: "aws:///x",
      externalID: "external-secret",
    },
    status: {
      nodeInfo: {
        kubeletVersion: "v1.34.0",
        kubeProxyVersion: "v1.34.0",
        osImage: "os",
        kernelVersion: "6",
        containerRuntimeVersion: "containerd://2",
        operatingSystem: "linux",
        architecture: "amd64",
        machineID: "machine-secret",
        bootID: "boot-secret",
      },
      conditions: [condition],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      images: [{ names: ["image-list-secret"] }],
    },
  },
  persistentvolumes: {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: meta("pv"),
    spec: {
      hostPath: { path: "/data", type: "Directory" },
      local: { path: "/mnt/disk", fsType: "ext4" },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: "cde",
        name: "data",
        uid: "claim-secret",
      },
      storageClassName: "fast",
      persistentVolumeReclaimPolicy: "Retain",
      csi: { driver: "d", volumeHandle: "handle-secret", nodePublishSecretRef: { name: "csi-secret" } },
      nfs: { server: "nfs.example.com", path: "/export" },
      mountOptions: ["mount-option-secret"],
    },
    status: { phase: "Bound", lastPhaseTransitionTime: "2026-11-01T00:00:00Z", message: "volume-message-secret" },
  },
  pods: {
    apiVersion: "v1",
    kind: "Pod",
    metadata: meta("pod", "cde"),
    spec: samplePodSpec,
    status: {
      phase: "Running",
      podIP: "10.0.0.2",
      podIPs: [{ ip: "10.0.0.2" }],
      hostIP: "10.0.0.1",
      startTime: "2026-01-02T03:04:05Z",
      qosClass: "Burstable",
      message: "status-message-secret",
      conditions: [condition],
      containerStatuses: [containerStatus],
      initContainerStatuses: [containerStatus],
      ephemeralContainerStatuses: [containerStatus],
    },
  },
  serviceaccounts: {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: meta("sa", "cde"),
    automountServiceAccountToken: true,
    secrets: [{ name: "s", fieldPath: "field-path-secret" }],
    imagePullSecrets: [{ name: "p" }],
  },
  services: {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta("svc", "cde"),
    spec: {
      type: "LoadBalancer",
      selector: { app: "a" },
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP", nodePort: 30000, appProtocol: "https" }],
      clusterIP: "10.1.0.1",
      externalIPs: ["1.2.3.4"],
      externalName: "x.example.com",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      externalTrafficPolicy: "Local",
      loadBalancerClass: "c",
      allocateLoadBalancerNodePorts: false,
      sessionAffinity: "affinity-secret",
    },
    status: {
      loadBalancer: { ingress: [{ ip: "1.2.3.4", hostname: "lb.example.com", ports: [{ error: "port-secret" }] }] },
    },
  },
  replicationcontrollers: {
    ...workload("v1", "ReplicationController"),
    spec: { replicas: 1, selector: { app: "a" }, template },
  },
  deployments: workload("apps/v1", "Deployment"),
  statefulsets: workload("apps/v1", "StatefulSet"),
  daemonsets: workload("apps/v1", "DaemonSet"),
  replicasets: workload("apps/v1", "ReplicaSet"),
  jobs: workload("batch/v1", "Job"),
  cronjobs: {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: meta("cj", "cde"),
    spec: {
      schedule: "* * * * *",
      suspend: false,
      timeZone: "zone-secret",
      jobTemplate: { metadata: { annotations: { x: "job-annotation-secret" } }, spec: { template } },
    },
  },
  networkpolicies: {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: meta("np", "cde"),
    spec: {
      podSelector: selector,
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ podSelector: selector, namespaceSelector: {} }],
          ports: [{ protocol: "TCP", port: "http", endPort: 90 }],
        },
      ],
      egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }],
    },
  },
  ingresses: {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: meta("ing", "cde"),
    spec: {
      ingressClassName: "nginx",
      defaultBackend: {
        service: { name: "s", port: { number: 80, name: "p" } },
        resource: { apiGroup: "g", kind: "K", name: "n" },
      },
      tls: [{ hosts: ["h.example.com"], secretName: "tls" }],
      rules: [
        {
          host: "h.example.com",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } }],
          },
        },
      ],
    },
    status: { loadBalancer: { ingress: [{ ip: "ingress-status-secret" }] } },
  },
  roles: role("Role", "cde"),
  clusterroles: role("ClusterRole"),
  rolebindings: binding("RoleBinding", "cde"),
  clusterrolebindings: binding("ClusterRoleBinding"),
  validatingwebhookconfigurations: webhooks("ValidatingWebhookConfiguration"),
  mutatingwebhookconfigurations: webhooks("MutatingWebhookConfiguration"),
  validatingadmissionpolicies: crd(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    undefined,
    {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: [] },
      matchConditions: [{ name: "m", expression: "true" }],
      validations: [
        {
          expression: "e",
          reason: "Forbidden",
          message: "vap-message-secret",
          messageExpression: "'vap-expression-secret'",
        },
      ],
      variables: [{ name: "v", expression: "x" }],
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      auditAnnotations: [{ key: "audit-secret" }],
    },
    {
      observedGeneration: 1,
      conditions: [condition],
      typeChecking: { expressionWarnings: [{ warning: "warning-secret" }] },
    },
  ),
  validatingadmissionpolicybindings: crd(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding",
    undefined,
    {
      policyName: "p",
      validationActions: ["Deny"],
      matchResources: { namespaceSelector: {} },
      paramRef: { name: "n", namespace: "ns", selector, parameterNotFoundAction: "Deny" },
    },
  ),
  "kyverno-clusterpolicies": crd("kyverno.io/v1", "ClusterPolicy", undefined, kyvernoSpec, {
    ready: true,
    conditions: [condition],
    rulecount: { validate: 1 },
  }),
  "kyverno-policies": crd("kyverno.io/v1", "Policy", "cde", kyvernoSpec, { ready: true }),
  "gatekeeper-constrainttemplates": crd(
    "templates.gatekeeper.sh/v1",
    "ConstraintTemplate",
    undefined,
    {
      crd: { spec: { names: { kind: "K8sPSP" } } },
      targets: [{ target: "admission.k8s.gatekeeper.sh", rego: "rego-secret" }],
    },
    { created: true, byPod: [{ id: "by-pod-secret" }] },
  ),
  "gatekeeper-constraints": crd(
    "constraints.gatekeeper.sh/v1beta1",
    "K8sPSP",
    undefined,
    {
      enforcementAction: "deny",
      scopedEnforcementActions: [{ action: "deny", enforcementPoints: [{ name: "*" }] }],
      match: { kinds: [{ kinds: ["Pod"] }] },
      parameters: { labels: ["l"] },
    },
    { totalViolations: 1, auditTimestamp: "2026-01-02T03:04:05Z", violations: [{ message: "violation-secret" }] },
  ),
  "istio-peerauthentications": crd("security.istio.io/v1", "PeerAuthentication", "cde", {
    selector: { matchLabels: { a: "b" } },
    mtls: { mode: "STRICT" },
    portLevelMtls: { 8080: { mode: "PERMISSIVE" } },
  }),
  "istio-destinationrules": crd("networking.istio.io/v1", "DestinationRule", "cde", {
    host: "h",
    trafficPolicy: { tls, portLevelSettings: [{ port: { number: 443 }, tls }], loadBalancer: { simple: "lb-secret" } },
    subsets: [{ name: "s", labels: { v: "1" }, trafficPolicy: { tls } }],
    exportTo: ["."],
    workloadSelector: { matchLabels: { a: "b" } },
  }),
  "gateway-gateways": crd(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "cde",
    {
      gatewayClassName: "c",
      listeners: [
        {
          name: "l",
          hostname: "h",
          port: 443,
          protocol: "HTTPS",
          tls: {
            mode: "Terminate",
            certificateRefs: [{ group: "", kind: "Secret", name: "t", namespace: "n" }],
            options: { x: "tls-option-secret" },
          },
          allowedRoutes: { namespaces: { from: "All" } },
        },
      ],
      addresses: [{ type: "IPAddress", value: "1.2.3.4" }],
    },
    {
      addresses: [{ type: "IPAddress", value: "1.2.3.4" }],
      conditions: [condition],
      listeners: [{ name: "l", attachedRoutes: 1, supportedKinds: [{ kind: "HTTPRoute" }] }],
    },
  ),
  "gateway-httproutes": crd("gateway.networking.k8s.io/v1", "HTTPRoute", "cde", {
    parentRefs: [{ group: "g", kind: "Gateway", name: "g", namespace: "n", sectionName: "s", port: 443 }],
    hostnames: ["h"],
    rules: [
      {
        name: "r",
        matches: [
          {
            path: { type: "PathPrefix", value: "/" },
            method: "GET",
            headers: [{ name: "X", value: "match-header-secret" }],
          },
        ],
        filters: [
          {
            type: "RequestRedirect",
            requestRedirect: { scheme: "https", hostname: "h", port: 443, statusCode: 301 },
            requestHeaderModifier: { set: [{ name: "A", value: "filter-header-secret" }] },
          },
        ],
        backendRefs: [{ name: "s", port: 80, weight: 1 }],
      },
    ],
  }),
  "openshift-routes": crd(
    "route.openshift.io/v1",
    "Route",
    "cde",
    {
      host: "h",
      path: "/",
      to: { kind: "Service", name: "s", weight: 100 },
      alternateBackends: [{ kind: "Service", name: "s", weight: 1 }],
      port: { targetPort: "http" },
      tls: {
        termination: "edge",
        insecureEdgeTerminationPolicy: "Redirect",
        externalCertificate: { name: "c" },
        certificate: "cert-secret",
        key: "key-secret",
        caCertificate: "ca-secret",
      },
      wildcardPolicy: "None",
    },
    { ingress: [{ host: "h", routerName: "r", conditions: [condition] }] },
  ),
  "openshift-apiservers": crd("config.openshift.io/v1", "APIServer", undefined, {
    encryption: { type: "aescbc" },
    audit: { profile: "Default", customRules: [{ group: "g", profile: "p" }] },
    tlsSecurityProfile: { type: "Intermediate", custom: { ciphers: ["custom-secret"] } },
    clientCA: { name: "ca" },
    servingCerts: { namedCertificates: [{ names: ["serving-secret"] }] },
  }),
  "openshift-oauths": crd("config.openshift.io/v1", "OAuth", undefined, {
    identityProviders: [
      {
        name: "idp",
        type: "OpenID",
        mappingMethod: "claim",
        openID: { clientID: "client-id-secret", clientSecret: { name: "client-secret" } },
      },
    ],
    tokenConfig: { accessTokenMaxAgeSeconds: 86400, accessTokenInactivityTimeout: "15m" },
  }),
  "cilium-networkpolicies": crd("cilium.io/v2", "CiliumNetworkPolicy", "cde", ciliumSpec),
  "cilium-clusterwidenetworkpolicies": {
    apiVersion: "cilium.io/v2",
    kind: "CiliumClusterwideNetworkPolicy",
    metadata: meta("ccnp"),
    specs: [ciliumSpec],
  },
  "calico-networkpolicies": crd("projectcalico.org/v3", "NetworkPolicy", "cde", calicoSpec),
  "calico-globalnetworkpolicies": crd("crd.projectcalico.org/v1", "GlobalNetworkPolicy", undefined, calicoSpec),
  adminnetworkpolicies: crd("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", undefined, adminSpec),
  baselineadminnetworkpolicies: crd(
    "policy.networking.k8s.io/v1alpha1",
    "BaselineAdminNetworkPolicy",
    undefined,
    adminSpec,
  ),
  clusternetworkpolicies: crd("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", undefined, adminSpec),
  ...STORAGE_SAMPLES,
  ...CHANGE_SAMPLES,
  ...MONITORING_SAMPLES,
  ...EXPOSURE_SAMPLES,
  ...NETWORK_SAMPLES,
  ...ACCESS_SAMPLES,
  ...WORKLOAD_SAMPLES,
  ...SECRETS_SAMPLES,
  ...NODES_SAMPLES,
};
