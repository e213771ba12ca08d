-- The life of a batch and of its rows, enforced where no program can bypass it.

-- These rows equal BATCH_TRANSITIONS in TypeScript; a test holds them equal.
INSERT INTO batch_transitions (from_state, to_state, reason) VALUES
  ('', 'draft', 'created'),
  ('draft', 'checked', 'every_row_is_good'),
  ('checked', 'approved', 'approved_by_person'),
  ('checked', 'approved', 'approved_with_plan'),
  ('approved', 'approved', 'scheduled_by_person'),
  ('approved', 'running', 'run_by_person'),
  ('approved', 'running', 'run_time_reached'),
  ('approved', 'running', 'run_by_plan'),
  ('running', 'paused', 'paused_by_person'),
  ('running', 'paused', 'too_many_failures'),
  ('running', 'paused', 'content_changed'),
  ('running', 'paused', 'limit_forbids'),
  ('running', 'paused', 'partner_suspended'),
  ('running', 'paused', 'retried_order_executed'),
  ('paused', 'running', 'resumed_by_person'),
  ('running', 'finished', 'every_row_ended'),
  ('checked', 'cancelled', 'cancelled_by_person'),
  ('approved', 'cancelled', 'cancelled_by_person'),
  ('approved', 'cancelled', 'plan_over'),
  ('running', 'cancelled', 'cancelled_by_person'),
  ('paused', 'cancelled', 'cancelled_by_person');

-- These rows equal ROW_TRANSITIONS in TypeScript; a test holds them equal.
INSERT INTO batch_row_transitions (from_state, to_state) VALUES
  ('waiting', 'stored'), ('waiting', 'conflict'), ('waiting', 'refused'), ('stored', 'queued'), ('stored', 'ended'), ('queued', 'ended');

-- Once a batch left draft, its content never changes; each setting changes only in the move that it belongs to.
CREATE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  came_from text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.file_name, NEW.created_at, NEW.created_by, NEW.retry_of)
          IS DISTINCT FROM (OLD.id, OLD.file_name, OLD.created_at, OLD.created_by, OLD.retry_of)
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
       AND NOT (OLD.state = 'approved' AND NEW.reason IN ('scheduled_by_person', 'run_by_person', 'run_by_plan')) THEN
      RAISE EXCEPTION 'run settings of a batch change only when it is scheduled or run'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_run';
    END IF;
    IF (NEW.fed_count, NEW.ended_count, NEW.failed_count) IS DISTINCT FROM (OLD.fed_count, OLD.ended_count, OLD.failed_count)
       AND OLD.state <> 'running' THEN
      RAISE EXCEPTION 'only a running batch is fed' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_is_running';
    END IF;
    -- An update that only counts is no transition.
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

CREATE TRIGGER batches_guard BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch();

-- A batch keeps its owner, and a copy that a plan makes has the owner of the batch that it copies.
CREATE FUNCTION guard_batch_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.owner IS DISTINCT FROM OLD.owner THEN
      RAISE EXCEPTION 'a batch''s owner never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_identity';
    END IF;
  ELSIF NEW.copied_from IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM batches m WHERE m.id = NEW.copied_from AND m.owner IS NOT DISTINCT FROM NEW.owner
  ) THEN
    RAISE EXCEPTION 'a copy has the owner of its original' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER batches_guard_owner BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch_owner();

CREATE FUNCTION append_batch_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO batch_events (batch_id, at, from_state, to_state, reason, actor, detail)
  VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor, NEW.detail);
  -- Rows that will never be sent lose their personal data.
  IF NEW.state = 'cancelled' THEN
    UPDATE batch_rows SET content = content - 'ktp' - 'address'
    WHERE batch_id = NEW.id AND kind = 'withdraw' AND state = 'waiting';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER batches_event_on_insert AFTER INSERT ON batches FOR EACH ROW EXECUTE FUNCTION append_batch_event();

CREATE TRIGGER batches_event_on_update AFTER UPDATE ON batches FOR EACH ROW
  WHEN ((OLD.state, OLD.reason, OLD.actor, OLD.detail) IS DISTINCT FROM (NEW.state, NEW.reason, NEW.actor, NEW.detail))
  EXECUTE FUNCTION append_batch_event();

-- Once per statement and not per row, because a file of 100,000 rows is one COPY.
CREATE FUNCTION guard_new_batch_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT batch_id FROM added) a
    LEFT JOIN batches b ON b.id = a.batch_id AND b.state = 'draft' WHERE b.id IS NULL
  ) OR EXISTS (SELECT 1 FROM added WHERE state <> 'waiting') THEN
    RAISE EXCEPTION 'rows are added only to a draft, in state waiting'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_sealed';
  END IF;
  IF EXISTS (SELECT 1 FROM added a JOIN batches b ON b.id = a.batch_id WHERE a.partner <> b.owner) THEN
    RAISE EXCEPTION 'the rows of a partner''s batch are its own' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_owner';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER batch_rows_guard_insert AFTER INSERT ON batch_rows REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION guard_new_batch_rows();

-- A row keeps its content, is fed only while its batch runs, and leads to the order of its own partner and reference:
-- stored when the contents are equal, conflict when they are not. A row that is refused leads to none.
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
    -- The only change without a transition is the erasure of what a cancelled batch will not send.
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
  IF NEW.state <> 'refused' AND NOT EXISTS (
    SELECT 1 FROM orders o
    WHERE o.id = coalesce(NEW.order_id, NEW.conflicts_with) AND o.partner = NEW.partner AND o.reference = NEW.reference
      AND (o.content_hash = NEW.content_hash) = (NEW.state = 'stored')
  ) THEN
    RAISE EXCEPTION 'a row''s order is the one with its partner, reference and content'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_row_order';
  END IF;
  -- The order has the personal data now and erases them when it is final.
  NEW.content := erased;
  NEW.fed_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER batch_rows_guard BEFORE UPDATE ON batch_rows FOR EACH ROW EXECUTE FUNCTION guard_batch_row();

-- Deferrable, which drizzle-kit cannot say: a COPY of a file with a reference twice goes on to its end, so that the
-- rows can be named. Everybody else meets the constraint at once.
DROP INDEX batch_rows_reference;
ALTER TABLE batch_rows ADD CONSTRAINT batch_rows_reference UNIQUE (batch_id, partner, reference)
  DEFERRABLE INITIALLY IMMEDIATE;

-- The SHA-256 of each page of 1,000 rows. Equal to PageHasher in TypeScript: both seal what was approved.
CREATE FUNCTION batch_page_hashes(of_batch integer, first_page integer, last_page integer)
RETURNS TABLE (page integer, hash text) LANGUAGE sql STABLE AS $$
  SELECT (row_number - 1) / 1000 + 1,
    encode(sha256(convert_to(string_agg(partner || E'\t' || reference || E'\t' || content_hash || E'\n', '' ORDER BY row_number), 'UTF8')), 'hex')
  FROM batch_rows
  WHERE batch_id = of_batch AND row_number BETWEEN (first_page - 1) * 1000 + 1 AND last_page * 1000
  GROUP BY 1 ORDER BY 1
$$;

CREATE TRIGGER batches_kept BEFORE DELETE OR TRUNCATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER batch_rows_kept BEFORE DELETE OR TRUNCATE ON batch_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER batch_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Retries: the rows of a batch whose orders ended without an execution become the rows of a new batch. An order is
-- retried only while nothing of its root can execute: an order that is rejected, expired or cancelled leaves that state
-- by no transition, so none of them can become a late success. What may still come is a statement line that contradicts
-- the state. It leaves the order as it is and opens a break, and a break holds the retry back.

-- The first order of an instruction: of a retry's order the root of its row, of every other order itself.
CREATE FUNCTION root_of_order(of_order uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT t.root_order_id FROM batch_rows r JOIN batch_retries t ON t.batch_id = r.batch_id AND t.row_number = r.row_number
    WHERE r.order_id = of_order LIMIT 1
  ), of_order)
$$;

-- Whether something says that an order was executed though its state denies it: a break that is not explained by a later
-- run, or that its checkout executed it.
CREATE FUNCTION has_sign_of_execution(of_order uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM breaks b WHERE b.order_id = of_order AND (b.state = 'open' OR b.reason <> 'explained'))
    OR EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = of_order AND e.reason = 'executed_at_checkout')
$$;

-- The same for all orders of a root that were retried.
CREATE FUNCTION root_has_sign_of_execution(root uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT has_sign_of_execution(root) OR EXISTS (
    SELECT 1 FROM batch_retries t WHERE t.root_order_id = root AND has_sign_of_execution(t.retried_order_id)
  )
$$;

-- Why an order may not be retried now; null when it may. Equal to RETRY_REFUSALS in TypeScript.
CREATE FUNCTION retry_refusal(of_order uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  root uuid := root_of_order(of_order);
  ended orders%ROWTYPE;
BEGIN
  SELECT * INTO ended FROM orders o WHERE o.id = of_order;
  IF ended.state IS NULL THEN RETURN 'not_sent'; END IF;
  IF ended.state IN ('succeeded', 'in_doubt', 'held') THEN RETURN ended.state; END IF;
  IF ended.state NOT IN ('rejected', 'expired', 'cancelled') THEN RETURN 'open'; END IF;
  IF EXISTS (
    SELECT 1 FROM batch_retries t
    JOIN batches b ON b.id = t.batch_id
    JOIN batch_rows r ON r.batch_id = t.batch_id AND r.row_number = t.row_number
    LEFT JOIN orders o ON o.id = r.order_id
    WHERE t.root_order_id = root AND NOT CASE
      WHEN r.state = 'waiting' THEN b.state = 'cancelled'
      WHEN r.order_id IS NULL THEN true
      ELSE o.state IN ('rejected', 'expired', 'cancelled')
    END
  ) THEN RETURN 'taken'; END IF;
  IF has_sign_of_execution(of_order) OR root_has_sign_of_execution(root) THEN RETURN 'executed'; END IF;
  -- The KTP number and the address were erased when the order ended.
  IF ended.kind = 'withdraw' THEN RETURN 'erased'; END IF;
  RETURN NULL;
END $$;

-- A retry is a row of a draft, orders what the retried row ordered, and is allowed at this moment. Of two at once one
-- meets the unique number.
CREATE FUNCTION guard_batch_retry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM batches b
    JOIN batches was ON was.id = b.retry_of AND was.owner IS NOT DISTINCT FROM b.owner
    JOIN batch_rows n ON n.batch_id = b.id AND n.row_number = NEW.row_number
    JOIN batch_rows o ON o.batch_id = was.id AND o.row_number = NEW.retried_row_number
    WHERE b.id = NEW.batch_id AND b.state = 'draft' AND was.id = NEW.retried_batch_id AND o.order_id = NEW.retried_order_id
      AND (n.partner, n.kind, n.phone_number, n.content) = (o.partner, o.kind, o.phone_number, o.content)
  ) OR NEW.root_order_id <> root_of_order(NEW.retried_order_id) OR retry_refusal(NEW.retried_order_id) IS NOT NULL
     OR NEW.retry_number <> 1 + (SELECT count(*) FROM batch_retries t WHERE t.root_order_id = NEW.root_order_id) THEN
    RAISE EXCEPTION 'an order is retried once it ended without an execution, by one row that orders the same'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_retry';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER batch_retries_guard BEFORE INSERT ON batch_retries FOR EACH ROW EXECUTE FUNCTION guard_batch_retry();
CREATE TRIGGER batch_retries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_retries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whether an order that this batch retries shows a sign of execution.
CREATE FUNCTION batch_retries_executed_order(of_batch integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM batch_retries t
    JOIN batch_rows r ON r.batch_id = t.batch_id AND r.row_number = t.row_number AND r.state = 'waiting'
    WHERE t.batch_id = of_batch AND root_has_sign_of_execution(t.root_order_id)
  )
$$;

-- Every row of a retry's batch retries a row. The batch is approved, run and resumed only while no sign of execution has
-- come. When its time has come it starts all the same, and the feeder pauses it at once, so that people see why.
CREATE FUNCTION guard_batch_of_retries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'draft' AND NEW.row_count <> (SELECT count(*) FROM batch_retries t WHERE t.batch_id = NEW.id) THEN
    RAISE EXCEPTION 'every row of a retry''s batch retries a row' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_retry';
  END IF;
  IF NEW.state IN ('approved', 'running') AND NEW.reason <> 'run_time_reached' AND batch_retries_executed_order(NEW.id) THEN
    RAISE EXCEPTION 'a retried order may have been executed' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_retry';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER batches_guard_retries BEFORE UPDATE ON batches FOR EACH ROW
  WHEN (NEW.retry_of IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION guard_batch_of_retries();
