/**
 * CDE containers cannot gain privileges.
 *
 * Reads: securityContext.allowPrivilegeEscalation of init, ordinary and ephemeral containers of live pods, or of the template
 * where no pod lives. CDE and connected-to namespaces. It exists on containers only; the pod's security context has no such field.
 * Pass: false on every container.
 * Fail: true, or unset, which means true.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: Windows pods (spec.os.name), finished pods, a namespace without workloads.
 *
 * A privileged container and one that adds CAP_SYS_ADMIN always can, and the API server refuses false beside either; so the patch
 * takes them away as well.
 */
import type { Workload } from "@/lib/inventory/inventory";
import type { Container } from "@/lib/inventory/kinds";
import { judgeLinuxWorkloads } from "./linux-workloads";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  containersWhere,
  distinct,
  namesOf,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";
import { visitContainers } from "@/lib/podsecurity";

const CATEGORIES = ["cde", "connected-to"] as const;
const ALWAYS_ESCALATES: ReadonlySet<string> = new Set(["SYS_ADMIN", "CAP_SYS_ADMIN"]);

export const podNoPrivilegeEscalation: Control = {
  id: "pod-no-privilege-escalation",
  title: "CDE containers cannot gain privileges",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale:
        "The setting keeps a process from gaining rights through set-user-id programs, one of the ways in which a system is misused.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale: "An application that can't gain rights stays within those that were given to it.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "securityContext.allowPrivilegeEscalation of all init, ordinary and ephemeral containers of live pods in CDE and connected-to namespaces.",
    pass: "It is false on every container.",
    fail: "It is true or not set on a container; not set means true.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "Windows pods, finished pods, or a namespace without workloads.",
    why: "False sets the kernel's no_new_privs bit, so that no program in the container can gain rights that its parent lacks.",
    cannotSee: "Weaknesses of the kernel, against which the bit does not help.",
  },
  evaluate: (context) => judgeLinuxWorkloads(context, CATEGORIES, judge),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' select(.spec.os.name!="windows")|. as $p|allc|select(.securityContext.allowPrivilegeEscalation!=false)|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.name)"'`,
    ),
    expect: "No output. Each line is a container in which privileges can be gained.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Set allowPrivilegeEscalation to false on every container. Privileged mode and CAP_SYS_ADMIN go with it, because the API server refuses them together.",
        risk: "Programs that rely on set-user-id files (sudo, ping, mount) or on full rights stop working; test the patch outside production.",
      },
      (spec) => ({
        containers: Object.fromEntries(
          [...(spec.initContainers ?? []), ...spec.containers]
            .filter((container) => container.securityContext?.allowPrivilegeEscalation !== false)
            .map((container) => [container.name, { securityContext: confined(container) }]),
        ),
      }),
    ),
};

function confined(container: Container): Record<string, unknown> {
  const added = container.securityContext?.capabilities?.add ?? [];
  const kept = added.filter((capability) => !ALWAYS_ESCALATES.has(capability));
  return {
    allowPrivilegeEscalation: false,
    ...(container.securityContext?.privileged === true ? { privileged: false } : {}),
    ...(kept.length < added.length ? { capabilities: { add: kept } } : {}),
  };
}

function judge(workload: Workload): Verdict {
  const open = containersWhere(workload, ({ securityContext }) =>
    securityContext?.allowPrivilegeEscalation === false
      ? null
      : {
          pointer: "/securityContext/allowPrivilegeEscalation",
          ...(securityContext?.allowPrivilegeEscalation === undefined ? {} : { found: "true" }),
        },
  );
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (open.length === 0) {
    return {
      status: "pass",
      reason: "no container can gain privileges",
      detail: `${subject}: allowPrivilegeEscalation is false on ${nameSome(distinct(workload.variants.flatMap(namesOf)))}.`,
      evidence: workload.variants.flatMap((variant) =>
        visitContainers(variant.spec).map(({ pointer }) =>
          specEvidence(variant, `${pointer}/securityContext/allowPrivilegeEscalation`, "false"),
        ),
      ),
    };
  }
  const explicit = distinct(open.filter(({ found }) => found !== undefined).map(({ container }) => container));
  const unset = distinct(open.filter(({ found }) => found === undefined).map(({ container }) => container));
  const parts = [
    ...(explicit.length > 0 ? [`allowPrivilegeEscalation is true on ${nameSome(explicit)}`] : []),
    ...(unset.length > 0 ? [`it is not set on ${nameSome(unset)}, which means true`] : []),
  ];
  const forced = distinct(
    workload.variants.flatMap((variant) =>
      visitContainers(variant.spec).flatMap(({ container: { name, securityContext } }) =>
        securityContext?.privileged === true ||
        securityContext?.capabilities?.add?.some((capability) => ALWAYS_ESCALATES.has(capability)) === true
          ? [name]
          : [],
      ),
    ),
  );
  const more =
    forced.length > 0 ? ` Privileged mode or CAP_SYS_ADMIN forces it on ${nameSome(forced)}, whatever is set.` : "";
  return {
    status: "fail",
    reason: shortReason(`privileges can be gained in ${nameSome(distinct(open.map((c) => c.container)), 3)}`),
    detail: `${subject}: ${parts.join("; ")}.${more}`,
    evidence: open.map((c) => specEvidence(c.variant, c.pointer, c.found)),
  };
}
