import { describe, expect, it } from "vitest";
import { backupBucketsImport } from "./backup-buckets";
import { backupLocationsImport } from "./backup-locations";
import { backupStatementImport } from "./backup-statement";
import { cardDataScansImport } from "./card-data-scans";
import { dataVolumesImport } from "./data-volumes";
import { patternFalsePositivesImport } from "./pattern-false-positives";
import { storageEncryptionImport } from "./storage-encryption";

const origin = { by: "upload" as const, name: "file by ann", collectedAt: "2026-11-21T12:00:00Z" };

describe("imports about storage and patterns", () => {
  it.each([
    [patternFalsePositivesImport, "rule: possible-card-number", "rule: card", "falsePositives[0].rule"],
    [patternFalsePositivesImport, "    name: bin-ranges.csv\n", "", "falsePositives[0]: needs the name or the pointer"],
    [patternFalsePositivesImport, "approvedAt: 2026-10-02", "approvedAt: 2026-13-02", "falsePositives[0].approvedAt"],
    [backupLocationsImport, "retentionDays: 90", "retentionDays: 0", "backups[0].retentionDays"],
    [backupLocationsImport, "source: velero", "source: tape", "backups[0].source"],
    [dataVolumesImport, "classification: cardholder-data", 'classification: ""', "volumes[0].classification"],
    [storageEncryptionImport, "{ kind: account }", "{ kind: disk }", "storageEncryption[0].of.kind"],
    [backupBucketsImport, "encryption: customer-key", "encryption: yes", "buckets[0].encryption"],
    [backupStatementImport, "areBackupsTaken: false", "areBackupsTaken: never", "areBackupsTaken"],
    [cardDataScansImport, "************1486", "4539 1486", "scans[0].hits[0].masked"],
    [cardDataScansImport, "2026-11-14T00:00:00Z", "yesterday", "scans[0].from"],
  ] as const)("%o: a bad one names the place", (kind, from, to, place) => {
    expect(() => kind.parse(kind.example, origin)).not.toThrow();
    expect(kind.example).toContain(from);
    expect(() => kind.parse(kind.example.replace(from, to), origin)).toThrow(place);
  });

  it("keeps where each fact comes from", () => {
    expect(
      storageEncryptionImport.parse(storageEncryptionImport.example, origin).facts?.storageEncryption,
    ).toMatchObject([
      { origin, of: { kind: "account" } },
      { origin, key: "customer" },
    ]);
  });
});
