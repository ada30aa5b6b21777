/**
 * Controls that ask who holds some rights in CDE namespaces: one result per subject that holds one, a pass per namespace that
 * no unapproved subject reaches, and what can't be said.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Subject } from "@/lib/inventory/kinds";
import { type Grant, grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { describeRight, type Holder, type Holding, holdersOf, namespacesOf, type Right } from "@/lib/rbac/rights";
import { describeSubject } from "@/lib/rbac/subjects";
import { type ApprovalState, describeApproval, findApproval } from "./approved";
import {
  findNoBinding,
  findUnreadable,
  invalidResults,
  judgeNamespaces,
  namespaceRef,
  nameSome,
  RBAC_KINDS,
} from "./population";
import { shortReason } from "./short-reason";
import type { EvaluationContext, EvidencePointer, Result } from "./types";

export const RBAC_SECTIONS = ["clusterroles", "clusterrolebindings", "rolebindings", "roles"] as const;

export interface RightsInCde {
  control: string;
  rights: readonly Right[];
  /** Subjects that the control is about; those of the platform itself are left out already. */
  isJudged(subject: Subject): boolean;
  /** Completes "… can" in a reason, for example `read Secrets`. */
  does: string;
  /** Who a namespace's pass says that does not hold the rights, for example "No person or group". */
  nobody: string;
  /** Why an approval that holds is still not enough, or null. */
  objectionTo?(answer: ApprovalState & { state: "approved" }): string | null;
  severityOf?(holdings: readonly Holding[]): Result["severity"];
}

export function judgeRightsInCde(context: EvaluationContext, spec: RightsInCde): Result[] {
  const unreadable = findUnreadable(context, RBAC_SECTIONS);
  const cde = context.scope.declared ? context.scope.inCategory("cde") : [];
  const judged = unreadable === null ? holdersInCde(context, spec, cde).map((h) => judgeHolder(context, spec, h)) : [];
  const open = new Set(judged.flatMap(({ open: namespaces }) => namespaces));
  const approved = judged.filter(({ result }) => result.status === "pass").length;
  const namespaces = judgeNamespaces(context, ["cde"], (namespace) => {
    const object = namespaceRef(namespace);
    if (unreadable !== null) return [{ ...unreadable, object }];
    const missing = missingRoles(context, spec, namespace);
    if (open.has(namespace) || missing.length > 0) return missing;
    const silent = findNoBinding(context);
    if (silent !== null) return [{ ...silent, object }];
    return [passOf(context, spec, namespace, approved)];
  });
  const invalid = context.scope.declared && context.scope.hasCde ? invalidResults(context, RBAC_KINDS) : [];
  return [...namespaces, ...judged.map(({ result }) => result), ...invalid];
}

/** True for the subjects that hold one of the rights without an approval, so that a binding can be written without them. */
export function isUnapproved(
  context: EvaluationContext,
  spec: RightsInCde,
): (grant: Grant, subject: Subject) => boolean {
  const cde = context.scope.declared ? context.scope.inCategory("cde") : [];
  const open = new Set(
    holdersInCde(context, spec, cde)
      .filter((holder) => judgeHolder(context, spec, holder).result.status === "fail")
      .map(({ text }) => text),
  );
  return (grant, subject) => {
    const [holder] = holdersOf([{ ...grant, subjects: [subject] }], spec.rights, () => true);
    return holder !== undefined && open.has(holder.text);
  };
}

/** The holdings of the subject that a result is about. */
export function holdingsOf(context: EvaluationContext, spec: RightsInCde, result: Result): Holding[] {
  const { kind, namespace, name } = result.object;
  const cde = context.scope.declared ? context.scope.inCategory("cde") : [];
  const holder = holdersInCde(context, spec, cde).find(
    ({ ref }) => ref.kind === kind && ref.namespace === namespace && ref.name === name,
  );
  return holder?.holdings ?? [];
}

function holdersInCde(context: EvaluationContext, spec: RightsInCde, cde: readonly string[]): Holder[] {
  if (cde.length === 0) return [];
  const judged = new Set(cde);
  const { provider } = context.inventory;
  return holdersOf(
    grantsOf(context.inventory).filter(({ namespace }) => namespace === null || judged.has(namespace)),
    spec.rights,
    (grant, subject) => spec.isJudged(subject) && !isPlatformSubject(grant, subject, provider),
  );
}

function judgeHolder(
  context: EvaluationContext,
  spec: RightsInCde,
  { subject, ref, text, holdings }: Holder,
): { result: Result; open: string[] } {
  const cde = context.scope.inCategory("cde");
  const reached = namespacesOf(holdings, cde);
  const answers = reached.map((namespace) => {
    const answer = findApproval(context, { control: spec.control, subject, namespace });
    const objection = answer.state === "approved" ? (spec.objectionTo?.(answer) ?? null) : describeApproval(answer);
    return { namespace, answer, objection };
  });
  const open = answers.filter(({ objection }) => objection !== null);
  const openNames = open.map(({ namespace }) => namespace);
  const paths = [...new Set(holdings.map(pathOf))];
  const approvals = [
    ...new Set(answers.map(({ answer }) => (answer.state === "none" ? "" : describeApproval(answer)))),
  ];
  const register = answers.flatMap(({ answer }) => (answer.state === "none" ? [] : [answer.evidence]));
  const evidence = [...register.slice(0, 3), ...holdingEvidence(holdings)];
  if (open.length === 0) {
    const result: Result = {
      status: "pass",
      object: ref,
      reason: shortReason(`approved to ${spec.does} in ${nameSome(reached, 2)}`),
      detail: `${text} can ${spec.does} in ${nameSome(reached)}, ${approvals.join("; ")}. Paths: ${nameSome(paths, 4)}.`,
      evidence,
    };
    return { result, open: [] };
  }
  const objections = [...new Set(open.map(({ objection }) => objection))].join("; ");
  const severity = spec.severityOf?.(holdings);
  const result: Result = {
    status: "fail",
    object: ref,
    ...(severity === undefined ? {} : { severity }),
    reason: shortReason(`can ${spec.does} in ${nameSome(openNames, 2)}`),
    detail: `${text} can ${spec.does} in ${nameSome(openNames)}: ${objections}. Paths: ${nameSome(paths, 4)}.${memberNote(subject)}`,
    evidence,
  };
  return { result, open: openNames };
}

function passOf(context: EvaluationContext, spec: RightsInCde, namespace: string, approved: number): Result {
  const bindings = grantsOf(context.inventory).filter(
    (grant) => grant.namespace === null || grant.namespace === namespace,
  );
  const others = approved === 0 ? "" : ` besides ${approved} approved ${approved === 1 ? "subject" : "subjects"}`;
  return {
    status: "pass",
    object: namespaceRef(namespace),
    reason: shortReason(`${spec.nobody} can ${spec.does}${others === "" ? "" : " unapproved"}`),
    detail: `Of ${bindings.length} bindings that have effect in ${namespace}, none lets anybody of those judged ${spec.does} there${others}. The platform's own components and system:masters are left out.`,
    evidence: bindings
      .slice(0, 20)
      .map((grant) => ({ ref: refOf(grant.binding), pointer: "/roleRef", found: grant.roleRef.name })),
  };
}

/** `RoleBinding ops → ClusterRole edit, rules[3] get secrets`. */
export function pathOf(holding: Holding): string {
  const { grant, rule } = holding;
  const state = grant.roleState === "assumed" ? " (as Kubernetes installs it)" : "";
  const via = rule.role.name === grant.roleRef.name ? "" : `, to which ${rule.role.kind} ${rule.role.name} adds`;
  const place = grant.namespace === null ? "" : ` in ${grant.namespace}`;
  return `${grant.binding.kind} ${grant.binding.metadata.name}${place} → ${grant.roleRef.kind} ${grant.roleRef.name}${state}${via}, rules[${rule.index}] ${describeRight(holding)}`;
}

/** The subjects and rules that the holdings rest on, each place once. */
export function holdingEvidence(holdings: readonly Holding[], limit = 12): EvidencePointer[] {
  const seen = new Set<string>();
  const out: EvidencePointer[] = [];
  for (const { grant, subjectIndex, rule } of holdings) {
    if (out.length >= limit) break;
    const subject = grant.subjects[subjectIndex];
    const places: EvidencePointer[] = [
      {
        ref: grant.bindingRef,
        pointer: `/subjects/${subjectIndex}`,
        found: subject === undefined ? "" : describeSubject(subject, grant.namespace ?? ""),
      },
      { ref: rule.role, pointer: `/rules/${rule.index}`, found: JSON.stringify(rule.rule) },
    ];
    for (const place of places) {
      const key = `${place.ref.kind}/${place.ref.namespace ?? ""}/${place.ref.name}${place.pointer}`;
      if (seen.has(key)) continue;
      seen.add(key);
      out.push(place);
    }
  }
  return out.slice(0, limit);
}

/** Who is in a group only the identity provider knows. */
function memberNote(subject: Subject): string {
  return subject.kind === "Group" ? " Who is in the group is known to the identity provider; ask for its members." : "";
}

/** In files a role that is not among them may exist where they are applied, so nobody knows what it grants. */
function missingRoles(context: EvaluationContext, spec: RightsInCde, namespace: string): Result[] {
  const { inventory } = context;
  if (inventory.snapshot.source !== "manifests") return [];
  return grantsOf(inventory)
    .filter((grant) => grant.roleState === "missing" && (grant.namespace === null || grant.namespace === namespace))
    .filter((grant) => !grant.roleRef.name.startsWith("system:"))
    .filter((grant) => grant.subjects.some((s) => spec.isJudged(s) && !isPlatformSubject(grant, s, inventory.provider)))
    .map((grant) => ({
      status: "unknown" as const,
      object: grant.bindingRef,
      // A binding of the whole cluster is judged once for each namespace.
      ...(grant.namespace === null ? { part: `namespace ${namespace}` } : {}),
      reason: shortReason(`${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`),
      detail: `${grant.binding.kind} ${grant.binding.metadata.name} names ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say whether it lets somebody ${spec.does} in ${namespace}. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
    }));
}
