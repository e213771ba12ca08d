-- Plans of batches. The rows equal BATCH_TRANSITIONS and RUN_TRANSITIONS in src/domain; tests hold them equal.
INSERT INTO batch_transitions (from_state, to_state, reason) VALUES
  ('checked', 'approved', 'approved_with_plan'),
  ('approved', 'running', 'run_by_plan'),
  ('approved', 'cancelled', 'plan_over');
--> statement-breakpoint
INSERT INTO plan_transitions (subject, from_state, to_state, reason) VALUES
  ('run', 'planned', 'started', 'batch_started'),
  ('run', 'planned', 'skipped', 'batch_changed'),
  ('run', 'planned', 'skipped', 'rows_taken'),
  ('run', 'started', 'finished', 'batch_ended'),
  ('run', 'started', 'finished', 'batch_cancelled');
--> statement-breakpoint
-- As it was, but for run_by_plan: a plan says how its copies run.
CREATE OR REPLACE FUNCTION guard_batch() RETURNS trigger LANGUAGE plpgsql AS $$
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
       AND NOT (OLD.state = 'approved' AND NEW.reason IN ('scheduled_by_person', 'run_by_person', 'run_by_plan')) THEN
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
-- Whether a copy has the rows of its model and no others: what was approved once is what runs again and again.
CREATE FUNCTION is_copy_of(copy integer, model integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (
    SELECT 1 FROM (SELECT * FROM batch_rows WHERE batch_id = copy) c
    FULL JOIN (SELECT * FROM batch_rows WHERE batch_id = model) m ON m.row_number = c.row_number
    WHERE (c.partner, c.kind, c.phone_number, c.content, c.content_hash, c.deadline_at)
      IS DISTINCT FROM (m.partner, m.kind, m.phone_number, m.content, m.content_hash, m.deadline_at)
      OR starts_with(c.reference, m.reference || '@') IS NOT TRUE
  )
$$;
--> statement-breakpoint
CREATE FUNCTION guard_batch_of_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.copied_from IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM batches m JOIN plans p ON p.batch_id = m.id
      WHERE m.id = NEW.copied_from AND m.state = 'approved' AND p.state = 'active'
        AND (m.file_name, m.created_by) = (NEW.file_name, NEW.created_by)
    ) THEN
      RAISE EXCEPTION 'only the batch of an active plan is copied' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.copied_from IS DISTINCT FROM OLD.copied_from THEN
    RAISE EXCEPTION 'where a batch is from never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_identity';
  END IF;
  IF OLD.state = 'approved' AND (
    (NEW.reason = 'plan_over') <> EXISTS (SELECT 1 FROM plans p WHERE p.batch_id = NEW.id)
    OR EXISTS (SELECT 1 FROM plans p WHERE p.batch_id = NEW.id AND p.state IN ('active', 'paused'))
  ) THEN
    RAISE EXCEPTION 'the batch of a plan ends with the plan and makes no other move'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_of_plan';
  END IF;
  IF NEW.state = OLD.state THEN RETURN NEW; END IF;
  IF NEW.reason IN ('approved_by_person', 'approved_with_plan') THEN
    IF (NEW.reason = 'approved_with_plan') <> (NEW.copied_from IS NOT NULL) OR NEW.copied_from IS NOT NULL AND NOT (
      EXISTS (
        SELECT 1 FROM batches m WHERE m.id = NEW.copied_from
          AND (m.created_by, m.approved_by, m.approved_at, m.alone) = (NEW.created_by, NEW.approved_by, NEW.approved_at, NEW.alone)
      ) AND is_copy_of(NEW.id, NEW.copied_from)
    ) THEN
      RAISE EXCEPTION 'a copy is as approved as the batch it is of' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
    END IF;
  ELSIF NEW.reason = 'run_by_plan' AND NEW.copied_from IS NULL THEN
    RAISE EXCEPTION 'a plan runs only its copies' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER batches_guard_plan BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch_of_plan();
--> statement-breakpoint
-- Locked, so that whoever runs the batch at the same time is either seen here or sees the plan.
CREATE FUNCTION guard_batch_for_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM batches b WHERE b.id = NEW.batch_id AND b.state = 'approved' AND b.run_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a plan takes an approved batch that is not to run by itself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_of_approved_batch';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER plans_guard_batch BEFORE INSERT ON plans FOR EACH ROW WHEN (NEW.batch_id IS NOT NULL)
  EXECUTE FUNCTION guard_batch_for_plan();
--> statement-breakpoint
-- Cancelling erases what its withdrawals kept. The copies are batches of their own and go on.
CREATE FUNCTION end_batch_of_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE batches SET state = 'cancelled', reason = 'plan_over', actor = NEW.actor, detail = NULL WHERE id = NEW.batch_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER plans_end_batch AFTER UPDATE ON plans FOR EACH ROW
  WHEN (NEW.batch_id IS NOT NULL AND OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('removed', 'ended'))
  EXECUTE FUNCTION end_batch_of_plan();
--> statement-breakpoint
-- As it was, with a batch beside the order.
CREATE OR REPLACE FUNCTION guard_plan_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM require_plan_transition('run', '', NEW.state, NEW.reason);
    RETURN NEW;
  END IF;
  IF (NEW.plan_id, NEW.due_at, NEW.reference, NEW.planned_at) IS DISTINCT FROM
     (OLD.plan_id, OLD.due_at, OLD.reference, OLD.planned_at) THEN
    RAISE EXCEPTION 'a due time never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_identity';
  END IF;
  IF NEW.state = OLD.state THEN
    IF OLD.state <> 'planned' OR to_jsonb(NEW) - 'is_waiting' IS DISTINCT FROM to_jsonb(OLD) - 'is_waiting' THEN
      RAISE EXCEPTION 'a run that is % changes only by a transition', OLD.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_transition';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM require_plan_transition('run', OLD.state, NEW.state, NEW.reason);
  IF OLD.state <> 'planned' AND (NEW.order_id, NEW.batch_id) IS DISTINCT FROM (OLD.order_id, OLD.batch_id) THEN
    RAISE EXCEPTION 'what a run started never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_identity';
  END IF;
  IF NEW.state = 'started' THEN
    IF NOT EXISTS (SELECT 1 FROM plans p WHERE p.id = NEW.plan_id AND p.state = 'active') THEN
      RAISE EXCEPTION 'a run starts only while its plan is active'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_of_active_plan';
    END IF;
    IF (NEW.batch_id IS NOT NULL) <> (NEW.reason = 'batch_started') OR NOT EXISTS (
      SELECT 1 FROM plans p LEFT JOIN batches b ON b.id = NEW.batch_id
      WHERE p.id = NEW.plan_id AND p.batch_id IS NOT DISTINCT FROM b.copied_from
        AND (NEW.batch_id IS NULL OR b.state = 'running')
    ) THEN
      RAISE EXCEPTION 'a run starts an order, or a copy of the batch of its plan'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_of_source';
    END IF;
    NEW.started_at := clock_timestamp();
  ELSE
    NEW.ended_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE OR REPLACE VIEW ops.plans AS
SELECT
  p.id AS plan_id,
  p.name,
  p.partner,
  p.source ->> 'kind' AS kind,
  p.source ->> 'phone_number' AS phone_number,
  p.state,
  p.schedule,
  p.time_zone,
  p.starts_at,
  p.ends_at,
  p.max_count,
  p.missed,
  p.max_age_minutes,
  p.overlap,
  CASE WHEN p.state = 'active' THEN p.next_due_at END AS next_due_at,
  r.last_started_at,
  coalesce(r.planned, 0) AS planned,
  coalesce(r.started, 0) AS started,
  coalesce(r.finished, 0) AS finished,
  coalesce(r.skipped, 0) AS skipped,
  p.created_at,
  p.created_by,
  p.batch_id
FROM public.plans p
LEFT JOIN (
  SELECT
    plan_id,
    max(started_at) AS last_started_at,
    count(*) FILTER (WHERE state = 'planned')::int AS planned,
    count(*) FILTER (WHERE state = 'started')::int AS started,
    count(*) FILTER (WHERE state = 'finished')::int AS finished,
    count(*) FILTER (WHERE state = 'skipped')::int AS skipped
  FROM public.plan_runs GROUP BY plan_id
) r ON r.plan_id = p.id;
--> statement-breakpoint
CREATE OR REPLACE VIEW ops.plan_runs AS
SELECT
  r.plan_id,
  p.name AS plan,
  p.partner,
  r.due_at,
  r.reference,
  r.state,
  r.reason,
  r.order_id,
  o.state AS order_state,
  o.reason AS order_reason,
  r.planned_at,
  r.started_at,
  r.ended_at,
  r.batch_id,
  b.state AS batch_state
FROM public.plan_runs r
JOIN public.plans p ON p.id = r.plan_id
LEFT JOIN public.orders o ON o.id = r.order_id
LEFT JOIN public.batches b ON b.id = r.batch_id;
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
  r.due_at
FROM public.batches b
LEFT JOIN public.plan_runs r ON r.batch_id = b.id
LEFT JOIN public.plans p ON p.batch_id = coalesce(b.copied_from, b.id);
