/**
 * Running CDE pods meet restricted, whatever the label says.
 *
 * Reads: every field of live pods that the restricted level reads (lib/podsecurity, one file per check), at the rules of the API
 * server's own version. CDE namespaces; the template stands in for a workload without live pod.
 * Pass: no check refuses any of the workload's live pods.
 * Fail: one or more checks refuse; each is named with the API server's own words.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * A namespace's label acts only when a pod is created or changed, so pods older than the label may break it. Windows pods are
 * spared three Linux checks from 1.25 on, only when they declare spec.os.name; `hostUsers: false` relaxes the non-root checks from
 * 1.35 on.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { describeViolations, evaluatePodSecurity, minorOfVersion, NEWEST_MINOR } from "@/lib/podsecurity";
import { nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import type { Control } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  containerListEvidence,
  distinct,
  fieldEvidence,
  judgeWorkloads,
  sourceWords,
  type Verdict,
  windowsHint,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde"] as const;

export const admRunningPodsComply: Control = {
  id: "adm-running-pods-comply",
  title: "Running CDE pods meet restricted, whatever the label says",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale: "It shows that the hardening standard is met by what runs, not only demanded of what will be created.",
    },
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "The running pods' own security settings are what prevents or allows their misuse.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "All fields of live pods in CDE namespaces that the restricted Pod Security Standard reads, by the rules of the API server's version.",
    pass: "No check of the level refuses a live pod of the workload.",
    fail: "At least one check refuses; each check, container and field is named.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "The same rules that the API server applies on creation are applied to what runs now.",
    cannotSee: "Why a pod was let in: an older label, an exemption, or another path of admission.",
  },
  evaluate: (context) => {
    const serverMinor = minorOfVersion(context.inventory.facts.gitVersion);
    return judgeWorkloads(context, CATEGORIES, (workload) => judge(workload, serverMinor));
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      "# A dry run: nothing changes.",
      `for n in $(echo "$CDE" | jq -r '.[]'); do echo "# $n"; kubectl label --dry-run=server --overwrite ns "$n" pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/enforce-version=v1.$(kubectl version -o json | jq -r '.serverVersion.minor|gsub("[^0-9]";"")') 2>&1 | grep -i warning; done`,
    ),
    expect:
      "No warning. Each warning names pods that the restricted level would refuse and why. Needs the right to update namespaces even for the dry run; a namespace that already carries exactly these labels is not checked again.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Set what the level demands; the patch holds the settings that any Linux workload can take. Host namespaces, host ports and hostPath volumes have to go by a change of the workload itself.",
        risk: "A program that runs as root, adds capabilities or relies on a system call that the default seccomp profile blocks stops working; test the patch outside production.",
      },
      (spec) => ({
        spec: { securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } } },
        containers: Object.fromEntries(
          [...(spec.initContainers ?? []), ...spec.containers].map((container) => [
            container.name,
            {
              securityContext: {
                allowPrivilegeEscalation: false,
                ...(container.securityContext?.privileged === true ? { privileged: false } : {}),
                capabilities: { drop: ["ALL"] },
              },
            },
          ]),
        ),
      }),
    ),
};

function judge(workload: Workload, serverMinor: number | null): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const assumed =
    serverMinor === null ? ` The API server's version is not known; the rules of 1.${NEWEST_MINOR} were applied.` : "";
  const judged = workload.variants.map((variant) => ({
    variant,
    evaluation: evaluatePodSecurity(variant, "restricted", "latest", serverMinor ?? NEWEST_MINOR),
  }));
  const refused = judged.filter(({ evaluation }) => !evaluation.allowed);
  if (refused.length === 0) {
    return {
      status: "pass",
      reason: `meets restricted (rules of 1.${judged[0]?.evaluation.minor ?? NEWEST_MINOR})`,
      detail: `${subject}: no check of the restricted level refuses it.${assumed}`,
      evidence: containerListEvidence(workload),
    };
  }
  const checks = distinct(
    refused.flatMap(({ evaluation }) => evaluation.violations.map((violation) => violation.check)),
  );
  const words = distinct(
    refused.map(({ variant, evaluation }) => {
      const pods = judged.length > 1 && variant.podNames.length > 0 ? `${nameSome(variant.podNames, 2)}: ` : "";
      return `${pods}${describeViolations(evaluation.violations)}`;
    }),
  );
  const hint = distinct(workload.variants.map((variant) => windowsHint(variant.spec))).join("");
  return {
    status: "fail",
    reason: `restricted refuses it: ${nameSome(checks, 3)}`,
    detail: `${subject} breaks ${checks.length} ${checks.length === 1 ? "check" : "checks"} of restricted: ${words.join("; ")}.${hint}${assumed}`,
    evidence: refused.flatMap(({ variant, evaluation }) =>
      evaluation.violations.flatMap((violation) => violation.fields.map((field) => fieldEvidence(variant, field))),
    ),
  };
}
