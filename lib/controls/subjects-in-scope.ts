/** Everybody who holds something in CDE or connected-to namespaces, or in the whole cluster, with the roles through which. */
import type { ResourceRef } from "@/lib/inventory/inventory";
import type { Subject } from "@/lib/inventory/kinds";
import { type Grant, grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { publicProblemOf } from "@/lib/rbac/public-bindings";
import { subjectRef } from "@/lib/rbac/rights";
import { accountReach, describeSubject, isPublicSubject, standsForPeople } from "@/lib/rbac/subjects";
import type { EvaluationContext, EvidencePointer } from "./types";

export interface SubjectInScope {
  ref: ResourceRef;
  subject: Subject;
  text: string;
  /** False for service accounts and their groups. */
  isPerson: boolean;
  grants: { grant: Grant; subjectIndex: number }[];
}

/** In name order. The platform's own subjects are left out, and bindings that grant nothing because their role is missing. */
export function subjectsInScope(context: EvaluationContext): SubjectInScope[] {
  const { inventory, scope } = context;
  const judged = new Set(scope.declared ? scope.inCategory("cde", "connected-to") : []);
  const found = new Map<string, SubjectInScope>();
  for (const grant of grantsOf(inventory)) {
    if (grant.namespace !== null && !judged.has(grant.namespace)) continue;
    // In files the role may exist where they are applied.
    if (grant.roleState === "missing" && inventory.snapshot.source !== "manifests") continue;
    grant.subjects.forEach((subject, subjectIndex) => {
      if (isPlatformSubject(grant, subject, inventory.provider)) return;
      // Kubernetes' own bindings to everybody are no access that anybody was given; more than those is (rbac-public-groups).
      if (isPublicSubject(subject) && publicProblemOf(grant, subject) === null) return;
      const isPerson = standsForPeople(subject);
      if (!isPerson && accountReach(subject, grant.namespace ?? "") === null) return;
      const ref = subjectRef(subject, grant.namespace ?? "");
      if (ref === null) return;
      const named: Subject =
        ref.namespace === undefined
          ? { kind: ref.kind, name: ref.name }
          : { kind: ref.kind, name: ref.name, namespace: ref.namespace };
      const text = describeSubject(named);
      const entry = found.get(text) ?? { ref, subject: named, text, isPerson, grants: [] };
      entry.grants.push({ grant, subjectIndex });
      found.set(text, entry);
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
}

/** The bindings that name the subject, at most `limit`. */
export function bindingEvidence({ grants, text }: SubjectInScope, limit = 8): EvidencePointer[] {
  return grants.slice(0, limit).map(({ grant, subjectIndex }) => ({
    ref: grant.bindingRef,
    pointer: `/subjects/${subjectIndex}`,
    found: `${text} → ${grant.roleRef.kind} ${grant.roleRef.name}`,
  }));
}
