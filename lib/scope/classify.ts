/**
 * Declared scope: which namespaces are CDE, connected-to or out of scope, and why.
 *
 * Rule, in the order in which it is asked (catalogue, "Scope" and "Namespaces without labels"):
 * 1. The organization's scope file names the namespace: that category.
 * 2. Namespaces could not be read: undeclared, because neither labels nor their absence are known.
 * 3. No Namespace object (a manifest folder often lacks it): undeclared, because its labels are unknown; CDE when the organization
 *    says that namespaces without a label are.
 * 4. A label with a known value (case counts): that category.
 * 5. A label with any other value: CDE until somebody corrects it.
 * 6. No label: CDE when some namespace of the cluster carries the label or the organization says so; else undeclared.
 */
import { type Inventory, refKey } from "@/lib/inventory/inventory";
import {
  type NamespaceScope,
  SCOPE_CATEGORIES,
  type Scope,
  type ScopeCategory,
  type ScopeReason,
  type ScopeSettings,
} from "./types";

type Declared = (typeof SCOPE_CATEGORIES)[number];

/** Classifies every namespace of the inventory and gives each workload the category of its namespace. */
export function classifyScope(inventory: Inventory, settings: ScopeSettings): Scope {
  const known = inventory.readable("namespaces");
  const labelled = [...inventory.namespaces.values()].some((n) => n.metadata.labels?.[settings.labelKey] !== undefined);
  const fileNames = Object.keys(settings.namespaces).filter((name) => inventory.namespaceNames.includes(name));

  const namespaces = inventory.namespaceNames.map((name): NamespaceScope => {
    const labels = inventory.namespaces.get(name)?.metadata.labels;
    const labelValue = labels?.[settings.labelKey] ?? null;
    const answer = (category: ScopeCategory, code: ScopeReason["code"], text: string): NamespaceScope => ({
      namespace: name,
      category,
      labelValue,
      reasons: [{ code, text }],
    });

    const fromFile = Object.hasOwn(settings.namespaces, name) ? settings.namespaces[name] : undefined;
    if (fromFile !== undefined) return answer(fromFile, "scope-file", `the scope file says ${fromFile}`);
    if (!known.known) {
      return answer("undeclared", "namespaces-unreadable", `namespaces could not be read: ${known.message}`);
    }
    if (!inventory.namespaces.has(name)) {
      if (settings.assumeUnlabelledInScope) {
        const text = "there is no Namespace object; the organization counts namespaces without a label as CDE";
        return answer("cde", "namespace-object-missing", text);
      }
      const text = "there is no Namespace object, so its labels are unknown; add it or name it in a scope file";
      return answer("undeclared", "namespace-object-missing", text);
    }
    if (labelValue !== null) {
      const category = categoryOfLabel(labelValue, settings);
      const pair = `${settings.labelKey}=${labelValue}`;
      if (category !== undefined) return answer(category, "label", `label ${pair}`);
      const allowed = SCOPE_CATEGORIES.map((c) => settings.values[c]).join(", ");
      return answer(
        "cde",
        "invalid-label",
        `label ${pair} is none of ${allowed}; counted as CDE until it is corrected`,
      );
    }
    if (labelled) {
      const text = `no label ${settings.labelKey}, while other namespaces carry it; counted as CDE until it has one`;
      return answer("cde", "missing-label", text);
    }
    if (settings.assumeUnlabelledInScope) {
      const text = `no label ${settings.labelKey}; the organization counts such namespaces as CDE`;
      return answer("cde", "missing-label", text);
    }
    return answer(
      "undeclared",
      "no-scope-declared",
      `no namespace of the cluster carries the label ${settings.labelKey}`,
    );
  });

  // Files without any namespace leave nothing that the organization's rule could be applied to: that is no CDE that is empty.
  const isAssumed = settings.assumeUnlabelledInScope && namespaces.length > 0;
  const byName = new Map(namespaces.map((n) => [n.namespace, n]));
  const categoryOf = (namespace: string): ScopeCategory => byName.get(namespace)?.category ?? "undeclared";
  return {
    settings,
    declared: known.known ? labelled || isAssumed || fileNames.length > 0 : fileNames.length > 0,
    namespaces,
    workloads: [...inventory.workloads]
      .map((workload) => ({
        ref: workload.ref,
        category: categoryOf(workload.namespace),
        reasons: byName.get(workload.namespace)?.reasons ?? [],
      }))
      .sort((a, b) => compare(refKey(a.ref), refKey(b.ref))),
    categoryOf,
    inCategory: (...categories) => namespaces.filter((n) => categories.includes(n.category)).map((n) => n.namespace),
    hasCde: namespaces.some((n) => n.category === "cde"),
  };
}

function categoryOfLabel(value: string, settings: ScopeSettings): Declared | undefined {
  return SCOPE_CATEGORIES.find((category) => settings.values[category] === value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
