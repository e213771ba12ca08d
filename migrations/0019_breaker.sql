-- The breaker: it closes switches by itself, and opens them again when probes have proven that confirms work.

-- Whether an order is the one that may pass a closing of the breaker now. Called by holding_switch, whose snapshot may be
-- older: this one is new, and the lock keeps the probe from being ended while the intent is committed.
CREATE FUNCTION is_breaker_probe(scope text, order_id uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM 1 FROM breaker_probes p JOIN switch_closings c ON c.id = p.closing_id
  WHERE p.order_id = is_breaker_probe.order_id AND p.ended_at IS NULL
    AND c.scope = is_breaker_probe.scope AND c.opened_at IS NULL AND c.kept_closed_by IS NULL
  FOR SHARE OF p;
  RETURN FOUND;
END $$;

-- What keeps an intent from being committed: the switch that holds the order, or a quote that is too large for a probe.
-- A quote without an amount is given as -1. STRICT: it is not even called when no switch is closed.
CREATE FUNCTION holding_switch(scopes text[], order_id uuid, kind text, partner text, amount bigint, weight numeric)
RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  RETURN coalesce(holding_switch(scopes, order_id, kind, partner), (
    SELECT c.scope FROM breaker_probes p
    JOIN breaker_trips t ON t.closing_id = p.closing_id
    JOIN switch_closings c ON c.id = p.closing_id
    WHERE p.order_id = holding_switch.order_id AND p.ended_at IS NULL AND c.opened_at IS NULL
      AND (amount > t.probe_rupiah OR (amount < 0 AND weight > t.probe_grams)) LIMIT 1));
END $$;

-- Confirms of the last time by scope, outcome and reason; for each scope only those since its switch was last opened.
-- What was not sent does not count. A partner whose name no switch can have is watched by its kinds only.
-- Workers' sessions allow no bitmap scan. Without one a look reads every confirm there ever was, 0.3 s with 500,000 of them,
-- and looks then become rare. Starting parallel workers for so few rows would take most of the time.
CREATE FUNCTION breaker_figures(since interval, slow interval) RETURNS TABLE (
  scope text, outcome text, reason text, confirms int, slow_replies int, rupiah bigint, grams numeric
) LANGUAGE sql STABLE SET enable_bitmapscan = on SET max_parallel_workers_per_gather = 0 AS $$
  WITH opened AS MATERIALIZED (
    SELECT c.scope, max(c.opened_at) AS at FROM switch_closings c WHERE c.opened_at IS NOT NULL GROUP BY c.scope
  -- Summed before they are told apart by scope: there are many confirms, and few kinds, partners and reasons.
  ), summed AS (
    SELECT o.kind, o.partner, o.reason, a.outcome,
      a.intent_at > coalesce(k.at, '-infinity') AS counts_for_kind, a.intent_at > coalesce(p.at, '-infinity') AS counts_for_partner,
      count(*) AS confirms, count(*) FILTER (WHERE a.ended_at - a.intent_at > slow) AS slow_replies,
      sum(a.quoted_amount) AS rupiah, sum(a.quoted_gold_weight) FILTER (WHERE a.quoted_amount IS NULL) AS grams
    FROM attempts a
    JOIN orders o ON o.id = a.order_id
    LEFT JOIN opened k ON k.scope = 'kind:' || o.kind
    LEFT JOIN opened p ON p.scope = 'partner:' || o.partner
    WHERE a.intent_at > now() - since AND a.outcome IN ('succeeded', 'rejected', 'price_changed', 'in_doubt')
    GROUP BY 1, 2, 3, 4, 5, 6
  )
  SELECT s.scope, r.outcome, r.reason, sum(r.confirms)::int, sum(r.slow_replies)::int,
    coalesce(sum(r.rupiah), 0)::bigint, coalesce(sum(r.grams), 0)
  FROM summed r
  CROSS JOIN LATERAL (VALUES ('kind:' || r.kind, r.counts_for_kind),
    ('partner:' || r.partner, r.counts_for_partner AND r.partner ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$')) s (scope, counts)
  WHERE s.counts
  GROUP BY s.scope, r.outcome, r.reason
$$;

-- Chooses the order that probes a closing: one that waits, is small, was not chosen before, and is held by nothing but
-- closings of the breaker that are ready for a probe. It probes all of these at once: two closings that hold the same
-- orders would otherwise keep each other closed. It is woken, also should the process that chose it die.
CREATE FUNCTION choose_breaker_probe(closing_id int) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  ready text[];
  others text[];
  chosen orders;
BEGIN
  ready := ARRAY(SELECT c.scope FROM switch_closings c JOIN breaker_trips t ON t.closing_id = c.id
    WHERE c.opened_at IS NULL AND c.kept_closed_by IS NULL AND t.paused_until <= clock_timestamp()
      AND NOT EXISTS (SELECT 1 FROM breaker_probes p WHERE p.closing_id = c.id AND p.ended_at IS NULL));
  others := (SELECT array_agg(c.scope) FROM switch_closings c WHERE c.opened_at IS NULL AND NOT c.scope = ANY (ready));
  -- First an order that waits for no other of its wallet: one that does confirms only after that, which may be held. Of the
  -- oldest, so that a look costs the same however many wait.
  WITH oldest AS MATERIALIZED (
    SELECT o.id FROM switch_closings mine
    JOIN breaker_trips t ON t.closing_id = mine.id
    JOIN switch_closings any_ready ON any_ready.opened_at IS NULL AND any_ready.scope = ANY (ready)
    JOIN switch_waits w ON w.closing_id = any_ready.id AND w.ended_at IS NULL
    JOIN orders o ON o.id = w.order_id
    WHERE mine.id = choose_breaker_probe.closing_id AND mine.scope = ANY (ready)
      AND mine.scope IN ('kind:' || o.kind, 'partner:' || o.partner)
      AND o.state = 'accepted' AND o.deadline_at > now() + interval '10 seconds'
      AND coalesce((o.content ->> 'amount')::bigint <= t.probe_rupiah, (o.content ->> 'gold_weight')::numeric <= t.probe_grams)
      AND holding_switch(others, o.id, o.kind, o.partner) IS NULL
      AND NOT EXISTS (SELECT 1 FROM breaker_probes p WHERE p.order_id = o.id AND p.closing_id = mine.id)
    ORDER BY o.accepted_at, o.id LIMIT 100
  )
  SELECT o.* INTO chosen FROM orders o JOIN oldest USING (id)
  WHERE o.state = 'accepted'
  ORDER BY (lane_front(o.id, o.phone_number, o.kind, o.accepted_at, true) IS NULL) DESC, o.accepted_at, o.id
  LIMIT 1 FOR UPDATE OF o SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO breaker_probes (closing_id, order_id)
  SELECT c.id, chosen.id FROM switch_closings c
  WHERE c.opened_at IS NULL AND c.scope = ANY (ready) AND c.scope IN ('kind:' || chosen.kind, 'partner:' || chosen.partner)
  ON CONFLICT DO NOTHING;
  UPDATE orders SET wake_at = now() WHERE id = chosen.id;
  RETURN chosen.id;
END $$;

-- Whether the probes of a closing prove that confirms work: two were executed since the last doubt, and nobody keeps the
-- switch closed. guard_switch_closing asks, so that no program opens a switch by itself without this proof.
CREATE FUNCTION may_breaker_open(closing_id int) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT (SELECT c.closed_by = 'breaker' AND c.kept_closed_by IS NULL FROM switch_closings c WHERE c.id = may_breaker_open.closing_id)
    AND 2 <= (
      SELECT count(*) FROM breaker_probes p
      JOIN attempts a ON a.order_id = p.order_id AND a.outcome = 'succeeded' AND a.ended_at >= p.chosen_at
      WHERE p.closing_id = may_breaker_open.closing_id AND p.outcome IN ('succeeded', 'slow') AND p.ended_at > coalesce((
        SELECT max(d.ended_at) FROM breaker_probes d
        WHERE d.closing_id = may_breaker_open.closing_id AND d.outcome = 'in_doubt'), '-infinity'))
$$;

-- A probe ends once, and is never forgotten.
CREATE FUNCTION guard_breaker_probe() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR (NEW.closing_id, NEW.order_id, NEW.chosen_at)
     IS DISTINCT FROM (OLD.closing_id, OLD.order_id, OLD.chosen_at) THEN
    RAISE EXCEPTION 'a probe ends once' USING ERRCODE = 'check_violation', CONSTRAINT = 'breaker_probe_transition';
  END IF;
  NEW.ended_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER breaker_probes_guard BEFORE UPDATE ON breaker_probes FOR EACH ROW EXECUTE FUNCTION guard_breaker_probe();
CREATE TRIGGER breaker_probes_kept BEFORE DELETE OR TRUNCATE ON breaker_probes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER breaker_trips_kept BEFORE DELETE OR TRUNCATE ON breaker_trips FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
