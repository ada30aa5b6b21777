/** Rich raw objects of the kinds of nodes.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const NODES_SAMPLES = {
  "node-reports": {
    apiVersion: "ringfence.dev/v1",
    kind: "NodeReport",
    metadata: meta("cp-1"),
    spec: {
      nodeName: "cp-1",
      collectedAt: "2026-11-20T10:00:00Z",
      collectorVersion: "0.1.0",
      files: [
        {
          path: "/etc/kubernetes/enc/config.yaml",
          role: "encryption-configuration",
          state: "read",
          mode: "0600",
          uid: 0,
          gid: 0,
          content: "file-secret",
        },
        {
          path: "/etc/kubernetes/authn.yaml",
          role: "authentication-configuration",
          state: "invalid",
          problem: "is not YAML",
        },
      ],
      auditPolicy: {
        path: "/etc/kubernetes/audit.yaml",
        unknownFields: ["rules[0].resourceNames"],
        policy: {
          omitStages: ["RequestReceived"],
          omitManagedFields: true,
          rules: [
            {
              level: "Metadata",
              users: ["system:apiserver"],
              userGroups: ["system:nodes"],
              verbs: ["get"],
              resources: [{ group: "", resources: ["secrets"], resourceNames: ["name"] }],
              namespaces: ["cde"],
              nonResourceURLs: ["/healthz*"],
              omitStages: ["ResponseStarted"],
            },
          ],
        },
      },
      authentication: {
        path: "/etc/kubernetes/authn.yaml",
        issuers: ["https://issuer.example.com"],
        anonymous: { enabled: true, paths: ["/livez"] },
        claimRules: [{ issuer: "https://issuer.example.com", claim: "acr", requiredValue: "mfa", expression: "true" }],
        certificateAuthority: "authority-secret",
      },
      authorization: {
        path: "/etc/kubernetes/authz.yaml",
        authorizers: [{ type: "Webhook", name: "opa", webhook: { connectionInfo: "connection-secret" } }],
      },
      admission: {
        path: "/etc/kubernetes/admission.yaml",
        plugins: ["PodSecurity"],
        podSecurity: {
          defaults: { enforce: "baseline" },
          exemptions: { usernames: ["u"], runtimeClasses: ["r"], namespaces: ["n"] },
        },
      },
      encryption: {
        path: "/etc/kubernetes/enc/config.yaml",
        resources: [
          {
            resources: ["secrets"],
            providers: [
              { type: "kms", kmsVersion: "v2", name: "vault", keys: [], endpoint: "endpoint-secret" },
              { type: "aescbc", keys: ["key1"], secret: "key-material-secret" },
              { type: "identity", keys: [] },
            ],
          },
        ],
      },
      kubelet: {
        path: "/var/lib/kubelet/config.yaml",
        flags: { "anonymous-auth": "false" },
        anonymous: false,
        webhook: true,
        clientCAFile: "/etc/kubernetes/pki/ca.crt",
        authorizationMode: "Webhook",
        readOnlyPort: 0,
        rotateCertificates: true,
        serverTLSBootstrap: true,
        tlsMinVersion: "VersionTLS12",
        tlsCipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
        streamingConnectionIdleTimeout: "5m0s",
        protectKernelDefaults: true,
        makeIPTablesUtilChains: true,
        eventRecordQPS: 50,
        podPidsLimit: 4096,
        seccompDefault: true,
        staticPodURLHeader: { Authorization: ["header-secret"] },
      },
      server: {
        path: "/etc/rancher/k3s/config.yaml",
        distribution: "k3s",
        arguments: [{ component: "kube-apiserver", name: "anonymous-auth", value: "false" }],
        secretsEncryption: true,
        profile: "cis",
        protectKernelDefaults: true,
        anonymousAuth: false,
        token: "join-secret",
      },
      etcd: {
        path: "/var/lib/rancher/rke2/server/db/etcd/config",
        settings: { "client-cert-auth": "true" },
        discovery: "discovery-secret",
      },
      certificates: [
        {
          path: "/etc/kubernetes/pki/apiserver.crt",
          subject: "CN=kube-apiserver",
          issuer: "CN=kubernetes",
          notBefore: "2026-01-01T00:00:00Z",
          notAfter: "2027-01-01T00:00:00Z",
          keyAlgorithm: "EC",
          keyBits: 256,
          signatureHash: "SHA-256",
          pem: "pem-secret",
        },
      ],
      timeSync: {
        tool: "chrony",
        isSynchronized: true,
        offsetMicroseconds: -42,
        sources: ["time.example.com"],
        keys: "chrony-key-secret",
      },
      patch: { updatedAt: "2026-11-10T00:00:00Z", isRebootPending: false },
      environment: "environment-secret",
    },
    status: { note: "status-secret" },
  },
};
