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

/** `asWritten`: every policy is taken as carried out. */
export function readPolicies(inventory: Inventory, asWritten: boolean): Omit<Policy, "index">[] {
  const plugins = recognisePlugins(inventory.list("daemonsets")).filter(({ enforces }) => enforces !== false);
  const facts: PluginFacts = {
    blocksMatchPods: blocksMatchPods(plugins, asWritten),
    supports: (kind) => asWritten || plugins.some((plugin) => carriesOut(plugin, kind)) || null,
  };
  const runs = (engine: string): boolean | null => asWritten || plugins.some(({ name }) => name === engine) || null;
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
