/**
 * Policies of other engines beside NetworkPolicy: which of them are a default deny for a namespace, and which we can't judge.
 *
 * Recognised as default deny of a direction (each engine's documentation, "default deny"):
 * - Calico NetworkPolicy and GlobalNetworkPolicy: selector absent, "" or all(); the namespace is selected (absent, "", all(), or
 *   a plain comparison of its name); the direction is in `types` (absent: Ingress, and Egress if there are egress rules); no
 *   rule of the direction, or only rules with action Deny.
 *   In the default tier only (another tier may pass on to the next), and not one that only concerns host endpoints (preDNAT,
 *   doNotTrack).
 * - Cilium: endpointSelector {} and a rule list of the direction whose entries are all empty (`- {}`), unless enableDefaultDeny
 *   turns it off.
 * AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy take part in another order (priorities, pass) and
 * are not judged here. Nor is a default deny of an engine that is not the one that runs: its policies may be left over from before,
 * and the plug-in that carries out NetworkPolicy knows nothing of them. Any policy that may touch the namespace and isn't recognised is named, so that nobody takes "no
 * NetworkPolicy" for "open" or for "closed".
 */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import { refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { SectionName } from "@/lib/inventory/snapshot";
import { namespaceOf } from "@/lib/inventory/workloads";
import { recognisePlugins } from "./plugins";
import type { Direction } from "./policies";

export interface OtherPolicies {
  /** Policies that deny the direction by default for every pod of the namespace. */
  denies: ResourceRef[];
  /** Policies that may apply to the namespace and were not judged. */
  unparsed: ResourceRef[];
  /** Sections of other engines that could not be read; an engine that isn't installed is not one of them. */
  unreadable: { section: SectionName; message: string }[];
}

const NAMESPACED = ["cilium-networkpolicies", "calico-networkpolicies"] as const;
const CLUSTER_WIDE = [
  "cilium-clusterwidenetworkpolicies",
  "calico-globalnetworkpolicies",
  "adminnetworkpolicies",
  "baselineadminnetworkpolicies",
  "clusternetworkpolicies",
] as const;
type EngineSection = (typeof NAMESPACED)[number] | (typeof CLUSTER_WIDE)[number];

/** What the engines beside NetworkPolicy say about a namespace and a direction. */
export function otherPolicies(inventory: Inventory, namespace: string, direction: Direction): OtherPolicies {
  const out: OtherPolicies = { denies: [], unparsed: [], unreadable: [] };
  for (const section of [...NAMESPACED, ...CLUSTER_WIDE]) {
    const readable = inventory.readable(section);
    // A section that this agent never asked for is not evidence of an engine; one that was refused may hide policies.
    if (!readable.known && readable.status !== "not-collected") {
      out.unreadable.push({ section, message: readable.message });
    }
    for (const policy of inventory.list(section)) {
      const isClusterWide = (CLUSTER_WIDE as readonly string[]).includes(section);
      if (!isClusterWide && namespaceOf(policy) !== namespace) continue;
      const verdict = judge(section, policy, namespace, direction);
      if (verdict === "deny" && mayRun(inventory, section)) out.denies.push(refOf(policy));
      else if (verdict !== "elsewhere") out.unparsed.push(refOf(policy));
    }
  }
  return out;
}

/** False when plug-ins were recognised and the engine whose policies these are is not among them. */
function mayRun(inventory: Inventory, section: EngineSection): boolean {
  const plugins = recognisePlugins(inventory.list("daemonsets"));
  const engine = section.startsWith("cilium") ? "Cilium" : "Calico";
  return plugins.length === 0 || plugins.some((plugin) => plugin.name === engine);
}

/** `elsewhere`: the policy certainly doesn't touch this namespace, or not this direction. */
type Verdict = "deny" | "unparsed" | "elsewhere";

function judge(section: EngineSection, policy: CustomObject, namespace: string, direction: Direction): Verdict {
  switch (section) {
    case "calico-networkpolicies":
    case "calico-globalnetworkpolicies":
      return judgeCalico(policy, namespace, direction);
    case "cilium-networkpolicies":
    case "cilium-clusterwidenetworkpolicies":
      return judgeCilium(policy, direction);
    case "adminnetworkpolicies":
    case "baselineadminnetworkpolicies":
    case "clusternetworkpolicies":
      return "unparsed";
  }
}

function judgeCalico(policy: CustomObject, namespace: string, direction: Direction): Verdict {
  const spec = policy.spec ?? {};
  const rules = listOf(spec[direction === "Ingress" ? "ingress" : "egress"]);
  const types = listOf(spec.types);
  const applies = types.length > 0 ? types.includes(direction) : direction === "Ingress" || rules.length > 0;
  if (!applies) return "elsewhere";
  const namespaceSelected = selectsNamespace(textOf(spec.namespaceSelector), namespace);
  if (namespaceSelected === false) return "elsewhere";
  const selector = textOf(spec.selector);
  // The namespace may also be written into the endpoint selector of a global policy.
  const endpointSelected = isAll(selector) ? true : selectsNamespace(selector, namespace);
  if (endpointSelected === false) return "elsewhere";
  const tier = textOf(spec.tier);
  if ((tier !== "" && tier !== "default") || spec.preDNAT === true || spec.doNotTrack === true) return "unparsed";
  const denies = rules.every((rule) => textOf(asObject(rule)?.action) === "Deny");
  const everyPod =
    namespaceSelected === true && endpointSelected === true && isAll(textOf(spec.serviceAccountSelector));
  return everyPod && denies ? "deny" : "unparsed";
}

function isAll(selector: string): boolean {
  const trimmed = selector.replaceAll(/\s/g, "");
  return trimmed === "" || trimmed === "all()";
}

const NAME_KEYS = "(?:projectcalico\\.org/name|projectcalico\\.org/namespace|kubernetes\\.io/metadata\\.name)";
const COMPARE = new RegExp(`^${NAME_KEYS}\\s*(==|!=)\\s*['"]([^'"]*)['"]$`);
const MEMBER = new RegExp(`^${NAME_KEYS}\\s+(not\\s+in|in)\\s*\\{([^}]*)\\}$`);
const HAS_NAME = new RegExp(`^has\\(${NAME_KEYS}\\)$`);

/** Whether a Calico selector over the namespace's name holds; null when it is about anything else. Terms joined by && only. */
function selectsNamespace(selector: string, namespace: string): boolean | null {
  if (isAll(selector)) return true;
  const terms = selector.split("&&").map((term) => evaluateTerm(term.trim(), namespace));
  if (terms.includes(false)) return false;
  return terms.every((term) => term === true) ? true : null;
}

function evaluateTerm(term: string, namespace: string): boolean | null {
  if (term === "all()" || HAS_NAME.test(term)) return true;
  const compare = COMPARE.exec(term);
  if (compare) return (compare[2] === namespace) === (compare[1] === "==");
  const member = MEMBER.exec(term);
  if (!member) return null;
  const names = (member[2] ?? "").split(",").map((name) => name.trim().replaceAll(/^['"]|['"]$/g, ""));
  return names.includes(namespace) === (member[1] === "in");
}

function judgeCilium(policy: CustomObject, direction: Direction): Verdict {
  const specs = [policy.spec, ...listOf(policy.specs)].map(asObject).filter((spec) => spec !== null);
  if (specs.length === 0) return "unparsed";
  const key = direction === "Ingress" ? "ingress" : "egress";
  const verdicts = specs.map((spec): Verdict => {
    const selector = asObject(spec.endpointSelector);
    const flag = asObject(spec.enableDefaultDeny)?.[key];
    const rules = listOf(spec[key]);
    const hasDenyRules = listOf(spec[`${key}Deny`]).length > 0;
    if (selector === null) return asObject(spec.nodeSelector) === null ? "unparsed" : "elsewhere";
    if (rules.length === 0 && !hasDenyRules && flag !== true) return "elsewhere";
    const selectsAll =
      Object.keys(asObject(selector.matchLabels) ?? {}).length === 0 && listOf(selector.matchExpressions).length === 0;
    const allEmpty = rules.every((rule) => Object.keys(asObject(rule) ?? { x: 1 }).length === 0);
    return selectsAll && flag !== false && allEmpty && (rules.length > 0 || flag === true) ? "deny" : "unparsed";
  });
  if (verdicts.includes("deny")) return "deny";
  return verdicts.includes("unparsed") ? "unparsed" : "elsewhere";
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
