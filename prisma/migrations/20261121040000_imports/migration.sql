-- Documents that a person uploads because no API of the cluster shows what they say. What a document says is kept, its text is
-- not; a row never changes, it only ends: superseded by a newer one of the same kind and name, or withdrawn.
CREATE TABLE "import" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "cluster_id" UUID,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "digest" BYTEA NOT NULL,
    "collected_at" TIMESTAMPTZ(3) NOT NULL,
    "parts" JSONB NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3) NOT NULL,
    "uploaded_by" UUID NOT NULL,
    "uploaded_by_name" TEXT NOT NULL,
    "superseded_at" TIMESTAMPTZ(3),
    "withdrawn_at" TIMESTAMPTZ(3),
    "withdrawn_by" UUID,
    "withdrawn_by_name" TEXT,

    CONSTRAINT "import_pkey" PRIMARY KEY ("org_id", "id")
);
CREATE INDEX "import_org_id_cluster_id_idx" ON "import"("org_id", "cluster_id");
ALTER TABLE "import" ADD CONSTRAINT "import_org_id_fkey"
  FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "import" ADD CONSTRAINT "import_org_id_cluster_id_fkey"
  FOREIGN KEY ("org_id", "cluster_id") REFERENCES "cluster"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "import"
  ADD CONSTRAINT "import_kind_check" CHECK ("kind" ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  ADD CONSTRAINT "import_name_check" CHECK (char_length("name") BETWEEN 1 AND 200),
  ADD CONSTRAINT "import_digest_check" CHECK (octet_length("digest") = 32),
  ADD CONSTRAINT "import_parts_check" CHECK (octet_length("parts"::text) <= 16777216),
  ADD CONSTRAINT "import_collected_check" CHECK ("collected_at" <= "uploaded_at"),
  ADD CONSTRAINT "import_withdrawn_check" CHECK (("withdrawn_at" IS NULL) = ("withdrawn_by" IS NULL)),
  ADD CONSTRAINT "import_ended_check" CHECK ("withdrawn_at" IS NULL OR "superseded_at" IS NULL);
-- One current document of a kind and name for a cluster, and one for the whole organization.
CREATE UNIQUE INDEX "import_current_cluster_key" ON "import" ("org_id", "cluster_id", "kind", "name")
  WHERE "cluster_id" IS NOT NULL AND "superseded_at" IS NULL AND "withdrawn_at" IS NULL;
CREATE UNIQUE INDEX "import_current_organization_key" ON "import" ("org_id", "kind", "name")
  WHERE "cluster_id" IS NULL AND "superseded_at" IS NULL AND "withdrawn_at" IS NULL;

ALTER TABLE "import" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "import" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "import" USING (org_id = (SELECT ringfence_org())) WITH CHECK (org_id = (SELECT ringfence_org()));
GRANT SELECT, INSERT ON "import" TO ringfence_web;
GRANT UPDATE ("superseded_at", "withdrawn_at", "withdrawn_by", "withdrawn_by_name") ON "import" TO ringfence_web;
GRANT SELECT ON "import" TO ringfence_worker;

-- For everybody, the owner included: a document ends once, and nothing else of it changes.
CREATE FUNCTION "import_only_ends"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ending text[] := ARRAY['superseded_at', 'withdrawn_at', 'withdrawn_by', 'withdrawn_by_name'];
BEGIN
  IF OLD.superseded_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL OR to_jsonb(NEW) - ending IS DISTINCT FROM to_jsonb(OLD) - ending
  THEN
    RAISE EXCEPTION 'an import only ends, and once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION "import_only_ends" FROM PUBLIC;
CREATE TRIGGER "import_only_ends" BEFORE UPDATE ON "import" FOR EACH ROW EXECUTE FUNCTION "import_only_ends"();
CREATE TRIGGER "import_never_deleted" BEFORE DELETE OR TRUNCATE ON "import"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- The documents that a scan is evaluated with, [{id, digest}], fixed when its evaluation first starts; null until then.
ALTER TABLE "scan" ADD COLUMN "imports" JSONB;

ALTER TABLE "cluster" DROP CONSTRAINT "cluster_provider_check", ADD CONSTRAINT "cluster_provider_check"
  CHECK ("provider" IN ('self-managed', 'eks', 'gke', 'aks', 'openshift', 'k3s', 'rke2', 'other'));
ALTER TABLE "scan" DROP CONSTRAINT "scan_provider_check", ADD CONSTRAINT "scan_provider_check"
  CHECK ("provider" IN ('self-managed', 'eks', 'gke', 'aks', 'openshift', 'k3s', 'rke2', 'other'));
