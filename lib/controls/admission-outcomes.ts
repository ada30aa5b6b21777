/**
 * The outcomes that admission has to bring about in a CDE namespace, each as pods that must be refused.
 *
 * A policy is judged by what it does to these pods and not by its name or pattern: a pattern that asks only `containers` lets a bad
 * init container in, so that probe stays open. Every probe is the same compliant pod with one thing wrong; a policy that refuses
 * the compliant pod as well (it asks for something else) gets no credit for refusing the probe.
 */
import type { PodSpec } from "@/lib/inventory/kinds";
import { evaluatePodSecurity, type LevelVersion } from "@/lib/podsecurity";

export const OUTCOMES = [
  "no-privileged",
  "no-hostpath",
  "read-only-root",
  "non-root",
  "allowed-registries",
  "signed-images",
  "node-pinning",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_WORDS: Record<Outcome, string> = {
  "no-privileged": "no privileged containers",
  "no-hostpath": "no hostPath volumes",
  "read-only-root": "read-only root file systems",
  "non-root": "non-root users",
  "allowed-registries": "images from allowed registries",
  "signed-images": "signed images",
  "node-pinning": "pinning to CDE nodes",
};

/** Words that a policy about the outcome holds somewhere; for policies whose body is not understood. */
const OUTCOME_TEXT: Record<Outcome, RegExp> = {
  "no-privileged": /privileged/i,
  "no-hostpath": /hostpath|volume ?types|host-?filesystem/i,
  "read-only-root": /readonlyroot|read-only-root/i,
  "non-root": /runasnonroot|runasuser|non-?root|allowedusers/i,
  "allowed-registries": /registr|repos|\bimage\b.*startsWith/i,
  "signed-images": /cosign|notary|notation|attestor|verifyimage|signature|signed|ratify/i,
  "node-pinning": /nodeselector|nodeaffinity|tolerations|node-?pool/i,
};

export function mentions(text: string, outcome: Outcome): boolean {
  return OUTCOME_TEXT[outcome].test(text);
}

const LISTS = ["containers", "initContainers", "ephemeralContainers"] as const;
type List = (typeof LISTS)[number];
type Spec = Record<string, unknown>;
interface ProbedContainer {
  name: string;
  image: string;
  securityContext: Record<string, unknown>;
}

const GOOD_IMAGE = `registry.example.com/approved/app@sha256:${"a".repeat(64)}`;
const FOREIGN_IMAGE = `registry.invalid/foreign/app@sha256:${"b".repeat(64)}`;

export interface ProbedPod {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: Spec;
}

/** A pod that every reasonable policy accepts: restricted, read-only, with resources, labels, all three lists filled. */
export function compliantPod(namespace: string): ProbedPod {
  const container = (name: string) => ({
    name,
    image: GOOD_IMAGE,
    imagePullPolicy: "Always",
    resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
    securityContext: {
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 10001,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "probe", namespace, labels: { app: "probe", "app.kubernetes.io/name": "probe" } },
    spec: {
      automountServiceAccountToken: false,
      serviceAccountName: "probe",
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
      nodeSelector: { "node-restriction.kubernetes.io/pool": "cde" },
      containers: [container("app")],
      initContainers: [container("init")],
      ephemeralContainers: [container("debug")],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
}

export interface Probe {
  id: string;
  outcome: Outcome;
  /** What is wrong, for sentences: `privileged init container`. */
  words: string;
  /** The pod with the one thing wrong; made from a pod that the policy at hand accepts. */
  spoil(pod: ProbedPod): ProbedPod;
}

const LIST_WORDS: Record<List, string> = {
  containers: "containers",
  initContainers: "init containers",
  ephemeralContainers: "ephemeral containers",
};

function perList(outcome: Outcome, change: (container: ProbedContainer) => unknown, suffix = ""): Probe[] {
  return LISTS.map((list) => ({
    id: `${outcome}/${list}${suffix}`,
    outcome,
    words: LIST_WORDS[list],
    spoil: (pod) => ({
      ...pod,
      spec: { ...pod.spec, [list]: ((pod.spec[list] ?? []) as ProbedContainer[]).map(change) },
    }),
  }));
}
const withSecurity = (container: ProbedContainer, fields: Record<string, unknown>) => ({
  ...container,
  securityContext: { ...container.securityContext, ...fields },
});
function without(container: ProbedContainer, field: string): unknown {
  const { [field]: _, ...securityContext } = container.securityContext;
  return { ...container, securityContext };
}

/** Every probe but those for signatures, which no pattern over a pod's fields can show. */
export const PROBES: readonly Probe[] = [
  ...perList("no-privileged", (container) => withSecurity(container, { privileged: true })),
  {
    id: "no-hostpath",
    outcome: "no-hostpath",
    words: "volumes",
    spoil: (pod) => ({
      ...pod,
      spec: { ...pod.spec, volumes: [{ name: "host", hostPath: { path: "/var/log" } }] },
    }),
  },
  ...perList("read-only-root", (container) => without(container, "readOnlyRootFilesystem"), "/unset"),
  ...perList("read-only-root", (container) => withSecurity(container, { readOnlyRootFilesystem: false }), "/false"),
  {
    id: "non-root/unset",
    outcome: "non-root",
    words: "pods that set nothing",
    spoil: (pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        ...Object.fromEntries(
          LISTS.map((list) => [
            list,
            ((pod.spec[list] ?? []) as ProbedContainer[]).map((container) => {
              const { runAsNonRoot: _n, runAsUser: _u, ...securityContext } = container.securityContext;
              return { ...container, securityContext };
            }),
          ]),
        ),
      },
    }),
  },
  ...perList("non-root", (container) => withSecurity(container, { runAsNonRoot: false, runAsUser: 0 }), "/false"),
  ...perList("allowed-registries", (container) => ({ ...container, image: FOREIGN_IMAGE })),
  {
    id: "node-pinning",
    outcome: "node-pinning",
    words: "pods that name no node pool",
    spoil: (pod) => {
      const { nodeSelector: _n, affinity: _a, ...spec } = pod.spec;
      return { ...pod, spec };
    },
  },
];

/** The one open question of signatures: an image that nobody has signed. */
export const UNSIGNED = { id: "signed-images", outcome: "signed-images", words: "images without signature" } as const;

export const ALL_PROBE_IDS: Record<Outcome, readonly { id: string; words: string }[]> = Object.fromEntries(
  OUTCOMES.map((outcome) => [
    outcome,
    outcome === "signed-images" ? [UNSIGNED] : PROBES.filter((probe) => probe.outcome === outcome),
  ]),
) as unknown as Record<Outcome, readonly { id: string; words: string }[]>;

/**
 * The probes that a policy refuses, given as a function over pods; none when it refuses the compliant pod too.
 *
 * @param accepted the pod that the policy accepts, which is spoilt for each probe.
 */
export function refusedProbes(refuses: (pod: ProbedPod) => boolean, accepted: ProbedPod): string[] {
  if (refuses(accepted)) return [];
  return PROBES.filter((probe) => refuses(probe.spoil(accepted))).map((probe) => probe.id);
}

/** The probes that Pod Security refuses at a level. */
export function podSecurityProbes(enforce: LevelVersion, serverMinor: number | undefined): string[] {
  const refuses = (pod: ProbedPod) =>
    !evaluatePodSecurity(
      { annotations: {}, spec: pod.spec as unknown as PodSpec },
      enforce.level,
      enforce.version,
      serverMinor,
    ).allowed;
  return refusedProbes(refuses, compliantPod("probe"));
}
