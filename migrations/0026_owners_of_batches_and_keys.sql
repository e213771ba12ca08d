-- Holders of keys, and batches that belong to a partner.
-- The rows equal BATCH_TRANSITIONS in src/batches/lifecycle.ts; a test holds them equal.
INSERT INTO batch_transitions (from_state, to_state, reason) VALUES
  ('running', 'paused', 'limit_forbids'),
  ('running', 'paused', 'partner_suspended');
--> statement-breakpoint
-- As it was, but counted per holder: two keys of one may be valid at once, so that it can change over.
CREATE OR REPLACE FUNCTION guard_partner_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_holder integer;
  holders integer;
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Two keys added at once take turns on their partner.
    PERFORM 1 FROM partners WHERE name = NEW.partner FOR UPDATE;
    SELECT count(*) FILTER (WHERE k.holder = NEW.holder), count(DISTINCT k.holder) FILTER (WHERE k.holder <> NEW.holder)
    INTO of_holder, holders
    FROM partner_keys k WHERE k.partner = NEW.partner AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
    IF of_holder >= 2 THEN
      RAISE EXCEPTION 'a holder has at most two valid keys'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_has_two_keys';
    END IF;
    IF holders >= 20 THEN
      RAISE EXCEPTION 'a partner has at most twenty holders of valid keys'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_has_many_holders';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.prefix, NEW.partner, NEW.holder, NEW.secret_hash, NEW.scopes, NEW.signing_secret, NEW.created_at)
     IS DISTINCT FROM
     (OLD.prefix, OLD.partner, OLD.holder, OLD.secret_hash, OLD.scopes, OLD.signing_secret, OLD.created_at)
     OR (OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at))
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'a key only ever ends' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_key_transition';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION append_partner_key_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO partner_events (partner, at, event, actor, detail)
  VALUES (NEW.partner, clock_timestamp(),
    CASE
      WHEN TG_OP = 'INSERT' THEN 'key_added'
      WHEN NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN 'key_revoked'
      ELSE 'key_expires'
    END,
    NEW.actor,
    jsonb_build_object('prefix', NEW.prefix, 'holder', NEW.holder, 'scopes', NEW.scopes,
      'signed', NEW.signing_secret IS NOT NULL, 'expires_at', NEW.expires_at, 'revoked_at', NEW.revoked_at));
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Whose a batch is never changes, and a plan's copy is whose its model is.
CREATE FUNCTION guard_batch_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.owner IS DISTINCT FROM OLD.owner THEN
      RAISE EXCEPTION 'whose a batch is never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_identity';
    END IF;
  ELSIF NEW.copied_from IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM batches m WHERE m.id = NEW.copied_from AND m.owner IS NOT DISTINCT FROM NEW.owner
  ) THEN
    RAISE EXCEPTION 'a copy is whose its model is' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER batches_guard_owner BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch_owner();
--> statement-breakpoint
-- As it was, and the rows of a partner's batch are its own.
CREATE OR REPLACE FUNCTION guard_new_batch_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT batch_id FROM added) a
    LEFT JOIN batches b ON b.id = a.batch_id AND b.state = 'draft' WHERE b.id IS NULL
  ) OR EXISTS (SELECT 1 FROM added WHERE state <> 'waiting') THEN
    RAISE EXCEPTION 'rows are added only to a draft, and wait' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_sealed';
  END IF;
  IF EXISTS (SELECT 1 FROM added a JOIN batches b ON b.id = a.batch_id WHERE a.partner <> b.owner) THEN
    RAISE EXCEPTION 'the rows of a partner''s batch are its own' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_owner';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE VIEW ops.batches AS
SELECT
  b.id AS batch_id,
  b.file_name,
  b.content_hash,
  b.state,
  b.reason,
  b.row_count AS rows,
  b.fed_count AS fed,
  b.ended_count AS ended,
  b.failed_count AS failed,
  b.created_at,
  b.created_by,
  b.approved_at,
  b.approved_by,
  b.run_at,
  b.rate_per_second,
  b.stop_after_failures,
  b.started_at,
  b.ended_at,
  b.copied_from,
  p.id AS plan_id,
  p.name AS plan,
  r.due_at,
  b.owner
FROM public.batches b
LEFT JOIN public.plan_runs r ON r.batch_id = b.id
LEFT JOIN public.plans p ON p.batch_id = coalesce(b.copied_from, b.id);
