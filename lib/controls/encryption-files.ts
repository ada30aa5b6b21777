/** Which provider of an EncryptionConfiguration writes Secrets: the API server's own order of entries and providers. */
import { componentFlags, mayHideInstances } from "@/lib/inventory/flags";
import type { EncryptionProvider, ImportedEncryptionConfig } from "@/lib/inventory/imported-control-plane";
import type { Inventory } from "@/lib/inventory/inventory";
import { isControlPlaneNode } from "./nodes-in-scope";

export const ENCRYPTION_FLAG = "encryption-provider-config";

/**
 * The providers of the first entry that names the resource; earlier entries win. `*.*` is everything, `*.` the core group.
 * Null when no entry names it: then it is stored as it is.
 */
export function providersFor(config: ImportedEncryptionConfig, resource: string): readonly EncryptionProvider[] | null {
  const entry = config.resources.find(({ resources }) =>
    resources.some((name) => name === resource || name === "*.*" || name === "*."),
  );
  return entry?.providers ?? null;
}

/** Name of the key that writes: the first of a local provider, the provider's name for kms. */
export function writeKeyOf(provider: EncryptionProvider): string | null {
  return (provider.type === "kms" ? provider.name : provider.keys[0]) ?? null;
}

export interface EncryptionFiles {
  /** The newest file of each API server. */
  files: { config: ImportedEncryptionConfig; index: number }[];
  /** API servers that run without the flag, by name. */
  without: string[];
  /** API servers and control-plane nodes whose file isn't known. */
  unknown: string[];
  /** Why flags aren't visible; null when they are. */
  hidden: string | null;
}

/** The encryption configuration of every API server, as far as it was imported. */
export function encryptionFiles(inventory: Inventory): EncryptionFiles {
  const byInstance = new Map<string, { config: ImportedEncryptionConfig; index: number }>();
  (inventory.facts.encryptionConfigs ?? []).forEach((config, index) => {
    const known = byInstance.get(config.instance);
    if (known === undefined || known.config.origin.collectedAt <= config.origin.collectedAt) {
      byInstance.set(config.instance, { config, index });
    }
  });
  const files = [...byInstance.values()];
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) {
    const unknown = inventory.nodes.filter(isControlPlaneNode).map(({ metadata }) => metadata.name);
    const missing = unknown.filter((name) => !byInstance.has(name));
    if (mayHideInstances(inventory)) missing.push("API servers that could not be listed");
    return { files, without: [], unknown: missing, hidden: flags.reason };
  }
  const isSet = (value: string | null | undefined): boolean => value !== undefined && value !== "" && value !== "true";
  const named = flags.instances.map(({ ref, nodeName, flags: set }) => ({
    name: ref.name,
    isSet: isSet(set.has(ENCRYPTION_FLAG) ? set.get(ENCRYPTION_FLAG)?.value : undefined),
    isKnown: byInstance.has(ref.name) || (nodeName !== null && byInstance.has(nodeName)),
  }));
  return {
    files,
    without: named.filter((server) => !server.isSet).map(({ name }) => name),
    unknown: [
      ...named.filter((server) => server.isSet && !server.isKnown).map(({ name }) => name),
      ...flags.hiddenNodes.filter((name) => !byInstance.has(name)),
    ],
    hidden: null,
  };
}
