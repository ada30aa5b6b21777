-- An organization's own controls: every revision as it was saved. A row never changes; the newest of a control counts, unless it
-- was withdrawn. A control that comes back after that is its next revision.
CREATE TABLE "custom_control" (
    "org_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "definition" JSONB NOT NULL,
    "digest" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" UUID NOT NULL,
    "created_by_name" TEXT NOT NULL,
    "withdrawn_at" TIMESTAMPTZ(3),
    "withdrawn_by" UUID,
    "withdrawn_by_name" TEXT,

    CONSTRAINT "custom_control_pkey" PRIMARY KEY ("org_id", "id", "revision")
);
ALTER TABLE "custom_control" ADD CONSTRAINT "custom_control_org_id_fkey"
  FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "custom_control"
  ADD CONSTRAINT "custom_control_id_check" CHECK ("id" ~ '^custom-[a-z0-9]+(-[a-z0-9]+)*$' AND char_length("id") <= 80),
  ADD CONSTRAINT "custom_control_revision_check" CHECK ("revision" >= 1),
  ADD CONSTRAINT "custom_control_definition_check" CHECK (octet_length("definition"::text) <= 1048576),
  ADD CONSTRAINT "custom_control_digest_check" CHECK (octet_length("digest") = 32),
  ADD CONSTRAINT "custom_control_withdrawn_check" CHECK (("withdrawn_at" IS NULL) = ("withdrawn_by" IS NULL));

ALTER TABLE "custom_control" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "custom_control" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "custom_control" USING (org_id = (SELECT ringfence_org())) WITH CHECK (org_id = (SELECT ringfence_org()));
GRANT SELECT, INSERT ON "custom_control" TO ringfence_web;
GRANT UPDATE ("withdrawn_at", "withdrawn_by", "withdrawn_by_name") ON "custom_control" TO ringfence_web;
GRANT SELECT ON "custom_control" TO ringfence_worker;

-- For everybody, the owner included: a revision is withdrawn once, and nothing else of it changes.
CREATE FUNCTION "custom_control_only_ends"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ending text[] := ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_by_name'];
BEGIN
  IF OLD.withdrawn_at IS NOT NULL OR to_jsonb(NEW) - ending IS DISTINCT FROM to_jsonb(OLD) - ending THEN
    RAISE EXCEPTION 'a revision of a custom control is only withdrawn, and once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION "custom_control_only_ends" FROM PUBLIC;
CREATE TRIGGER "custom_control_only_ends" BEFORE UPDATE ON "custom_control"
  FOR EACH ROW EXECUTE FUNCTION "custom_control_only_ends"();
CREATE TRIGGER "custom_control_never_deleted" BEFORE DELETE OR TRUNCATE ON "custom_control"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- The revisions that a scan is evaluated with, [{id, revision, digest}], fixed when its evaluation first starts; null until then.
ALTER TABLE "scan" ADD COLUMN "custom_controls" JSONB;
