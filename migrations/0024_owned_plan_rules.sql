-- Plans of partners. The rows equal PLAN_TRANSITIONS and RUN_TRANSITIONS in src/plans/lifecycle.ts; a test holds them equal.
INSERT INTO plan_transitions (subject, from_state, to_state, reason) VALUES
  ('plan', 'active', 'paused', 'paused_by_partner'),
  ('plan', 'paused', 'active', 'resumed_by_partner'),
  ('plan', 'active', 'removed', 'removed_by_partner'),
  ('plan', 'paused', 'removed', 'removed_by_partner'),
  ('run', '', 'planned', 'asked_by_partner'),
  ('run', 'planned', 'skipped', 'limit_reached'),
  ('run', 'planned', 'skipped', 'partner_suspended');
--> statement-breakpoint
-- As it was, but a plan and its batch are one's: a partner's batch is not run by others, nor another's by a partner.
CREATE OR REPLACE FUNCTION guard_batch_for_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM batches b WHERE b.id = NEW.batch_id AND b.state = 'approved' AND b.run_at IS NULL
    AND b.owner IS NOT DISTINCT FROM NEW.owner FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a plan takes an approved batch of its owner that is not to run by itself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_of_approved_batch';
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
  p.batch_id,
  p.owner
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
  b.state AS batch_state,
  r.breach
FROM public.plan_runs r
JOIN public.plans p ON p.id = r.plan_id
LEFT JOIN public.orders o ON o.id = r.order_id
LEFT JOIN public.batches b ON b.id = r.batch_id;
