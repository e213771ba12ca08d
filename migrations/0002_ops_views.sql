-- What people and reports query. Tables may change, these views do not.
CREATE SCHEMA ops;
--> statement-breakpoint
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
  o.settled_at
FROM public.orders o
LEFT JOIN public.attempts e ON e.order_id = o.id AND e.outcome = 'succeeded';
--> statement-breakpoint
COMMENT ON VIEW ops.orders IS 'One row an order; request_id to fee are those of the executed transaction, null until one is known';
--> statement-breakpoint
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
--> statement-breakpoint
COMMENT ON VIEW ops.attempts IS 'One row a quote that was to be confirmed; quote_id is what the confirm sent as its request_id';
