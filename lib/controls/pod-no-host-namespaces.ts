/**
 * CDE pods do not use host network, PID, IPC or host ports.
 *
 * Reads: spec.hostNetwork, hostPID, hostIPC and ports[].hostPort of all containers, after the API's defaults (on the host's
 * network every containerPort is a hostPort). CDE and connected-to namespaces.
 * Pass: all false or absent and no hostPort above 0. `hostUsers: false` is a hardening and never a finding.
 * Fail: any of them. Critical with hostNetwork in a CDE namespace, because such a pod stands outside NetworkPolicy in most plug-ins.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * On Windows the host's network is only valid together with hostProcess; it fails here all the same.
 */
import type { PodVariant, Workload } from "@/lib/inventory/inventory";
import { visitContainers, withApiDefaults } from "@/lib/podsecurity";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import type { Control, EvidencePointer } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  containerListEvidence,
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
const FIELDS = ["hostNetwork", "hostPID", "hostIPC"] as const;

export const podNoHostNamespaces: Control = {
  id: "pod-no-host-namespaces",
  title: "CDE pods do not use host network, PID, IPC or host ports",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "Sharing the node's namespaces undoes settings that keep a pod from watching or using the rest of the node.",
    },
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale: "A pod on the node's network or with a host port takes traffic that network policies do not restrict.",
    },
    {
      requirement: "2.2.3",
      kind: "supporting",
      rationale: "Shared namespaces bring functions of different security level together on one node.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale: "Access to other processes of the node is more privilege than an application needs.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "spec.hostNetwork, hostPID, hostIPC and hostPort of all containers, of live pods in CDE and connected-to namespaces.",
    pass: "All three are false or absent, and no container port has a host port.",
    fail: "Any of them is set; critical for hostNetwork in a CDE namespace.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "These fields decide whether a pod has namespaces of its own; most network plug-ins enforce policies only on pods that have.",
    cannotSee: "Traffic that a Service or an ingress controller forwards, which other controls judge.",
  },
  evaluate: (context) =>
    judgeWorkloads(context, CATEGORIES, (workload) =>
      judge(workload, context.scope.categoryOf(workload.namespace) === "cde"),
    ),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.hostNetwork or .spec.hostPID or .spec.hostIPC or any(allc;any(.ports[]?;(.hostPort//0)>0)))|"\\(.metadata.namespace)/\\(.metadata.name)"'`,
    ),
    expect: "No output. Each line is a pod that shares a namespace of its node or opens a host port.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary: "Give the pod namespaces of its own and reach it through a Service instead of the node's address.",
        risk: "Clients that use the node's address or port no longer reach the pod; change them to the Service first.",
      },
      (spec) => ({
        spec: Object.fromEntries(FIELDS.filter((field) => spec[field] === true).map((field) => [field, false])),
        containers: Object.fromEntries(
          [...(spec.initContainers ?? []), ...spec.containers]
            .filter((c) => c.ports?.some((port) => (port.hostPort ?? 0) > 0))
            .map((c) => [
              c.name,
              // containerPort and protocol are the merge keys; null takes the field away.
              {
                ports: c.ports
                  ?.filter((port) => (port.hostPort ?? 0) > 0)
                  .map(({ containerPort, protocol = "TCP" }) => ({ containerPort, protocol, hostPort: null })),
              },
            ]),
        ),
      }),
    ),
};

function judge(workload: Workload, isCde: boolean): Verdict {
  const evidence: EvidencePointer[] = [];
  const words: string[] = [];
  for (const variant of workload.variants) {
    for (const field of FIELDS) {
      if (variant.spec[field] !== true) continue;
      words.push(field);
      evidence.push(specEvidence(variant, `/${field}`, "true"));
    }
    for (const port of hostPorts(variant)) {
      words.push(`hostPort ${port.hostPort} (container ${port.container})`);
      evidence.push(specEvidence(variant, port.pointer, String(port.hostPort)));
    }
  }
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (words.length === 0) {
    return {
      status: "pass",
      reason: "no host namespace, no host port",
      detail: `${subject}: hostNetwork, hostPID and hostIPC are off, and no container opens a port of the node.`,
      evidence: containerListEvidence(workload),
    };
  }
  const usesHostNetwork = words.includes("hostNetwork");
  const bypass = usesHostNetwork
    ? " On the node's network it stands outside NetworkPolicy in most network plug-ins, and every port it listens on is open on the node."
    : "";
  return {
    status: "fail",
    ...(usesHostNetwork && isCde ? { severity: "critical" as const } : {}),
    reason: distinct(words.map((word) => word.replace(/ \(.*/, "")))
      .slice(0, 4)
      .join(", "),
    detail: `${subject} uses ${distinct(words).join(", ")}.${bypass}`,
    evidence,
  };
}

function hostPorts(variant: PodVariant): { container: string; hostPort: number; pointer: string }[] {
  const written = visitContainers(variant.spec);
  return visitContainers(withApiDefaults(variant.spec)).flatMap(({ container, pointer }, at) =>
    (container.ports ?? []).flatMap(({ hostPort = 0 }, i) => {
      if (hostPort <= 0) return [];
      // On the node's network the API server makes every container port a host port of the same number.
      const field = written[at]?.container.ports?.[i]?.hostPort === undefined ? "containerPort" : "hostPort";
      return [{ container: container.name, hostPort, pointer: `${pointer}/ports/${i}/${field}` }];
    }),
  );
}
