/**
 * Parts of the commands that an assessor pastes into bash, so that each command stands alone.
 *
 * They need bash, kubectl 1.29 or newer and jq 1.6 or newer. The namespaces they select are the ones that the product judges:
 * by label when labels declare the scope, by name when a scope file does.
 */
import type { Scope, ScopeCategory } from "@/lib/scope/types";

/** A single-quoted shell word. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * `CDE='[…]'` or `CDE=$(…)`: a JSON array of the namespaces of the categories (CDE unless said).
 * With labels, a missing or invalid value counts as CDE, as it does in the product.
 */
export function selectNamespaces(scope: Scope, categories: readonly ScopeCategory[] = ["cde"]): string {
  const { settings } = scope;
  if (Object.keys(settings.namespaces).length > 0) {
    return `CDE=${shellQuote(JSON.stringify(scope.inCategory(...categories)))}`;
  }
  const others = (["connected-to", "out-of-scope"] as const).filter((category) => !categories.includes(category));
  const label = `(.metadata.labels//{})[${JSON.stringify(settings.labelKey)}]`;
  const excluded = others.map((category) => JSON.stringify(settings.values[category])).join(",");
  const filter = others.length === 0 ? "true" : `(${label}|IN(${excluded})|not)`;
  return `CDE=$(kubectl get ns -o json | jq -c ${shellQuote(`[.items[]|select(${filter})|.metadata.name]`)})`;
}

/** jq function `allc`: the init, ordinary and ephemeral containers of a pod. */
export const ALL_CONTAINERS =
  "def allc: (.spec.initContainers//[])[], (.spec.containers//[])[], (.spec.ephemeralContainers//[])[];";

/** Shell function `cdepods`: the live pods of the selected namespaces, one JSON object a line. Needs `selectNamespaces` first. */
export const CDE_PODS = `cdepods() { kubectl get pods -A -o json | jq -c --argjson cde "$CDE" '.items[]|select(.status.phase!="Succeeded" and .status.phase!="Failed")|select(.metadata.namespace as $n|$cde|index($n))'; }`;

/** jq function `can(group; resource; verbs)` over an object with `.rules`: whole words, wildcards and `*\/subresource`. */
export const RULES_CAN =
  'def m($l;$v): ($l//[])|any(.=="*" or .==$v); def rm($l;$r): m($l;$r) or (($l//[])|any(startswith("*/") and (.[1:] as $s|$r|endswith($s)))); def can($g;$r;$vs): any(.rules[]; m(.apiGroups;$g) and rm(.resources;$r) and (.verbs as $x|any($vs[]; . as $v|m($x;$v))));';

/** Shell function `grants`: one line per binding and subject with the rules that take effect. */
export const GRANTS = `grants() { kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json | jq -c '.items as $i|(reduce ($i[]|select(.kind=="Role" or .kind=="ClusterRole")) as $r ({}; .["\\($r.kind)/\\($r.metadata.namespace//"")/\\($r.metadata.name)"]=($r.rules//[]))) as $rules|$i[]|select(.kind|endswith("Binding"))|. as $b|(if .roleRef.kind=="ClusterRole" then "ClusterRole//\\(.roleRef.name)" else "Role/\\(.metadata.namespace)/\\(.roleRef.name)" end) as $k|(.subjects//[])[] as $s|{bind:.kind,ns:(.metadata.namespace//"*"),binding:.metadata.name,role:"\\(.roleRef.kind)/\\(.roleRef.name)",subject:($s|{kind,name,namespace}),rules:($rules[$k]//[]),missingRole:($rules|has($k)|not)}'; }`;

/** Shell function `flags COMPONENT`: pod name and flag with its value (`--a=b` or `--a b`), for every instance of a control-plane component. */
export const FLAGS = `flags() { kubectl -n kube-system get pods -l component=$1 -o json | jq -r '.items[]|.metadata.name as $n|.spec.containers[0]|((.command//[])+(.args//[]))|join(" ")|split(" --")[1:][]|"\\($n)\\t--\\(.)"'; }`;

/** The parts, one per line. */
export function script(...parts: string[]): string {
  return parts.join("\n");
}
