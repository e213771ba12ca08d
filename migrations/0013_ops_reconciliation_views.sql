-- The views of reconciliation that people and reports query. Tables may change; these views keep their columns.

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
-- One sort instead of a look-up per line: after a first run there may be as many breaks as lines.
LEFT JOIN (
  SELECT DISTINCT ON (statement_id, line_number) statement_id, line_number, id, type, state
  FROM public.breaks WHERE statement_id IS NOT NULL
  ORDER BY statement_id, line_number, state = 'open' DESC, id DESC
) b ON b.statement_id = l.statement_id AND b.line_number = l.line_number
WHERE m.statement_id IS NULL;

COMMENT ON VIEW ops.unmatched_statement_lines IS 'Transactions of the statements that belong to no order, with the break that says so';

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

COMMENT ON VIEW ops.open_breaks IS 'One row a difference that somebody must look at; proposal_id is set when a second person is asked for';

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

COMMENT ON VIEW ops.in_doubt IS 'Orders whose outcome nobody knows yet; stays_because is what the last run found. A withdrawal has no price before its confirm: its grams are at risk';

-- Totals between two moments. A transaction counts for the day that the statement gives it, and for the day of its intent
-- while no line is matched. Both halves start from an index on time, so that one day of a long history is quick.
CREATE FUNCTION daily_totals(since timestamptz, before timestamptz) RETURNS TABLE (
  day date, kind text,
  our_count bigint, our_grams numeric, our_rupiah numeric, our_fees numeric, our_matched bigint,
  their_count bigint, their_grams numeric, their_rupiah numeric, their_fees numeric, their_without_fee bigint
) LANGUAGE sql STABLE AS $$
  WITH our AS (
    SELECT l.executed_at AS at, a.kind, a.gold_weight, a.amount, a.fee, true AS is_matched
    FROM public.statement_lines l
    JOIN public.statement_matches m ON m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current
    JOIN public.attempts a ON a.order_id = m.order_id AND a.seq = m.seq AND a.outcome = 'succeeded'
    WHERE l.executed_at >= since AND l.executed_at < before
    UNION ALL
    SELECT a.intent_at, a.kind, a.gold_weight, a.amount, a.fee, false
    FROM public.attempts a
    WHERE a.outcome = 'succeeded' AND a.intent_at >= since AND a.intent_at < before
      AND NOT EXISTS (
        SELECT 1 FROM public.statement_matches m WHERE m.order_id = a.order_id AND m.seq = a.seq AND m.current)
  ), ours AS (
    SELECT (at AT TIME ZONE 'Asia/Jakarta')::date AS day, kind,
      count(*) AS count, sum(gold_weight) AS grams, sum(amount) AS rupiah, sum(fee) AS fees,
      count(*) FILTER (WHERE is_matched) AS matched
    FROM our GROUP BY 1, 2
  ), theirs AS (
    SELECT (l.executed_at AT TIME ZONE 'Asia/Jakarta')::date AS day, l.kind,
      count(*) AS count, sum(l.gold_weight) AS grams, sum(l.amount) AS rupiah, sum(l.fee) AS fees,
      count(*) FILTER (WHERE l.fee IS NULL) AS without_fee
    FROM public.current_statement_lines l
    WHERE l.executed_at >= since AND l.executed_at < before
    GROUP BY 1, 2
  )
  SELECT day, kind,
    coalesce(o.count, 0), coalesce(o.grams, 0), coalesce(o.rupiah, 0), coalesce(o.fees, 0), coalesce(o.matched, 0),
    coalesce(t.count, 0), coalesce(t.grams, 0), coalesce(t.rupiah, 0), coalesce(t.fees, 0), coalesce(t.without_fee, 0)
  FROM ours o FULL JOIN theirs t USING (day, kind)
$$;

CREATE VIEW ops.daily_totals AS SELECT * FROM public.daily_totals('-infinity', 'infinity');

COMMENT ON VIEW ops.daily_totals IS 'Succeeded orders (our_) beside the statements'' transactions (their_), per day in Asia/Jakarta and kind; fees compare only where their_without_fee is 0';

CREATE VIEW ops.recon_summary AS
SELECT
  (SELECT max(finished_at) FROM public.recon_runs) AS last_run_at,
  (SELECT count(*) FROM public.statements WHERE replaced_at IS NULL) AS statements,
  l.lines,
  l.matched_lines,
  l.lines - l.matched_lines AS unmatched_lines,
  (SELECT count(*) FROM public.attempts WHERE outcome = 'succeeded') AS succeeded_orders,
  d.in_doubt,
  d.rupiah_in_doubt,
  d.grams_in_doubt,
  b.open_breaks,
  b.overdue_breaks,
  b.rupiah_in_breaks,
  b.grams_in_breaks
FROM (
  SELECT count(*) AS lines, count(m.statement_id) AS matched_lines
  FROM public.current_statement_lines l
  LEFT JOIN public.statement_matches m
    ON m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current
) l, (
  SELECT count(*) AS in_doubt, coalesce(sum(rupiah_at_risk), 0) AS rupiah_in_doubt,
    coalesce(sum(grams_at_risk), 0) AS grams_in_doubt
  FROM ops.in_doubt
) d, (
  SELECT count(*) AS open_breaks, count(*) FILTER (WHERE overdue) AS overdue_breaks,
    coalesce(sum(rupiah_at_risk), 0) AS rupiah_in_breaks, coalesce(sum(grams_at_risk), 0) AS grams_in_breaks
  FROM ops.open_breaks
) b;

COMMENT ON VIEW ops.recon_summary IS 'One row: where reconciliation stands now. What breaks and doubts put at risk may overlap: their sum is the most it can be';
