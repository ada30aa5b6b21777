-- Pages add up current rows over many clusters. These rows are wide (parts, evidence), so the sums read indexes alone.
CREATE INDEX "requirement_status_sum_idx" ON "requirement_status" ("org_id", "cluster_id", "requirement_id", "status")
  WHERE "to_seq" IS NULL;
CREATE INDEX "finding_open_idx" ON "finding" ("org_id", "cluster_id", "control_id", "severity_rank") WHERE "state" = 'open';
