/** Scope categories as in the PCI SSC's guidance for scoping and segmentation; the reasons say why. */
import type { ResourceRef } from "@/lib/inventory/inventory";

export const SCOPE_CATEGORIES = ["cde", "connected-to", "out-of-scope"] as const;
/** `undeclared`: the cluster carries no scope label at all and no scope file says more, so nothing is known. */
export type ScopeCategory = (typeof SCOPE_CATEGORIES)[number] | "undeclared";

export interface ScopeSettings {
  labelKey: string;
  /** Label values, for example { cde: "in-scope", "connected-to": "connected-to", "out-of-scope": "out-of-scope" }. */
  values: Record<(typeof SCOPE_CATEGORIES)[number], string>;
  /** Categories said by the organization's scope file; they win over labels. */
  namespaces: Record<string, (typeof SCOPE_CATEGORIES)[number]>;
  /** Unlabelled namespaces count as CDE even in a cluster without any scope label. */
  assumeUnlabelledInScope: boolean;
}
export const DEFAULT_SCOPE_SETTINGS: ScopeSettings = {
  labelKey: "pci-scope",
  values: { cde: "in-scope", "connected-to": "connected-to", "out-of-scope": "out-of-scope" },
  namespaces: {},
  assumeUnlabelledInScope: false,
};

export interface ScopeReason {
  code:
    | "label"
    | "scope-file"
    | "invalid-label"
    | "missing-label"
    | "no-scope-declared"
    | "namespace-object-missing"
    | "namespaces-unreadable";
  text: string;
}
export interface NamespaceScope {
  namespace: string;
  category: ScopeCategory;
  labelValue: string | null;
  reasons: ScopeReason[];
}
export interface WorkloadScope {
  ref: ResourceRef;
  category: ScopeCategory;
  reasons: ScopeReason[];
}

export interface Scope {
  settings: ScopeSettings;
  /** False when the cluster declares nothing: CDE controls then answer `unknown` with "no scope declared". */
  declared: boolean;
  namespaces: NamespaceScope[];
  workloads: WorkloadScope[];
  categoryOf(namespace: string): ScopeCategory;
  /** Namespaces of the category, in name order. */
  inCategory(...categories: ScopeCategory[]): string[];
  hasCde: boolean;
}
