-- The views that people and reports query. Tables may change; these views keep their columns.

CREATE SCHEMA ops;

CREATE VIEW ops.orders AS
SELECT
  o.id AS order_id,
  o.partner,
  o.reference,
  o.kind,
  o.phone_number,
  o.state,
  o.reason,
  (SELECT count(*)::int FROM public.attempts a WHERE a.order_id = o.id) AS attempts,
  e.request_id,
  e.response_id,
  e.session_id,
  e.gold_weight,
  e.amount,
  e.fee,
  o.accepted_at,
  o.settled_at,
  CASE o.state WHEN 'accepted' THEN public.shown_lane_front(o.id, o.phone_number, o.kind, o.accepted_at) END AS waits_for
FROM public.orders o
LEFT JOIN public.attempts e ON e.order_id = o.id AND e.outcome = 'succeeded';

COMMENT ON VIEW ops.orders IS 'One row an order; request_id to fee are those of the executed transaction, null until one is known; waits_for is the order of the same wallet that goes first';

CREATE VIEW ops.attempts AS
SELECT
  order_id,
  seq,
  outcome,
  quote_id,
  quoted_gold_weight,
  quoted_amount,
  quoted_fee,
  request_id,
  response_id,
  session_id,
  intent_at,
  ended_at,
  gateway_message
FROM public.attempts;

COMMENT ON VIEW ops.attempts IS 'One row a quote that was to be confirmed; quote_id is what the confirm sent as its request_id';

CREATE VIEW ops.batches AS
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
  b.owner,
  b.retry_of
FROM public.batches b
LEFT JOIN public.plan_runs r ON r.batch_id = b.id
LEFT JOIN public.plans p ON p.batch_id = coalesce(b.copied_from, b.id);

COMMENT ON VIEW ops.batches IS 'One row a batch; failed counts conflicts and doubts too, and all counts stand still while it does not run';

CREATE VIEW ops.batch_rows AS
SELECT
  r.batch_id,
  r.row_number,
  r.line_number,
  r.partner,
  r.reference,
  r.kind,
  r.phone_number,
  CASE
    WHEN r.state IN ('conflict', 'refused') THEN r.state
    WHEN r.order_id IS NOT NULL THEN o.state
    WHEN b.state = 'cancelled' THEN 'not_sent'
    ELSE 'waiting'
  END AS outcome,
  CASE
    WHEN r.state = 'conflict' THEN 'reference_known_with_other_content'
    WHEN r.state = 'refused' THEN 'wallet_refused'
    WHEN r.order_id IS NOT NULL THEN o.reason
    WHEN b.state = 'cancelled' THEN 'batch_cancelled'
  END AS reason,
  coalesce(r.order_id, r.conflicts_with) AS order_id,
  e.request_id,
  e.response_id,
  e.session_id,
  e.gold_weight,
  e.amount,
  e.fee,
  r.fed_at,
  o.settled_at
FROM public.batch_rows r
JOIN public.batches b ON b.id = r.batch_id
LEFT JOIN public.orders o ON o.id = r.order_id
LEFT JOIN public.attempts e ON e.order_id = r.order_id AND e.outcome = 'succeeded';

COMMENT ON VIEW ops.batch_rows IS 'One row an input row: its outcome is its order''s state, or waiting, not_sent, conflict or refused';

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
  r.planned,
  r.started,
  r.finished,
  r.skipped,
  p.created_at,
  p.created_by,
  p.batch_id,
  p.owner,
  p.from_day,
  p.until_day,
  p.replaces
FROM public.plans p
-- Of each plan that is asked for by its key, and not of all that there are.
CROSS JOIN LATERAL (
  SELECT
    max(started_at) AS last_started_at,
    count(*) FILTER (WHERE state = 'planned')::int AS planned,
    count(*) FILTER (WHERE state = 'started')::int AS started,
    count(*) FILTER (WHERE state = 'finished')::int AS finished,
    count(*) FILTER (WHERE state = 'skipped')::int AS skipped
  FROM public.plan_runs WHERE plan_id = p.id
) r;

COMMENT ON VIEW ops.plans IS 'One row a plan, with what became of its due times so far; next_due_at is null while nothing is due';

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
  r.ended_at,
  r.batch_id,
  b.state AS batch_state,
  r.breach,
  r.day
FROM public.plan_runs r
JOIN public.plans p ON p.id = r.plan_id
LEFT JOIN public.orders o ON o.id = r.order_id
LEFT JOIN public.batches b ON b.id = r.batch_id;

COMMENT ON VIEW ops.plan_runs IS 'One row a due time of a plan; order_state is the order''s state now, also when it changed after the run had finished';

CREATE VIEW ops.prices AS
SELECT
  day,
  max(rupiah_per_gram) FILTER (WHERE side = 'buy') AS buy,
  max(rupiah_per_gram) FILTER (WHERE side = 'sell') AS sell,
  max(captured_at) AS captured_at
FROM public.prices GROUP BY day;

COMMENT ON VIEW ops.prices IS 'Rupiah per gram a day: what a customer pays (buy) and gets (sell), null where the gateway did not say';
