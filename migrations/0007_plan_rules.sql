-- The life of plans and of their runs, enforced where no program can get round it.
-- The rows equal PLAN_TRANSITIONS and RUN_TRANSITIONS in src/plans/lifecycle.ts; a test holds them equal.
INSERT INTO plan_transitions (subject, from_state, to_state, reason)
SELECT t.subject, t.from_state, t.to_state, r.reason
FROM (VALUES
  ('plan', '', 'active', ARRAY['added']),
  ('plan', 'active', 'paused', ARRAY['paused_by_person']),
  ('plan', 'paused', 'active', ARRAY['resumed_by_person']),
  ('plan', 'active', 'removed', ARRAY['removed_by_person']),
  ('plan', 'paused', 'removed', ARRAY['removed_by_person']),
  ('plan', 'active', 'ended', ARRAY['no_due_time_left']),
  ('run', '', 'planned', ARRAY['due', 'asked_by_person']),
  ('run', 'planned', 'started', ARRAY['order_submitted']),
  ('run', 'planned', 'skipped', ARRAY['missed', 'made_up_by_later', 'too_old', 'overlap', 'reference_taken', 'refused',
    'plan_removed']),
  ('run', 'started', 'finished', ARRAY['order_ended', 'order_in_doubt'])
) AS t (subject, from_state, to_state, reasons), unnest(t.reasons) AS r (reason);
--> statement-breakpoint
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
--> statement-breakpoint
-- Besides its state, what is due next is all that may change of a plan: who wants another order adds another plan.
CREATE FUNCTION guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving text[] := ARRAY['state', 'reason', 'actor', 'note', 'paused_at'];
  counting text[] := ARRAY['next_due_at', 'due_count'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM require_plan_transition('plan', '', NEW.state, NEW.reason);
    RETURN NEW;
  END IF;
  IF to_jsonb(NEW) - moving - counting IS DISTINCT FROM to_jsonb(OLD) - moving - counting THEN
    RAISE EXCEPTION 'what a plan is never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_identity';
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
--> statement-breakpoint
CREATE TRIGGER plans_guard BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION guard_plan();
--> statement-breakpoint
CREATE FUNCTION guard_plan_run() RETURNS trigger LANGUAGE plpgsql AS $$
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
  IF OLD.order_id IS NOT NULL AND NEW.order_id IS DISTINCT FROM OLD.order_id THEN
    RAISE EXCEPTION 'a run''s order never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_identity';
  END IF;
  IF NEW.state = 'started' THEN
    IF NOT EXISTS (SELECT 1 FROM plans p WHERE p.id = NEW.plan_id AND p.state = 'active') THEN
      RAISE EXCEPTION 'a run starts only while its plan is active'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'run_of_active_plan';
    END IF;
    NEW.started_at := clock_timestamp();
  ELSE
    NEW.ended_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER plan_runs_guard BEFORE INSERT OR UPDATE ON plan_runs FOR EACH ROW EXECUTE FUNCTION guard_plan_run();
--> statement-breakpoint
CREATE FUNCTION append_plan_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO plan_events (plan_id, at, from_state, to_state, reason, actor, note)
  VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor, NEW.note);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER plans_event_on_insert AFTER INSERT ON plans FOR EACH ROW EXECUTE FUNCTION append_plan_event();
--> statement-breakpoint
CREATE TRIGGER plans_event_on_update AFTER UPDATE ON plans FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION append_plan_event();
--> statement-breakpoint
CREATE FUNCTION append_plan_run_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO plan_events (plan_id, due_at, at, from_state, to_state, reason, actor)
  VALUES (NEW.plan_id, NEW.due_at, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER plan_runs_event_on_insert AFTER INSERT ON plan_runs FOR EACH ROW EXECUTE FUNCTION append_plan_run_event();
--> statement-breakpoint
CREATE TRIGGER plan_runs_event_on_update AFTER UPDATE ON plan_runs FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION append_plan_run_event();
--> statement-breakpoint
CREATE TRIGGER plan_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER plans_kept BEFORE DELETE OR TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER plan_runs_kept BEFORE DELETE OR TRUNCATE ON plan_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A price that was captured stands, for what was estimated by it can then be explained.
CREATE TRIGGER prices_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
