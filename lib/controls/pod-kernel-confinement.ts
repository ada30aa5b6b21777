/**
 * CDE pods run under seccomp and AppArmor or SELinux (sandbox where required).
 *
 * Reads: seccompProfile, appArmorProfile (field and, before 1.30, annotation), seLinuxOptions, procMount, sysctls and
 * runtimeClassName of live pods, or of the template where no pod lives; kubelet settings and RuntimeClasses; the register of
 * namespaces that demand a sandbox. CDE and connected-to namespaces. A container's value overrides the pod's.
 * Pass: the effective seccomp type is RuntimeDefault or Localhost for every container, AppArmor and SELinux are not switched off or
 * changed, /proc is masked, sysctls are safe ones, and the pod has a demanded RuntimeClass.
 * Fail: seccomp unset (unless every node in question is known to have seccompDefault) or Unconfined; AppArmor Unconfined, or field
 * and annotation disagree; a SELinux user, role or foreign type; unmasked /proc; an unsafe sysctl; the demanded RuntimeClass missing;
 * a privileged container, which runs without seccomp.
 * Unknown: pods were not read, an object of the namespace is invalid, no scope is declared, or a demanded RuntimeClass is named and
 * the list of RuntimeClasses could not be read.
 * Not applicable: Windows pods (spec.os.name), finished pods, a namespace without workloads.
 *
 * Whether a node enforces AppArmor or SELinux at all is not visible; that part stays open and the seccomp part decides. Pod
 * Security's restricted level refuses an unset profile even where seccompDefault makes it safe.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { isApprovedAt } from "@/lib/inventory/registers";
import { minorOfVersion, visitContainers } from "@/lib/podsecurity";
import { confinementProblems, hasSeccompDefault, seccompOf } from "./kernel-confinement";
import { judgeLinuxWorkloads } from "./linux-workloads";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext } from "./types";
import { remediateWorkload } from "./workload-patch";
import { confinementPatch } from "./kernel-confinement-patch";
import { distinct, sourceWords, specEvidence, type Verdict, WORKLOAD_SECTIONS, wordsOf } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const podKernelConfinement: Control = {
  id: "pod-kernel-confinement",
  title: "CDE pods run under seccomp and AppArmor or SELinux (sandbox where required)",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "supporting",
      rationale: "Profiles of the kernel are settings that keep a container from misusing the system it shares.",
    },
    {
      requirement: "5.2.1",
      kind: "supporting",
      rationale:
        "A confined process can do less of what malicious software does, which supports protection against it.",
    },
    {
      requirement: "11.5.1",
      kind: "supporting",
      rationale: "System calls that a profile refuses are attempts of intrusion that fail and can be noticed.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Seccomp, AppArmor, SELinux, procMount, sysctls and runtimeClassName of live pods in CDE and connected-to namespaces, kubelet settings, RuntimeClasses, demanded sandboxes.",
    pass: "Every container effectively runs under seccomp RuntimeDefault or Localhost; AppArmor, SELinux, /proc and sysctls are as the baseline level allows; a demanded sandbox is used.",
    fail: "Seccomp is unset without seccompDefault or Unconfined, a protection is switched off or changed, a sysctl is unsafe, or a demanded RuntimeClass is missing.",
    unknown:
      "Pods could not be listed, an object is invalid, the scope is not declared, or RuntimeClasses could not be read where one is demanded.",
    notApplicable: "Windows pods, finished pods, or a namespace without workloads.",
    why: "The runtime loads exactly these profiles; without them a container may call every function of the node's kernel.",
    cannotSee:
      "Whether the nodes enforce AppArmor or SELinux, what a Localhost profile allows, and whether a RuntimeClass's handler is a sandbox.",
  },
  evaluate: (context) => judgeLinuxWorkloads(context, CATEGORIES, (workload) => judge(context, workload)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.os.name!="windows")|.spec.securityContext as $s|. as $p|allc|(.securityContext.seccompProfile.type//$s.seccompProfile.type//"unset") as $t|(.securityContext.appArmorProfile.type//$s.appArmorProfile.type//$p.metadata.annotations["container.apparmor.security.beta.kubernetes.io/"+.name]//"unset") as $a|select(($t|IN("RuntimeDefault","Localhost")|not) or ($a|ascii_downcase)=="unconfined" or .securityContext.privileged==true or ((.securityContext.procMount//"Default")!="Default") or ((.securityContext.seLinuxOptions//$s.seLinuxOptions)!=null) or (($s.sysctls//[])|length>0))|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.name) seccomp=\\($t) apparmor=\\($a) selinux=\\((.securityContext.seLinuxOptions//$s.seLinuxOptions)|tojson) proc=\\(.securityContext.procMount//"Default") sysctls=\\([($s.sysctls//[])[].name]|join(",")) runtimeClass=\\($p.spec.runtimeClassName//"-")"'`,
    ),
    expect:
      "No output, except pods whose SELinux type is one of the container types or whose sysctls are safe ones. seccomp=unset is right only where the kubelet runs with seccompDefault.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Give the pod the runtime's default seccomp profile and take away what switches protections off. A demanded sandbox is set by runtimeClassName.",
        risk: "A program that uses rare system calls, an unsafe sysctl or its own SELinux type may stop working; test the patch outside production.",
      },
      (spec) => confinementPatch(context, result, spec),
    ),
};

/** RuntimeClasses that the organization demands in the namespace; empty when none is demanded. */
export function demandedClasses({ registers, asOf }: EvaluationContext, namespace: string): string[] {
  return distinct(
    (registers?.sandboxDemands ?? [])
      .filter((demand) => demand.namespaces.includes(namespace) && isApprovedAt(demand, asOf))
      .flatMap((demand) => demand.runtimeClasses),
  );
}

function judge(context: EvaluationContext, workload: Workload): Verdict {
  const { inventory } = context;
  const seccompDefault = hasSeccompDefault(inventory, workload);
  const serverMinor = minorOfVersion(inventory.facts.gitVersion);
  const problems = workload.variants.flatMap((variant) => confinementProblems(variant, seccompDefault, serverMinor));
  const demanded = demandedClasses(context, workload.namespace);
  const unsandboxed =
    demanded.length === 0
      ? []
      : workload.variants.filter(({ spec }) => !demanded.includes(spec.runtimeClassName ?? ""));
  for (const variant of unsandboxed) {
    const name = variant.spec.runtimeClassName;
    problems.push({
      words: `the namespace demands RuntimeClass ${demanded.join(" or ")}, and the pod has ${name ?? "none"}`,
      evidence: [specEvidence(variant, "/runtimeClassName", name)],
    });
  }
  const missing = demanded.length === 0 || unsandboxed.length > 0 ? null : missingClass(context, workload);
  if (missing?.status === "fail") problems.push({ words: missing.words, evidence: missing.evidence });
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const evidence = workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).map(({ container, pointer }) =>
      specEvidence(
        variant,
        container.securityContext?.seccompProfile?.type === undefined
          ? "/securityContext/seccompProfile/type"
          : `${pointer}/securityContext/seccompProfile/type`,
        seccompOf(variant, container),
      ),
    ),
  );
  if (problems.length > 0) {
    const words = distinct(problems.map((problem) => problem.words));
    return {
      status: "fail",
      reason: shortReason(words[0] ?? ""),
      detail: `${subject}: ${words.join("; ")}.`,
      evidence: problems.flatMap((problem) => problem.evidence),
    };
  }
  if (missing !== null) {
    return {
      status: "unknown",
      reason: "RuntimeClasses could not be read",
      detail: `${subject}: ${missing.words}.`,
      evidence,
    };
  }
  const types = distinct(
    workload.variants.flatMap((variant) =>
      visitContainers(variant.spec).map(({ container }) => seccompOf(variant, container) ?? "the kubelet's default"),
    ),
  );
  const byDefault = types.includes("the kubelet's default")
    ? " Its nodes run with seccompDefault; Pod Security's restricted level asks for the field all the same."
    : "";
  return {
    status: "pass",
    reason: shortReason(`confined by seccomp ${types.join(", ")}`),
    detail: `${subject}: seccomp ${nameSome(types)}; nothing switches AppArmor, SELinux or the masking of /proc off.${byDefault} Whether its nodes enforce AppArmor or SELinux is not visible.`,
    evidence,
  };
}

/** A demanded class that is named and doesn't exist protects nothing; null when it exists, or in files, which hold no classes. */
function missingClass({ inventory }: EvaluationContext, workload: Workload) {
  if (inventory.snapshot.source === "manifests") return null;
  const names = new Set(inventory.list("runtimeclasses").map((entry) => entry.metadata.name));
  const variant = workload.variants.find(({ spec }) => !names.has(spec.runtimeClassName ?? ""));
  if (variant === undefined) return null;
  const name = variant.spec.runtimeClassName ?? "";
  const readable = inventory.readable("runtimeclasses");
  if (!readable.known)
    return {
      status: "unknown" as const,
      words: `RuntimeClass ${name} is demanded, and ${readable.message}`,
      evidence: [],
    };
  return {
    status: "fail" as const,
    words: `RuntimeClass ${name} does not exist`,
    evidence: [specEvidence(variant, "/runtimeClassName", name)],
  };
}
