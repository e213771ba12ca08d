-- What people and reports query of batches. Tables may change, the views in ops do not.
CREATE VIEW ops.batches AS
SELECT
  id AS batch_id,
  file_name,
  content_hash,
  state,
  reason,
  row_count AS rows,
  fed_count AS fed,
  ended_count AS ended,
  failed_count AS failed,
  created_at,
  created_by,
  approved_at,
  approved_by,
  run_at,
  rate_per_second,
  stop_after_failures,
  started_at,
  ended_at
FROM public.batches;
--> statement-breakpoint
COMMENT ON VIEW ops.batches IS 'One row a batch; failed counts conflicts and doubts too, and all counts stand still while it does not run';
--> statement-breakpoint
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
    WHEN r.state = 'conflict' THEN 'conflict'
    WHEN r.order_id IS NOT NULL THEN o.state
    WHEN b.state = 'cancelled' THEN 'not_sent'
    ELSE 'waiting'
  END AS outcome,
  CASE
    WHEN r.state = 'conflict' THEN 'reference_known_with_other_content'
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
--> statement-breakpoint
COMMENT ON VIEW ops.batch_rows IS 'One row an input row: its outcome is its order''s state, or waiting, not_sent or conflict';
