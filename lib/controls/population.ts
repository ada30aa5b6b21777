/**
 * Whom a control judges: the namespaces of a scope category, or the cluster as a whole, with the answers for "nothing there".
 *
 * - A cluster that declares no scope: CDE controls answer `unknown` once, "no scope declared", and say what would settle it.
 * - A namespace whose category is unknown (no Namespace object in the manifests) is `unknown` for itself.
 * - A cluster that declares scope but has no namespace of the category: `not-applicable`, with that reason. An empty
 *   population is never a pass.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { ScopeCategory } from "@/lib/scope/types";
import { CLUSTER_REF, type EvaluationContext, type Result } from "./types";
import { shortReason } from "./short-reason";

const CATEGORY_WORDS: Record<ScopeCategory, string> = {
  cde: "CDE",
  "connected-to": "connected-to",
  "out-of-scope": "out-of-scope",
  undeclared: "undeclared",
};

export function namespaceRef(name: string): ResourceRef {
  return { apiVersion: "v1", kind: "Namespace", name };
}

/** A result without evidence; spread it and add what was found. */
export function clusterResult(status: Result["status"], reason: string, detail: string): Result {
  return { status, object: CLUSTER_REF, reason, detail, evidence: [] };
}

/** One `unknown` for the cluster that names the first section that couldn't be read, or null when all can be trusted. */
export function findUnreadable(context: EvaluationContext, sections: readonly SectionName[]): Result | null {
  const readable = context.inventory.readable(...sections);
  if (readable.known) return null;
  const cause = { forbidden: "refused", failed: "broken off", "not-collected": "not collected" } as const;
  const word = readable.status in cause ? cause[readable.status as keyof typeof cause] : readable.status;
  return clusterResult(
    "unknown",
    `${readable.section} could not be read (${word})`,
    `The section ${readable.section} of the snapshot is missing: ${readable.message}. It becomes known when the agent may list it.`,
  );
}

/**
 * Objects of the section that the projection refused as invalid: each is `unknown` for itself, because what it says can't be
 * trusted in either direction.
 */
export function invalidResults(
  context: EvaluationContext,
  kinds: readonly string[],
  namespaces?: readonly string[],
): Result[] {
  return context.inventory.invalid
    .filter((object) => kinds.includes(object.kind))
    .filter((object) => namespaces === undefined || namespaces.includes(object.namespace ?? "default"))
    .map((object): Result => {
      const ref: ResourceRef = { apiVersion: object.apiVersion, kind: object.kind, name: object.name };
      if (object.namespace !== undefined) ref.namespace = object.namespace;
      return {
        status: "unknown",
        object: ref,
        reason: shortReason(`${object.kind} is not valid: ${object.problem}`),
        detail: `${object.kind} ${object.name} (${object.where}) could not be read: ${object.problem}. Correct the object; until then it is not judged.`,
        evidence: [],
      };
    });
}

/** Kinds whose invalid objects leave open who may do what. */
export const RBAC_KINDS = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"] as const;

/**
 * No binding at all says nothing about who may do what: one `unknown` that says so, null when there are bindings. Files say nothing
 * about where they are applied. And an API server that decides by RBAC makes its own bindings when it starts: a cluster without them
 * decides by something else, perhaps by letting everybody do everything.
 */
export function findNoBinding({ inventory }: EvaluationContext): Result | null {
  if (inventory.list("clusterrolebindings").length + inventory.list("rolebindings").length > 0) return null;
  return inventory.snapshot.source === "manifests"
    ? clusterResult(
        "unknown",
        "the files hold no binding",
        "The files hold neither a RoleBinding nor a ClusterRoleBinding, so what the cluster grants isn't known from them. Add the bindings, or scan the running cluster.",
      )
    : clusterResult(
        "unknown",
        "the cluster lists no binding, not even Kubernetes' own",
        "The list of bindings is empty. An API server that authorizes by RBAC makes bindings of its own, so this one decides by something else, and what it grants isn't known. Look at --authorization-mode.",
      );
}

/** The `unknown` for a cluster that declares nothing, or null. */
export function findUndeclared(context: EvaluationContext): Result | null {
  const { scope } = context;
  if (scope.declared) return null;
  const reason = scope.namespaces[0]?.reasons[0];
  const unreadable = reason?.code === "namespaces-unreadable";
  return clusterResult(
    "unknown",
    unreadable ? "namespaces could not be read, so the scope is unknown" : "no scope declared",
    unreadable
      ? `${reason.text}. Labels decide what belongs to the CDE; allow the agent to list namespaces, or name them in a scope file.`
      : `No namespace carries the label ${scope.settings.labelKey} and no scope file names one, so nobody knows which namespaces belong to the CDE. Label the namespaces with ${scope.settings.labelKey}=${scope.settings.values.cde}, ${scope.settings.values["connected-to"]} or ${scope.settings.values["out-of-scope"]}, or give a scope file.`,
  );
}

/** Runs `judge` for each namespace of the categories, in name order, and adds the answers for what can't be judged. */
export function judgeNamespaces(
  context: EvaluationContext,
  categories: readonly ScopeCategory[],
  judge: (namespace: string) => Result[],
): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory(...categories);
  const unknown = undeclaredNamespaces(context);
  const results = [...names.flatMap(judge), ...unknown];
  if (results.length > 0) return results;
  return names.length > 0 ? [] : [noNamespaceResult(categories)];
}

/** The namespaces whose own category isn't known although the cluster declares scope, each as `unknown`. */
export function undeclaredNamespaces(context: EvaluationContext): Result[] {
  return context.scope.namespaces
    .filter((namespace) => namespace.category === "undeclared")
    .map(
      (namespace): Result => ({
        status: "unknown",
        object: namespaceRef(namespace.namespace),
        reason: "the namespace's scope is not known",
        detail: `Namespace ${namespace.namespace}: ${namespace.reasons.map((r) => r.text).join("; ")}. Until its category is known, nobody can say whether this control applies to it.`,
        evidence: [],
      }),
    );
}

export function noNamespaceResult(categories: readonly ScopeCategory[]): Result {
  const words = categories.map((category) => CATEGORY_WORDS[category]).join(" or ");
  return clusterResult(
    "not-applicable",
    `no ${words} namespace in this cluster`,
    `The cluster declares its scope, and no namespace is ${words}, so there is nothing for this control to judge.`,
  );
}

/**
 * Runs `judge` once for a cluster that holds namespaces of the categories; else the answer for the cluster.
 * For controls over "all clusters with CDE".
 */
export function judgeCluster(
  context: EvaluationContext,
  categories: readonly ScopeCategory[],
  judge: () => Result[],
): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  if (context.scope.inCategory(...categories).length > 0) return judge();
  // A namespace of unknown category may be the CDE: then nobody can say that the control does not apply.
  const unknown = undeclaredNamespaces(context);
  return unknown.length > 0 ? unknown : [noNamespaceResult(categories)];
}

/** Evidence that a namespace belongs to the judged category: its scope label, or nothing when a scope file says so. */
export function scopeEvidence(context: EvaluationContext, namespace: string): Result["evidence"] {
  const object = context.inventory.namespaces.get(namespace);
  const key = context.scope.settings.labelKey;
  const value = object?.metadata.labels?.[key];
  if (object === undefined || value === undefined) return [];
  const escaped = key.replaceAll("~", "~0").replaceAll("/", "~1");
  return [{ ref: refOf(object), pointer: `/metadata/labels/${escaped}`, found: value }];
}

/** "a, b and 3 more": names for a sentence, at most `limit` of them. */
export function nameSome(names: readonly string[], limit = 5): string {
  if (names.length <= limit) return names.join(", ");
  return `${names.slice(0, limit).join(", ")} and ${names.length - limit} more`;
}
