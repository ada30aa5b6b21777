/**
 * rbac-escalation-paths: no unapproved subject can raise its own privileges or reach the CDE indirectly.
 *
 * Reads: every binding and its rules; lib/rbac/escalation lists the powers (escalate, bind, impersonate, tokens, certificate
 *   approval, pods and workloads, nodes/proxy, admission, API extension, host volumes, nodes, handing out) and what each takes;
 *   the register of approved access.
 * Counts: powers in the whole cluster, in CDE namespaces and in kube-system; and powers that act as the service accounts of
 *   another namespace, where such an account leads to one of these places.
 * Pass: only the platform's own components and approved subjects hold one.
 * Fail: any other subject, with the chain. High where every way is limited to named objects or leads through another namespace's
 *   account; medium for powers that give nothing new by themselves (handing out its own rights, impersonation's extra fields).
 * Unknown: RBAC could not be read, an RBAC object is not valid, or (in manifests) a bound role is not among the files, or there is
 *   no binding at all. Without a declared scope what is not cluster-wide is unknown.
 * Not applicable: never.
 * Traps: a rule `*` holds impersonate, bind and escalate; create rolebindings without bind hands out only what one holds; update on
 *   a Role is refused without escalate; approving a certificate takes approve on the signer too; a PersistentVolume can be a
 *   node's disk.
 */
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { isUnlimited } from "@/lib/rbac/rules";
import { holdersOf } from "@/lib/rbac/rights";
import { POWER_RIGHTS } from "@/lib/rbac/escalation";
import { type ApprovalState, describeApproval, findApproval } from "./approved";
import { holdingEvidence, pathOf, RBAC_SECTIONS } from "./cde-rights";
import { type CountedHolder, type CountedPower, countedHolders } from "./escalation-reach";
import { narrowBindings } from "./narrowed-bindings";
import {
  clusterResult,
  findNoBinding,
  findUndeclared,
  findUnreadable,
  invalidResults,
  nameSome,
  RBAC_KINDS,
} from "./population";
import { GRANTS, RULES_CAN, script, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result, Severity } from "./types";

const ID = "rbac-escalation-paths";

export const rbacEscalationPaths: Control = {
  id: ID,
  title: "No unapproved subject can raise its own privileges or reach the CDE indirectly",
  severity: "critical",
  requirements: [
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "Rights that lead to more rights are not limited to what a job needs, whatever else the role says.",
    },
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "A system account that can make itself more powerful has more than its function needs.",
    },
    {
      requirement: "7.3.2",
      kind: "primary",
      rationale: "An access control system enforces the assigned privileges only if nobody can change them unasked.",
    },
    {
      requirement: "7.2.3",
      kind: "supporting",
      rationale: "Each power found is one whose approval can be asked for.",
    },
  ],
  judges: "subject",
  sections: [...RBAC_SECTIONS],
  rule: {
    reads: "Every binding, the rules behind it, and the list of approved access.",
    pass: "Only the platform's own components and approved subjects can escalate, impersonate, get tokens or certificates, run pods, or change nodes, admission and API extensions in the cluster, the CDE or kube-system.",
    fail: "Any other subject can, or can act as an account of another namespace that leads there (high); handing out its own rights is medium.",
    unknown:
      "RBAC could not be read, an RBAC object is invalid, a bound role is not among the files, or no scope is declared.",
    notApplicable: "Never.",
    why: "Each of these rights is a way to all others: create pods in a namespace, mount its Secrets, act as its accounts.",
    cannotSee:
      "Ways through custom resources of operators, through the nodes' operating system and through the cloud provider, on EKS also by writing the ConfigMap aws-auth, which maps cloud identities to groups; whether admission policies would stop a step.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, RBAC_SECTIONS);
    if (unreadable !== null) return [unreadable];
    const judged = countedHolders(context).map((holder) => judge(context, holder));
    const undeclared = findUndeclared(context);
    const results = [
      ...judged,
      ...missingRoles(context),
      ...invalidResults(context, RBAC_KINDS),
      ...(undeclared === null
        ? []
        : [
            {
              ...undeclared,
              detail: `What holds in the whole cluster and in kube-system is judged. ${undeclared.detail}`,
            },
          ]),
    ];
    if (results.some(({ status }) => status !== "pass")) return results;
    const silent = findNoBinding(context);
    if (silent !== null) return [...results, silent];
    const bindings = grantsOf(context.inventory);
    return [
      ...results,
      {
        ...clusterResult(
          "pass",
          judged.length === 0 ? "nobody can escalate" : "only approved subjects can escalate",
          `Of ${bindings.length} bindings none gives a way to more rights in the cluster, the CDE or kube-system${judged.length === 0 ? "" : ` besides those of ${judged.length} approved ${judged.length === 1 ? "subject" : "subjects"}`}. The platform's own components and system:masters are left out.`,
        ),
        evidence: bindings
          .slice(0, 20)
          .map((grant) => ({ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name })),
      },
    ];
  },
  verify: () => ({ command: COMMAND, expect: EXPECTED, needs: [] }),
  remediate(context, result) {
    const summary = `Take the rights that lead further from ${result.object.kind} ${result.object.name}, or have them approved and enter them in the list of approved access.`;
    const risk =
      "An operator or a pipeline stops working without the right it uses; look in the audit log first. The narrower role keeps everything else that could be kept.";
    const unapproved = countedHolders(context).filter((holder) => judge(context, holder).status === "fail");
    const names = new Set(unapproved.map(({ holder }) => holder.text));
    const own = unapproved.find(
      ({ holder: { ref } }) =>
        ref.kind === result.object.kind && ref.namespace === result.object.namespace && ref.name === result.object.name,
    );
    if (own === undefined) return { summary, risk };
    const rights = [...new Set(own.powers.flatMap(({ held }) => held.power.needs[0] ?? []))];
    const places = own.powers.some(({ namespaces }) => namespaces === null)
      ? null
      : new Set(own.powers.flatMap(({ namespaces }) => namespaces ?? []));
    const narrowed = narrowBindings({
      grants: own.powers
        .flatMap(({ held }) => held.holdings)
        .filter(({ right }) => rights.includes(right))
        .map(({ grant }) => grant)
        .filter(({ namespace }) => namespace === null || places === null || places.has(namespace)),
      rights,
      loses: (grant, subject) => {
        const [holder] = holdersOf([{ ...grant, subjects: [subject] }], POWER_RIGHTS, () => true);
        return holder !== undefined && names.has(holder.text);
      },
      suffix: "without-escalation",
    });
    return narrowed === null ? { summary, risk } : { summary, ...narrowed, risk };
  },
};

function judge(context: EvaluationContext, { holder, powers }: CountedHolder): Result {
  const { subject, ref, text } = holder;
  const answers = powers.map((counted) => ({ counted, ...approvalOf(context, subject, counted) }));
  const open = answers.filter(({ isApproved }) => !isApproved);
  const holdings = (open.length === 0 ? answers : open).flatMap(({ counted }) => counted.held.holdings);
  const approvals = [...new Set(answers.flatMap(({ words }) => words))].join("; ");
  const evidence = [...answers.flatMap(({ evidence: found }) => found).slice(0, 3), ...holdingEvidence(holdings)];
  const isEverything = holdings.some(({ rule, grant }) => grant.namespace === null && isUnlimited(rule.rule));
  const does = isEverything
    ? ["do everything in the whole cluster"]
    : (open.length === 0 ? answers : open).map(({ counted }) => chainOf(counted));
  const paths = [...new Set(holdings.map(pathOf))];
  if (open.length === 0) {
    return {
      status: "pass",
      object: ref,
      reason: shortReason(`approved: can ${does[0]}`),
      detail: `${text} can ${nameSome(does, 20)}; ${approvals}. Paths: ${nameSome(paths, 4)}.`,
      evidence,
    };
  }
  const severity = open.map(({ counted }) => severityOf(counted)).sort((a, b) => RANK.indexOf(a) - RANK.indexOf(b))[0];
  const worst = isEverything
    ? does[0]
    : chainOf((open.find(({ counted }) => severityOf(counted) === severity) ?? open[0])?.counted);
  const more = does.length === 1 ? "" : `, and ${does.length - 1} more`;
  return {
    status: "fail",
    object: ref,
    ...(severity === undefined ? {} : { severity }),
    reason: shortReason(`can ${worst}${more}`),
    detail: `${text} can ${does.join("; ")}. It is ${approvals}. Paths: ${nameSome(paths, 6)}.`,
    evidence,
  };
}

const RANK: readonly Severity[] = ["critical", "high", "medium", "low"];
function severityOf({ held, namespaces, through }: CountedPower): Severity {
  if (held.power.grade === "limited") return "medium";
  const isOnlyThrough = namespaces !== null && through.length === namespaces.length;
  return held.isNamed || isOnlyThrough ? "high" : "critical";
}

function chainOf(counted: CountedPower | undefined): string {
  if (counted === undefined) return "escalate";
  const { held, namespaces, through } = counted;
  const where = namespaces === null ? "in the whole cluster" : `in ${nameSome(namespaces, 3)}`;
  const named = held.isNamed ? " (named objects only)" : "";
  const chain = through.map(({ namespace, accounts }) => `, in ${namespace} as ${nameSome(accounts, 2)}`).join("");
  return `${held.power.gives} ${where}${named}${chain}`;
}

function approvalOf(
  context: EvaluationContext,
  subject: CountedHolder["holder"]["subject"],
  { namespaces }: CountedPower,
): { isApproved: boolean; words: string[]; evidence: Result["evidence"] } {
  const answers: ApprovalState[] = (namespaces ?? [null]).map((namespace) =>
    findApproval(context, { control: ID, subject, namespace }),
  );
  return {
    isApproved: answers.every(({ state }) => state === "approved"),
    words: answers.map(describeApproval),
    evidence: answers.flatMap((answer) => (answer.state === "none" ? [] : [answer.evidence])),
  };
}

/** In files a role that is not among them may exist where they are applied. */
function missingRoles(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  if (inventory.snapshot.source !== "manifests") return [];
  return grantsOf(inventory)
    .filter(({ roleState, roleRef }) => roleState === "missing" && !roleRef.name.startsWith("system:"))
    .filter(
      ({ namespace }) => namespace === null || namespace === "kube-system" || scope.categoryOf(namespace) === "cde",
    )
    .filter((grant) => grant.subjects.some((subject) => !isPlatformSubject(grant, subject, inventory.provider)))
    .map((grant) => ({
      status: "unknown" as const,
      object: grant.bindingRef,
      reason: shortReason(`${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`),
      detail: `${grant.binding.kind} ${grant.binding.metadata.name} names ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say where its rights lead. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
    }));
}

const WORKLOADS = `can("apps";"deployments";$w) or can("apps";"statefulsets";$w) or can("apps";"daemonsets";$w) or can("apps";"replicasets";$w) or can("batch";"jobs";$w) or can("batch";"cronjobs";$w) or can("";"replicationcontrollers";$w)`;
const ADMISSION = [
  "mutatingwebhookconfigurations",
  "validatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]
  .map((resource) => `can("admissionregistration.k8s.io";"${resource}";$w+["delete","deletecollection"])`)
  .join(" or ");
const ASKED: readonly [word: string, test: string][] = [
  [
    "escalate",
    `can("rbac.authorization.k8s.io";"clusterroles";["escalate"]) or can("rbac.authorization.k8s.io";"roles";["escalate"])`,
  ],
  [
    "bind",
    `can("rbac.authorization.k8s.io";"clusterroles";["bind"]) or can("rbac.authorization.k8s.io";"roles";["bind"])`,
  ],
  [
    "impersonate",
    `can("";"users";["impersonate"]) or can("";"groups";["impersonate"]) or can("";"serviceaccounts";["impersonate"])`,
  ],
  ["request-token", `can("";"serviceaccounts/token";["create"])`],
  ["token-secret", `can("";"secrets";["create"]) and can("";"secrets";["get","list","watch"])`],
  [
    "approve-certificate",
    `can("certificates.k8s.io";"certificatesigningrequests/approval";["update","patch"]) and can("certificates.k8s.io";"signers";["approve"])`,
  ],
  ["run-pods", `can("";"pods";$w)`],
  ["change-workloads", WORKLOADS],
  ["node-proxy", `can("";"nodes/proxy";["get","create","update","patch","delete"])`],
  ["admission", ADMISSION],
  [
    "extend-api",
    `can("apiregistration.k8s.io";"apiservices";$w) or can("apiextensions.k8s.io";"customresourcedefinitions";["update","patch"])`,
  ],
  ["host-volume", `can("";"persistentvolumes";["create"])`],
  ["change-nodes", `can("";"nodes";["update","patch"]) or can("";"nodes/status";["update","patch"])`],
  [
    "hand-out",
    `can("rbac.authorization.k8s.io";"rolebindings";$w) or can("rbac.authorization.k8s.io";"clusterrolebindings";$w)`,
  ],
];
const COMMAND = script(
  `RB=${shellQuote(RULES_CAN)}`,
  GRANTS,
  `grants | jq -r --argjson w '["create","update","patch"]' "$RB"'select(.subject.name|(startswith("system:")|not) or startswith("system:serviceaccount") or IN("system:authenticated","system:unauthenticated","system:anonymous"))|select(.binding|startswith("system:")|not)|[${ASKED.map(([word, test]) => `(if ${test} then "${word}" else empty end)`).join(",")}] as $r|select($r|length>0)|[.ns,.binding,.role,.subject.kind,(.subject.namespace//"-"),.subject.name,($r|join(","))]|@tsv'`,
);
const EXPECTED =
  "Lines whose first column is * (the whole cluster), a CDE namespace or kube-system, or a namespace whose accounts hold such a line: only subjects of the list of approved access; kubeadm:cluster-admins on kubeadm clusters.";
