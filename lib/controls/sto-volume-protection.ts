/**
 * sto-volume-protection: volumes of CDE workloads are encrypted, classified and have a retention rule.
 *
 * Reads: PersistentVolumeClaims of CDE namespaces, their StorageClass and PersistentVolume (driver, class, phase), VolumeSnapshots,
 *   the labels data-classification and data-retention (also with the prefix ringfence.dev/), the register of volumes, the
 *   provider's records of encryption. In files also the claim templates of StatefulSets and ephemeral volumes; in a cluster their
 *   claims exist.
 * Pass: a claim whose volume is encrypted, with a classification and a retention rule; a released volume or a snapshot within its
 *   retention.
 * Fail: not encrypted; no classification; no retention rule; a released volume or a snapshot kept past its retention, or without a
 *   rule.
 * Unknown: the driver's encryption isn't known (local disks, NFS, arrays, an account's default) and no record says it; since when a
 *   volume is released isn't known; a claim can't be read.
 * Not applicable: no claim, snapshot or released volume in a CDE namespace; no CDE namespace.
 * Trap: encryption of a disk alone doesn't make card numbers unreadable (3.5.1.2): it protects a stolen disk, not a running system.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { ClaimTemplate, CustomObject, PersistentVolume } from "@/lib/inventory/kinds";
import type { DataVolume } from "@/lib/inventory/registers/data-volumes";
import { invalidResults, judgeNamespaces, namespaceRef, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { defaultStorageClass, type EncryptionAnswer, volumeEncryption } from "./volume-encryption";

export const CLASSIFICATION_LABELS = ["data-classification", "ringfence.dev/data-classification"] as const;
export const RETENTION_LABELS = ["data-retention", "ringfence.dev/data-retention"] as const;
const DAY = 86_400_000;
const CAUTION =
  "Encryption of a disk protects a disk that is stolen or given away; it does not by itself make card numbers unreadable (3.5.1.2).";

export const stoVolumeProtection: Control = {
  id: "sto-volume-protection",
  title: "Volumes of CDE workloads are encrypted, classified and have a retention rule",
  severity: "high",
  requirements: [
    {
      requirement: "3.5.1.3",
      kind: "supporting",
      rationale: "Where disk encryption is used, the class and key of each volume show how it is managed.",
    },
    {
      requirement: "3.5.1.2",
      kind: "supporting",
      rationale:
        "It shows which volumes rely on disk encryption, which alone is not enough outside of removable media.",
    },
    {
      requirement: "3.2.1",
      kind: "supporting",
      rationale: "A retention rule for each volume, and none kept past it, is part of keeping little.",
    },
    {
      requirement: "3.3.2",
      kind: "supporting",
      rationale: "Data kept before authorization is to be encrypted where it lies.",
    },
    { requirement: "9.4.2", kind: "supporting", rationale: "The label says how sensitive the data on a volume are." },
    {
      requirement: "9.4.5",
      kind: "supporting",
      rationale: "The list of claims and volumes is an inventory of electronic media.",
    },
    {
      requirement: "9.4.5.1",
      kind: "supporting",
      rationale: "A list made at every scan can be compared with the kept inventory.",
    },
    {
      requirement: "9.4.7",
      kind: "supporting",
      rationale: "A released volume past its retention was not destroyed when it should have been.",
    },
  ],
  judges: "volume",
  sections: ["namespaces", "persistentvolumeclaims", "persistentvolumes", "storageclasses", "volumesnapshots"],
  rule: {
    reads:
      "Claims with their StorageClass and volume, snapshots, labels or the register for classification and retention, records of encryption.",
    pass: "The volume is encrypted, classified and has a retention rule; nothing is kept past it.",
    fail: "Not encrypted, no classification, no retention rule, or kept past its retention.",
    unknown:
      "Whether the driver encrypts isn't known and no record says it, or since when a volume is released isn't known.",
    notApplicable: "No claim, snapshot or released volume in a CDE namespace.",
    why: "Volumes are where card data lies; a disk that nobody classified is a disk that nobody deletes.",
    cannotSee: `What lies on a volume. ${CAUTION}`,
  },
  evaluate(context) {
    const results = judgeNamespaces(context, ["cde"], (namespace) => {
      const judged = [
        ...claimsOf(context, namespace).map((claim) => judgeClaim(context, claim)),
        ...snapshotsOf(context, namespace).map((snapshot) => judgeSnapshot(context, snapshot)),
        ...releasedOf(context, namespace).map((volume) => judgeReleased(context, volume)),
        ...invalidResults(context, ["PersistentVolumeClaim", "VolumeSnapshot"], [namespace]),
      ];
      if (judged.length > 0) return judged;
      return [
        {
          status: "not-applicable",
          object: namespaceRef(namespace),
          reason: "no volume in this namespace",
          detail: `Namespace ${namespace} has no PersistentVolumeClaim, no snapshot, and no released volume belonged to it.`,
          evidence: [],
        },
      ];
    });
    return results;
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get sc -o json | jq -r '.items[]|["class",.metadata.name,.provisioner,((.parameters//{})|with_entries(select(.key|test("(?i)encr|kms|secure")))|tojson),(.reclaimPolicy//"Delete")]|@tsv'`,
      `kubectl get pvc -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|["claim",.metadata.namespace,.metadata.name,(.spec.storageClassName//"(default)"),((.metadata.labels//{})["data-classification"]//"no classification"),((.metadata.labels//{})["data-retention"]//"no retention")]|@tsv'`,
      `kubectl get pv -o json | jq -r '.items[]|select(.status.phase=="Released")|["released",.metadata.name,(.spec.claimRef.namespace//"-"),(.spec.claimRef.name//"-"),(.status.lastPhaseTransitionTime//"-")]|@tsv'`,
    ),
    expect:
      "For every claim a class that encrypts (or a driver that always does), a classification and a retention. Released volumes of CDE claims only within their retention.",
    needs: [],
  }),
  remediate: (context, result) => remediate(context, result),
};

interface Claim {
  ref: ResourceRef;
  namespace: string;
  /** Name of the claim; for a template of a StatefulSet the beginning of the names. */
  name: string;
  labels: Record<string, string>;
  className: string | undefined;
  volumeName: string | undefined;
  createdAt: string | undefined;
  part?: string;
  pointer: string;
}

function claimsOf(context: EvaluationContext, namespace: string): Claim[] {
  const { inventory } = context;
  const claims = inventory
    .list("persistentvolumeclaims")
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map((object): Claim => {
      const spec = (object.spec ?? {}) as { storageClassName?: string; volumeName?: string };
      return {
        ref: refOf(object),
        namespace,
        name: object.metadata.name,
        labels: object.metadata.labels ?? {},
        className: spec.storageClassName,
        volumeName: spec.volumeName,
        createdAt: object.metadata.creationTimestamp,
        pointer: "",
      };
    });
  // In a cluster the controllers have made the claims already.
  return inventory.snapshot.source === "manifests" ? [...claims, ...templatesOf(context, namespace)] : claims;
}

function templatesOf(context: EvaluationContext, namespace: string): Claim[] {
  const fromTemplate = (ref: ResourceRef, template: ClaimTemplate, name: string, pointer: string): Claim => ({
    ref,
    namespace,
    name,
    labels: template.metadata?.labels ?? {},
    className: template.spec?.storageClassName,
    volumeName: undefined,
    createdAt: undefined,
    part: name,
    pointer,
  });
  const ofSets = context.inventory
    .list("statefulsets")
    .filter(({ metadata }) => metadata.namespace === namespace)
    .flatMap((set) =>
      (set.spec.volumeClaimTemplates ?? []).map((template, i) =>
        fromTemplate(
          refOf(set),
          template,
          `${template.metadata?.name ?? "data"}-${set.metadata.name}-0`,
          `/spec/volumeClaimTemplates/${i}`,
        ),
      ),
    );
  const ofPods = context.inventory.workloadsIn(namespace).flatMap((workload) =>
    workload.variants.flatMap((variant) =>
      (variant.spec.volumes ?? []).flatMap((volume, i) => {
        const template = volume.ephemeral?.volumeClaimTemplate;
        if (template === undefined) return [];
        const pointer = `${variant.source.pointer}/volumes/${i}/ephemeral/volumeClaimTemplate`;
        return [fromTemplate(workload.ref, template, `${workload.ref.name}-${volume.name}`, pointer)];
      }),
    ),
  );
  return [...ofSets, ...ofPods];
}

function snapshotsOf({ inventory }: EvaluationContext, namespace: string): CustomObject[] {
  return inventory.list("volumesnapshots").filter(({ metadata }) => metadata.namespace === namespace);
}
function releasedOf({ inventory }: EvaluationContext, namespace: string): PersistentVolume[] {
  return inventory
    .list("persistentvolumes")
    .filter(({ status, spec }) => status?.phase === "Released" && spec.claimRef?.namespace === namespace);
}

function judgeClaim(context: EvaluationContext, claim: Claim): Result {
  const { inventory } = context;
  const volume = inventory.list("persistentvolumes").find(({ metadata }) => metadata.name === claim.volumeName);
  const preset = claim.className ?? volume?.spec.storageClassName;
  const chosen = preset === undefined ? defaultStorageClass(context) : undefined;
  const className = preset ?? chosen?.metadata.name ?? "";
  const storageClass =
    chosen ?? inventory.list("storageclasses").find(({ metadata }) => metadata.name === className && className !== "");
  const encryption = volumeEncryption(context, { className, storageClass, volume, createdAt: claim.createdAt });
  const rule = ruleFor(context, claim.namespace, claim.name, claim.labels);
  const what =
    claim.part === undefined ? `Claim ${claim.name}` : `${claim.ref.kind} ${claim.ref.name}, claim ${claim.name}`;
  const missing = [
    ...(rule.classification === undefined ? ["no classification"] : []),
    ...(rule.retentionDays === undefined ? ["no retention rule"] : []),
  ];
  const base = {
    object: claim.ref,
    ...(claim.part === undefined ? {} : { part: claim.part }),
    evidence: [
      ...encryption.evidence,
      ...labelEvidence(claim),
      ...(labelEvidence(claim).length > 0 ? [] : [{ ref: claim.ref, pointer: `${claim.pointer}/metadata/labels` }]),
    ],
  };
  const words = `${what} in namespace ${claim.namespace}: ${encryption.why}; ${rule.words}.`;
  if (encryption.status === "plain" || missing.length > 0) {
    const problems = [...(encryption.status === "plain" ? ["not encrypted"] : []), ...missing];
    return {
      ...base,
      status: "fail",
      severity: encryption.status === "plain" ? "high" : "medium",
      reason: shortReason(problems.join(", ")),
      detail: `${words} ${encryption.status === "unknown" ? "Whether it is encrypted isn't known. " : ""}${CAUTION}`,
    };
  }
  if (encryption.status === "unknown") {
    return {
      ...base,
      status: "unknown",
      reason: shortReason(`encryption not known: ${encryption.why}`),
      detail: `${words} It becomes known with a record of the provider or the array (import storage-encryption).`,
    };
  }
  return {
    ...base,
    status: "pass",
    reason: "encrypted, classified, with a retention rule",
    detail: `${words} ${CAUTION}`,
  };
}

interface RetentionRule {
  classification?: string;
  retentionDays?: number;
  words: string;
}

/** From the labels; what they don't say, from the register. */
function ruleFor(
  context: EvaluationContext,
  namespace: string,
  claim: string,
  labels: Readonly<Record<string, string>>,
): RetentionRule {
  const read = (keys: readonly string[]) =>
    keys.map((key) => labels[key]).find((value) => value !== undefined && value !== "");
  const entry = registered(context, namespace, claim);
  const label = read(RETENTION_LABELS);
  const days = (label === undefined ? undefined : retentionDays(label)) ?? entry?.retentionDays;
  const classification = read(CLASSIFICATION_LABELS) ?? entry?.classification;
  const rule: RetentionRule = { words: "" };
  if (classification !== undefined) rule.classification = classification;
  if (days !== undefined) rule.retentionDays = days;
  const unreadable =
    label !== undefined && retentionDays(label) === undefined ? ` (the label ${label} is no duration)` : "";
  rule.words = [
    classification === undefined ? "no classification" : `classified as ${classification}`,
    days === undefined ? `no retention rule${unreadable}` : `kept ${days} days`,
    ...(entry === undefined ? [] : [`registered by ${entry.owner}`]),
  ].join(", ");
  return rule;
}

function registered(context: EvaluationContext, namespace: string, claim: string): DataVolume | undefined {
  return context.registers?.dataVolumes?.find(
    (entry) =>
      entry.namespace === namespace &&
      (entry.claim === claim || (entry.claim.endsWith("*") && claim.startsWith(entry.claim.slice(0, -1)))),
  );
}

/** `365`, `365d`, `12w`, `6m`, `7y` in days; undefined for a text that is none of these. */
export function retentionDays(label: string): number | undefined {
  const match = /^(\d{1,5})([dwmy]?)$/i.exec(label.trim());
  if (match === null) return undefined;
  const unit = { "": 1, d: 1, w: 7, m: 30, y: 365 }[(match[2] ?? "").toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
}

function labelEvidence(claim: Claim): EvidencePointer[] {
  return [...CLASSIFICATION_LABELS, ...RETENTION_LABELS].flatMap((key) => {
    const value = claim.labels[key];
    if (value === undefined) return [];
    return [{ ref: claim.ref, pointer: `${claim.pointer}/metadata/labels/${key.replaceAll("/", "~1")}`, found: value }];
  });
}

function judgeReleased(context: EvaluationContext, volume: PersistentVolume): Result {
  const { claimRef } = volume.spec;
  const since = volume.status?.lastPhaseTransitionTime;
  const rule = ruleFor(context, claimRef?.namespace ?? "", claimRef?.name ?? "", volume.metadata.labels ?? {});
  return judgeKept(context, {
    ref: refOf(volume),
    words: `PersistentVolume ${volume.metadata.name} belonged to claim ${claimRef?.namespace ?? ""}/${claimRef?.name ?? ""} and is released`,
    since,
    rule,
    pointer: "/status/lastPhaseTransitionTime",
  });
}

function judgeSnapshot(context: EvaluationContext, snapshot: CustomObject): Result {
  const namespace = snapshot.metadata.namespace ?? "default";
  const source = (snapshot.spec?.source ?? {}) as { persistentVolumeClaimName?: string };
  const claim = context.inventory
    .list("persistentvolumeclaims")
    .find(({ metadata }) => metadata.namespace === namespace && metadata.name === source.persistentVolumeClaimName);
  const labels = { ...claim?.metadata.labels, ...snapshot.metadata.labels };
  const taken = snapshot.status?.creationTime;
  return judgeKept(context, {
    ref: refOf(snapshot),
    words: `VolumeSnapshot ${snapshot.metadata.name} of claim ${source.persistentVolumeClaimName ?? "(unknown)"}`,
    since: typeof taken === "string" ? taken : snapshot.metadata.creationTimestamp,
    rule: ruleFor(context, namespace, source.persistentVolumeClaimName ?? "", labels),
    pointer: "/status/creationTime",
  });
}

/** Something that is kept: is it past its retention? */
function judgeKept(
  { asOf }: EvaluationContext,
  kept: { ref: ResourceRef; words: string; since: string | undefined; rule: RetentionRule; pointer: string },
): Result {
  const { ref, words, since, rule } = kept;
  const evidence = [{ ref, pointer: kept.pointer, ...(since === undefined ? {} : { found: since }) }];
  if (rule.retentionDays === undefined) {
    return {
      status: "fail",
      object: ref,
      severity: "medium",
      reason: "kept without a retention rule",
      detail: `${words}; ${rule.words}. Without a rule nobody can say how long it may be kept.`,
      evidence,
    };
  }
  if (since === undefined || Number.isNaN(Date.parse(since))) {
    return {
      status: "unknown",
      object: ref,
      reason: "since when it is kept isn't known",
      detail: `${words}, and the object doesn't say since when (Kubernetes tells it since 1.31); ${rule.words}. It becomes known from the provider's record.`,
      evidence,
    };
  }
  const days = Math.floor((Date.parse(asOf) - Date.parse(since)) / DAY);
  if (days > rule.retentionDays) {
    return {
      status: "fail",
      object: ref,
      reason: shortReason(`kept ${days} days, ${days - rule.retentionDays} longer than its rule`),
      detail: `${words} since ${since}; ${rule.words}. It should have been destroyed ${days - rule.retentionDays} days ago.`,
      evidence,
    };
  }
  return {
    status: "pass",
    object: ref,
    reason: `within its retention of ${rule.retentionDays} days`,
    detail: `${words} since ${since}; ${rule.words}.`,
    evidence,
  };
}

function remediate(context: EvaluationContext, result: Result) {
  if (result.object.kind === "PersistentVolume" || result.object.kind === "VolumeSnapshot") {
    return {
      summary: `Check that nobody needs the data of ${result.object.kind} ${result.object.name}, delete it with the disk behind it, and record the destruction. If it has to be kept, its owner writes the rule into the register of volumes.`,
      risk: "Deleting it is final.",
    };
  }
  const encrypted = context.inventory
    .list("storageclasses")
    .filter((storageClass) => answerOf(context, storageClass).status === "encrypted")
    .map(({ metadata }) => metadata.name);
  const target =
    encrypted.length > 0
      ? `an encrypted class that exists (${nameSome(encrypted, 3)})`
      : "a new StorageClass with the driver's encryption parameter and a customer key (Amazon EBS: encrypted and kmsKeyId)";
  return {
    summary: `The owner of the data labels the claim: kubectl -n ${result.object.namespace ?? "NAMESPACE"} label pvc NAME data-classification=CLASS data-retention=DAYS (for a StatefulSet also in its claim template), or enters it into the register of volumes. A volume that isn't encrypted can't be changed in place: make a claim of ${target}, copy the data while nobody writes, switch the workload over, then destroy the old volume and its snapshots.`,
    risk: "Copying takes the workload out of service, and the old disk keeps the data until it is destroyed.",
  };
}

function answerOf(context: EvaluationContext, storageClass: CustomObject): EncryptionAnswer {
  const className = storageClass.metadata.name;
  return volumeEncryption(context, { className, storageClass, volume: undefined, createdAt: undefined });
}
