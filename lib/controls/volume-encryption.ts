/**
 * Whether a volume is encrypted, from its driver, its StorageClass and the provider's records.
 *
 * Facts of each driver, from its documentation. `default`: what a volume is when no parameter says it.
 * - Azure and Google disks and file shares: always encrypted; a parameter only chooses the customer's key.
 * - Amazon EBS: the parameter, else a setting of the account that no object shows. EFS: a setting of the file system.
 * - Ceph RBD, Longhorn, Portworx, Alibaba, Linode: only with the parameter. What lies below (encrypted disks of the nodes) is not
 *   visible here; a record of it counts.
 * - Everything else (local disks, NFS, arrays): unknown without a record.
 *
 * A class speaks for a volume only if it is older than the volume: parameters can't be changed, but a class can be deleted and made
 * again under its name.
 */
import type { StorageEncryptionRecord } from "@/lib/inventory/imported-storage";
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { CustomObject, PersistentVolume } from "@/lib/inventory/kinds";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface EncryptionAnswer {
  status: "encrypted" | "plain" | "unknown";
  /** In words: "StorageClass gp3 has encrypted=true with key …". */
  why: string;
  evidence: EvidencePointer[];
}

interface Driver {
  match: RegExp;
  name: string;
  /** Parameters that switch encryption on or off, lower case. */
  switches: readonly string[];
  /** Parameters that name the customer's key, lower case. */
  keys: readonly string[];
  default: "encrypted" | "plain" | "account" | "unknown";
}
const DRIVERS: readonly Driver[] = [
  {
    match: /^(?:ebs\.csi\.aws\.com|ebs\.csi\.eks\.amazonaws\.com|kubernetes\.io\/aws-ebs)$/,
    name: "Amazon EBS",
    switches: ["encrypted"],
    keys: ["kmskeyid"],
    default: "account",
  },
  {
    match: /^(?:disk|file|blob)\.csi\.azure\.com$|^kubernetes\.io\/azure-(?:disk|file)$/,
    name: "Azure",
    switches: [],
    keys: ["diskencryptionsetid"],
    default: "encrypted",
  },
  {
    match: /^(?:pd|filestore)\.csi\.storage\.gke\.io$|^kubernetes\.io\/gce-pd$/,
    name: "Google Cloud",
    switches: [],
    keys: ["disk-encryption-kms-key"],
    default: "encrypted",
  },
  {
    match: /(?:^|\.)(?:rbd|cephfs)\.csi\.ceph\.com$/,
    name: "Ceph",
    switches: ["encrypted"],
    keys: ["encryptionkmsid"],
    default: "plain",
  },
  { match: /^driver\.longhorn\.io$/, name: "Longhorn", switches: ["encrypted"], keys: [], default: "plain" },
  {
    match: /^(?:pxd\.portworx\.com|kubernetes\.io\/portworx-volume)$/,
    name: "Portworx",
    switches: ["secure"],
    keys: [],
    default: "plain",
  },
  {
    match: /^diskplugin\.csi\.alibabacloud\.com$/,
    name: "Alibaba Cloud",
    switches: ["encrypted"],
    keys: ["kmskeyid"],
    default: "plain",
  },
  {
    match: /^linodebs\.csi\.linode\.com$/,
    name: "Linode",
    switches: ["linodebs.csi.linode.com/luks-encrypted"],
    keys: [],
    default: "plain",
  },
];

export interface VolumeSource {
  /** Name of the class, "" for none. */
  className: string;
  storageClass: CustomObject | undefined;
  volume: PersistentVolume | undefined;
  /** When the claim was made, to compare with the class. */
  createdAt: string | undefined;
}

/** The answer for one volume. Records come first: they are about what is, not about what was asked for. */
export function volumeEncryption(context: EvaluationContext, source: VolumeSource): EncryptionAnswer {
  const { storageClass, volume, className } = source;
  const records = context.inventory.facts.storageEncryption ?? [];
  const own = records.findLast(
    ({ of }) =>
      (of.kind === "PersistentVolume" && of.name === volume?.metadata.name) ||
      (of.kind === "StorageClass" && className !== "" && of.name === className),
  );
  if (own !== undefined) return fromRecord(own, context);
  const provisioner = volume?.spec.csi?.driver ?? (storageClass?.provisioner as string | undefined);
  if (provisioner === undefined) return { status: "unknown", why: noDriver(source), evidence: sourceEvidence(source) };
  const driver = DRIVERS.find(({ match }) => match.test(provisioner));
  if (driver === undefined) {
    return {
      status: "unknown",
      why: `what ${provisioner} does with data at rest is not known; a record of it settles that`,
      evidence: sourceEvidence(source),
    };
  }
  return fromDriver(context, source, driver, records);
}

function fromDriver(
  context: EvaluationContext,
  source: VolumeSource,
  driver: Driver,
  records: readonly StorageEncryptionRecord[],
): EncryptionAnswer {
  const { storageClass, className, createdAt } = source;
  const evidence = sourceEvidence(source);
  const parameters = (storageClass?.parameters ?? {}) as Record<string, string>;
  const read = (names: readonly string[]) =>
    Object.entries(parameters).find(([key]) => names.includes(key.toLowerCase()));
  const key = read(driver.keys);
  const named = key === undefined ? "" : `, key ${key[1]}`;
  if (driver.default === "encrypted") {
    return { status: "encrypted", why: `${driver.name} encrypts every volume${named}`, evidence };
  }
  const madeAt = storageClass?.metadata.creationTimestamp;
  if (storageClass !== undefined && madeAt !== undefined && createdAt !== undefined && madeAt > createdAt) {
    return {
      status: "unknown",
      why: `StorageClass ${className} is younger than the claim, so its parameters don't speak for this volume`,
      evidence,
    };
  }
  const setting = read(driver.switches);
  if (setting?.[1].toLowerCase() === "true") {
    return { status: "encrypted", why: `StorageClass ${className} has ${setting[0]}=true${named}`, evidence };
  }
  if (setting !== undefined) {
    return { status: "plain", why: `StorageClass ${className} has ${setting[0]}=${setting[1]}`, evidence };
  }
  if (storageClass === undefined) return { status: "unknown", why: noDriver(source), evidence };
  if (driver.default === "plain") {
    return {
      status: "plain",
      why: `StorageClass ${className} doesn't switch encryption on, and ${driver.name} doesn't encrypt by default`,
      evidence,
    };
  }
  const account = records.findLast(({ of }) => of.kind === "account");
  if (account === undefined) {
    return {
      status: "unknown",
      why: `StorageClass ${className} leaves encryption to the account's default, which no object shows`,
      evidence,
    };
  }
  return fromRecord(account, context);
}

function fromRecord(record: StorageEncryptionRecord, { inventory }: EvaluationContext): EncryptionAnswer {
  const index = (inventory.facts.storageEncryption ?? []).indexOf(record);
  const key = record.key === null ? "" : ` with a ${record.key} key`;
  const what = record.of.kind === "account" ? "the account's default" : `${record.of.kind} ${record.of.name}`;
  return {
    status: record.isEncrypted ? "encrypted" : "plain",
    why: `the record of ${record.origin.name} says that ${what} is ${record.isEncrypted ? `encrypted${key}` : "not encrypted"} (${record.found})`,
    evidence: [{ ref: CLUSTER_REF, pointer: `/facts/storageEncryption/${index}`, found: record.found }],
  };
}

function noDriver({ className, volume }: VolumeSource): string {
  if (volume !== undefined) {
    const kind = volume.spec.nfs !== undefined ? "NFS" : volume.spec.local !== undefined ? "a local disk" : "";
    if (kind !== "")
      return `PersistentVolume ${volume.metadata.name} is ${kind}, and no record says whether that is encrypted`;
    if (volume.spec.hostPath !== undefined) return `PersistentVolume ${volume.metadata.name} is a folder of a node`;
    return `PersistentVolume ${volume.metadata.name} shows no driver whose encryption is known`;
  }
  return className === ""
    ? "it names no StorageClass, there is no default one, and no volume is bound"
    : `StorageClass ${className} was not found`;
}

function sourceEvidence({ storageClass, volume }: VolumeSource): EvidencePointer[] {
  const evidence: EvidencePointer[] = [];
  if (storageClass !== undefined) {
    const ref: ResourceRef = refOf(storageClass);
    evidence.push({ ref, pointer: "/provisioner", found: String(storageClass.provisioner) });
    if (storageClass.parameters !== undefined) {
      evidence.push({ ref, pointer: "/parameters", found: JSON.stringify(storageClass.parameters) });
    }
  }
  if (volume !== undefined) {
    const found = volume.spec.csi?.driver;
    evidence.push({
      ref: refOf(volume),
      pointer: found === undefined ? "/spec" : "/spec/csi/driver",
      ...(found === undefined ? {} : { found }),
    });
  }
  return evidence;
}

/** The class that a claim without one gets: the newest that is marked as default (Kubernetes docs, "Storage Classes"). */
export function defaultStorageClass({ inventory }: EvaluationContext): CustomObject | undefined {
  return inventory
    .list("storageclasses")
    .filter(({ metadata }) =>
      ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"].some(
        (key) => metadata.annotations?.[key] === "true",
      ),
    )
    .sort(
      (a, b) =>
        compare(b.metadata.creationTimestamp ?? "", a.metadata.creationTimestamp ?? "") ||
        compare(a.metadata.name, b.metadata.name),
    )[0];
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
