-- The first schema. Tables as Prisma writes them; below them what Prisma does not know: constraints on words, partial
-- indexes, row-level security, rights of the roles, the audit chain and the way into the job queue.
--
-- The roles ringfence_web, ringfence_ingest and ringfence_worker must exist (the runner makes them when it may).

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "person" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_sign_in_at" TIMESTAMPTZ(3),

    CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id_hash" BYTEA NOT NULL,
    "person_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "idle_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "absolute_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_reason" TEXT,
    "authenticated_at" TIMESTAMPTZ(3),
    "amr" TEXT[],
    "amr_stated" BOOLEAN NOT NULL,
    "acr" TEXT,
    "groups" TEXT[],
    "id_token_sealed" BYTEA,
    "origin" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id_hash")
);

-- CreateTable
CREATE TABLE "membership" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "person_id" UUID NOT NULL,
    "project_id" UUID,
    "role" TEXT NOT NULL,
    "invitation_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "membership_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "invitation" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "token_hash" BYTEA NOT NULL,
    "project_id" UUID,
    "role" TEXT NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "used_by" UUID,
    "revoked_at" TIMESTAMPTZ(3),
    "membership_expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "cluster" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "project_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "agent_state" TEXT NOT NULL DEFAULT 'awaiting-agent',
    "cluster_uid" TEXT,
    "kubernetes_version" TEXT,
    "agent_version" TEXT,
    "last_seen_at" TIMESTAMPTZ(3),
    "clock_skew_seconds" INTEGER,
    "interval_seconds" INTEGER NOT NULL DEFAULT 3600,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "rescan_requested_at" TIMESTAMPTZ(3),
    "collecting" JSONB,
    "last_scan_seq" INTEGER NOT NULL DEFAULT 0,
    "last_commit_digest" BYTEA,
    "scope_settings" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "cluster_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "enrolment" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "cluster_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" UUID,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "used_public_key" BYTEA,
    "agent_id" UUID,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrolment_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "agent" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "cluster_id" UUID NOT NULL,
    "last_seq" BIGINT NOT NULL DEFAULT 0,
    "protocol_version" INTEGER NOT NULL,
    "agent_version" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "quarantined_at" TIMESTAMPTZ(3),
    "quarantine_reason" TEXT,

    CONSTRAINT "agent_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "agent_key" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "agent_id" UUID NOT NULL,
    "public_key" BYTEA NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "agent_key_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "snapshot" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "schema_version" INTEGER NOT NULL,
    "manifest" JSONB NOT NULL,
    "manifest_digest" BYTEA NOT NULL,
    "prev_digest" BYTEA,
    "commit_digest" BYTEA,
    "scan_seq" INTEGER,
    "objects" INTEGER NOT NULL,
    "dropped_fields" INTEGER NOT NULL DEFAULT 0,
    "chunks" INTEGER NOT NULL,
    "raw_bytes" BIGINT NOT NULL,
    "collected_at" TIMESTAMPTZ(3) NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "committed_at" TIMESTAMPTZ(3),
    "problem" TEXT,

    CONSTRAINT "snapshot_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "chunk" (
    "org_id" UUID NOT NULL,
    "digest" BYTEA NOT NULL,
    "raw_bytes" INTEGER NOT NULL,
    "wire_bytes" INTEGER NOT NULL,
    "objects" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chunk_pkey" PRIMARY KEY ("org_id","digest")
);

-- CreateTable
CREATE TABLE "snapshot_gap" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "cluster_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL DEFAULT '',
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "snapshot_gap_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "scan" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "snapshot_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "collected_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "evaluated_at" TIMESTAMPTZ(3),
    "catalog_version" TEXT,
    "objects" INTEGER NOT NULL,
    "progress_done" INTEGER NOT NULL DEFAULT 0,
    "progress_total" INTEGER NOT NULL DEFAULT 0,
    "pass" INTEGER NOT NULL DEFAULT 0,
    "fail" INTEGER NOT NULL DEFAULT 0,
    "unknown" INTEGER NOT NULL DEFAULT 0,
    "not_applicable" INTEGER NOT NULL DEFAULT 0,
    "new_findings" INTEGER NOT NULL DEFAULT 0,
    "closed_findings" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,

    CONSTRAINT "scan_pkey" PRIMARY KEY ("org_id","cluster_id","seq")
);

-- CreateTable
CREATE TABLE "result" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "control_id" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "from_seq" INTEGER NOT NULL,
    "to_seq" INTEGER,
    "status" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "api_version" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "namespace" TEXT,
    "name" TEXT NOT NULL,
    "part" TEXT,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "evidence" JSONB NOT NULL,
    "scope" TEXT NOT NULL,
    "since_at" TIMESTAMPTZ(3) NOT NULL,
    "finding_number" INTEGER,

    CONSTRAINT "result_pkey" PRIMARY KEY ("org_id","cluster_id","id")
);

-- CreateTable
CREATE TABLE "control_status" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "control_id" TEXT NOT NULL,
    "from_seq" INTEGER NOT NULL,
    "to_seq" INTEGER,
    "status" TEXT NOT NULL,
    "pass" INTEGER NOT NULL,
    "fail" INTEGER NOT NULL,
    "unknown" INTEGER NOT NULL,
    "not_applicable" INTEGER NOT NULL,
    "since_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "control_status_pkey" PRIMARY KEY ("org_id","cluster_id","control_id","from_seq")
);

-- CreateTable
CREATE TABLE "requirement_status" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "requirement_id" TEXT NOT NULL,
    "from_seq" INTEGER NOT NULL,
    "to_seq" INTEGER,
    "status" TEXT NOT NULL,
    "coverage" TEXT NOT NULL,
    "parts" JSONB NOT NULL,
    "attestations" JSONB NOT NULL,
    "since_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "requirement_status_pkey" PRIMARY KEY ("org_id","cluster_id","requirement_id","from_seq")
);

-- CreateTable
CREATE TABLE "scope_row" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "row_key" TEXT NOT NULL,
    "from_seq" INTEGER NOT NULL,
    "to_seq" INTEGER,
    "namespace" TEXT NOT NULL,
    "api_version" TEXT,
    "kind" TEXT,
    "name" TEXT,
    "category" TEXT NOT NULL,
    "label_value" TEXT,
    "reasons" JSONB NOT NULL,
    "workloads" INTEGER NOT NULL DEFAULT 0,
    "since_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "scope_row_pkey" PRIMARY KEY ("org_id","cluster_id","row_key","from_seq")
);

-- CreateTable
CREATE TABLE "finding" (
    "org_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "cluster_id" UUID NOT NULL,
    "control_id" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "state" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "severity_rank" INTEGER NOT NULL,
    "scope" TEXT NOT NULL,
    "scope_rank" INTEGER NOT NULL,
    "api_version" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "namespace" TEXT,
    "name" TEXT NOT NULL,
    "part" TEXT,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "evidence" JSONB NOT NULL,
    "first_seen_seq" INTEGER NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3),
    "resolved_seq" INTEGER,
    "resolved_at" TIMESTAMPTZ(3),
    "reopened" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "finding_pkey" PRIMARY KEY ("org_id","number")
);

-- CreateTable
CREATE TABLE "finding_event" (
    "org_id" UUID NOT NULL,
    "finding_number" INTEGER NOT NULL,
    "scan_seq" INTEGER NOT NULL,
    "event" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "finding_event_pkey" PRIMARY KEY ("org_id","finding_number","scan_seq","event")
);

-- CreateTable
CREATE TABLE "finding_counter" (
    "org_id" UUID NOT NULL,
    "last_number" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "finding_counter_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "cluster_rollup" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "scan_seq" INTEGER NOT NULL,
    "catalog_version" TEXT NOT NULL,
    "last_scan_at" TIMESTAMPTZ(3) NOT NULL,
    "evaluated_at" TIMESTAMPTZ(3) NOT NULL,
    "scope" TEXT NOT NULL,
    "cells" JSONB NOT NULL,
    "worst_rank" INTEGER NOT NULL,
    "failing_controls" INTEGER NOT NULL,
    "open_critical" INTEGER NOT NULL DEFAULT 0,
    "open_high" INTEGER NOT NULL DEFAULT 0,
    "open_medium" INTEGER NOT NULL DEFAULT 0,
    "open_low" INTEGER NOT NULL DEFAULT 0,
    "workloads_cde" INTEGER NOT NULL DEFAULT 0,
    "workloads_connected_to" INTEGER NOT NULL DEFAULT 0,
    "workloads_out_of_scope" INTEGER NOT NULL DEFAULT 0,
    "workloads_undeclared" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "cluster_rollup_pkey" PRIMARY KEY ("org_id","cluster_id")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "org_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "org_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" UUID,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "object_type" TEXT,
    "object_id" TEXT,
    "object_name" TEXT,
    "origin" TEXT,
    "request_id" TEXT,
    "detail" JSONB NOT NULL,
    "record" TEXT NOT NULL,
    "prev_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("org_id","seq")
);

-- CreateTable
CREATE TABLE "system_audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" UUID,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "object_type" TEXT,
    "object_id" TEXT,
    "object_name" TEXT,
    "origin" TEXT,
    "request_id" TEXT,
    "detail" JSONB NOT NULL,

    CONSTRAINT "system_audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "key" TEXT NOT NULL,
    "window_at" TIMESTAMPTZ(3) NOT NULL,
    "hits" INTEGER NOT NULL,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "organization_slug_key" ON "organization"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "project_org_id_slug_key" ON "project"("org_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "person_issuer_subject_key" ON "person"("issuer", "subject");

-- CreateIndex
CREATE INDEX "session_person_id_idx" ON "session"("person_id");

-- CreateIndex
CREATE INDEX "session_absolute_expires_at_idx" ON "session"("absolute_expires_at");

-- CreateIndex
CREATE INDEX "membership_org_id_person_id_idx" ON "membership"("org_id", "person_id");

-- CreateIndex
CREATE INDEX "membership_person_id_idx" ON "membership"("person_id");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_org_id_token_hash_key" ON "invitation"("org_id", "token_hash");

-- CreateIndex
CREATE INDEX "cluster_org_id_project_id_idx" ON "cluster"("org_id", "project_id");

-- CreateIndex
CREATE INDEX "cluster_org_id_slug_idx" ON "cluster"("org_id", "slug");

-- CreateIndex
CREATE INDEX "enrolment_org_id_cluster_id_idx" ON "enrolment"("org_id", "cluster_id");

-- CreateIndex
CREATE UNIQUE INDEX "enrolment_org_id_token_hash_key" ON "enrolment"("org_id", "token_hash");

-- CreateIndex
CREATE INDEX "agent_org_id_cluster_id_idx" ON "agent"("org_id", "cluster_id");

-- CreateIndex
CREATE UNIQUE INDEX "agent_key_org_id_agent_id_fingerprint_key" ON "agent_key"("org_id", "agent_id", "fingerprint");

-- CreateIndex
CREATE INDEX "snapshot_org_id_cluster_id_announced_at_idx" ON "snapshot"("org_id", "cluster_id", "announced_at" DESC);

-- CreateIndex
CREATE INDEX "snapshot_org_id_cluster_id_scan_seq_idx" ON "snapshot"("org_id", "cluster_id", "scan_seq");

-- CreateIndex
CREATE INDEX "snapshot_gap_org_id_cluster_id_from_at_idx" ON "snapshot_gap"("org_id", "cluster_id", "from_at" DESC);

-- CreateIndex
CREATE INDEX "scan_org_id_state_idx" ON "scan"("org_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "scan_org_id_id_key" ON "scan"("org_id", "id");

-- CreateIndex
CREATE INDEX "result_org_id_cluster_id_control_id_from_seq_idx" ON "result"("org_id", "cluster_id", "control_id", "from_seq");

-- CreateIndex
CREATE UNIQUE INDEX "result_org_id_cluster_id_fingerprint_from_seq_key" ON "result"("org_id", "cluster_id", "fingerprint", "from_seq");

-- CreateIndex
CREATE INDEX "control_status_org_id_control_id_idx" ON "control_status"("org_id", "control_id");

-- CreateIndex
CREATE INDEX "requirement_status_org_id_requirement_id_idx" ON "requirement_status"("org_id", "requirement_id");

-- CreateIndex
CREATE INDEX "finding_org_id_state_severity_rank_scope_rank_number_idx" ON "finding"("org_id", "state", "severity_rank" DESC, "scope_rank" DESC, "number");

-- CreateIndex
CREATE INDEX "finding_org_id_cluster_id_state_idx" ON "finding"("org_id", "cluster_id", "state");

-- CreateIndex
CREATE INDEX "finding_org_id_control_id_state_idx" ON "finding"("org_id", "control_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "finding_org_id_cluster_id_fingerprint_key" ON "finding"("org_id", "cluster_id", "fingerprint");

-- CreateIndex
CREATE INDEX "audit_entry_org_id_at_idx" ON "audit_entry"("org_id", "at" DESC);

-- CreateIndex
CREATE INDEX "audit_entry_org_id_action_seq_idx" ON "audit_entry"("org_id", "action", "seq" DESC);

-- CreateIndex
CREATE INDEX "audit_entry_org_id_actor_id_seq_idx" ON "audit_entry"("org_id", "actor_id", "seq" DESC);

-- CreateIndex
CREATE INDEX "system_audit_entry_at_idx" ON "system_audit_entry"("at" DESC);

-- AddForeignKey
ALTER TABLE "project" ADD CONSTRAINT "project_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_org_id_project_id_fkey" FOREIGN KEY ("org_id", "project_id") REFERENCES "project"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_org_id_invitation_id_fkey" FOREIGN KEY ("org_id", "invitation_id") REFERENCES "invitation"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_org_id_project_id_fkey" FOREIGN KEY ("org_id", "project_id") REFERENCES "project"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_org_id_project_id_fkey" FOREIGN KEY ("org_id", "project_id") REFERENCES "project"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrolment" ADD CONSTRAINT "enrolment_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_key" ADD CONSTRAINT "agent_key_org_id_agent_id_fkey" FOREIGN KEY ("org_id", "agent_id") REFERENCES "agent"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "snapshot" ADD CONSTRAINT "snapshot_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chunk" ADD CONSTRAINT "chunk_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "snapshot_gap" ADD CONSTRAINT "snapshot_gap_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scan" ADD CONSTRAINT "scan_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "result" ADD CONSTRAINT "result_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "control_status" ADD CONSTRAINT "control_status_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "requirement_status" ADD CONSTRAINT "requirement_status_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scope_row" ADD CONSTRAINT "scope_row_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "finding" ADD CONSTRAINT "finding_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "finding_event" ADD CONSTRAINT "finding_event_org_id_finding_number_fkey" FOREIGN KEY ("org_id", "finding_number") REFERENCES "finding"("org_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "finding_counter" ADD CONSTRAINT "finding_counter_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cluster_rollup" ADD CONSTRAINT "cluster_rollup_org_id_cluster_id_fkey" FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_head" ADD CONSTRAINT "audit_head_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_entry" ADD CONSTRAINT "audit_entry_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- Words of closed unions, spelt as in lib/api.
ALTER TABLE "organization" ADD CONSTRAINT "organization_slug_check" CHECK ("slug" ~ '^[a-z0-9][a-z0-9-]{0,62}$');
ALTER TABLE "project" ADD CONSTRAINT "project_slug_check" CHECK ("slug" ~ '^[a-z0-9][a-z0-9-]{0,62}$');
ALTER TABLE "membership" ADD CONSTRAINT "membership_role_check"
  CHECK ("role" IN ('owner', 'complianceOfficer', 'platformEngineer', 'assessor'));
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_role_check"
  CHECK ("role" IN ('owner', 'complianceOfficer', 'platformEngineer', 'assessor')),
  ADD CONSTRAINT "invitation_token_hash_check" CHECK (octet_length("token_hash") = 32),
  ADD CONSTRAINT "invitation_used_check" CHECK (("used_at" IS NULL) = ("used_by" IS NULL));
ALTER TABLE "session" ADD CONSTRAINT "session_id_hash_check" CHECK (octet_length("id_hash") = 32);
ALTER TABLE "cluster"
  ADD CONSTRAINT "cluster_slug_check" CHECK ("slug" ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  ADD CONSTRAINT "cluster_provider_check" CHECK ("provider" IN ('self-managed', 'eks', 'gke', 'aks', 'openshift', 'other')),
  ADD CONSTRAINT "cluster_agent_state_check" CHECK ("agent_state" IN ('awaiting-agent', 'enrolled', 'revoked', 'quarantined')),
  ADD CONSTRAINT "cluster_interval_check" CHECK ("interval_seconds" BETWEEN 10 AND 604800);
ALTER TABLE "enrolment" ADD CONSTRAINT "enrolment_token_hash_check" CHECK (octet_length("token_hash") = 32);
ALTER TABLE "agent_key" ADD CONSTRAINT "agent_key_public_key_check" CHECK (octet_length("public_key") = 32);
ALTER TABLE "snapshot"
  ADD CONSTRAINT "snapshot_state_check" CHECK ("state" IN ('announced', 'committed', 'quarantined', 'refused', 'abandoned')),
  ADD CONSTRAINT "snapshot_committed_check" CHECK (("state" = 'committed') = ("scan_seq" IS NOT NULL));
ALTER TABLE "chunk" ADD CONSTRAINT "chunk_digest_check" CHECK (octet_length("digest") = 32);
-- Brotli does not compress a second time.
ALTER TABLE "chunk" ALTER COLUMN "data" SET STORAGE EXTERNAL;
ALTER TABLE "scan" ADD CONSTRAINT "scan_state_check" CHECK ("state" IN ('queued', 'evaluating', 'done', 'failed'));
ALTER TABLE "result"
  ADD CONSTRAINT "result_status_check" CHECK ("status" IN ('pass', 'fail', 'unknown', 'not-applicable')),
  ADD CONSTRAINT "result_severity_check" CHECK ("severity" IN ('critical', 'high', 'medium', 'low')),
  ADD CONSTRAINT "result_scope_check" CHECK ("scope" IN ('cde', 'connected-to', 'out-of-scope', 'undeclared')),
  ADD CONSTRAINT "result_interval_check" CHECK ("to_seq" > "from_seq");
ALTER TABLE "control_status"
  ADD CONSTRAINT "control_status_status_check" CHECK ("status" IN ('pass', 'fail', 'unknown', 'not-applicable')),
  ADD CONSTRAINT "control_status_interval_check" CHECK ("to_seq" > "from_seq");
ALTER TABLE "requirement_status"
  ADD CONSTRAINT "requirement_status_status_check" CHECK ("status" IN ('fail', 'unknown', 'not-assessed', 'needs-attestation',
    'compensating-control', 'attested', 'pass', 'not-applicable')),
  ADD CONSTRAINT "requirement_status_coverage_check"
    CHECK ("coverage" IN ('automated', 'partial', 'manual', 'provider', 'outside-kubernetes')),
  ADD CONSTRAINT "requirement_status_interval_check" CHECK ("to_seq" > "from_seq");
ALTER TABLE "scope_row"
  ADD CONSTRAINT "scope_row_category_check" CHECK ("category" IN ('cde', 'connected-to', 'out-of-scope', 'undeclared')),
  ADD CONSTRAINT "scope_row_interval_check" CHECK ("to_seq" > "from_seq");
ALTER TABLE "finding"
  ADD CONSTRAINT "finding_state_check" CHECK ("state" IN ('open', 'resolved')),
  ADD CONSTRAINT "finding_severity_check" CHECK ("severity" IN ('critical', 'high', 'medium', 'low')),
  ADD CONSTRAINT "finding_scope_check" CHECK ("scope" IN ('cde', 'connected-to', 'out-of-scope', 'undeclared')),
  ADD CONSTRAINT "finding_resolved_check" CHECK (("state" = 'resolved') = ("resolved_at" IS NOT NULL));
ALTER TABLE "finding_event" ADD CONSTRAINT "finding_event_event_check" CHECK ("event" IN ('opened', 'resolved', 'reopened'));
ALTER TABLE "cluster_rollup"
  ADD CONSTRAINT "cluster_rollup_scope_check" CHECK ("scope" IN ('cde', 'connected-to', 'out-of-scope', 'undeclared')),
  ADD CONSTRAINT "cluster_rollup_cells_check" CHECK (jsonb_array_length("cells") = 12);
ALTER TABLE "audit_entry"
  ADD CONSTRAINT "audit_entry_outcome_check" CHECK ("outcome" IN ('done', 'refused', 'failed')),
  ADD CONSTRAINT "audit_entry_actor_type_check" CHECK ("actor_type" IN ('person', 'agent', 'worker', 'operator', 'anonymous'));
ALTER TABLE "system_audit_entry"
  ADD CONSTRAINT "system_audit_entry_outcome_check" CHECK ("outcome" IN ('done', 'refused', 'failed')),
  ADD CONSTRAINT "system_audit_entry_actor_type_check"
    CHECK ("actor_type" IN ('person', 'agent', 'worker', 'operator', 'anonymous'));
-- Counters are worth nothing after a crash.
ALTER TABLE "rate_limit" SET UNLOGGED;

-- What may exist once among the living.
CREATE UNIQUE INDEX "cluster_live_slug_key" ON "cluster" ("org_id", "slug") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "membership_live_organization_key" ON "membership" ("org_id", "person_id")
  WHERE "project_id" IS NULL AND "revoked_at" IS NULL;
CREATE UNIQUE INDEX "membership_live_project_key" ON "membership" ("org_id", "person_id", "project_id")
  WHERE "project_id" IS NOT NULL AND "revoked_at" IS NULL;
CREATE UNIQUE INDEX "agent_live_key" ON "agent" ("org_id", "cluster_id") WHERE "revoked_at" IS NULL;
CREATE UNIQUE INDEX "result_current_key" ON "result" ("org_id", "cluster_id", "fingerprint") WHERE "to_seq" IS NULL;
CREATE INDEX "result_current_control_idx" ON "result" ("org_id", "cluster_id", "control_id", "status") WHERE "to_seq" IS NULL;
CREATE UNIQUE INDEX "control_status_current_key" ON "control_status" ("org_id", "cluster_id", "control_id") WHERE "to_seq" IS NULL;
CREATE UNIQUE INDEX "requirement_status_current_key" ON "requirement_status" ("org_id", "cluster_id", "requirement_id")
  WHERE "to_seq" IS NULL;
CREATE UNIQUE INDEX "scope_row_current_key" ON "scope_row" ("org_id", "cluster_id", "row_key") WHERE "to_seq" IS NULL;
CREATE UNIQUE INDEX "snapshot_scan_seq_key" ON "snapshot" ("org_id", "cluster_id", "scan_seq") WHERE "scan_seq" IS NOT NULL;
CREATE INDEX "audit_entry_at_brin" ON "audit_entry" USING brin ("at");

-- Row-level security: the second isolation of tenants. The organization of the transaction is app.org_id, set with
-- set_config('app.org_id', …, true); without it nothing is visible and nothing can be written. FORCE: the owner too.
CREATE FUNCTION "ringfence_org"() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.org_id', true), '')::uuid $$;
CREATE FUNCTION "ringfence_person"() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.person_id', true), '')::uuid $$;

DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['project', 'membership', 'invitation', 'cluster', 'enrolment', 'agent', 'agent_key', 'snapshot',
    'chunk', 'snapshot_gap', 'scan', 'result', 'control_status', 'requirement_status', 'scope_row', 'finding', 'finding_event',
    'finding_counter', 'cluster_rollup', 'audit_head', 'audit_entry'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
    EXECUTE format('CREATE POLICY tenant ON %I USING (org_id = (SELECT ringfence_org())) WITH CHECK (org_id = (SELECT ringfence_org()))',
      tenant);
  END LOOP;
END $$;

ALTER TABLE "organization" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "organization" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "organization" USING ("id" = (SELECT ringfence_org())) WITH CHECK ("id" = (SELECT ringfence_org()));
-- After sign-in, before an organization is chosen: a person sees their own memberships and the organizations of those.
CREATE POLICY "own_memberships" ON "membership" FOR SELECT TO ringfence_web USING ("person_id" = (SELECT ringfence_person()));
CREATE POLICY "own_organizations" ON "organization" FOR SELECT TO ringfence_web
  USING ("id" IN (SELECT "org_id" FROM "membership" WHERE "person_id" = (SELECT ringfence_person())));
CREATE POLICY "own_projects" ON "project" FOR SELECT TO ringfence_web
  USING (("org_id", "id") IN (SELECT "org_id", "project_id" FROM "membership" WHERE "person_id" = (SELECT ringfence_person())));
-- The worker's timed tasks walk over all organizations, and over each inside a transaction of its own.
CREATE POLICY "worker_directory" ON "organization" FOR SELECT TO ringfence_worker USING (true);

-- Rights. Nothing that anybody could delete by mistake: what ends is marked, except what the worker retires.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ringfence_web, ringfence_ingest, ringfence_worker;

GRANT SELECT, INSERT, UPDATE ON "organization", "project", "person", "membership", "invitation", "cluster", "enrolment",
  "session", "rate_limit" TO ringfence_web;
GRANT DELETE ON "session", "rate_limit" TO ringfence_web;
GRANT SELECT, UPDATE ON "agent", "agent_key" TO ringfence_web;
GRANT SELECT ON "snapshot", "chunk", "snapshot_gap", "scan", "result", "control_status", "requirement_status", "scope_row",
  "finding", "finding_event", "cluster_rollup", "audit_entry", "audit_head" TO ringfence_web;
GRANT INSERT ON "audit_entry", "system_audit_entry", "finding_counter" TO ringfence_web;

GRANT SELECT ON "organization", "cluster", "enrolment", "agent", "agent_key", "snapshot", "chunk", "snapshot_gap", "scan"
  TO ringfence_ingest;
GRANT INSERT, UPDATE ON "agent", "agent_key", "snapshot", "snapshot_gap" TO ringfence_ingest;
GRANT INSERT ON "chunk", "scan", "audit_entry", "system_audit_entry" TO ringfence_ingest;
GRANT UPDATE ON "cluster", "enrolment" TO ringfence_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON "rate_limit" TO ringfence_ingest;

GRANT SELECT ON "organization", "project", "cluster", "agent", "agent_key", "enrolment", "chunk", "audit_entry", "audit_head"
  TO ringfence_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON "snapshot", "snapshot_gap", "scan", "result", "control_status", "requirement_status",
  "scope_row", "finding", "finding_event", "cluster_rollup" TO ringfence_worker;
GRANT SELECT, INSERT, UPDATE ON "finding_counter" TO ringfence_worker;
GRANT UPDATE ON "cluster" TO ringfence_worker;
GRANT DELETE ON "chunk" TO ringfence_worker;
GRANT INSERT ON "audit_entry", "system_audit_entry" TO ringfence_worker;
GRANT SELECT, DELETE ON "rate_limit" TO ringfence_worker;
GRANT DELETE ON "session" TO ringfence_worker;
GRANT SELECT ("absolute_expires_at") ON "session" TO ringfence_worker;
GRANT USAGE ON SEQUENCE "system_audit_entry_id_seq" TO ringfence_web, ringfence_ingest, ringfence_worker;

-- The audit chain. The trigger numbers and links an entry; it runs as the owner, so that nobody else can move the head.
-- hash = SHA-256(hex(prev_hash) || ' ' || seq || ' ' || record), over UTF-8. The first entry's prev_hash is 32 zero bytes.
CREATE FUNCTION "audit_entry_link"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  head audit_head%ROWTYPE;
BEGIN
  INSERT INTO audit_head (org_id, seq, hash) VALUES (NEW.org_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
  SELECT * INTO STRICT head FROM audit_head WHERE org_id = NEW.org_id FOR UPDATE;
  NEW.seq := head.seq + 1;
  NEW.prev_hash := head.hash;
  NEW.hash := sha256(convert_to(encode(NEW.prev_hash, 'hex') || ' ' || NEW.seq || ' ' || NEW.record, 'UTF8'));
  UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE org_id = NEW.org_id;
  RETURN NEW;
END $$;
CREATE TRIGGER "audit_entry_link" BEFORE INSERT ON "audit_entry" FOR EACH ROW EXECUTE FUNCTION "audit_entry_link"();

-- Insert-only for everybody, the owner included.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "audit_entry_insert_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "system_audit_entry_insert_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "system_audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- The way into the job queue from inside a tenant's transaction. The organization in the payload is that of the
-- transaction, whatever the caller says, so that nobody can make the worker act for somebody else.
CREATE FUNCTION "ringfence_enqueue"(task text, payload jsonb, job_key text DEFAULT NULL, run_at timestamptz DEFAULT NULL,
  max_attempts integer DEFAULT NULL, queue_name text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  org uuid := public.ringfence_org();
BEGIN
  IF org IS NULL THEN
    RAISE EXCEPTION 'no organization in this transaction' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF task !~ '^[a-z][a-z-]{0,62}$' THEN
    RAISE EXCEPTION 'not a task name: %', task USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM graphile_worker.add_job(task, payload => (payload || jsonb_build_object('orgId', org))::json,
    queue_name => queue_name, run_at => run_at, max_attempts => max_attempts,
    job_key => CASE WHEN job_key IS NULL THEN NULL ELSE org || ':' || job_key END);
END $$;
REVOKE ALL ON FUNCTION "ringfence_enqueue" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ringfence_enqueue" TO ringfence_web, ringfence_ingest, ringfence_worker;
REVOKE ALL ON FUNCTION "audit_entry_link", "refuse_change" FROM PUBLIC;

-- The server checks at its start which migrations are applied.
DO $$
BEGIN
  IF to_regclass('public._prisma_migrations') IS NOT NULL THEN
    GRANT SELECT ON public._prisma_migrations TO ringfence_web, ringfence_ingest, ringfence_worker;
  END IF;
END $$;
