-- From a session's hash and an organization's slug to everything that a request has to know about who asks, in one
-- statement: a page makes three in all. It runs with its caller's rights, so the policies of ringfence_web bind it; the
-- person's id is set for the statement's own transaction.
--
-- No row: no such session. org_id null: the person has no living membership in an organization of that slug, which looks
-- the same whether or not it exists.
CREATE FUNCTION "ringfence_principal"("session_hash" bytea, "organization_slug" text, "at" timestamptz)
RETURNS TABLE ("person_id" uuid, "person_name" text, "person_email" text, "created_at" timestamptz, "idle_expires_at" timestamptz,
  "absolute_expires_at" timestamptz, "revoked_at" timestamptz, "authenticated_at" timestamptz, "amr" text[], "amr_stated" boolean,
  "acr" text, "org_id" uuid, "org_slug" text, "org_name" text, "roles" jsonb)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
DECLARE
  held session%ROWTYPE;
BEGIN
  SELECT * INTO held FROM session s WHERE s.id_hash = session_hash;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM set_config('app.person_id', held.person_id::text, true);
  RETURN QUERY
    SELECT p.id, p.name, p.email, held.created_at::timestamptz, held.idle_expires_at::timestamptz,
      held.absolute_expires_at::timestamptz, held.revoked_at::timestamptz, held.authenticated_at::timestamptz,
      held.amr, held.amr_stated, held.acr, o.id, o.slug, o.name,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('role', m.role, 'projectId', m.project_id)), '[]')
        FROM membership m WHERE m.org_id = o.id AND m.person_id = p.id AND m.revoked_at IS NULL
          AND (m.expires_at IS NULL OR m.expires_at > at))
    FROM person p
    LEFT JOIN organization o ON o.slug = organization_slug AND EXISTS (
      SELECT FROM membership m WHERE m.org_id = o.id AND m.person_id = p.id AND m.revoked_at IS NULL
        AND (m.expires_at IS NULL OR m.expires_at > at))
    WHERE p.id = held.person_id;
  PERFORM set_config('app.person_id', '', true);
END $$;
REVOKE ALL ON FUNCTION "ringfence_principal" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "ringfence_principal" TO ringfence_web;
