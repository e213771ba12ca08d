-- What people and reports query of reconciliation. Tables may change, the views in ops do not.

-- Lines that count: of statements that were not replaced, each transaction once.
CREATE VIEW current_statement_lines AS
SELECT l.*, s.source
FROM statement_lines l
JOIN statements s ON s.id = l.statement_id AND s.replaced_at IS NULL
WHERE NOT EXISTS (
  SELECT 1 FROM statement_repeats r
  JOIN statements o ON o.id = r.of_statement_id AND o.replaced_at IS NULL
  WHERE r.statement_id = l.statement_id AND r.line_number = l.line_number
);
--> statement-breakpoint
CREATE VIEW ops.unmatched_statement_lines AS
SELECT
  l.source,
  l.statement_id,
  l.line_number,
  l.session_id,
  l.response_id,
  l.request_id,
  l.kind,
  l.phone_number,
  l.gold_weight,
  l.amount,
  l.fee,
  l.executed_at,
  b.id AS break_id,
  b.type AS break_type,
  b.state AS break_state
FROM public.current_statement_lines l
LEFT JOIN public.statement_matches m
  ON m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current
LEFT JOIN LATERAL (
  SELECT id, type, state FROM public.breaks b
  WHERE b.statement_id = l.statement_id AND b.line_number = l.line_number
  ORDER BY b.state = 'open' DESC, b.id DESC LIMIT 1
) b ON true
WHERE m.statement_id IS NULL;
--> statement-breakpoint
COMMENT ON VIEW ops.unmatched_statement_lines IS 'Transactions of the statements that belong to no order, with the break that says so';
--> statement-breakpoint
CREATE VIEW ops.open_breaks AS
SELECT
  b.id AS break_id,
  b.type,
  b.order_id,
  o.partner,
  o.reference,
  o.state AS order_state,
  b.statement_id,
  b.line_number,
  b.rupiah_at_risk,
  b.grams_at_risk,
  b.difference,
  b.owner,
  b.opened_at,
  b.due_at,
  now() - b.opened_at AS age,
  now() > b.due_at AS overdue,
  p.id AS proposal_id,
  p.proposed_by
FROM public.breaks b
LEFT JOIN public.orders o ON o.id = b.order_id
LEFT JOIN public.proposals p ON p.break_id = b.id AND p.state = 'open'
WHERE b.state = 'open';
--> statement-breakpoint
COMMENT ON VIEW ops.open_breaks IS 'One row a difference that somebody must look at; proposal_id is set when a second person is asked for';
--> statement-breakpoint
CREATE VIEW ops.in_doubt AS
SELECT
  o.id AS order_id,
  o.partner,
  o.reference,
  o.kind,
  o.phone_number,
  o.reason,
  a.quote_id,
  a.quoted_gold_weight AS gold_weight,
  a.quoted_amount AS amount,
  a.quoted_fee AS fee,
  coalesce(a.quoted_amount, 0) AS rupiah_at_risk,
  CASE WHEN a.quoted_amount IS NULL THEN a.quoted_gold_weight ELSE 0 END AS grams_at_risk,
  a.intent_at,
  now() - a.intent_at AS age,
  s.because AS stays_because,
  p.id AS proposal_id,
  p.proposed_by
FROM public.orders o
JOIN public.attempts a ON a.order_id = o.id AND a.outcome = 'in_doubt'
LEFT JOIN public.doubt_stays s ON s.order_id = o.id
LEFT JOIN public.proposals p ON p.order_id = o.id AND p.state = 'open'
WHERE o.state = 'in_doubt';
--> statement-breakpoint
COMMENT ON VIEW ops.in_doubt IS 'Orders whose outcome nobody knows yet; stays_because is what the last run found. A withdrawal has no price before its confirm: its grams are at risk';
--> statement-breakpoint
-- A transaction belongs to the day the statement gives it, and to the day of its intent while no line is matched.
CREATE VIEW ops.daily_totals AS
WITH ours AS (
  SELECT (coalesce(l.executed_at, a.intent_at) AT TIME ZONE 'Asia/Jakarta')::date AS day, a.kind,
    count(*) AS count, sum(a.gold_weight) AS grams, sum(a.amount) AS rupiah, sum(a.fee) AS fees,
    count(l.statement_id) AS matched
  FROM public.attempts a
  LEFT JOIN public.statement_matches m ON m.order_id = a.order_id AND m.seq = a.seq AND m.current
  LEFT JOIN public.statement_lines l ON l.statement_id = m.statement_id AND l.line_number = m.line_number
  WHERE a.outcome = 'succeeded'
  GROUP BY 1, 2
), theirs AS (
  SELECT (executed_at AT TIME ZONE 'Asia/Jakarta')::date AS day, kind,
    count(*) AS count, sum(gold_weight) AS grams, sum(amount) AS rupiah, sum(fee) AS fees
  FROM public.current_statement_lines
  GROUP BY 1, 2
)
SELECT
  day,
  kind,
  coalesce(o.count, 0) AS our_count,
  coalesce(o.grams, 0) AS our_grams,
  coalesce(o.rupiah, 0) AS our_rupiah,
  coalesce(o.fees, 0) AS our_fees,
  coalesce(o.matched, 0) AS our_matched,
  coalesce(t.count, 0) AS their_count,
  coalesce(t.grams, 0) AS their_grams,
  coalesce(t.rupiah, 0) AS their_rupiah,
  coalesce(t.fees, 0) AS their_fees
FROM ours o FULL JOIN theirs t USING (day, kind);
--> statement-breakpoint
COMMENT ON VIEW ops.daily_totals IS 'Succeeded orders (our_) beside the statements'' transactions (their_), per day in Asia/Jakarta and kind';
--> statement-breakpoint
CREATE VIEW ops.recon_summary AS
SELECT
  (SELECT max(finished_at) FROM public.recon_runs) AS last_run_at,
  (SELECT count(*) FROM public.statements WHERE replaced_at IS NULL) AS statements,
  (SELECT count(*) FROM public.current_statement_lines) AS lines,
  (SELECT count(*) FROM public.statement_matches WHERE current) AS matched_lines,
  (SELECT count(*) FROM public.attempts WHERE outcome = 'succeeded') AS succeeded_orders,
  (SELECT count(*) FROM ops.in_doubt) AS in_doubt,
  (SELECT coalesce(sum(rupiah_at_risk), 0) FROM ops.in_doubt) AS rupiah_in_doubt,
  (SELECT count(*) FROM public.breaks WHERE state = 'open') AS open_breaks,
  (SELECT count(*) FROM public.breaks WHERE state = 'open' AND due_at < now()) AS overdue_breaks,
  (SELECT coalesce(sum(rupiah_at_risk), 0) FROM public.breaks WHERE state = 'open') AS rupiah_at_risk,
  (SELECT coalesce(sum(grams_at_risk), 0) FROM public.breaks WHERE state = 'open') AS grams_at_risk;
--> statement-breakpoint
COMMENT ON VIEW ops.recon_summary IS 'One row: where reconciliation stands now';
