-- The life of a batch, enforced where no program can get round it.
-- The rows equal BATCH_TRANSITIONS and ROW_TRANSITIONS in src/batches/lifecycle.ts; a test holds them equal.
INSERT INTO batch_transitions (from_state, to_state, reason) VALUES
  ('', 'draft', 'created'),
  ('draft', 'checked', 'every_row_is_good'),
  ('checked', 'approved', 'approved_by_person'),
  ('approved', 'approved', 'scheduled_by_person'),
  ('approved', 'running', 'run_by_person'),
  ('approved', 'running', 'run_time_reached'),
  ('running', 'paused', 'paused_by_person'),
  ('running', 'paused', 'too_many_failures'),
  ('running', 'paused', 'content_changed'),
  ('paused', 'running', 'resumed_by_person'),
  ('running', 'finished', 'every_row_ended'),
  ('checked', 'cancelled', 'cancelled_by_person'),
  ('approved', 'cancelled', 'cancelled_by_person'),
  ('running', 'cancelled', 'cancelled_by_person'),
  ('paused', 'cancelled', 'cancelled_by_person');
--> statement-breakpoint
INSERT INTO batch_row_transitions (from_state, to_state) VALUES
  ('waiting', 'stored'), ('waiting', 'conflict'), ('stored', 'queued'), ('stored', 'ended'), ('queued', 'ended');
--> statement-breakpoint
CREATE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  came_from text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.file_name, NEW.created_at, NEW.created_by) IS DISTINCT FROM (OLD.id, OLD.file_name, OLD.created_at, OLD.created_by)
       OR OLD.state <> 'draft' AND (NEW.file_hash, NEW.content_hash, NEW.page_hashes, NEW.row_count)
          IS DISTINCT FROM (OLD.file_hash, OLD.content_hash, OLD.page_hashes, OLD.row_count) THEN
      RAISE EXCEPTION 'a sealed batch never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_identity';
    END IF;
    IF (NEW.approved_by, NEW.approved_at, NEW.alone) IS DISTINCT FROM (OLD.approved_by, OLD.approved_at, OLD.alone)
       AND NOT (OLD.state = 'checked' AND NEW.state = 'approved') THEN
      RAISE EXCEPTION 'a batch is approved once' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_approval';
    END IF;
    IF (NEW.run_at, NEW.rate_per_second, NEW.stop_after_failures)
       IS DISTINCT FROM (OLD.run_at, OLD.rate_per_second, OLD.stop_after_failures)
       AND NOT (OLD.state = 'approved' AND NEW.reason IN ('scheduled_by_person', 'run_by_person')) THEN
      RAISE EXCEPTION 'how a batch runs is said when it is run' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_run';
    END IF;
    IF (NEW.fed_count, NEW.ended_count, NEW.failed_count) IS DISTINCT FROM (OLD.fed_count, OLD.ended_count, OLD.failed_count)
       AND OLD.state <> 'running' THEN
      RAISE EXCEPTION 'only a running batch is fed' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_is_running';
    END IF;
    -- Counting is no transition.
    IF (NEW.state, NEW.reason, NEW.actor, NEW.detail, NEW.started_at, NEW.ended_at)
       IS NOT DISTINCT FROM (OLD.state, OLD.reason, OLD.actor, OLD.detail, OLD.started_at, OLD.ended_at)
       AND (NEW.run_at, NEW.rate_per_second, NEW.stop_after_failures)
           IS NOT DISTINCT FROM (OLD.run_at, OLD.rate_per_second, OLD.stop_after_failures)
       AND OLD.state = 'running' THEN
      RETURN NEW;
    END IF;
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM batch_transitions t
    WHERE t.from_state = came_from AND t.to_state = NEW.state AND t.reason = NEW.reason
  ) THEN
    RAISE EXCEPTION 'no transition of a batch from % to % with reason %', came_from, NEW.state, NEW.reason
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_transition';
  END IF;
  IF NEW.state = 'running' THEN
    NEW.started_at := coalesce(NEW.started_at, now());
  ELSIF NEW.state IN ('finished', 'cancelled') THEN
    NEW.ended_at := now();
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER batches_guard BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch();
--> statement-breakpoint
CREATE FUNCTION append_batch_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO batch_events (batch_id, at, from_state, to_state, reason, actor, detail)
  VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor, NEW.detail);
  -- What will not be sent any more does not need whose it was.
  IF NEW.state = 'cancelled' THEN
    UPDATE batch_rows SET content = content - 'ktp' - 'address'
    WHERE batch_id = NEW.id AND kind = 'withdraw' AND state = 'waiting';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER batches_event_on_insert AFTER INSERT ON batches FOR EACH ROW EXECUTE FUNCTION append_batch_event();
--> statement-breakpoint
CREATE TRIGGER batches_event_on_update AFTER UPDATE ON batches FOR EACH ROW
  WHEN ((OLD.state, OLD.reason, OLD.actor, OLD.detail) IS DISTINCT FROM (NEW.state, NEW.reason, NEW.actor, NEW.detail))
  EXECUTE FUNCTION append_batch_event();
--> statement-breakpoint
-- Once a statement, not once a row: a file of 100,000 rows is one COPY.
CREATE FUNCTION guard_new_batch_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT batch_id FROM added) a
    LEFT JOIN batches b ON b.id = a.batch_id AND b.state = 'draft' WHERE b.id IS NULL
  ) OR EXISTS (SELECT 1 FROM added WHERE state <> 'waiting') THEN
    RAISE EXCEPTION 'rows are added only to a draft, and wait' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_sealed';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER batch_rows_guard_insert AFTER INSERT ON batch_rows REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION guard_new_batch_rows();
--> statement-breakpoint
CREATE FUNCTION guard_batch_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  erased jsonb := OLD.content - 'ktp' - 'address';
BEGIN
  IF (NEW.batch_id, NEW.row_number, NEW.line_number, NEW.partner, NEW.reference, NEW.kind, NEW.phone_number, NEW.content_hash, NEW.deadline_at)
     IS DISTINCT FROM
     (OLD.batch_id, OLD.row_number, OLD.line_number, OLD.partner, OLD.reference, OLD.kind, OLD.phone_number, OLD.content_hash, OLD.deadline_at)
     OR NEW.content NOT IN (OLD.content, erased) THEN
    RAISE EXCEPTION 'a sealed row never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_sealed';
  END IF;
  IF NEW.state = OLD.state THEN
    -- Erasing what a cancelled batch will not send.
    IF NEW.state <> 'waiting' OR NEW.content <> erased
       OR NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = NEW.batch_id AND b.state = 'cancelled') THEN
      RAISE EXCEPTION 'a row changes only by a transition' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_transition';
    END IF;
    RETURN NEW;
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM batch_row_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state
  ) THEN
    RAISE EXCEPTION 'no transition of a row from % to %', OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_transition';
  END IF;
  IF OLD.state <> 'waiting' THEN
    IF (NEW.order_id, NEW.fed_at) IS DISTINCT FROM (OLD.order_id, OLD.fed_at) THEN
      RAISE EXCEPTION 'a row keeps its order' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_order';
    END IF;
    RETURN NEW;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = NEW.batch_id AND b.state = 'running') THEN
    RAISE EXCEPTION 'only a running batch is fed' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_is_running';
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM orders o
    WHERE o.id = coalesce(NEW.order_id, NEW.conflicts_with) AND o.partner = NEW.partner AND o.reference = NEW.reference
      AND (o.content_hash = NEW.content_hash) = (NEW.state = 'stored')
  ) THEN
    RAISE EXCEPTION 'a row''s order is the one with its partner, reference and content'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_order';
  END IF;
  -- The order has it now, and erases it when it is final.
  NEW.content := erased;
  NEW.fed_at := clock_timestamp();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER batch_rows_guard BEFORE UPDATE ON batch_rows FOR EACH ROW EXECUTE FUNCTION guard_batch_row();
--> statement-breakpoint
CREATE TRIGGER batches_kept BEFORE DELETE OR TRUNCATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER batch_rows_kept BEFORE DELETE OR TRUNCATE ON batch_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER batch_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- The SHA-256 of each 1,000 rows from one page to another. Equal to PageHasher in src/batches/seal.ts.
CREATE FUNCTION batch_page_hashes(of_batch integer, first_page integer, last_page integer)
RETURNS TABLE (page integer, hash text) LANGUAGE sql STABLE AS $$
  SELECT (row_number - 1) / 1000 + 1,
    encode(sha256(convert_to(string_agg(partner || E'\t' || reference || E'\t' || content_hash || E'\n', '' ORDER BY row_number), 'UTF8')), 'hex')
  FROM batch_rows
  WHERE batch_id = of_batch AND row_number BETWEEN (first_page - 1) * 1000 + 1 AND last_page * 1000
  GROUP BY 1 ORDER BY 1
$$;
