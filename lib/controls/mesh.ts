/**
 * Whether a service mesh encrypts all traffic of a namespace's workloads and refuses plain text.
 *
 * Istio: a pod takes part by its sidecar or by ambient enrolment; the narrowest PeerAuthentication decides, none means PERMISSIVE.
 * Linkerd: pods with its proxy encrypt among each other; whether others are let in says the default inbound policy.
 * Source: Istio, "PeerAuthentication" and "Ambient mode"; Linkerd, "Authorization policy".
 */
import { allContainers, refOf, type Workload } from "@/lib/inventory/inventory";
import type { CustomObject, PodSpec } from "@/lib/inventory/kinds";
import { matchesLabels } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import type { EvaluationContext, EvidencePointer } from "./types";

/** Where Istio keeps the settings of the whole mesh unless configured otherwise. */
export const ISTIO_ROOT = "istio-system";

export interface Finding {
  text: string;
  evidence: EvidencePointer;
}

export interface Mesh {
  name: "Istio" | "Linkerd" | null;
  fails: Finding[];
  unknown: string | null;
  evidence: EvidencePointer[];
}

/** What the mesh says about the workloads; `name: null` when there is none. */
export function meshFindings(context: EvaluationContext, namespace: string, workloads: readonly Workload[]): Mesh {
  const { inventory } = context;
  const policies = inventory.list("istio-peerauthentications");
  const labels = inventory.namespaces.get(namespace)?.metadata.labels ?? {};
  const hasIstio =
    policies.length > 0 ||
    inventory.list("istio-destinationrules").length > 0 ||
    workloads.some((w) => isInIstio(w, labels));
  if (hasIstio) return istio(context, namespace, workloads, policies, labels);
  if (workloads.some((w) => hasContainer(w, "linkerd-proxy"))) return linkerd(context, namespace, workloads);
  return { name: null, fails: [], unknown: null, evidence: [] };
}

function istio(
  context: EvaluationContext,
  namespace: string,
  workloads: readonly Workload[],
  policies: readonly CustomObject[],
  labels: Record<string, string>,
): Mesh {
  const fails: Finding[] = [];
  const evidence: EvidencePointer[] = [];
  for (const workload of workloads) {
    const ref = workload.variants[0]?.source.ref ?? workload.ref;
    if (!isInIstio(workload, labels)) {
      fails.push({
        text: `${workload.ref.name} is outside the mesh`,
        evidence: { ref, pointer: `${workload.variants[0]?.source.pointer ?? "/spec"}/containers` },
      });
      continue;
    }
    const { mode, policy, weakPorts } = effectiveMode(policies, namespace, workload.labels);
    const source =
      policy === null
        ? `no PeerAuthentication, so Istio's default ${mode}`
        : `PeerAuthentication ${namespaceOf(policy)}/${policy.metadata.name}`;
    const at: EvidencePointer =
      policy === null ? { ref, pointer: "" } : { ref: refOf(policy), pointer: "/spec/mtls/mode", found: mode };
    if (mode !== "STRICT")
      fails.push({ text: `${workload.ref.name} accepts plain text (mode ${mode}: ${source})`, evidence: at });
    for (const port of weakPorts)
      fails.push({
        text: `${workload.ref.name} accepts plain text on port ${port} (${source})`,
        evidence: policy === null ? at : { ref: refOf(policy), pointer: `/spec/portLevelMtls/${port}` },
      });
    if (policy !== null) evidence.push(at);
  }
  const seen = new Map(evidence.map((pointer) => [`${pointer.ref.namespace}/${pointer.ref.name}`, pointer]));
  return { name: "Istio", fails, unknown: null, evidence: [...seen.values()] };
}

type PeerSpec = {
  selector?: { matchLabels?: Record<string, string> };
  mtls?: { mode?: string };
  portLevelMtls?: Record<string, { mode?: string }>;
};

/**
 * The narrowest policy that says a mode: for the workload (selector), for the namespace, for the mesh (root namespace, without a
 * selector); UNSET inherits; nothing at all is PERMISSIVE. Port settings count only beside a selector.
 */
function effectiveMode(
  policies: readonly CustomObject[],
  namespace: string,
  labels: Record<string, string>,
): { mode: string; policy: CustomObject | null; weakPorts: string[] } {
  const specOf = (policy: CustomObject): PeerSpec => (policy.spec ?? {}) as PeerSpec;
  const selects = (policy: CustomObject): boolean => Object.keys(specOf(policy).selector?.matchLabels ?? {}).length > 0;
  const narrow = policies.filter(
    (p) => namespaceOf(p) === namespace && selects(p) && matchesLabels(specOf(p).selector?.matchLabels, labels),
  );
  const wide = policies.filter((p) => namespaceOf(p) === namespace && !selects(p));
  const mesh = policies.filter((p) => namespaceOf(p) === ISTIO_ROOT && !selects(p));
  const weakPorts = narrow.flatMap((p) =>
    Object.entries(specOf(p).portLevelMtls ?? {})
      .filter(([, { mode }]) => mode === "PERMISSIVE" || mode === "DISABLE")
      .map(([port]) => port),
  );
  for (const policy of [narrow, wide, mesh].flatMap(oldestFirst)) {
    const mode = specOf(policy).mtls?.mode ?? "UNSET";
    if (mode !== "UNSET") return { mode, policy, weakPorts };
  }
  return { mode: "PERMISSIVE", policy: narrow[0] ?? null, weakPorts };
}

/** Of several policies of the same reach Istio takes the oldest; where their age isn't known, the one that asks for least. */
function oldestFirst(policies: readonly CustomObject[]): CustomObject[] {
  const rank = (policy: CustomObject) => (((policy.spec ?? {}) as PeerSpec).mtls?.mode === "STRICT" ? 1 : 0);
  return [...policies].sort((a, b) => {
    const [x, y] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
    return x !== "" && y !== "" && x !== y ? (x < y ? -1 : 1) : rank(a) - rank(b);
  });
}

/** A live pod shows its sidecar; a template is enrolled by its namespace's label. Ambient enrols by label without a sidecar. */
function isInIstio(workload: Workload, namespaceLabels: Record<string, string>): boolean {
  if (workload.variants.some(({ spec }) => spec.hostNetwork === true)) return false;
  const own = workload.labels["istio.io/dataplane-mode"] ?? workload.annotations["istio.io/dataplane-mode"];
  if ((own ?? namespaceLabels["istio.io/dataplane-mode"]) === "ambient") return true;
  if (workload.variants.every(({ spec }) => containerNames(spec).includes("istio-proxy"))) return true;
  if (workload.pods.length > 0) return false;
  const wanted = workload.labels["sidecar.istio.io/inject"] ?? workload.annotations["sidecar.istio.io/inject"];
  if (wanted !== undefined) return wanted === "true";
  return (
    namespaceLabels["istio-injection"] === "enabled" ||
    (namespaceLabels["istio-injection"] === undefined && namespaceLabels["istio.io/rev"] !== undefined)
  );
}

/** Linkerd encrypts between meshed pods by itself and lets others in unless its default inbound policy says otherwise. */
function linkerd(context: EvaluationContext, namespace: string, workloads: readonly Workload[]): Mesh {
  const key = "config.linkerd.io/default-inbound-policy";
  const object = context.inventory.namespaces.get(namespace);
  const fails: Finding[] = [];
  let isUnclear = false;
  for (const workload of workloads) {
    const ref = workload.variants[0]?.source.ref ?? workload.ref;
    if (!hasContainer(workload, "linkerd-proxy")) {
      fails.push({
        text: `${workload.ref.name} is outside the mesh`,
        evidence: { ref, pointer: `${workload.variants[0]?.source.pointer ?? "/spec"}/containers` },
      });
      continue;
    }
    const policy = workload.annotations[key] ?? object?.metadata.annotations?.[key];
    if (policy === undefined) isUnclear = true;
    else if (policy !== "all-authenticated" && policy !== "cluster-authenticated" && policy !== "deny")
      fails.push({
        text: `${workload.ref.name} accepts plain text (${key} ${policy})`,
        evidence: { ref, pointer: "" },
      });
  }
  const evidence =
    object === undefined
      ? []
      : [
          {
            ref: refOf(object),
            pointer: `/metadata/annotations/${key.replaceAll("/", "~1")}`,
            found: object.metadata.annotations?.[key] ?? "absent",
          },
        ];
  return {
    name: "Linkerd",
    fails,
    unknown: isUnclear
      ? "whether plain text is refused is not known (the default inbound policy is not set here)"
      : null,
    evidence,
  };
}

function containerNames(spec: PodSpec): string[] {
  return allContainers(spec).map(({ container }) => container.name);
}
/** Every spec of the workload has a container of that name. */
export function hasContainer(workload: Workload, name: string): boolean {
  return workload.variants.every(({ spec }) => containerNames(spec).includes(name));
}
