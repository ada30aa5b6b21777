/**
 * No privileged containers in the CDE.
 *
 * Reads: securityContext.privileged of init, ordinary and ephemeral containers, and windowsOptions.hostProcess of the pod and of
 * its containers, of live pods or of the template where no pod lives. CDE and connected-to namespaces.
 * Pass: no container is privileged and nothing is a Windows host process.
 * Fail: any such container.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * A system DaemonSet (network plug-in, storage driver, runtime sensor) may need it: it fails too, and an approved exception
 * stands beside the failed result.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control } from "./types";
import { remediateWorkload, sameForContainers } from "./workload-patch";
import {
  containerListEvidence,
  containersWhere,
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const podNoPrivileged: Control = {
  id: "pod-no-privileged",
  title: "No privileged containers in the CDE",
  severity: "critical",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "Privileged mode switches off the isolation settings that keep a container from misusing its node.",
    },
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale:
        "Every hardening standard for containers forbids privileged mode, so its absence is part of the standard's application.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale:
        "A privileged container holds the rights of root on the node, far beyond what an application account needs.",
    },
    {
      requirement: "2.2.3",
      kind: "supporting",
      rationale:
        "A privileged container can reach every other function on its node, which joins their security levels.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "securityContext.privileged of all init, ordinary and ephemeral containers, windowsOptions.hostProcess of pods and containers, of live pods in CDE and connected-to namespaces.",
    pass: "No container has privileged=true and no pod or container has hostProcess=true.",
    fail: "Any such container.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "Privileged mode is a field of the pod; the API server and the container runtime apply it exactly as written.",
    cannotSee: "Containers that somebody starts on the node beside Kubernetes.",
  },
  evaluate: (context) => judgeWorkloads(context, CATEGORIES, judge),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(any(allc;.securityContext.privileged==true or .securityContext.windowsOptions.hostProcess==true) or .spec.securityContext.windowsOptions.hostProcess==true)|"\\(.metadata.namespace)/\\(.metadata.name)"'`,
    ),
    expect: "No output. Each line is a pod with a privileged or host-process container.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary: "Take privileged mode away; give the single capabilities that the program really needs.",
        risk: "A program that uses the node's devices or kernel settings stops working; test it without privileged mode first.",
      },
      (spec) => ({
        ...(spec.securityContext?.windowsOptions?.hostProcess === true
          ? { spec: { securityContext: { windowsOptions: { hostProcess: false } } } }
          : {}),
        containers: {
          ...sameForContainers(spec, (c) => c.securityContext?.privileged === true, {
            securityContext: { privileged: false },
          }),
          ...sameForContainers(spec, (c) => c.securityContext?.windowsOptions?.hostProcess === true, {
            securityContext: { windowsOptions: { hostProcess: false } },
          }),
        },
      }),
    ),
};

function judge(workload: Workload): Verdict {
  const privileged = containersWhere(workload, (container) => {
    if (container.securityContext?.privileged === true)
      return { pointer: "/securityContext/privileged", found: "true" };
    if (container.securityContext?.windowsOptions?.hostProcess === true) {
      return { pointer: "/securityContext/windowsOptions/hostProcess", found: "true" };
    }
    return null;
  });
  const hostProcessPods = workload.variants.filter((v) => v.spec.securityContext?.windowsOptions?.hostProcess === true);
  const evidence = [
    ...privileged.map((c) => specEvidence(c.variant, c.pointer, c.found)),
    ...hostProcessPods.map((v) => specEvidence(v, "/securityContext/windowsOptions/hostProcess", "true")),
  ];
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (evidence.length === 0) {
    return {
      status: "pass",
      reason: "no privileged container",
      detail: `${subject}: no init, ordinary or ephemeral container is privileged or a Windows host process.`,
      evidence: containerListEvidence(workload),
    };
  }
  const names = distinct(privileged.map((c) => c.container));
  const whole = hostProcessPods.length > 0 ? ["the whole pod (Windows hostProcess)"] : [];
  return {
    status: "fail",
    reason: `privileged: ${nameSome([...names, ...(whole.length > 0 ? ["pod"] : [])], 3)}`,
    detail: `${subject} runs with the node's full rights: ${[...names.map((name) => `container ${name}`), ...whole].join(", ")}. If it is a system component that needs this, record an approved exception; the result stays failed beside it.`,
    evidence,
  };
}
