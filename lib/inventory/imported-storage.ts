/**
 * Imported sources about storage, backups and card data outside of objects. Absent means that nobody has imported it.
 */
import type { ImportOrigin } from "./import-origin";

/** What the provider or the storage array says about encryption of volumes. */
export interface StorageEncryptionRecord {
  origin: ImportOrigin;
  /** `account`: the default for new disks of the account and region; else one StorageClass or one PersistentVolume. */
  of: { kind: "account" } | { kind: "StorageClass" | "PersistentVolume"; name: string };
  isEncrypted: boolean;
  /** Whose key it is; null when the record doesn't say. */
  key: "customer" | "platform" | null;
  /** The value in the record, for evidence. */
  found: string;
}

/** A bucket or vault that holds backups, as its provider's API says. */
export interface BackupBucketRecord {
  origin: ImportOrigin;
  /** Name as the backup tool writes it. */
  bucket: string;
  encryption: "none" | "platform-key" | "customer-key";
  isPublic: boolean;
  /** Identities with read access that are not on the approved list; `everyone` when reading is not restricted. */
  unapprovedReaders: string[] | "everyone";
  /** Days for which an object lock in compliance mode holds; null when there is none. */
  lockDays: number | null;
  /** The values in the record, for evidence. */
  found: string;
}

/** Whether backups are taken at all, as somebody who knows says. */
export interface BackupStatement {
  origin: ImportOrigin;
  areBackupsTaken: boolean;
  reason: string;
}

/** A search for card numbers where the agent does not look: a log store, a volume. */
export interface CardDataScan {
  origin: ImportOrigin;
  /** What was searched: index, bucket, volume. */
  target: string;
  tool: string;
  /** ISO 8601, UTC: the period that was searched. */
  from: string;
  to: string;
  /** Records or lines that were looked at. */
  recordsScanned: number;
  hits: {
    /** Where, without the value: index and id, file and line. */
    location: string;
    rule: "card-number" | "test-card-number" | "possible-card-number" | "track-data";
    /** Asterisks and the last four digits. */
    masked?: string | undefined;
    /** Looked at by a named person and found to be none. */
    falsePositiveBy?: string | undefined;
  }[];
}

export interface ImportedStorageFacts {
  storageEncryption?: StorageEncryptionRecord[];
  backupBuckets?: BackupBucketRecord[];
  backupStatement?: BackupStatement;
  cardDataScans?: CardDataScan[];
}
