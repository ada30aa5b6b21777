/**
 * Gatekeeper's constraints: what the templates of its own library deny for pods of a namespace.
 *
 * Source: Gatekeeper documentation, "Constraints", "Enforcement points"; the policy library's template descriptions.
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { LabelSelector } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import type { Outcome } from "./admission-outcomes";
import { isMap, matchesWildcard } from "./kyverno-pattern";
import {
  everyProbeOf,
  type Fields,
  isFilled,
  mapOf,
  maps,
  mentioned,
  type NamespaceUnderPolicy,
  type PolicyCover,
  texts,
} from "./policy-cover";

/** Every constraint, as it stands in the namespace. */
export function gatekeeperCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  const templates = new Map(
    inventory.list("gatekeeper-constrainttemplates").map((template) => {
      const names = mapOf(mapOf(mapOf(template.spec?.crd).spec).names);
      return [String(names.kind ?? ""), template] as const;
    }),
  );
  return inventory.list("gatekeeper-constraints").map((constraint) => {
    const spec = constraint.spec ?? {};
    const action = gatekeeperAction(spec);
    const cover: PolicyCover = {
      ref: refOf(constraint),
      pointer: "/spec",
      words: `${constraint.kind} ${constraint.metadata.name}`,
      action,
      ...constraintBody(constraint.kind, mapOf(spec.parameters)),
      gap: null,
    };
    const selects = gatekeeperSelects(mapOf(spec.match), namespace);
    const template = templates.get(constraint.kind);
    if (action !== "deny") cover.gap = `effective action ${action}`;
    else if (selects !== "all") cover.gap = selects;
    else if (inventory.readable("gatekeeper-constrainttemplates").known && template === undefined)
      cover.gap = "its ConstraintTemplate does not exist";
    else if (template?.status?.created === false) cover.gap = "its ConstraintTemplate is not loaded";
    return cover;
  });
}

/** `deny` unless said otherwise; scoped actions count for the admission webhook. */
function gatekeeperAction(spec: Fields): string {
  const action =
    typeof spec.enforcementAction === "string" && spec.enforcementAction !== "" ? spec.enforcementAction : "deny";
  if (action !== "scoped") return action;
  const scoped = maps(spec.scopedEnforcementActions).filter((entry) =>
    maps(entry.enforcementPoints).some((point) => point.name === "*" || point.name === "validation.gatekeeper.sh"),
  );
  const actions = scoped.map((entry) => String(entry.action));
  return actions.includes("deny") ? "deny" : (actions[0] ?? "none at admission");
}

function gatekeeperSelects(match: Fields, namespace: NamespaceUnderPolicy): string {
  const kinds = maps(match.kinds);
  const hasPods = kinds.some((entry) => {
    const groups = texts(entry.apiGroups);
    const names = texts(entry.kinds);
    return (
      (groups.length === 0 || groups.includes("") || groups.includes("*")) &&
      (names.length === 0 || names.includes("Pod") || names.includes("*"))
    );
  });
  if (kinds.length > 0 && !hasPods) return "it does not match pods";
  const matches = (pattern: string) => matchesWildcard(pattern, namespace.name);
  const namespaces = texts(match.namespaces);
  if (namespaces.length > 0 && !namespaces.some(matches)) return "its match leaves the namespace out";
  if (texts(match.excludedNamespaces).some(matches)) return "it excludes the namespace";
  if (isMap(match.namespaceSelector) && !matchesSelector(match.namespaceSelector as LabelSelector, namespace.labels))
    return "its namespaceSelector does not match the namespace's labels";
  if (isMap(match.labelSelector) && isFilled(match.labelSelector)) return "it matches pods with certain labels only";
  if (typeof match.name === "string" && match.name !== "" && match.name !== "*") return "it matches some names only";
  if (match.scope === "Cluster") return "it matches cluster-scoped objects only";
  if (match.source === "Generated") return "it does not match the creation of pods";
  return "all";
}

/** What the templates of Gatekeeper's own library refuse, by their kind; any other template is Rego that is not understood. */
function constraintBody(kind: string, parameters: Fields): Pick<PolicyCover, "probes" | "possible"> {
  // Exempted images get past the template; which pods that leaves open, their names don't tell. `*` exempts every image.
  const exempt = texts(parameters.exemptImages);
  const refuses = (outcome: Outcome, holds: boolean): Pick<PolicyCover, "probes" | "possible"> => {
    if (!holds || exempt.includes("*")) return { probes: [], possible: [] };
    return exempt.length > 0 ? { probes: [], possible: [outcome] } : { probes: everyProbeOf(outcome), possible: [] };
  };
  switch (kind) {
    case "K8sPSPPrivilegedContainer":
      return refuses("no-privileged", true);
    case "K8sPSPHostFilesystem":
      // A list of allowed paths lets these in, and an empty list restricts nothing.
      return refuses("no-hostpath", parameters.allowedHostPaths === undefined);
    case "K8sPSPVolumeTypes": {
      const volumes = texts(parameters.volumes);
      return refuses("no-hostpath", volumes.length > 0 && !volumes.includes("*") && !volumes.includes("hostPath"));
    }
    case "K8sPSPReadOnlyRootFilesystem":
      return refuses("read-only-root", true);
    case "K8sPSPAllowedUsers": {
      const runAsUser = mapOf(parameters.runAsUser);
      const ranges = maps(runAsUser.ranges);
      const isAboveRoot = ranges.length > 0 && ranges.every((range) => typeof range.min === "number" && range.min > 0);
      return refuses(
        "non-root",
        runAsUser.rule === "MustRunAsNonRoot" || (runAsUser.rule === "MustRunAs" && isAboveRoot),
      );
    }
    case "K8sAllowedRepos":
    case "K8sAllowedReposv2": {
      const repos = texts(parameters.repos ?? parameters.allowedImages);
      return refuses("allowed-registries", repos.length > 0 && !repos.some((repo) => repo === "" || repo === "*"));
    }
    default:
      return { probes: [], possible: mentioned(kind, parameters) };
  }
}
