/**
 * Whether the API server encrypts Secrets before it stores them. What decides, the surest first:
 *
 * 1. writes that its metrics count through the transformer identity: plain text, whatever else says so
 * 2. where flags are visible: the flag on every API server, and its files as far as they are known
 * 3. the provider's record; OpenShift's APIServer
 * 4. k3s and other servers that are no pod: the encryption configuration and the setting `secrets-encryption` of every server
 * 5. writes that went through encrypting transformers only
 *
 * k3s with `secrets-encrypt disable` keeps its setting and puts identity first in its file, so that the file outranks the setting.
 */
import { componentFlags, mayHideInstances } from "@/lib/inventory/flags";
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import { ENCRYPTION_FLAG, encryptionFiles, providersFor } from "./encryption-files";
import { nameSome } from "./population";
import { isControlPlaneNode } from "./nodes-in-scope";
import { CLUSTER_REF, type EvidencePointer } from "./types";

export interface SecretEncryption {
  state: "on" | "off" | "unknown";
  /** For a table; may be longer than one. */
  reason: string;
  detail: string;
  evidence: EvidencePointer[];
}

export function secretEncryption(inventory: Inventory): SecretEncryption {
  const { writes, plain } = secretWrites(inventory);
  const metrics = writes.map(
    ({ prefix, count }): EvidencePointer => ({
      ref: CLUSTER_REF,
      pointer: "/facts/encryptionTransformers",
      found: `to_storage secrets ${prefix}: ${count}`,
    }),
  );
  if (plain > 0) {
    return {
      state: "off",
      reason: "the API server writes Secrets in plain text",
      detail: `The API server's metrics count ${plain} writes of Secrets through the transformer identity, which stores them as they are: the first provider for secrets is identity.`,
      evidence: metrics,
    };
  }
  const found = byFlags(inventory) ?? byRecord(inventory) ?? byServers(inventory);
  if (found.state === "unknown" && writes.length > 0 && found.isHidden) {
    return {
      state: "on",
      reason: "every write of Secrets goes through an encrypting transformer",
      detail: `${found.detail} The API server's metrics show writes of Secrets only through ${nameSome(writes.map(({ prefix }) => prefix))}.`,
      evidence: [...found.evidence, ...metrics],
    };
  }
  if (found.isSetting === true && writes.length > 0) {
    return {
      state: "unknown",
      reason: "a server's configuration and the metrics contradict each other",
      detail: `${found.detail} But the API server's metrics show writes of Secrets only through ${nameSome(writes.map(({ prefix }) => prefix))}: a flag of its own may overrule the configuration. It becomes known when the encryption configuration is imported.`,
      evidence: [...found.evidence, ...metrics],
    };
  }
  return { ...found, evidence: [...found.evidence, ...metrics] };
}

interface Answer extends SecretEncryption {
  /** Nothing of the API servers themselves was seen, so that the metrics may speak for them. */
  isHidden?: boolean;
  /** Off because a configuration file says so, which a command line overrules. */
  isSetting?: boolean;
}

/** What the API server wrote since it started; everything but `k8s:enc:` is stored as it is. */
function secretWrites({ facts }: Inventory): { writes: { prefix: string; count: number }[]; plain: number } {
  const writes = (facts.encryptionTransformers ?? []).filter(
    ({ resource, operation, count }) => resource === "secrets" && operation === "to_storage" && count > 0,
  );
  const plain = writes.filter(({ prefix }) => !prefix.startsWith("k8s:enc:"));
  return { writes, plain: plain.reduce((sum, { count }) => sum + count, 0) };
}

/** The flag and its files; null when flags aren't visible. */
function byFlags(inventory: Inventory): Answer | null {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) return null;
  const evidence = flags.instances.map((instance): EvidencePointer => {
    const setting = instance.flags.get(ENCRYPTION_FLAG);
    return setting === undefined
      ? { ref: instance.ref, pointer: `${instance.pointer}/command` }
      : { ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" };
  });
  const without = flags.instances.filter((instance) => {
    const setting = instance.flags.get(ENCRYPTION_FLAG);
    return setting === undefined || setting.value === "" || setting.value === "true";
  });
  const names = nameSome(without.map((instance) => instance.ref.name));
  if (without.length > 0) {
    return {
      state: "off",
      reason: `--${ENCRYPTION_FLAG} is missing on ${names}`,
      detail: `${names} ${without.length === 1 ? "runs" : "run"} without --${ENCRYPTION_FLAG}, so Secrets that ${without.length === 1 ? "it writes" : "they write"} lie in etcd in plain text.`,
      evidence,
    };
  }
  const { plain } = readFiles(inventory);
  if (plain.length > 0) return plainFiles(plain, evidence);
  if (flags.hiddenNodes.length > 0) {
    return {
      state: "unknown",
      reason: `no API server visible on ${nameSome(flags.hiddenNodes, 2)}`,
      detail: `The flag is set on ${flags.instances.length} API servers, but ${nameSome(flags.hiddenNodes)} ${flags.hiddenNodes.length === 1 ? "is a control-plane node that shows" : "are control-plane nodes that show"} none.`,
      evidence,
    };
  }
  return {
    state: "on",
    reason: `--${ENCRYPTION_FLAG} is set on ${flags.instances.length === 1 ? "the API server" : `all ${flags.instances.length} API servers`}`,
    detail:
      "Every visible API server names an encryption configuration. The strength of what the file says (resources, providers, key) is the question of other controls.",
    evidence,
  };
}

/** The provider's own word. */
function byRecord(inventory: Inventory): Answer | null {
  const { encryptionRecord } = inventory.facts;
  if (encryptionRecord === undefined) return inventory.provider === "openshift" ? byOpenShift(inventory) : null;
  const { origin, isSecretEncryptionOn, key, found } = encryptionRecord;
  const evidence = [{ ref: CLUSTER_REF, pointer: "/facts/encryptionRecord", found }];
  const source = `Source: ${origin.name}, read ${origin.collectedAt}.`;
  return isSecretEncryptionOn
    ? {
        state: "on",
        reason: `the provider encrypts Secrets${key === null ? "" : ` with a ${key} key`}`,
        detail: `The provider's record says that Secrets are encrypted (${found}). ${source}`,
        evidence,
      }
    : {
        state: "off",
        reason: "the provider's record says that Secrets are not encrypted",
        detail: `The provider's record says that encryption of Secrets is off (${found}). The encryption of its disks is not the same. ${source}`,
        evidence,
      };
}

const OPENSHIFT_TYPES = ["aescbc", "aesgcm", "KMS"];
function byOpenShift(inventory: Inventory): Answer {
  const readable = inventory.readable("openshift-apiservers");
  const object = inventory.list("openshift-apiservers").find((candidate) => candidate.metadata.name === "cluster");
  if (!readable.known || object === undefined) {
    return {
      state: "unknown",
      reason: "OpenShift's APIServer object was not read",
      detail: `${readable.known ? "The snapshot holds no APIServer cluster" : readable.message}. It says whether Secrets are encrypted.`,
      evidence: [],
    };
  }
  const encryption = object.spec?.encryption as { type?: unknown } | undefined;
  const type = typeof encryption?.type === "string" ? encryption.type : "";
  const evidence: EvidencePointer[] = [
    { ref: refOf(object), pointer: "/spec/encryption/type", ...(type === "" ? {} : { found: type }) },
  ];
  if (OPENSHIFT_TYPES.some((known) => known.toLowerCase() === type.toLowerCase())) {
    return {
      state: "on",
      reason: `OpenShift encrypts with ${type}`,
      detail: `APIServer cluster has spec.encryption.type ${type}.`,
      evidence,
    };
  }
  if (type === "" || type === "identity") {
    return {
      state: "off",
      reason: "OpenShift's encryption type is identity",
      detail: `APIServer cluster has ${type === "" ? "no spec.encryption.type" : "spec.encryption.type identity"}, so Secrets lie in etcd in plain text.`,
      evidence,
    };
  }
  return {
    state: "unknown",
    reason: `encryption type ${type} is not known`,
    detail: `APIServer cluster has spec.encryption.type ${type}, which this release doesn't know.`,
    evidence,
  };
}

interface FileFound {
  instance: string;
  evidence: EvidencePointer;
}
/** Which files encrypt what is written to Secrets, and which don't. */
function readFiles(inventory: Inventory): { plain: FileFound[]; encrypting: FileFound[] } {
  const plain: FileFound[] = [];
  const encrypting: FileFound[] = [];
  for (const { config, index } of encryptionFiles(inventory).files) {
    const [first] = providersFor(config, "secrets") ?? [];
    const isPlain = first === undefined || first.type === "identity";
    (isPlain ? plain : encrypting).push({
      instance: config.instance,
      evidence: {
        ref: CLUSTER_REF,
        pointer: `/facts/encryptionConfigs/${index}/resources`,
        found: `secrets: ${first?.type ?? "no provider"}`,
      },
    });
  }
  return { plain, encrypting };
}

function plainFiles(plain: readonly FileFound[], evidence: EvidencePointer[]): Answer {
  const names = nameSome(plain.map(({ instance }) => instance));
  return {
    state: "off",
    reason: `the encryption configuration of ${names} stores Secrets as they are`,
    detail: `The encryption configuration of ${names} names no provider for secrets, or identity first, so what is written lies in etcd in plain text.`,
    evidence: [...evidence, ...plain.map((file) => file.evidence)],
  };
}

/** API servers that are no pod: the file and the setting of every server. */
function byServers(inventory: Inventory): Answer {
  const flags = componentFlags(inventory, "kube-apiserver");
  const why = flags.visible ? "" : `${flags.reason}.`;
  const { plain, encrypting } = readFiles(inventory);
  if (plain.length > 0) return plainFiles(plain, []);
  const settings = serverSettings(inventory);
  const off = [...settings].filter(
    ([node, { isOn }]) => isOn === false && !encrypting.some((f) => f.instance === node),
  );
  if (off.length > 0) {
    const names = nameSome(off.map(([node]) => node));
    return {
      state: "off",
      reason: `secrets-encryption is off on ${names}`,
      detail: `The k3s configuration of ${names} says secrets-encryption: false, so Secrets lie in the datastore in plain text.`,
      evidence: off.map(([, { evidence }]) => evidence),
      isSetting: true,
    };
  }
  const isOn = (node: string): boolean => {
    const setting = settings.get(node)?.isOn ?? null;
    // A file that the setting contradicts may be left over.
    return encrypting.some(({ instance }) => instance === node) ? setting !== false : setting === true;
  };
  const planes = inventory.nodes.filter(isControlPlaneNode).map(({ metadata }) => metadata.name);
  const servers = [...new Set([...planes, ...settings.keys(), ...encrypting.map(({ instance }) => instance)])].sort();
  const open = servers.filter((name) => !isOn(name));
  if (mayHideInstances(inventory)) open.push("servers that could not be listed");
  const evidence = [...encrypting.map((file) => file.evidence), ...[...settings.values()].map((one) => one.evidence)];
  // Where no node carries the label of a control plane, other servers may exist that nobody named.
  if (planes.length === 0) open.push("the nodes of the control plane");
  if (open.length === 0 && evidence.length > 0) {
    return {
      state: "on",
      reason: `the configuration of ${nameSome(servers, 3)} encrypts Secrets`,
      detail: `${why} The encryption configuration or k3s' secrets-encryption of every server (${nameSome(servers)}) is on.`,
      evidence,
    };
  }
  if (evidence.length > 0) {
    return {
      state: "unknown",
      reason: `the encryption configuration of ${nameSome(open, 2)} is not known`,
      detail: `${why} Neither an encryption configuration nor a setting that switches it on is known of ${nameSome(open)}. It becomes known when the node collector runs there, or when the file is imported.`,
      evidence,
      isHidden: true,
    };
  }
  return {
    state: "unknown",
    reason: "API server flags are not visible",
    detail: `${why} It becomes known when the provider's record or the encryption configuration is imported, when the node collector reads the servers, or when the agent may read the API server's /metrics and Secrets have been written.`,
    evidence: [],
    isHidden: true,
  };
}

/** k3s' `secrets-encryption` by node, the newest; RKE2 shows its API server as a pod. */
function serverSettings({ facts }: Inventory): Map<string, { isOn: boolean | null; evidence: EvidencePointer }> {
  const found = new Map<string, { at: string; isOn: boolean | null; evidence: EvidencePointer }>();
  for (const [i, { origin, node, distribution, secretsEncryption }] of (facts.serverConfigs ?? []).entries()) {
    if (distribution !== "k3s" || (found.get(node)?.at ?? "") > origin.collectedAt) continue;
    found.set(node, {
      at: origin.collectedAt,
      isOn: secretsEncryption,
      evidence: {
        ref: CLUSTER_REF,
        pointer: `/facts/serverConfigs/${i}/secretsEncryption`,
        found: `${node}: ${secretsEncryption ?? "not said"}`,
      },
    });
  }
  return found;
}
