-- Money at risk: one view of everything whose end somebody waits for, and when it is overdue.

INSERT INTO overdue_rules DEFAULT VALUES;

CREATE TRIGGER overdue_rules_kept BEFORE DELETE OR TRUNCATE ON overdue_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- When the statement that covers a moment must have been imported: on the day after it, from when yesterday is reconciled.
CREATE FUNCTION statement_due_at(moment timestamptz, daily_at time) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (((moment - interval '1 microsecond') AT TIME ZONE 'Asia/Jakarta')::date + 1 + daily_at) AT TIME ZONE 'Asia/Jakarta'
$$;

-- A time and a time span as people read them, in Asia/Jakarta.
CREATE FUNCTION shown_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(moment AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD HH24:MI')
$$;

CREATE FUNCTION shown_span(since timestamptz, before timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(since AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD HH24:MI') || ' to '
    || to_char(before AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD HH24:MI')
$$;

-- Each part starts from a partial index of what has not ended, so that its cost grows with what is at risk and not with
-- the orders there ever were. A withdrawal has no price before its confirm: its grams are at risk instead of rupiah.
CREATE VIEW ops.at_risk AS
WITH rules AS (
  -- As approved_lag() does, which would need the right to read proposals of whoever reads this view.
  SELECT r.*, coalesce(
    (SELECT (p.facts ->> 'lagMinutes')::int * interval '1 minute' FROM public.standing_proposals p
      WHERE p.decision = 'lag_shortened' ORDER BY p.decided_at DESC, p.id DESC LIMIT 1),
    make_interval(mins => greatest(r.lag_minutes, 60))) AS absence_lag
  FROM public.overdue_rules r
)
SELECT
  'doubt' AS what,
  o.id::text AS id,
  o.partner,
  o.reference,
  o.kind,
  coalesce(s.because, o.reason) AS reason,
  coalesce(a.quoted_amount, 0) AS rupiah,
  (CASE WHEN a.quoted_amount IS NULL THEN a.quoted_gold_weight ELSE 0 END)::numeric(14, 4) AS grams,
  a.intent_at AS since,
  now() - a.intent_at AS age,
  p.proposed_by AS owner,
  d.due_at,
  now() > d.due_at AS overdue,
  CASE
    WHEN p.id IS NOT NULL THEN 'the approval of what ' || p.proposed_by || ' proposed: goldpro orders approve'
    WHEN s.because IN ('completeness_unapproved', 'lag_unapproved')
      THEN 'a second person''s approval of the statement or of the lag, and a run'
    WHEN coalesce(s.because, 'awaiting_statement') = 'awaiting_statement'
      THEN 'complete statements of every source that cover ' || shown_span(d.needs_from, d.needs_to)
        || ', due ' || shown_time(d.statement_due_at)
    ELSE 'a person with evidence (goldpro orders resolve), or a statement without this obstacle: ' || s.because
  END AS settled_by
FROM rules r
CROSS JOIN public.attempts a
JOIN public.orders o ON o.id = a.order_id AND o.state = 'in_doubt'
LEFT JOIN public.doubt_stays s ON s.order_id = o.id
LEFT JOIN public.proposals p ON p.order_id = o.id AND p.state = 'open'
CROSS JOIN LATERAL (
  SELECT a.intent_at - interval '5 minutes' AS needs_from, a.ended_at + r.absence_lag AS needs_to,
    statement_due_at(a.ended_at + r.absence_lag, r.daily_at) AS statement_due_at
) n
CROSS JOIN LATERAL (
  SELECT n.*, n.statement_due_at + make_interval(hours => r.doubt_hours) AS due_at
) d
WHERE a.outcome = 'in_doubt'
UNION ALL
SELECT
  'break',
  b.break_id::text,
  b.partner,
  b.reference,
  NULL,
  b.type,
  b.rupiah_at_risk,
  b.grams_at_risk::numeric(14, 4),
  b.opened_at,
  b.age,
  coalesce(b.owner, b.proposed_by),
  b.due_at,
  b.overdue,
  CASE
    WHEN b.proposal_id IS NOT NULL THEN 'the approval of what ' || b.proposed_by || ' proposed: goldpro recon breaks approve'
    ELSE 'a run that finds it explained, or two people: goldpro recon breaks show ' || b.break_id
  END
FROM ops.open_breaks b
UNION ALL
-- What waits behind a switch is in the rows of the waiting orders.
SELECT
  'switch',
  c.scope,
  NULL,
  NULL,
  NULL,
  c.reason,
  0,
  0::numeric(14, 4),
  c.closed_at,
  now() - c.closed_at,
  coalesce(c.kept_closed_by, c.closed_by),
  c.closed_at + make_interval(hours => r.switch_hours),
  now() > c.closed_at + make_interval(hours => r.switch_hours),
  CASE
    WHEN t.closing_id IS NULL OR c.kept_closed_by IS NOT NULL THEN ''
    WHEN b.order_id IS NOT NULL THEN 'two successful probes (' || t.successes || ' so far, one order probes now), or '
    WHEN t.paused_until > now() THEN 'two successful probes (' || t.successes || ' so far, the next from ' || shown_time(t.paused_until) || ' on), or '
    ELSE 'two successful probes (' || t.successes || ' so far, no small order waits), or '
  END || 'two people: goldpro switch open ' || c.scope
FROM rules r
CROSS JOIN public.switch_closings c
LEFT JOIN public.breaker_trips t ON t.closing_id = c.id
LEFT JOIN public.breaker_probes b ON b.closing_id = c.id AND b.ended_at IS NULL
WHERE c.opened_at IS NULL
UNION ALL
SELECT
  'in_flight',
  o.id::text,
  o.partner,
  o.reference,
  o.kind,
  o.reason,
  coalesce(a.quoted_amount, 0),
  (CASE WHEN a.quoted_amount IS NULL THEN a.quoted_gold_weight ELSE 0 END)::numeric(14, 4),
  a.intent_at,
  now() - a.intent_at,
  NULL,
  a.intent_at + interval '15 minutes',
  now() > a.intent_at + interval '15 minutes',
  'its reply; without one, a worker or a scheduler that marks it in doubt'
FROM public.attempts a
JOIN public.orders o ON o.id = a.order_id AND o.state = 'confirming'
WHERE a.outcome = 'intent'
UNION ALL
SELECT
  'held',
  o.id::text,
  o.partner,
  o.reference,
  o.kind,
  o.reason,
  coalesce((o.content ->> 'amount')::bigint, 0),
  coalesce((o.content ->> 'gold_weight')::numeric, 0)::numeric(14, 4),
  e.at,
  now() - e.at,
  o.actor,
  e.at + make_interval(hours => r.held_hours),
  now() > e.at + make_interval(hours => r.held_hours),
  'a person who looks at it: goldpro orders release or cancel'
FROM rules r
CROSS JOIN public.orders o
CROSS JOIN LATERAL (SELECT max(v.at) AS at FROM public.order_events v WHERE v.order_id = o.id) e
WHERE o.settled_at IS NULL AND o.state = 'held'
UNION ALL
SELECT
  'waiting',
  o.id::text,
  o.partner,
  o.reference,
  o.kind,
  o.reason,
  coalesce((o.content ->> 'amount')::bigint, 0),
  coalesce((o.content ->> 'gold_weight')::numeric, 0)::numeric(14, 4),
  o.accepted_at,
  now() - o.accepted_at,
  NULL,
  o.deadline_at,
  now() > o.deadline_at + interval '1 minute',
  'a worker that runs it; at its deadline it expires'
FROM public.orders o
WHERE o.settled_at IS NULL AND o.state = 'accepted';

COMMENT ON VIEW ops.at_risk IS 'One row a thing that puts money at risk: doubts, open breaks, closed switches, confirms under way, held and waiting orders. A waiting order has moved nothing: its rupiah are what it asks for. What an order puts at risk may be in a break too';

-- A process is silent when it stopped beating without saying that it stops, and none of its kind began since in its place.
CREATE VIEW ops.processes AS
SELECT
  h.kind,
  h.name,
  h.started_at,
  h.seen_at,
  now() > h.seen_at + make_interval(secs => r.process_seconds) AS silent
FROM public.process_heartbeats h
CROSS JOIN public.overdue_rules r
WHERE now() <= h.seen_at + make_interval(secs => r.process_seconds)
  OR NOT EXISTS (SELECT 1 FROM public.process_heartbeats n WHERE n.kind = h.kind AND n.started_at > h.seen_at);

COMMENT ON VIEW ops.processes IS 'Workers, schedulers and web processes that run; silent ones ended without stopping, and nothing took their place';

-- What operations are told of by their own webhook. The occurrence tells two of one subject apart.
CREATE VIEW alert_conditions AS
SELECT what || '.overdue' AS kind, id AS subject,
  -- A break that is found again is another one; a doubt is one, whatever the rules become.
  CASE what WHEN 'break' THEN extract(epoch FROM since)::text ELSE '' END AS occurrence,
  rupiah, grams,
  jsonb_build_object('id', id, 'partner', partner, 'reference', reference, 'kind', kind, 'reason', reason, 'rupiah', rupiah,
    'grams', grams::text, 'since', since, 'due_at', due_at, 'owner', owner, 'settled_by', settled_by) AS facts
FROM ops.at_risk WHERE overdue AND what IN ('doubt', 'break')
UNION ALL
-- Also one that was opened again before anybody looked.
SELECT 'switch.closed', c.scope, c.id::text, 0, 0,
  jsonb_build_object('scope', c.scope, 'reason', c.reason, 'closed_by', c.closed_by, 'closed_at', c.closed_at, 'opened_at', c.opened_at)
FROM switch_closings c WHERE c.opened_at IS NULL OR c.opened_at > now() - interval '1 hour'
UNION ALL
SELECT 'endpoint.paused', e.id::text, extract(epoch FROM e.state_since)::text, 0, 0,
  jsonb_build_object('endpoint', e.id, 'partner', e.partner, 'because', e.paused_because, 'since', e.state_since)
FROM webhook_endpoints e WHERE e.state = 'paused'
UNION ALL
SELECT 'process.silent', p.kind || ' ' || p.name, extract(epoch FROM p.seen_at)::text, 0, 0,
  jsonb_build_object('kind', p.kind, 'name', p.name, 'seen_at', p.seen_at)
FROM ops.processes p WHERE p.silent
UNION ALL
-- A batch that ended well is no news. One that ended long before a scheduler ran is told of for a day.
SELECT 'batch.finished', b.id::text, '', 0, 0,
  jsonb_build_object('batch', b.id, 'file', b.file_name, 'owner', b.owner, 'rows', b.row_count, 'failed', b.failed_count, 'ended_at', b.ended_at)
FROM batches b WHERE b.state = 'finished' AND b.failed_count > 0 AND b.ended_at > now() - interval '1 day'
UNION ALL
-- Not one that a person paused. A batch that stops again is another occurrence.
SELECT 'batch.stopped', b.id::text, extract(epoch FROM e.at)::text, 0, 0,
  jsonb_build_object('batch', b.id, 'file', b.file_name, 'owner', b.owner, 'reason', b.reason, 'rows', b.row_count, 'fed', b.fed_count,
    'failed', b.failed_count, 'since', e.at)
FROM batches b
CROSS JOIN LATERAL (SELECT max(v.at) AS at FROM batch_events v WHERE v.batch_id = b.id AND v.to_state = 'paused') e
WHERE b.state = 'paused' AND b.reason <> 'paused_by_person'
UNION ALL
SELECT 'batch.stopped', b.id::text, 'switch ' || c.id, 0, 0,
  jsonb_build_object('batch', b.id, 'file', b.file_name, 'owner', b.owner, 'reason', 'switch_closed', 'rows', b.row_count, 'fed', b.fed_count,
    'failed', b.failed_count, 'since', c.closed_at)
FROM switch_closings c JOIN batches b ON c.scope = 'batch:' || b.id AND b.state = 'running'
WHERE c.opened_at IS NULL;

-- Writes one alert for each kind of which something is new. The statements that are overdue are given: the program knows
-- which sources must tell of a day.
CREATE FUNCTION raise_alerts(overdue_days text[]) RETURNS int LANGUAGE sql VOLATILE AS $$
  WITH conditions AS (
    SELECT kind, subject, occurrence, rupiah, grams, facts FROM alert_conditions
    UNION ALL
    SELECT 'statement.overdue', d, '', 0, 0, jsonb_build_object('day', d) FROM unnest(overdue_days) AS u (d)
  ), fresh AS (
    INSERT INTO alert_occurrences (kind, subject, occurrence)
    SELECT c.kind, c.subject, c.occurrence FROM conditions c
    WHERE NOT EXISTS (SELECT 1 FROM alert_occurrences o
      WHERE (o.kind, o.subject, o.occurrence) = (c.kind, c.subject, c.occurrence))
    ON CONFLICT DO NOTHING
    RETURNING kind, subject, occurrence
  ), raised AS (
    INSERT INTO alerts (kind, facts)
    SELECT c.kind, jsonb_build_object('count', count(*), 'rupiah', sum(c.rupiah), 'grams', sum(c.grams)::numeric(30, 4)::text,
      'items', to_jsonb((array_agg(c.facts ORDER BY c.subject))[1:20]))
    FROM conditions c JOIN fresh USING (kind, subject, occurrence)
    GROUP BY c.kind
    RETURNING 1
  )
  SELECT count(*)::int FROM raised
$$;

CREATE TRIGGER alert_occurrences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_occurrences
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alerts_kept BEFORE DELETE OR TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
