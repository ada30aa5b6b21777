/**
 * Every policy of the snapshot in the common form, engine by engine.
 *
 * Whether ipBlock is compared with pods' own addresses depends on the plug-in: Cilium never does, the others do, and where none was
 * recognised nobody knows.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import type { Policy, Tri } from "./model";
import { recognisePlugins } from "./plugins";
import { readNetworkPolicies } from "./read-network-policies";

export function readPolicies(inventory: Inventory, asWritten: boolean): Omit<Policy, "index">[] {
  return readNetworkPolicies(inventory, blocksMatchPods(inventory, asWritten));
}

function blocksMatchPods(inventory: Inventory, asWritten: boolean): Tri {
  const plugins = recognisePlugins(inventory.list("daemonsets")).filter(({ enforces }) => enforces !== false);
  if (plugins.some(({ name }) => name === "Cilium")) return "no";
  return asWritten || plugins.length > 0 ? "yes" : "maybe";
}
