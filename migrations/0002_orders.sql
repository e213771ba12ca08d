-- The life of an order and of its attempts, enforced where no program can bypass it. The invariants are those that
-- open orders/execute.ts:
-- I1 (one live attempt per order) is the unique index attempts_one_live_per_order, plus the triggers *_agree below.
-- I2 (one send per quote) is the unique index attempts_one_send_per_quote, plus guard_attempt, which keeps a quote as
--    it was inserted.
-- I3 (a doubt ends by evidence only): the transitions leave in_doubt only with a reason that names evidence. What the
--    evidence must be is enforced in the migration of doubts.
-- I4 (triggers append events): append_order_events.
-- I5 (one order in flight per wallet) is the unique index attempts_one_in_flight_per_wallet, plus lane_front, which says
--    whose turn it is, and wake_lanes, which wakes the next.

-- The legal moves, as from>to:reason; nothing comes before the order's creation. They equal TRANSITIONS in TypeScript; a
-- test holds them equal. A constant array: Postgres looks a move up by hash, without a query.
CREATE FUNCTION order_transitions() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ARRAY[
    '>accepted:submitted',
    'accepted>confirming:intent_committed',
    'confirming>accepted:price_changed', 'confirming>accepted:not_sent',
    'confirming>succeeded:executed',
    'confirming>rejected:insufficient_balance', 'confirming>rejected:user_not_found',
      'confirming>rejected:invalid_recipient', 'confirming>rejected:not_premium',
      'confirming>rejected:invalid_params', 'confirming>rejected:field_required',
      'confirming>rejected:gateway_rate_limited',
    -- A 401 or 403 is a doubt and not a rejection: it proves nothing about the order.
    'confirming>in_doubt:reply_lost', 'confirming>in_doubt:reply_unreadable',
      'confirming>in_doubt:reply_contradicts_quote', 'confirming>in_doubt:reply_contradicts_itself',
      'confirming>in_doubt:reply_may_be_a_quote', 'confirming>in_doubt:transaction_of_another_order',
      'confirming>in_doubt:gateway_error', 'confirming>in_doubt:gateway_unauthorised',
      'confirming>in_doubt:gateway_rate_limit_unclear', 'confirming>in_doubt:message_unlisted',
      'confirming>in_doubt:intent_overdue',
    'accepted>rejected:insufficient_balance', 'accepted>rejected:user_not_found',
      'accepted>rejected:invalid_recipient', 'accepted>rejected:not_premium', 'accepted>rejected:invalid_params',
      'accepted>rejected:field_required', 'accepted>rejected:gateway_rate_limited',
      'accepted>rejected:refused_at_checkout', 'accepted>rejected:price_limit', 'accepted>rejected:fee_limit',
    'accepted>expired:deadline_passed',
    'accepted>cancelled:cancel_requested',
    'accepted>held:held_by_person', 'accepted>held:executed_at_checkout', 'accepted>held:restored',
    'held>accepted:released_by_person', 'held>accepted:restored_released',
    'in_doubt>succeeded:late_reply', 'in_doubt>succeeded:found_in_statement',
      'in_doubt>succeeded:resolved_by_person',
    'in_doubt>rejected:late_reply', 'in_doubt>rejected:not_executed', 'in_doubt>rejected:resolved_by_person'
  ]
$$;

-- The same for attempts. They equal ATTEMPT_TRANSITIONS in TypeScript.
CREATE FUNCTION attempt_transitions() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ARRAY[
    'intent>succeeded', 'intent>price_changed', 'intent>rejected', 'intent>not_sent', 'intent>in_doubt',
    'in_doubt>succeeded', 'in_doubt>rejected'
  ]
$$;

-- Refuses every move that order_transitions does not list, keeps an order's identity, notes the state before each write,
-- stamps the end of a final order, and erases a final withdrawal's KTP number and address.
CREATE FUNCTION guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  came_from text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
BEGIN
  NEW.previous_state := nullif(came_from, '');
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.partner, NEW.reference, NEW.kind, NEW.phone_number, NEW.content_hash, NEW.accepted_at)
       IS DISTINCT FROM
       (OLD.id, OLD.partner, OLD.reference, OLD.kind, OLD.phone_number, OLD.content_hash, OLD.accepted_at)
       -- A deadline changes only by the time that the order waited for a switch.
       OR NEW.deadline_at <> OLD.deadline_at AND (NEW.state <> 'accepted' OR OLD.state <> 'accepted'
         OR NOT is_deadline_extended(NEW.id, OLD.deadline_at, NEW.deadline_at)) THEN
      RAISE EXCEPTION 'an order''s identity never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_identity';
    END IF;
    IF NEW.state = OLD.state THEN
      IF OLD.settled_at IS NOT NULL OR (NEW.content, NEW.reason, NEW.actor, NEW.detail, NEW.settled_at)
         IS DISTINCT FROM (OLD.content, OLD.reason, OLD.actor, OLD.detail, OLD.settled_at) THEN
        RAISE EXCEPTION 'an order in state % changes only by a transition', OLD.state
          USING ERRCODE = 'check_violation', CONSTRAINT = 'order_transition';
      END IF;
      RETURN NEW;
    END IF;
  END IF;
  IF NOT came_from || '>' || NEW.state || ':' || NEW.reason = ANY (order_transitions()) THEN
    RAISE EXCEPTION 'no transition from % to % with reason %', came_from, NEW.state, NEW.reason
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_transition';
  END IF;
  -- What a recovery holds may have been executed: only its own release lets it go, and lets nothing else go.
  IF came_from = 'held' AND ((OLD.reason = 'restored') <> (NEW.reason = 'restored_released')
    OR NEW.reason = 'restored_released' AND NOT may_release_restored(OLD, NEW.detail)) THEN
    RAISE EXCEPTION 'an order that a recovery holds is released by two people, once the statements of the time since the backup lack it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_restored';
  END IF;
  IF NEW.state NOT IN ('accepted', 'confirming') THEN
    NEW.wake_at := NULL;
  END IF;
  IF NEW.state IN ('succeeded', 'rejected', 'expired', 'cancelled') THEN
    NEW.settled_at := now();
    IF NEW.kind = 'withdraw' THEN
      NEW.content := NEW.content - 'ktp' - 'address';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER orders_guard BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION guard_order();

-- I4. Appends the events of the orders that a statement moved, once for all of them: an order that it did not move has its
-- state as its previous one. clock_timestamp() and not now(): two moves in one transaction keep their order.
-- What partners are told has a place in their feed, which is read in the order of (feed_position, id). Ids alone would not
-- do: they are drawn before the commit, so an earlier one may appear after a later one was read. A place is the id of the
-- writing transaction, or that of the order's event before it where that is later; so no transaction that is still to come
-- can write a place before the oldest one that runs, and what is before that one is complete.
CREATE FUNCTION append_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The subqueries of this transaction's place are computed once for the statement, and only when one of its orders is told.
  INSERT INTO order_events (order_id, at, from_state, to_state, reason, actor, detail, partner, feed_position)
  SELECT w.id, clock_timestamp(), w.previous_state, w.state, w.reason, w.actor, w.detail,
    CASE WHEN w.state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt') THEN w.partner END,
    CASE
      WHEN w.state NOT IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt') THEN NULL
      -- The only event that partners are told and that another follows.
      WHEN w.previous_state = 'in_doubt' THEN greatest((SELECT feed_place()),
        (SELECT max(e.feed_position) FROM order_events e WHERE e.order_id = w.id))
      ELSE (SELECT feed_place())
    END
  FROM written w
  WHERE w.previous_state IS DISTINCT FROM w.state;
  RETURN NULL;
END $$;

-- The place of this transaction's events in the feeds.
CREATE FUNCTION feed_place() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT pg_current_xact_id()::text::bigint + coalesce((SELECT i.feed_shift FROM database_identity i WHERE i.id), 0)
$$;

-- Every event with a place before this one is visible to the calling statement, and none will come. Only transactions that
-- write hold it back, those of other databases of the cluster too.
CREATE FUNCTION feed_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + coalesce((SELECT i.feed_shift FROM database_identity i WHERE i.id), 0)
$$;

CREATE TRIGGER orders_event_on_insert AFTER INSERT ON orders
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION append_order_events();
CREATE TRIGGER orders_event_on_update AFTER UPDATE ON orders
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION append_order_events();

-- I1. An order that is confirming, in_doubt or succeeded has exactly the live attempt that its state says, and every
-- other order has none. Checked at the end of each statement: whatever changes one changes the other in the same statement.
CREATE FUNCTION live_outcome_of(order_state text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE order_state WHEN 'confirming' THEN 'intent' WHEN 'in_doubt' THEN 'in_doubt' WHEN 'succeeded' THEN 'succeeded' END
$$;

CREATE FUNCTION refuse_contradiction(live text, expected text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an order''s state and its live attempt contradict: attempt % where % belongs', live, expected
    USING ERRCODE = 'check_violation', CONSTRAINT = 'order_agrees_with_attempts';
END $$;

CREATE FUNCTION check_orders_agree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_contradiction(a.outcome, live_outcome_of(w.state))
  FROM written w
  LEFT JOIN attempts a ON a.order_id = w.id AND a.outcome IN ('intent', 'in_doubt', 'succeeded')
  WHERE w.previous_state <> w.state AND a.outcome IS DISTINCT FROM live_outcome_of(w.state);
  RETURN NULL;
END $$;

CREATE FUNCTION check_attempts_agree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_contradiction(a.outcome, live_outcome_of(o.state))
  FROM written w
  LEFT JOIN orders o ON o.id = w.order_id
  LEFT JOIN attempts a ON a.order_id = w.order_id AND a.outcome IN ('intent', 'in_doubt', 'succeeded')
  WHERE a.outcome IS DISTINCT FROM live_outcome_of(o.state);
  RETURN NULL;
END $$;

CREATE TRIGGER orders_agree AFTER UPDATE ON orders
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_orders_agree();
CREATE TRIGGER attempts_agree_insert AFTER INSERT ON attempts
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_attempts_agree();
CREATE TRIGGER attempts_agree_update AFTER UPDATE ON attempts
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_attempts_agree();

-- I2. An attempt starts as an intent, keeps its quote and its trace, and moves only as attempt_transitions lists. Without this a
-- changed quote_id would free the unique index for a second send.
CREATE FUNCTION guard_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.outcome <> 'intent' THEN
      RAISE EXCEPTION 'an attempt begins as an intent' USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_transition';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.order_id, NEW.seq, NEW.intent_id, NEW.kind, NEW.phone_number, NEW.quote_id, NEW.quoted_gold_weight, NEW.quoted_amount, NEW.quoted_fee,
      NEW.trace_id)
     IS DISTINCT FROM
     (OLD.order_id, OLD.seq, OLD.intent_id, OLD.kind, OLD.phone_number, OLD.quote_id, OLD.quoted_gold_weight, OLD.quoted_amount, OLD.quoted_fee,
      OLD.trace_id) THEN
    RAISE EXCEPTION 'neither the quote nor the trace of an attempt changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_identity';
  END IF;
  IF NOT OLD.outcome || '>' || NEW.outcome = ANY (attempt_transitions()) THEN
    RAISE EXCEPTION 'no transition of an attempt from % to %', OLD.outcome, NEW.outcome
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER attempts_guard BEFORE INSERT OR UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION guard_attempt();

-- I5. Lanes. The orders of one wallet go one after the other, in the order of their acceptance (accepted_at, id). A wallet
-- in doubt (an order in_doubt, or held because its checkout executed) lets buys go on. Its debits wait for the doubt to
-- end, if debits_wait; buys then pass them. What a person holds is in nobody's way.

-- The order that this one waits for, null when it is its turn. Volatile: each call sees what was committed before it, also
-- within a statement that waited for a lock, and what its statement has inserted so far. Six probes at most, however many wait:
-- the index keeps buys and debits apart, so that buys pass any number of debits.
CREATE FUNCTION lane_front(this uuid, wallet text, this_kind text, since timestamptz, debits_wait boolean) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  front uuid;
  doubt uuid;
BEGIN
  -- Nearly every order is the only one of its wallet that has not ended. An order with an intent is under way, too. Each probe
  -- in the order of its index, which then serves: orders_lane, and orders_lane_stopped.
  IF (SELECT true FROM orders o WHERE o.phone_number = wallet AND o.wake_at IS NOT NULL AND o.id <> this
      ORDER BY (o.kind = 'buy')::int, o.accepted_at, o.id LIMIT 1) IS NULL
    AND (SELECT true FROM orders o WHERE o.phone_number = wallet AND o.wake_at IS NULL AND o.settled_at IS NULL AND o.id <> this
      ORDER BY o.accepted_at, o.id LIMIT 1) IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT a.order_id INTO front FROM attempts a WHERE a.phone_number = wallet AND a.outcome = 'intent' AND a.order_id <> this;
  IF FOUND THEN
    RETURN front;
  END IF;
  IF debits_wait THEN
    SELECT o.id INTO doubt FROM orders o
    WHERE o.phone_number = wallet AND o.wake_at IS NULL AND o.settled_at IS NULL
      AND (o.state = 'in_doubt' OR o.reason = 'executed_at_checkout')
    ORDER BY o.accepted_at, o.id LIMIT 1;
    IF doubt IS NOT NULL AND this_kind <> 'buy' THEN
      RETURN doubt;
    END IF;
  END IF;
  SELECT f.id INTO front FROM (
    (SELECT o.id, o.accepted_at FROM orders o
     WHERE o.phone_number = wallet AND (o.kind = 'buy')::int = 1 AND o.wake_at IS NOT NULL AND o.state = 'accepted'
       AND (o.accepted_at, o.id) < (since, this)
     ORDER BY o.accepted_at, o.id LIMIT 1)
    UNION ALL
    (SELECT o.id, o.accepted_at FROM orders o
     WHERE o.phone_number = wallet AND (o.kind = 'buy')::int = 0 AND o.wake_at IS NOT NULL AND o.state = 'accepted'
       AND (o.accepted_at, o.id) < (since, this) AND doubt IS NULL
     ORDER BY o.accepted_at, o.id LIMIT 1)
  ) f ORDER BY f.accepted_at, f.id LIMIT 1;
  RETURN front;
END $$;

-- The same as reports see it, whoever asks, and while debits wait for doubts.
CREATE FUNCTION shown_lane_front(this uuid, wallet text, this_kind text, since timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT lane_front(this, wallet, this_kind, since, true)
$$;

-- The order that this one can wait for without missing its end; null when it must look again. The front is locked against
-- its end, and looked for again: whoever ends it later sees this order wait, and wakes it. Takes no lock that somebody
-- holds, so that lanes add no deadlock. KEY SHARE conflicts with the moves of orders that have nothing in flight, which
-- take FOR UPDATE, and not with a wake; an order with a live attempt ends by a write of that attempt.
CREATE FUNCTION lane_front_kept(this uuid, wallet text, this_kind text, since timestamptz, debits_wait boolean) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  front uuid := lane_front(this, wallet, this_kind, since, debits_wait);
  front_state text;
BEGIN
  IF front IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT o.state INTO front_state FROM orders o WHERE o.id = front FOR KEY SHARE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF front_state IN ('confirming', 'in_doubt') THEN
    PERFORM 1 FROM attempts a WHERE a.order_id = front AND a.outcome IN ('intent', 'in_doubt') FOR SHARE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  END IF;
  IF lane_front(this, wallet, this_kind, since, debits_wait) IS DISTINCT FROM front THEN
    RETURN NULL;
  END IF;
  -- A front that is accepted waits for nobody. Should it sleep, its wake was lost with a transaction that was rolled back.
  IF front_state = 'accepted' THEN
    PERFORM wake_if_asleep(front);
  END IF;
  RETURN front;
END $$;

-- An order that waits for its turn sleeps until its deadline. One that does not sleep comes back by itself. -infinity tells
-- whose turn has come: first in the sweeper's index, and apart from what was forgotten.
CREATE FUNCTION wake_if_asleep(this uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE orders SET wake_at = '-infinity' WHERE id = (
    SELECT o.id FROM orders o
    WHERE o.id = this AND o.state = 'accepted' AND o.wake_at = o.deadline_at AND o.wake_at > now()
    FOR NO KEY UPDATE SKIP LOCKED);
END $$;

-- Wakes the first order of a lane that is before the given place. While a doubt stands, also the first buy: whether debits
-- wait is the worker's setting. Skips rows that somebody holds: an order that is just leaving wakes its own successor, and one
-- that looks or waits looks again.
CREATE FUNCTION wake_lane(wallet text, before_at timestamptz, before_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  buy record;
  debit record;
BEGIN
  SELECT o.id, o.accepted_at INTO buy FROM orders o
  WHERE o.phone_number = wallet AND (o.kind = 'buy')::int = 1 AND o.wake_at IS NOT NULL AND o.state = 'accepted'
    AND (o.accepted_at, o.id) < (before_at, before_id)
  ORDER BY o.accepted_at, o.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
  SELECT o.id, o.accepted_at INTO debit FROM orders o
  WHERE o.phone_number = wallet AND (o.kind = 'buy')::int = 0 AND o.wake_at IS NOT NULL AND o.state = 'accepted'
    AND (o.accepted_at, o.id) < (before_at, before_id)
  ORDER BY o.accepted_at, o.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
  IF debit.id IS NULL OR (buy.accepted_at, buy.id) < (debit.accepted_at, debit.id) THEN
    PERFORM wake_if_asleep(buy.id);
    RETURN;
  END IF;
  PERFORM wake_if_asleep(debit.id);
  IF buy.id IS NOT NULL THEN
    PERFORM wake_if_asleep(buy.id) FROM orders o
    WHERE o.phone_number = wallet AND o.wake_at IS NULL AND o.settled_at IS NULL
      AND (o.state = 'in_doubt' OR o.reason = 'executed_at_checkout')
    ORDER BY o.accepted_at, o.id LIMIT 1;
  END IF;
END $$;

-- Wakes the next order of every lane in which a statement moved one. An order that is accepted again stays before those
-- after it, and is no longer in the way of those before it.
CREATE FUNCTION wake_lanes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved record;
BEGIN
  FOR moved IN
    SELECT DISTINCT ON (w.phone_number) w.phone_number, w.state, w.accepted_at, w.id
    FROM written w
    WHERE w.previous_state <> w.state AND w.state <> 'confirming'
      -- A scalar subquery: as a join it could begin with every order that waits. In the order of orders_lane, which then serves.
      AND (SELECT true FROM orders o WHERE o.phone_number = w.phone_number AND o.wake_at IS NOT NULL AND o.id <> w.id
           ORDER BY (o.kind = 'buy')::int, o.accepted_at, o.id LIMIT 1)
    ORDER BY w.phone_number, w.state = 'accepted', w.accepted_at DESC, w.id DESC
  LOOP
    IF moved.state = 'accepted' THEN
      PERFORM wake_lane(moved.phone_number, moved.accepted_at, moved.id);
    ELSE
      PERFORM wake_lane(moved.phone_number, 'infinity', moved.id);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER orders_wake_lanes AFTER UPDATE ON orders
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION wake_lanes();

CREATE TRIGGER orders_kept BEFORE DELETE OR TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_kept BEFORE DELETE OR TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An order is written three times within seconds. A commit of an intent changes no indexed column: with room left on the
-- page it changes no index either.
ALTER TABLE orders SET (fillfactor = 80);
