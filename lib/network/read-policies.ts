/**
 * Every policy of the snapshot in the common form, engine by engine.
 *
 * What depends on the network plug-in:
 * - whether ipBlock is compared with pods' own addresses: Cilium never does, the others do, and where none was recognised nobody knows;
 * - whether it carries out the admin kinds: OVN-Kubernetes does, Calico since 3.29 (the baseline kind since 3.30);
 * - whether Cilium's and Calico's own policies have any effect: only when that engine runs.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import type { Policy, Tri } from "./model";
import { type RecognisedPlugin, recognisePlugins } from "./plugins";
import { type PluginFacts, readAdminPolicies } from "./read-admin-policies";
import { readCalicoPolicies } from "./read-calico";
import { readCiliumPolicies } from "./read-cilium";
import { readNetworkPolicies } from "./read-network-policies";

const cache = new WeakMap<Inventory, Map<string, readonly Policy[]>>();

/** `asWritten`: every policy is taken as carried out. The same list where that makes no difference. */
export function readPolicies(inventory: Inventory, asWritten: boolean): readonly Policy[] {
  const plugins = recognisePlugins(inventory.list("daemonsets")).filter(({ enforces }) => enforces !== false);
  const facts: PluginFacts = {
    blocksMatchPods: blocksMatchPods(plugins, asWritten),
    supports: (kind) => asWritten || plugins.some((plugin) => carriesOut(plugin, kind)) || null,
  };
  const runs = (engine: string): boolean | null => asWritten || plugins.some(({ name }) => name === engine) || null;
  const key = [
    facts.blocksMatchPods,
    ...ADMIN_SECTIONS.map(([section, kind]) => (inventory.list(section).length === 0 ? "" : facts.supports(kind))),
    ...ENGINE_SECTIONS.map(([section, engine]) => (inventory.list(section).length === 0 ? "" : runs(engine))),
  ].join(" ");
  let lists = cache.get(inventory);
  if (lists === undefined) {
    lists = new Map();
    cache.set(inventory, lists);
  }
  let list = lists.get(key);
  if (list === undefined) {
    list = readAll(inventory, facts, runs).map((policy, index) => Object.assign(policy, { index }));
    lists.set(key, list);
  }
  return list;
}

const ADMIN_SECTIONS = [
  ["adminnetworkpolicies", "AdminNetworkPolicy"],
  ["baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy"],
  ["clusternetworkpolicies", "ClusterNetworkPolicy"],
] as const;
const ENGINE_SECTIONS = [
  ["cilium-networkpolicies", "Cilium"],
  ["cilium-clusterwidenetworkpolicies", "Cilium"],
  ["calico-networkpolicies", "Calico"],
  ["calico-globalnetworkpolicies", "Calico"],
] as const;

function readAll(
  inventory: Inventory,
  facts: PluginFacts,
  runs: (engine: string) => boolean | null,
): Omit<Policy, "index">[] {
  return [
    ...readNetworkPolicies(inventory, facts.blocksMatchPods),
    ...readAdminPolicies(inventory, facts),
    ...readCiliumPolicies(inventory, runs("Cilium")),
    ...readCalicoPolicies(inventory, runs("Calico")),
  ];
}

function blocksMatchPods(plugins: readonly RecognisedPlugin[], asWritten: boolean): Tri {
  if (plugins.some(({ name }) => name === "Cilium")) return "no";
  return asWritten || plugins.length > 0 ? "yes" : "maybe";
}

function carriesOut({ name, version }: RecognisedPlugin, kind: string): boolean {
  if (kind === "ClusterNetworkPolicy") return false;
  if (name === "OVN-Kubernetes") return true;
  const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  const least = kind === "BaselineAdminNetworkPolicy" ? 30 : 29;
  return name === "Calico" && Number(major) === 3 && Number(minor) >= least;
}
