-- What the evaluation needs to write changes only, and to show that a scan can be evaluated again with the same outcome.

-- Digest of an interval row's value: a scan compares 32 bytes instead of sending every row again.
ALTER TABLE "result" ADD COLUMN "digest" BYTEA NOT NULL;
ALTER TABLE "control_status" ADD COLUMN "digest" BYTEA NOT NULL;
ALTER TABLE "requirement_status" ADD COLUMN "digest" BYTEA NOT NULL;
ALTER TABLE "scope_row" ADD COLUMN "digest" BYTEA NOT NULL;
ALTER TABLE "finding" ADD COLUMN "digest" BYTEA NOT NULL;
ALTER TABLE "result" ADD CONSTRAINT "result_digest_check" CHECK (octet_length("digest") = 32),
  ADD CONSTRAINT "result_fingerprint_check" CHECK (octet_length("fingerprint") = 32);
ALTER TABLE "finding" ADD CONSTRAINT "finding_digest_check" CHECK (octet_length("digest") = 32),
  ADD CONSTRAINT "finding_fingerprint_check" CHECK (octet_length("fingerprint") = 32);

-- A result leads to its finding by the fingerprint that both carry.
ALTER TABLE "result" DROP COLUMN "finding_number";

-- The moment that an evaluation is about: collected_at, but never later than the server first heard of the snapshot.
ALTER TABLE "scan" ADD COLUMN "as_of" TIMESTAMPTZ(3) NOT NULL;
-- Digest over all results of the scan: the same snapshot, catalogue and as_of must give it again.
ALTER TABLE "scan" ADD COLUMN "results_digest" BYTEA;
ALTER TABLE "scan" ADD CONSTRAINT "scan_done_check"
  CHECK ("state" <> 'done' OR ("results_digest" IS NOT NULL AND "evaluated_at" IS NOT NULL AND "catalog_version" IS NOT NULL));

-- So that "n controls fail" over a fleet counts each control once, from the roll-up alone.
ALTER TABLE "cluster_rollup" ADD COLUMN "failing_control_ids" TEXT[] NOT NULL DEFAULT '{}';

CREATE INDEX "snapshot_announced_idx" ON "snapshot" ("org_id", "cluster_id") WHERE "state" = 'announced';
CREATE UNIQUE INDEX "snapshot_gap_open_key" ON "snapshot_gap" ("org_id", "cluster_id") WHERE "to_at" IS NULL;

-- What else an evaluation depends on, as it was at the commit: a later change of the cluster must not change an old scan.
ALTER TABLE "scan" ADD COLUMN "provider" TEXT NOT NULL;
ALTER TABLE "scan" ADD COLUMN "scope_settings" JSONB;
ALTER TABLE "scan" ADD CONSTRAINT "scan_provider_check"
  CHECK ("provider" IN ('self-managed', 'eks', 'gke', 'aks', 'openshift', 'other'));
