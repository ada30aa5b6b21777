-- The catalogue of controls of each version that a release of this installation has brought: what its scans meant. Of everybody.
CREATE TABLE "catalog" (
    "version" TEXT NOT NULL,
    "digest" BYTEA NOT NULL,
    "document" JSONB NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "catalog_pkey" PRIMARY KEY ("version")
);
ALTER TABLE "catalog" ADD CONSTRAINT "catalog_digest_check" CHECK (octet_length("digest") = 32);
CREATE TRIGGER "catalog_insert_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "catalog"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
GRANT SELECT, INSERT ON "catalog" TO ringfence_web, ringfence_worker;

-- Which version an organization works with: the last row. An organization begins with the version that it first meets.
CREATE TABLE "catalog_activation" (
    "org_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "activated_at" TIMESTAMPTZ(3) NOT NULL,
    "activated_by" UUID,
    "activated_by_name" TEXT NOT NULL,

    CONSTRAINT "catalog_activation_pkey" PRIMARY KEY ("org_id", "seq")
);
ALTER TABLE "catalog_activation" ADD CONSTRAINT "catalog_activation_org_id_fkey"
  FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a version that is not active yet would say of a cluster's last snapshot: made once by a worker when somebody asks.
CREATE TABLE "catalog_preview" (
    "org_id" UUID NOT NULL,
    "cluster_id" UUID NOT NULL,
    "version" TEXT NOT NULL,
    "against" TEXT NOT NULL,
    "scan_seq" INTEGER NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    "changes" JSONB NOT NULL,

    CONSTRAINT "catalog_preview_pkey" PRIMARY KEY ("org_id", "cluster_id", "version")
);
ALTER TABLE "catalog_preview" ADD CONSTRAINT "catalog_preview_org_id_cluster_id_fkey"
  FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['catalog_activation', 'catalog_preview'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
    EXECUTE format('CREATE POLICY tenant ON %I USING (org_id = (SELECT ringfence_org())) WITH CHECK (org_id = (SELECT ringfence_org()))',
      tenant);
  END LOOP;
END $$;
CREATE TRIGGER "catalog_activation_insert_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "catalog_activation"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
GRANT SELECT, INSERT ON "catalog_activation" TO ringfence_web, ringfence_worker;
GRANT SELECT ON "catalog_preview" TO ringfence_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON "catalog_preview" TO ringfence_worker;

-- The version whose code evaluated the scan: another than catalog_version while the organization keeps an older one active.
ALTER TABLE "scan" ADD COLUMN "code_version" TEXT;
