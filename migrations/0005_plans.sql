-- The life of plans and of their runs, enforced where no program can bypass it. A run starts either an order or a copy
-- of the plan's approved batch.

-- These rows equal PLAN_TRANSITIONS and RUN_TRANSITIONS in TypeScript; a test holds them equal.
INSERT INTO plan_transitions (subject, from_state, to_state, reason)
SELECT t.subject, t.from_state, t.to_state, r.reason
FROM (VALUES
  ('plan', '', 'active', ARRAY['added', 'changed_by_people']),
  ('plan', 'active', 'paused', ARRAY['paused_by_person', 'paused_by_partner']),
  ('plan', 'paused', 'active', ARRAY['resumed_by_person', 'resumed_by_partner']),
  ('plan', 'active', 'removed', ARRAY['removed_by_person', 'removed_by_partner']),
  ('plan', 'paused', 'removed', ARRAY['removed_by_person', 'removed_by_partner']),
  ('plan', 'active', 'ended', ARRAY['no_due_time_left']),
  ('run', '', 'planned', ARRAY['due', 'asked_by_person', 'asked_by_partner']),
  ('run', 'planned', 'started', ARRAY['order_submitted', 'batch_started']),
  ('run', 'planned', 'skipped', ARRAY['missed', 'made_up_by_later', 'too_old', 'overlap', 'reference_taken', 'refused',
    'plan_removed', 'batch_changed', 'rows_taken', 'limit_reached', 'partner_suspended', 'wallet_refused', 'skipped_by_person']),
  ('run', 'started', 'finished', ARRAY['order_ended', 'order_in_doubt', 'batch_ended', 'batch_cancelled'])
) AS t (subject, from_state, to_state, reasons), unnest(t.reasons) AS r (reason);

CREATE FUNCTION require_plan_transition(subject_of text, came_from text, goes_to text, because text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM plan_transitions t
    WHERE t.subject = subject_of AND t.from_state = came_from AND t.to_state = goes_to AND t.reason = because
  ) THEN
    RAISE EXCEPTION 'no transition of a % from % to % with reason %', subject_of, came_from, goes_to, because
      USING ERRCODE = 'check_violation', CONSTRAINT = subject_of || '_transition';
  END IF;
END $$;

-- Whether two people have approved a change of this plan in this transaction.
CREATE FUNCTION is_plan_change_approved(plan_id int) RETURNS boolean LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT 1 FROM change_requests r
    WHERE r.kind = 'change_plan' AND r.subject = 'plan ' || plan_id
      AND r.state = 'approved' AND r.xmin = pg_current_xact_id()::xid)
$$;

-- Only a plan's state and its next due time change. Another order or schedule is another plan.
CREATE FUNCTION guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving text[] := ARRAY['state', 'reason', 'actor', 'note', 'paused_at'];
  counting text[] := ARRAY['next_due_at', 'next_day', 'calendar', 'due_count'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM require_plan_transition('plan', '', NEW.state, NEW.reason);
    IF (NEW.reason = 'changed_by_people') <> (NEW.replaces IS NOT NULL) OR NEW.until_day IS NOT NULL
       OR NEW.replaces IS NOT NULL AND NOT (
         is_plan_change_approved(NEW.replaces)
         AND EXISTS (SELECT 1 FROM plans p WHERE p.id = NEW.replaces AND p.until_day = NEW.from_day)
       ) THEN
      RAISE EXCEPTION 'a plan goes on from another where two people have changed that one'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_change_two_people';
    END IF;
    RETURN NEW;
  END IF;
  -- The one change of a plan that goes on: it leaves its days from one on to the plan that replaces it.
  IF NEW.until_day IS DISTINCT FROM OLD.until_day THEN
    IF OLD.until_day IS NOT NULL OR NOT is_plan_change_approved(OLD.id)
       OR EXISTS (SELECT 1 FROM plan_runs r WHERE r.plan_id = OLD.id AND r.day >= NEW.until_day) THEN
      RAISE EXCEPTION 'two people change a plan once, from a day on that had no run'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_change_two_people';
    END IF;
    counting := counting || 'until_day'::text;
  END IF;
  IF to_jsonb(NEW) - moving - counting IS DISTINCT FROM to_jsonb(OLD) - moving - counting THEN
    RAISE EXCEPTION 'a plan''s source and schedule never change' USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_identity';
  END IF;
  IF NEW.state = OLD.state THEN
    IF OLD.state IN ('removed', 'ended') OR to_jsonb(NEW) - counting IS DISTINCT FROM to_jsonb(OLD) - counting THEN
      RAISE EXCEPTION 'a plan that is % changes only by a transition', OLD.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_transition';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM require_plan_transition('plan', OLD.state, NEW.state, NEW.reason);
  IF NEW.state IN ('removed', 'ended') THEN
    NEW.source := NEW.source #- '{content,ktp}' #- '{content,address}';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER plans_guard BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION guard_plan();

-- A run keeps its due time, starts only while its plan is active, and keeps what it started.
CREATE FUNCTION guard_plan_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM require_plan_transition('run', '', NEW.state, NEW.reason);
    -- Where a plan was changed, each day is that of one of the two plans.
    IF EXISTS (
      SELECT 1 FROM plans p WHERE p.id = NEW.plan_id AND (NEW.day >= p.until_day OR NEW.day < p.from_day)
    ) THEN
      RAISE EXCEPTION 'the day is that of another plan' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_of_plan_day';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.plan_id, NEW.due_at, NEW.day, NEW.reference, NEW.planned_at) IS DISTINCT FROM
     (OLD.plan_id, OLD.due_at, OLD.day, OLD.reference, OLD.planned_at) THEN
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
      WHERE p.id = NEW.plan_id AND (p.batch_id IS NULL) = (NEW.batch_id IS NULL)
        AND p.batch_id IS NOT DISTINCT FROM b.copied_from AND (NEW.batch_id IS NULL OR b.state = 'running')
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

CREATE TRIGGER plan_runs_guard BEFORE INSERT OR UPDATE ON plan_runs FOR EACH ROW EXECUTE FUNCTION guard_plan_run();

CREATE FUNCTION append_plan_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO plan_events (plan_id, at, from_state, to_state, reason, actor, note)
  VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor, NEW.note);
  RETURN NULL;
END $$;

CREATE TRIGGER plans_event_on_insert AFTER INSERT ON plans FOR EACH ROW EXECUTE FUNCTION append_plan_event();

CREATE TRIGGER plans_event_on_update AFTER UPDATE ON plans FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION append_plan_event();

CREATE FUNCTION append_plan_run_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO plan_events (plan_id, due_at, at, from_state, to_state, reason, actor)
  VALUES (NEW.plan_id, NEW.due_at, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor);
  RETURN NULL;
END $$;

CREATE TRIGGER plan_runs_event_on_insert AFTER INSERT ON plan_runs FOR EACH ROW EXECUTE FUNCTION append_plan_run_event();

CREATE TRIGGER plan_runs_event_on_update AFTER UPDATE ON plan_runs FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION append_plan_run_event();

CREATE TRIGGER plan_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER plans_kept BEFORE DELETE OR TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER plan_runs_kept BEFORE DELETE OR TRUNCATE ON plan_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
