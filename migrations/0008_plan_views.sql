-- What people and reports query of plans and prices. Tables may change, the views in ops do not.
CREATE VIEW ops.plans AS
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
  p.created_by
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
COMMENT ON VIEW ops.plans IS 'One row a plan, with what became of its due times so far; next_due_at is null while nothing is due';
--> statement-breakpoint
CREATE VIEW ops.plan_runs AS
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
  r.ended_at
FROM public.plan_runs r
JOIN public.plans p ON p.id = r.plan_id
LEFT JOIN public.orders o ON o.id = r.order_id;
--> statement-breakpoint
COMMENT ON VIEW ops.plan_runs IS 'One row a due time of a plan; order_state is the order''s state now, also when it changed after the run had finished';
--> statement-breakpoint
CREATE VIEW ops.prices AS
SELECT
  day,
  max(rupiah_per_gram) FILTER (WHERE side = 'buy') AS buy,
  max(rupiah_per_gram) FILTER (WHERE side = 'sell') AS sell,
  max(captured_at) AS captured_at
FROM public.prices GROUP BY day;
--> statement-breakpoint
COMMENT ON VIEW ops.prices IS 'Rupiah per gram a day: what a customer pays (buy) and gets (sell), null where the gateway did not say';
