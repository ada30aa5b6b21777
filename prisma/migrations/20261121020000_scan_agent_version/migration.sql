-- Which agent collected a scan's snapshot: evidence says so, and the cluster's own column only knows the present one.
ALTER TABLE "scan" ADD COLUMN "agent_version" TEXT;
