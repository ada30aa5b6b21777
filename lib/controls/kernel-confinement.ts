/**
 * Which profile a container effectively runs under, for pod-kernel-confinement.
 *
 * - seccomp: the container's profile, else the pod's, else none; `seccompDefault` of the kubelet turns "none" into RuntimeDefault
 *   on its node. A privileged container runs without any, whatever is written (CRI runtimes skip it).
 * - AppArmor: the field (since 1.30), else the annotation. Where both are there they must say the same.
 * - SELinux, /proc and sysctls: as Pod Security's baseline level judges them.
 */
import type { ImportedKubeletConfig } from "@/lib/inventory/imported-control-plane";
import type { Inventory, PodVariant, Workload } from "@/lib/inventory/inventory";
import { parseBooleanFlag } from "@/lib/inventory/flags";
import type { Container } from "@/lib/inventory/kinds";
import { evaluatePodSecurity, visitContainers } from "@/lib/podsecurity";
import type { EvidencePointer } from "./types";
import { fieldEvidence, specEvidence } from "./workloads";

export interface ConfinementProblem {
  words: string;
  evidence: EvidencePointer[];
}

const CONFINED: ReadonlySet<string> = new Set(["RuntimeDefault", "Localhost"]);
const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";
/** Checks of the baseline level that are about the kernel's protection, besides seccomp. */
const BASELINE_CHECKS: ReadonlySet<string> = new Set(["appArmorProfile", "seLinuxOptions", "procMount", "sysctls"]);

/** The effective seccomp type as written: the container's, else the pod's; undefined when neither says anything. */
export function seccompOf(variant: PodVariant, container: Container): string | undefined {
  return container.securityContext?.seccompProfile?.type ?? variant.spec.securityContext?.seccompProfile?.type;
}

/** Everything that takes a variant's pods out of the kernel's protection. */
export function confinementProblems(
  variant: PodVariant,
  seccompDefault: boolean,
  serverMinor: number | null,
): ConfinementProblem[] {
  return [
    ...visitContainers(variant.spec).flatMap(({ container, pointer }) =>
      seccompProblem(variant, container, pointer, seccompDefault),
    ),
    ...evaluatePodSecurity(variant, "baseline", "latest", serverMinor ?? undefined)
      .violations.filter(({ check }) => BASELINE_CHECKS.has(check))
      .map(({ reason, detail, fields }) => ({
        words: `${reason}: ${detail}`,
        evidence: fields.map((field) => fieldEvidence(variant, field)),
      })),
    ...disagreements(variant),
  ];
}

function seccompProblem(
  variant: PodVariant,
  container: Container,
  pointer: string,
  seccompDefault: boolean,
): ConfinementProblem[] {
  const type = seccompOf(variant, container);
  const at = `${pointer}/securityContext/seccompProfile/type`;
  const problem = (words: string, evidence: EvidencePointer) => [
    { words: `container ${container.name} ${words}`, evidence: [evidence] },
  ];
  if (container.securityContext?.privileged === true) {
    const evidence = specEvidence(variant, `${pointer}/securityContext/privileged`, "true");
    return problem("is privileged and so runs without seccomp", evidence);
  }
  if (type === undefined) {
    return seccompDefault ? [] : problem("has no seccomp profile, and neither has its pod", specEvidence(variant, at));
  }
  if (CONFINED.has(type)) return [];
  const isOwn = container.securityContext?.seccompProfile?.type !== undefined;
  const place = isOwn ? at : "/securityContext/seccompProfile/type";
  return problem(`has seccomp ${type}${isOwn ? "" : " from its pod"}`, specEvidence(variant, place, type));
}

/** Field and annotation of AppArmor that say different things; the API server refuses this since 1.30. */
function disagreements(variant: PodVariant): ConfinementProblem[] {
  return visitContainers(variant.spec).flatMap(({ container }) => {
    const key = `${APPARMOR_ANNOTATION}${container.name}`;
    const annotation = variant.annotations[key];
    const profile = container.securityContext?.appArmorProfile ?? variant.spec.securityContext?.appArmorProfile;
    if (annotation === undefined || profile === undefined) return [];
    const asAnnotation =
      profile.type === "RuntimeDefault"
        ? "runtime/default"
        : profile.type === "Localhost"
          ? `localhost/${profile.localhostProfile ?? ""}`
          : "unconfined";
    if (annotation === asAnnotation) return [];
    const field = { in: "annotations" as const, pointer: `/${key.replaceAll("/", "~1")}`, found: annotation };
    return [
      {
        words: `container ${container.name} has AppArmor ${profile.type} by field and ${annotation} by annotation`,
        evidence: [fieldEvidence(variant, field)],
      },
    ];
  });
}

/** Whether every node that the workload's pods run on (every node, where none runs) is known to have seccompDefault. */
export function hasSeccompDefault(inventory: Inventory, workload: Workload): boolean {
  const configs = inventory.facts.kubeletConfigs ?? [];
  if (configs.length === 0) return false;
  const placed = workload.pods.flatMap(({ spec }) => spec.nodeName || []);
  const isPlaced = workload.pods.length > 0 && placed.length === workload.pods.length;
  const nodes = isPlaced ? placed : inventory.nodes.map((node) => node.metadata.name);
  return nodes.length > 0 && nodes.every((node) => seccompDefaultOn(configs.filter((config) => config.node === node)));
}

/** What runs wins over what a file says; in a file a flag of the kubelet wins. `intended` shows nothing about a node. */
function seccompDefaultOn(configs: readonly ImportedKubeletConfig[]): boolean {
  const running = configs.filter(({ source }) => source === "running");
  if (running.length > 0) return running.every(({ seccompDefault }) => seccompDefault === true);
  const files = configs.filter(({ source }) => source === "file");
  return (
    files.length > 0 &&
    files.every(({ flags, seccompDefault }) => {
      // Without the command line nobody knows whether a flag switches it off again.
      if (flags === null) return false;
      const flag = flags["seccomp-default"];
      return flag === undefined ? seccompDefault === true : parseBooleanFlag(flag) === true;
    })
  );
}
