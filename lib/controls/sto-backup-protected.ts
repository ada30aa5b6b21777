/**
 * sto-backup-protected: backups of cluster state and CDE data are encrypted, restricted and inventoried.
 *
 * Reads: Velero's BackupStorageLocations, CronJobs that save etcd, the inventory of backups (register), the provider's records of
 *   buckets, whether Secrets are encrypted at rest, a statement that no backups are taken. Clusters with a CDE.
 * Pass: the location is encrypted (by its own setting or by the bucket's record), only approved identities read it, and it is in
 *   the inventory; snapshots of etcd hold encrypted Secrets or are encrypted before they leave the host.
 * Fail: no encryption, a bucket open to the world or to identities that nobody approved, TLS verification switched off, a location
 *   that the inventory doesn't know, plain snapshots of etcd of a cluster that doesn't encrypt Secrets.
 * Unknown: no record of the bucket, no inventory, or nothing shows whether backups are taken at all.
 * Not applicable: a statement says that no backups are taken, and nothing shows one; no CDE namespace.
 * Traps: a bucket's default encryption stands in no BackupStorageLocation. A snapshot of etcd holds every Secret, also when etcd's
 *   disk is encrypted.
 */
import type { BackupBucketRecord } from "@/lib/inventory/imported-storage";
import { allContainers, type ResourceRef, refOf, type Workload } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { BackupLocation } from "@/lib/inventory/registers/backup-locations";
import { renderPatch } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { script, shellQuote } from "./prelude";
import { secretEncryption } from "./secret-encryption";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const VELERO = ["velero-backupstoragelocations"] as const;

export const stoBackupProtected: Control = {
  id: "sto-backup-protected",
  title: "Backups of cluster state and CDE data are encrypted, restricted and inventoried",
  severity: "high",
  requirements: [
    {
      requirement: "3.5.1",
      kind: "supporting",
      rationale: "A backup that holds card numbers is one more place where they must be unreadable.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "A backup of etcd holds every credential that is stored as a Secret.",
    },
    {
      requirement: "9.4.1.1",
      kind: "supporting",
      rationale: "The location of each backup with its restrictions shows where such media are kept.",
    },
    {
      requirement: "9.4.5",
      kind: "supporting",
      rationale: "The inventory of backups lists location, content and retention.",
    },
    {
      requirement: "10.3.3",
      kind: "supporting",
      rationale: "Where logs are among what is saved, the backup has to be as hard to change as the log.",
    },
  ],
  judges: "backup",
  sections: ["namespaces", ...VELERO, "cronjobs"],
  rule: {
    reads:
      "Backup locations, CronJobs that save etcd, the inventory of backups, records of buckets, encryption of Secrets at rest.",
    pass: "Encrypted, read by approved identities only, and in the inventory.",
    fail: "Not encrypted, open to others, not in the inventory, or a plain snapshot of etcd.",
    unknown: "No record of the bucket, no inventory, or nothing shows whether backups are taken.",
    notApplicable: "It is stated that no backups are taken, or no CDE namespace.",
    why: "A backup is a copy of everything that the cluster protects, in a place that the cluster doesn't protect.",
    cannotSee:
      "Backups that neither an object nor the inventory names, what really lies in a bucket, and settings that changed after the record. Whether restores work is another question.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => judge(context)),
  verify: () => ({
    command: script(
      `kubectl get backupstoragelocations.velero.io -A -o json 2>/dev/null | jq -r '.items[]|[.metadata.namespace,.metadata.name,.spec.provider,(.spec.objectStorage.bucket//"-"),((.spec.config//{})|with_entries(select(.key|test("(?i)kms|encrypt|skiptls")))|tojson)]|@tsv'`,
      `kubectl get cronjobs -A -o json | jq -r '.items[]|. as $j|[.spec.jobTemplate.spec.template.spec.containers[]|.image]|join(",") as $i|select(($j.metadata.name+$i)|test("etcd"))|"etcd: \\($j.metadata.namespace)/\\($j.metadata.name) \\($i)"'`,
    ),
    expect:
      "Every location with kmsKeyId, kmsKeyName or serverSideEncryption, or a record of the bucket's default encryption; each bucket in the inventory of backups; the provider's console shows who may read it.",
    needs: [],
  }),
  remediate: (context, result) => remediate(context, result),
};

function judge(context: EvaluationContext): Result[] {
  const { inventory, registers } = context;
  const locations = inventory.list("velero-backupstoragelocations");
  const snapshots = inventory.workloads.filter(savesEtcd);
  const entries = registers?.backupLocations ?? [];
  const used = new Set<BackupLocation>();
  const results = [
    ...locations.map((location) => judgeLocation(context, location, used)),
    ...snapshots.map((workload) => judgeEtcdJob(context, workload, used)),
    ...entries.filter((entry) => !used.has(entry)).map((entry) => judgeEntry(context, entry)),
    ...invalidResults(context, ["BackupStorageLocation", "CronJob"]),
  ];
  const unreadable = findUnreadable(context, [...VELERO, "cronjobs"]);
  if (unreadable !== null) results.push(unreadable);
  if (results.length > 0) return results;
  const statement = inventory.facts.backupStatement;
  if (statement !== undefined && !statement.areBackupsTaken) {
    return [
      {
        ...clusterResult(
          "not-applicable",
          "no backups are taken",
          `It is stated that no backups of this cluster are taken: ${statement.reason} (source: ${statement.origin.name}, ${statement.origin.collectedAt}). Whether logs survive is a question of the log controls.`,
        ),
        evidence: [{ ref: CLUSTER_REF, pointer: "/facts/backupStatement", found: statement.reason }],
      },
    ];
  }
  return [
    clusterResult(
      "unknown",
      "nothing shows whether backups are taken",
      "No BackupStorageLocation, no CronJob that saves etcd and no inventory of backups: they may be taken outside of the cluster. It becomes known with the inventory of backups (import backup-locations), or a statement that none are taken (backup-statement).",
    ),
  ];
}

interface Findings {
  problems: string[];
  unknowns: string[];
  good: string[];
  isPublic: boolean;
  evidence: EvidencePointer[];
}
const empty = (): Findings => ({ problems: [], unknowns: [], good: [], isPublic: false, evidence: [] });

function judgeLocation(context: EvaluationContext, location: CustomObject, used: Set<BackupLocation>): Result {
  const ref = refOf(location);
  const spec = (location.spec ?? {}) as {
    objectStorage?: { bucket?: string; prefix?: string };
    config?: Record<string, string>;
  };
  const found = empty();
  const bucket = spec.objectStorage?.bucket;
  if (bucket === undefined) {
    found.problems.push("names no bucket");
    found.evidence.push({ ref, pointer: "/spec/objectStorage" });
  } else {
    found.evidence.push({ ref, pointer: "/spec/objectStorage/bucket", found: bucket });
    judgeBucket(context, bucket, encryptionSetting(spec.config ?? {}), found);
    if (spec.config !== undefined)
      found.evidence.push({ ref, pointer: "/spec/config", found: JSON.stringify(spec.config) });
    const prefix = spec.objectStorage?.prefix;
    judgeInventory(context, "velero", [bucket, ...(prefix === undefined ? [] : [`${bucket}/${prefix}`])], found, used);
  }
  if (spec.config?.insecureSkipTLSVerify === "true") found.problems.push("doesn't check the store's certificate");
  return answer(ref, `BackupStorageLocation ${location.metadata.name}`, found);
}

/** The setting that makes each uploaded object encrypted, in words; null when there is none. */
function encryptionSetting(config: Readonly<Record<string, string>>): string | null {
  for (const key of [
    "kmsKeyId",
    "kmsKeyName",
    "customerKeyEncryptionFile",
    "customerKeyEncryptionSecret",
    "serverSideEncryption",
  ]) {
    const value = config[key];
    if (value !== undefined && value !== "" && value.toLowerCase() !== "none") return `${key} ${value}`;
  }
  return null;
}

function judgeBucket(context: EvaluationContext, location: string, setting: string | null, found: Findings): void {
  const records = context.inventory.facts.backupBuckets ?? [];
  const record = records.findLast(({ bucket }) => isSameBucket(bucket, location));
  if (record === undefined) {
    if (setting === null)
      found.unknowns.push(`whether ${location} is encrypted isn't known: a bucket's default stands in no object`);
    else found.good.push(`encrypted by ${setting}`);
    found.unknowns.push(`who may read ${location} isn't known`);
    return;
  }
  found.evidence.push({
    ref: CLUSTER_REF,
    pointer: `/facts/backupBuckets/${records.indexOf(record)}`,
    found: record.found,
  });
  if (setting !== null) found.good.push(`encrypted by ${setting}`);
  else if (record.encryption === "none")
    found.problems.push("is not encrypted, neither by a setting nor by the bucket");
  else found.good.push(`the bucket encrypts with a ${record.encryption.replace("-", " ")}`);
  judgeReaders(record, found);
}
function judgeReaders(record: BackupBucketRecord, found: Findings): void {
  if (record.isPublic || record.unapprovedReaders === "everyone") {
    found.isPublic = true;
    found.problems.push("can be read by everybody");
  } else if (record.unapprovedReaders.length > 0) {
    found.problems.push(`can be read by ${nameSome(record.unapprovedReaders, 3)}, who are not approved`);
  } else found.good.push("read by approved identities only");
}
/** `s3://bucket/path`, `bucket/path` and `bucket` mean the same bucket. */
function isSameBucket(bucket: string, location: string): boolean {
  const plain = (text: string) => text.replace(/^[a-z0-9]+:\/\//, "").replace(/\/+$/, "");
  return plain(location) === plain(bucket) || plain(location).startsWith(`${plain(bucket)}/`);
}

function judgeInventory(
  { registers }: EvaluationContext,
  source: BackupLocation["source"],
  names: readonly string[],
  found: Findings,
  used: Set<BackupLocation>,
): void {
  if (registers?.backupLocations === undefined) {
    found.unknowns.push("no inventory of backups was imported");
    return;
  }
  const entry = registers.backupLocations.find(
    (candidate) => candidate.source === source && names.some((name) => isSameBucket(name, candidate.location)),
  );
  if (entry === undefined) {
    found.problems.push("is not in the inventory of backups");
    return;
  }
  used.add(entry);
  describeEntry(entry, found);
}
function describeEntry(entry: BackupLocation, found: Findings): void {
  found.good.push(
    `inventory: ${entry.content}, kept ${entry.retentionDays} days, ${entry.owner}${entry.holdsCardholderData ? "; holds card data, so its storage is in scope" : ""}`,
  );
}

function savesEtcd(workload: Workload): boolean {
  if (workload.ref.kind !== "CronJob") return false;
  const images = workload.variants.flatMap(({ spec }) =>
    allContainers(spec).map(({ container }) => `${container.name} ${container.image ?? ""}`),
  );
  const words = [workload.ref.name, ...images].join(" ");
  return /etcd/i.test(words) && /backup|snapshot|save/i.test(words);
}

function judgeEtcdJob(context: EvaluationContext, workload: Workload, used: Set<BackupLocation>): Result {
  const found = empty();
  found.evidence.push({ ref: workload.ref, pointer: "" });
  const entry = context.registers?.backupLocations?.find(({ source }) => source === "etcd-snapshot");
  if (entry !== undefined) used.add(entry);
  judgeEtcd(context, entry, found);
  return answer(workload.ref, `CronJob ${workload.ref.name}, which saves etcd,`, found);
}

/** What every snapshot of etcd has to hold, wherever it goes. */
function judgeEtcd(context: EvaluationContext, entry: BackupLocation | undefined, found: Findings): void {
  const secrets = secretEncryption(context.inventory);
  found.evidence.push(...secrets.evidence);
  if (entry?.isEncryptedBeforeUpload === true) found.good.push("the files are encrypted before they leave the host");
  else if (secrets.state === "on") found.good.push("Secrets are encrypted in etcd");
  else if (secrets.state === "off")
    found.problems.push("holds every Secret in plain text, because the cluster doesn't encrypt Secrets");
  else found.unknowns.push(`whether Secrets are encrypted in etcd isn't known (${secrets.reason})`);
  if (entry === undefined) {
    if (context.registers?.backupLocations === undefined) found.unknowns.push("no inventory of backups was imported");
    else found.problems.push("is not in the inventory of backups");
    return;
  }
  describeEntry(entry, found);
  const record = (context.inventory.facts.backupBuckets ?? []).findLast(({ bucket }) =>
    isSameBucket(bucket, entry.location),
  );
  if (record === undefined) found.unknowns.push(`who may read ${entry.location} isn't known`);
  else {
    found.evidence.push({ ref: CLUSTER_REF, pointer: "/facts/backupBuckets", found: record.found });
    judgeReaders(record, found);
  }
}

/** A backup that only the inventory names: the provider's own service, or something outside of the cluster. */
function judgeEntry(context: EvaluationContext, entry: BackupLocation): Result {
  const found = empty();
  const index = (context.registers?.backupLocations ?? []).indexOf(entry);
  found.evidence.push({ ref: CLUSTER_REF, pointer: `/registers/backupLocations/${index}`, found: entry.location });
  if (entry.source === "etcd-snapshot") judgeEtcd(context, entry, found);
  else {
    judgeBucket(context, entry.location, entry.isEncryptedBeforeUpload ? "encryption before the upload" : null, found);
    describeEntry(entry, found);
  }
  const ref: ResourceRef = { apiVersion: "ringfence.dev/v1", kind: "Backup", name: entry.location };
  return answer(ref, `Backup ${entry.location} (${entry.source})`, found);
}

function answer(ref: ResourceRef, subject: string, found: Findings): Result {
  const { problems, unknowns, good, evidence } = found;
  const rest = good.length === 0 ? "" : ` Known besides: ${good.join("; ")}.`;
  if (problems.length > 0) {
    return {
      status: "fail",
      object: ref,
      severity: found.isPublic ? "critical" : "high",
      reason: shortReason(`${problems[0]}${problems.length > 1 ? ` and ${problems.length - 1} more` : ""}`),
      detail: `${subject} ${problems.join("; ")}.${rest}`,
      evidence,
    };
  }
  if (unknowns.length > 0) {
    return {
      status: "unknown",
      object: ref,
      reason: shortReason(unknowns[0] ?? ""),
      detail: `${subject}: ${unknowns.join("; ")}. It becomes known with the provider's record (import backup-buckets) and the inventory of backups (backup-locations).${rest}`,
      evidence,
    };
  }
  return {
    status: "pass",
    object: ref,
    reason: "encrypted, restricted and inventoried",
    detail: `${subject}: ${good.join("; ")}.`,
    evidence,
  };
}

function remediate(context: EvaluationContext, result: Result) {
  const words = {
    summary:
      "Encrypt what is saved with a key of your own (Velero: config.kmsKeyId or kmsKeyName; etcd: encryption of Secrets at rest, or encrypt the file before it leaves the host), let only the backup's own identities read the bucket, enter it into the inventory, and delete older backups that were not encrypted once they are no longer needed.",
    risk: "Losing the key makes the backups worthless: keep it apart from the cluster, and try a restore. Backups made before stay as they are.",
  };
  const location = context.inventory
    .list("velero-backupstoragelocations")
    .find(({ metadata }) => metadata.name === result.object.name && metadata.namespace === result.object.namespace);
  const spec = (location?.spec ?? {}) as { provider?: string; config?: Record<string, string> };
  if (location === undefined || spec.provider !== "aws" || encryptionSetting(spec.config ?? {}) !== null) return words;
  return {
    summary: `${words.summary} The patch lets Velero ask S3 for encryption with the account's KMS key; add kmsKeyId for a key of your own.`,
    manifest: renderPatch({ spec: { config: { serverSideEncryption: "aws:kms" } } }),
    apply: `kubectl -n ${shellQuote(location.metadata.namespace ?? "velero")} patch backupstoragelocations.velero.io ${shellQuote(location.metadata.name)} --type merge --patch-file patch.yaml`,
    risk: words.risk,
  };
}
