/** The digest of what a policy says, so that an approval can be tied to it: SHA-256 over its spec in canonical JSON. */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import type { KubeObject } from "@/lib/inventory/kinds";
import { sectionOfKind } from "@/lib/inventory/sections";
import { findObject } from "@/lib/inventory/look-ups";
import { sha256Hex } from "@/lib/inventory/sha256";

/** Equal for policies that say the same, whatever the order of their fields. */
export function policyDigest(policy: KubeObject): string {
  const { spec, specs } = policy as { spec?: unknown; specs?: unknown };
  return sha256Hex(new TextEncoder().encode(canonical(specs === undefined ? (spec ?? {}) : [spec ?? null, specs])));
}

/** The object behind a policy's reference. */
export function findPolicyObject(inventory: Inventory, ref: ResourceRef): KubeObject | undefined {
  const section = sectionOfKind(ref.apiVersion, ref.kind);
  if (section === undefined) return undefined;
  return findObject(inventory, section.name, ref.name, ref.namespace);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}
