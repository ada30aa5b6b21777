/**
 * CDE containers drop all Linux capabilities and list the few they add.
 *
 * Reads: securityContext.capabilities and privileged of init, ordinary and ephemeral containers of live pods, or of the template
 * where no pod lives; the register of approved capabilities. CDE and connected-to namespaces.
 * Pass: drop holds ALL, spelt so, and add is empty, NET_BIND_SERVICE, or approved for that workload.
 * Fail: ALL is not dropped, another capability is added, or the container is privileged (which gives all of them, whatever the lists
 * say). Critical for capabilities that open the node or its traffic: SYS_ADMIN, SYS_PTRACE, SYS_MODULE, NET_ADMIN,
 * DAC_READ_SEARCH, BPF, SYS_TIME, and for ALL.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: Windows pods (spec.os.name), finished pods, a namespace without workloads.
 *
 * Pod Security compares ALL letter by letter. `all` and CAP_ALL work in some runtimes and are noted, not believed. NET_RAW that
 * isn't dropped lets a container send packets under other addresses (1.4.3).
 */
import type { PodVariant, Workload } from "@/lib/inventory/inventory";
import type { Container } from "@/lib/inventory/kinds";
import type { ApprovedCapability } from "@/lib/inventory/registers/approved-capabilities";
import { isApprovedAt } from "@/lib/inventory/registers";
import { visitContainers } from "@/lib/podsecurity";
import { judgeLinuxWorkloads } from "./linux-workloads";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  distinct,
  findWorkload,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
const CRITICAL: ReadonlySet<string> = new Set([
  "ALL",
  "SYS_ADMIN",
  "SYS_PTRACE",
  "SYS_MODULE",
  "NET_ADMIN",
  "DAC_READ_SEARCH",
  "BPF",
  "SYS_TIME",
]);

export const podCapabilitiesDropped: Control = {
  id: "pod-capabilities-dropped",
  title: "CDE containers drop all Linux capabilities and list the few they add",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.4",
      kind: "primary",
      rationale: "Capabilities are functions of the system; only those that the application needs stay switched on.",
    },
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "Every capability that is not needed is a setting by which the container can be misused.",
    },
    {
      requirement: "1.4.3",
      kind: "supporting",
      rationale: "Without NET_RAW a container can't send packets under addresses that are not its own.",
    },
    {
      requirement: "10.6.3",
      kind: "supporting",
      rationale: "Without SYS_TIME a container can't change the clock of its node.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "securityContext.capabilities of all init, ordinary and ephemeral containers of live pods in CDE and connected-to namespaces, and the approved capabilities.",
    pass: "Every container drops ALL and adds nothing but NET_BIND_SERVICE or what was approved for its workload.",
    fail: "A container does not drop ALL, adds another capability, or is privileged; critical for those that open the node or its traffic.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "Windows pods, finished pods, or a namespace without workloads.",
    why: "The runtime hands a container exactly the capabilities that result from these two lists.",
    cannotSee: "Capabilities that files of the image carry, and what the program does with those that were approved.",
  },
  evaluate: (context) => judgeLinuxWorkloads(context, CATEGORIES, (workload) => judge(context, workload)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.os.name!="windows")|. as $p|allc|select(.securityContext.privileged==true or ((.securityContext.capabilities.drop//[])|index("ALL")|not) or ((.securityContext.capabilities.add//[])-["NET_BIND_SERVICE"]|length>0))|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.name) drop=\\((.securityContext.capabilities.drop//[])|join(",")) add=\\((.securityContext.capabilities.add//[])|join(","))"'`,
    ),
    expect: "No output, except containers whose added capabilities the register of approved capabilities names.",
    needs: [],
  }),
  remediate(context, result) {
    const workload = findWorkload(context, result);
    return remediateWorkload(
      context,
      result,
      {
        summary: "Drop ALL and add nothing but NET_BIND_SERVICE and what was approved.",
        risk: "A program that needs a capability (binding low ports, changing owners, raw sockets) stops working; find out which and have it approved first.",
      },
      (spec) => ({
        containers: Object.fromEntries(
          [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) =>
            workload === undefined || problemsOf(context, workload, container).length === 0
              ? []
              : [[container.name, { securityContext: dropped(context, workload, container) }]],
          ),
        ),
      }),
    );
  },
};

function dropped(context: EvaluationContext, workload: Workload, container: Container): Record<string, unknown> {
  const added = container.securityContext?.capabilities?.add ?? [];
  const kept = added.filter((name) => isAllowed(context, workload, container, name));
  return {
    capabilities: { drop: ["ALL"], ...(kept.length < added.length ? { add: kept } : {}) },
    ...(container.securityContext?.privileged === true ? { privileged: false } : {}),
  };
}

interface Problem {
  words: string;
  /** Capabilities that were added without approval. */
  added: string[];
  isCritical: boolean;
  pointer: string;
  found?: string;
}

function problemsOf(context: EvaluationContext, workload: Workload, container: Container): Problem[] {
  const { capabilities, privileged } = container.securityContext ?? {};
  const drop = capabilities?.drop ?? [];
  const problems: Problem[] = [];
  if (privileged === true) {
    problems.push({
      words: "is privileged, which gives every capability whatever the lists say",
      added: [],
      isCritical: true,
      pointer: "/securityContext/privileged",
      found: "true",
    });
  }
  if (!drop.includes("ALL")) {
    const near = drop.filter((name) => /^(?:cap_)?all$/i.test(name));
    const words =
      near.length > 0
        ? `drops ${near.join(", ")}, which is not ALL for Pod Security and for every runtime`
        : drop.length > 0
          ? `drops only ${nameSome(drop)}${drop.includes("NET_RAW") ? "" : ", so NET_RAW stays"}`
          : "drops nothing, so NET_RAW and the runtime's other defaults stay";
    problems.push({
      words,
      added: [],
      isCritical: false,
      pointer: "/securityContext/capabilities/drop",
      ...(drop.length > 0 ? { found: drop.join(", ") } : {}),
    });
  }
  const bad = (capabilities?.add ?? []).filter((name) => !isAllowed(context, workload, container, name));
  if (bad.length > 0) {
    const expired = bad.filter((name) => approvalsOf(context, workload, container, name).length > 0);
    problems.push({
      words: `adds ${bad.join(", ")}${expired.length > 0 ? ` (the approval of ${expired.join(", ")} is not in force)` : ""}`,
      added: bad,
      isCritical: bad.some((name) => CRITICAL.has(withoutPrefix(name))),
      pointer: "/securityContext/capabilities/add",
      found: bad.join(", "),
    });
  }
  return problems;
}

function isAllowed(context: EvaluationContext, workload: Workload, container: Container, capability: string): boolean {
  return (
    capability === "NET_BIND_SERVICE" ||
    approvalsOf(context, workload, container, capability).some((approval) => isApprovedAt(approval, context.asOf))
  );
}
function approvalsOf(
  { registers }: EvaluationContext,
  workload: Workload,
  container: Container,
  capability: string,
): ApprovedCapability[] {
  return (registers?.approvedCapabilities ?? []).filter(
    (entry) =>
      entry.namespace === workload.namespace &&
      entry.workload === workload.ref.name &&
      (entry.container === undefined || entry.container === container.name) &&
      entry.capabilities.includes(withoutPrefix(capability)),
  );
}
function withoutPrefix(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, "");
}

function judge(context: EvaluationContext, workload: Workload): Verdict {
  const found = workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).flatMap(({ container, pointer }) =>
      problemsOf(context, workload, container).map((problem) => ({
        ...problem,
        container: container.name,
        evidence: specEvidence(variant, `${pointer}${problem.pointer}`, problem.found),
      })),
    ),
  );
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (found.length === 0) {
    const approved = distinct(
      workload.variants.flatMap(({ spec }) =>
        visitContainers(spec).flatMap(({ container }) =>
          (container.securityContext?.capabilities?.add ?? [])
            .filter((name) => name !== "NET_BIND_SERVICE")
            .map((name) => `${name} of ${container.name}`),
        ),
      ),
    );
    return {
      status: "pass",
      reason:
        approved.length > 0 ? "ALL is dropped; what is added was approved" : "ALL is dropped, nothing risky is added",
      detail: `${subject}: every container drops ALL.${approved.length > 0 ? ` Approved: ${nameSome(approved)}.` : ""}`,
      evidence: workload.variants.flatMap(evidenceOfLists),
    };
  }
  const added = distinct(found.flatMap((problem) => problem.added));
  const names = distinct(found.map(({ container }) => container));
  return {
    status: "fail",
    severity: found.some(({ isCritical }) => isCritical) ? "critical" : "medium",
    reason: shortReason(
      added.length > 0
        ? `adds ${nameSome(added, 3)} in ${nameSome(names, 2)}`
        : `capabilities are left in ${nameSome(names, 3)}`,
    ),
    detail: `${subject}: ${distinct(found.map(({ container, words }) => `container ${container} ${words}`)).join("; ")}.`,
    evidence: found.map(({ evidence }) => evidence),
  };
}

function evidenceOfLists(variant: PodVariant): EvidencePointer[] {
  return visitContainers(variant.spec).map(({ container, pointer }) =>
    specEvidence(
      variant,
      `${pointer}/securityContext/capabilities`,
      JSON.stringify(container.securityContext?.capabilities ?? {}),
    ),
  );
}
