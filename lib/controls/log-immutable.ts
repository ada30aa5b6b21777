/**
 * Stored logs cannot be altered or deleted and access is limited.
 *
 * Reads: the imported protection of every store that keeps the cluster's logs: write-once lock and its period, who can delete or
 * overwrite, who can read without approval, whether reads are logged.
 * Pass: a lock in compliance mode, or an append-only store with deletion denied to all but named break-glass roles, for the whole
 * retention period; nobody else can delete or overwrite, the shipper and the cluster least of all; reads are logged; all readers
 * are approved.
 * Fail: no lock, a governance lock (which people with the right can lift), too short a lock, an identity that can delete or
 * overwrite, everybody or unapproved people can read, or reads leave no record.
 * Unknown: no store is connected, or its protection was not read; no scope is declared.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 *
 * A running forwarder shows nothing about immutability. An index block `read_only` can be taken away by any administrator and is
 * no lock. Life-cycle policies of Elasticsearch cannot lock objects; a second copy in a locked bucket is the safe way.
 */
import type { LogProtection, LogStore } from "@/lib/inventory/imported";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { GRANTS, RULES_CAN, script } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { shortReason } from "./short-reason";

/** The lock has to last as long as the standard asks events to be kept, whatever longer period the store is set to. */
const KEEP_DAYS = 365;

export const logImmutable: Control = {
  id: "log-immutable",
  title: "Stored logs cannot be altered or deleted and access is limited",
  severity: "critical",
  requirements: [
    {
      requirement: "10.3.2",
      kind: "primary",
      rationale:
        "A write-once lock, or deletion denied to everybody, is what keeps single persons from changing log files.",
    },
    {
      requirement: "10.3.1",
      kind: "primary",
      rationale: "The store's list of readers shows whether only people with a need can read the logs.",
    },
    {
      requirement: "10.3.4",
      kind: "primary",
      rationale: "What cannot be changed needs no detection of changes; where it can, an alert would have to exist.",
    },
    { requirement: "10.2.1.3", kind: "primary", rationale: "The store's own access log shows who read the logs." },
  ],
  judges: "log-store",
  sections: ["namespaces"],
  rule: {
    reads:
      "Lock mode and period, identities that can delete or read, and the access log of every log store, as imported.",
    pass: "Write-once for the retention period, nobody but break-glass roles can delete, readers are approved and their reads are logged.",
    fail: "No lock, a lock that can be lifted or ends early, somebody who can delete or overwrite, unapproved readers, or unlogged reads.",
    unknown: "No store is connected, or its protection was not read.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "Who can delete is decided by the store, not by the cluster; its lock and its roles are the evidence.",
    cannotSee: "Whoever administers the storage itself, for example the cloud account's owner, and copies elsewhere.",
  },
  evaluate: (context) => judgeCluster(context, ["cde", "connected-to"], () => judgeStores(context)),
  verify: () => ({
    command: script(
      "# the store: set BUCKET first (GCS: gcloud storage buckets describe; Azure: az storage container immutability-policy show)",
      'aws s3api get-object-lock-configuration --bucket "$BUCKET"; aws s3api get-bucket-versioning --bucket "$BUCKET"; aws s3api get-bucket-policy --bucket "$BUCKET"',
      "# the cluster: who can read pod logs or the shipper's Secrets in the log namespace; set LOG_NAMESPACE first",
      GRANTS,
      `RB='${RULES_CAN}'`,
      `grants | jq -r --arg ns "$LOG_NAMESPACE" "$RB"'select(.ns=="*" or .ns==$ns)|select(can("";"pods/log";["get"]) or can("";"secrets";["get","list"]))|[.ns,.binding,.subject.kind,.subject.name]|@tsv'`,
    ),
    expect:
      "Object lock in mode COMPLIANCE for the retention period, versioning enabled, no principal of the cluster with delete rights; and only approved subjects in the last list.",
    needs: ["aws"],
  }),
  remediate: (_context, result) => ({
    summary: `Lock what ${result.object.name} stores: write the logs (or a second copy) to a bucket with object lock in compliance mode, give the shipper a credential that can only add, and take deletion away from every other role. The lock of a bucket that Elasticsearch uses for snapshots may stop its housekeeping; use a bucket of its own. Terraform: aws_s3_bucket with object_lock_enabled = true, and aws_s3_bucket_object_lock_configuration with mode = "COMPLIANCE" and days = ${KEEP_DAYS}.`,
    risk: "Locked objects cannot be deleted by anybody before their day, neither for cost nor by a request for erasure; test with a short period.",
  }),
};

function judgeStores({ inventory }: EvaluationContext): Result[] {
  const stores = inventory.facts.logStores ?? [];
  if (stores.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no log store is connected",
        "Nobody has imported how the store that keeps this cluster's logs is protected. It becomes known when the store is connected or its lock settings and roles are uploaded.",
      ),
    ];
  }
  return stores.map(judgeStore);
}

function judgeStore(store: LogStore, index: number): Result {
  const object = { ...CLUSTER_REF, kind: "LogStore", name: store.name };
  const { protection } = store;
  if (protection === undefined) {
    return {
      status: "unknown",
      object,
      reason: "its protection was not read",
      detail: `Lock settings and roles of log store ${store.name} were not imported. A running forwarder says nothing about them.`,
      evidence: [],
    };
  }
  const at = (field: keyof LogProtection, found: string): EvidencePointer => ({
    ref: CLUSTER_REF,
    pointer: `/facts/logStores/${index}/protection/${field}`,
    found,
  });
  const problems = problemsOf(protection, at);
  const source = `Source: ${protection.origin.name}, read ${protection.origin.collectedAt}.`;
  if (problems.length > 0) {
    return {
      status: "fail",
      object,
      reason: shortReason(problems[0]?.words ?? ""),
      detail: `Log store ${store.name}: ${problems.map((problem) => problem.words).join("; ")}. ${source}`,
      evidence: problems.map((problem) => problem.evidence),
    };
  }
  const glass = protection.breakGlass.length > 0 ? ` Break-glass: ${protection.breakGlass.join(", ")}.` : "";
  return {
    status: "pass",
    object,
    reason: protection.lock === "append-only" ? "append-only, deletion denied" : "locked in compliance mode",
    detail: `Log store ${store.name}: events are ${protection.lock === "append-only" ? "append-only" : "write-once"} for ${protection.lockDays === null ? "ever" : `${protection.lockDays} days`}, nobody can delete or overwrite them, readers are approved and reads are logged.${glass} ${source}`,
    evidence: [at("lock", protection.lock), at("writersThatCanDelete", "none"), at("unapprovedReaders", "none")],
  };
}

function problemsOf(
  protection: LogProtection,
  at: (field: keyof LogProtection, found: string) => EvidencePointer,
): { words: string; evidence: EvidencePointer }[] {
  const problems: { words: string; evidence: EvidencePointer }[] = [];
  const { lock, lockDays } = protection;
  if (lock === "none") problems.push({ words: "nothing locks the stored events", evidence: at("lock", lock) });
  if (lock === "governance") {
    const who = protection.bypassIdentities.length > 0 ? ` (${nameSome(protection.bypassIdentities, 3)} can)` : "";
    problems.push({ words: `the lock is in governance mode, which can be lifted${who}`, evidence: at("lock", lock) });
  }
  if (lock === "append-only") {
    const others = protection.bypassIdentities.filter((identity) => !protection.breakGlass.includes(identity));
    if (others.length > 0) {
      problems.push({
        words: `${nameSome(others, 3)} can lift the denial of deletion without being break-glass roles`,
        evidence: at("bypassIdentities", others.join(", ")),
      });
    }
  }
  if (lock !== "none" && lockDays !== null && lockDays < KEEP_DAYS) {
    problems.push({
      words: `the lock ends after ${lockDays} days, before ${KEEP_DAYS}`,
      evidence: at("lockDays", String(lockDays)),
    });
  }
  const deleters = protection.writersThatCanDelete.filter((identity) => !protection.breakGlass.includes(identity.name));
  if (deleters.length > 0) {
    const words = deleters.map((identity) => `${identity.kind} ${identity.name}`);
    problems.push({
      words: `${nameSome(words, 3)} can delete or overwrite events`,
      evidence: at("writersThatCanDelete", words.join(", ")),
    });
  }
  if (protection.unapprovedReaders === "everyone") {
    problems.push({ words: "everybody can read the logs", evidence: at("unapprovedReaders", "everyone") });
  } else if (protection.unapprovedReaders.length > 0) {
    problems.push({
      words: `${nameSome(protection.unapprovedReaders, 3)} can read the logs without approval`,
      evidence: at("unapprovedReaders", protection.unapprovedReaders.join(", ")),
    });
  }
  if (!protection.areReadsLogged)
    problems.push({ words: "reads of the store are not logged", evidence: at("areReadsLogged", "false") });
  return problems;
}
