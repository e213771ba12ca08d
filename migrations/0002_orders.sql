-- The life of an order and of its attempts, enforced where no program can bypass it. The invariants are those that
-- open orders/execute.ts:
-- I1 (one live attempt per order) is the unique index attempts_one_live_per_order, plus the two deferred triggers
--    *_agree below.
-- I2 (one send per quote) is the unique index attempts_one_send_per_quote, plus guard_attempt, which keeps a quote as
--    it was inserted.
-- I3 (a doubt ends by evidence only): the transitions leave in_doubt only with a reason that names evidence. What the
--    evidence must be is enforced in the migration of doubts.
-- I4 (triggers append events): append_order_event.

-- These rows equal TRANSITIONS in TypeScript; a test holds them equal.
INSERT INTO order_transitions (from_state, to_state, reason)
SELECT t.from_state, t.to_state, r.reason
FROM (VALUES
  ('', 'accepted', ARRAY['submitted']),
  ('accepted', 'confirming', ARRAY['intent_committed']),
  ('confirming', 'accepted', ARRAY['price_changed', 'not_sent']),
  ('confirming', 'succeeded', ARRAY['executed']),
  ('confirming', 'rejected', ARRAY['insufficient_balance', 'user_not_found', 'invalid_recipient', 'not_premium',
    'invalid_params', 'field_required', 'gateway_rate_limited']),
  -- A 401 or 403 is a doubt and not a rejection: it proves nothing about the order.
  ('confirming', 'in_doubt', ARRAY['reply_lost', 'reply_unreadable', 'reply_contradicts_quote',
    'reply_contradicts_itself', 'reply_may_be_a_quote', 'transaction_of_another_order', 'gateway_error',
    'gateway_unauthorised', 'gateway_rate_limit_unclear', 'message_unlisted', 'intent_overdue']),
  ('accepted', 'rejected', ARRAY['insufficient_balance', 'user_not_found', 'invalid_recipient', 'not_premium',
    'invalid_params', 'field_required', 'gateway_rate_limited', 'refused_at_checkout', 'price_limit', 'fee_limit']),
  ('accepted', 'expired', ARRAY['deadline_passed']),
  ('accepted', 'cancelled', ARRAY['cancel_requested']),
  ('accepted', 'held', ARRAY['held_by_person', 'executed_at_checkout']),
  ('held', 'accepted', ARRAY['released_by_person']),
  ('in_doubt', 'succeeded', ARRAY['late_reply', 'found_in_statement', 'resolved_by_person']),
  ('in_doubt', 'rejected', ARRAY['late_reply', 'not_executed', 'resolved_by_person'])
) AS t (from_state, to_state, reasons), unnest(t.reasons) AS r (reason);

-- These rows equal ATTEMPT_TRANSITIONS in TypeScript; a test holds them equal.
INSERT INTO attempt_transitions (from_outcome, to_outcome) VALUES
  ('intent', 'succeeded'), ('intent', 'price_changed'), ('intent', 'rejected'), ('intent', 'not_sent'),
  ('intent', 'in_doubt'), ('in_doubt', 'succeeded'), ('in_doubt', 'rejected');

-- Refuses every move that order_transitions does not list, stamps the end of a final order, and erases a final
-- withdrawal's KTP number and address.
CREATE FUNCTION guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  came_from text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.partner, NEW.reference, NEW.kind, NEW.phone_number, NEW.content_hash, NEW.accepted_at, NEW.deadline_at)
       IS DISTINCT FROM
       (OLD.id, OLD.partner, OLD.reference, OLD.kind, OLD.phone_number, OLD.content_hash, OLD.accepted_at, OLD.deadline_at) THEN
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
  IF NOT EXISTS (
    SELECT 1 FROM order_transitions t
    WHERE t.from_state = came_from AND t.to_state = NEW.state AND t.reason = NEW.reason
  ) THEN
    RAISE EXCEPTION 'no transition from % to % with reason %', came_from, NEW.state, NEW.reason
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_transition';
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

-- I4. clock_timestamp() and not now(): two moves in one transaction keep their order.
CREATE FUNCTION append_order_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO order_events (order_id, at, from_state, to_state, reason, actor, detail)
  VALUES (NEW.id, clock_timestamp(), CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, NEW.reason, NEW.actor, NEW.detail);
  RETURN NULL;
END $$;

CREATE TRIGGER orders_event_on_insert AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION append_order_event();

CREATE TRIGGER orders_event_on_update AFTER UPDATE ON orders FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION append_order_event();

-- I2. An attempt starts as an intent, keeps its quote, and moves only as attempt_transitions lists. Without this a
-- changed quote_id would free the unique index for a second send.
CREATE FUNCTION guard_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.outcome <> 'intent' THEN
      RAISE EXCEPTION 'an attempt begins as an intent' USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_transition';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.order_id, NEW.seq, NEW.intent_id, NEW.kind, NEW.phone_number, NEW.quote_id, NEW.quoted_gold_weight, NEW.quoted_amount, NEW.quoted_fee)
     IS DISTINCT FROM
     (OLD.order_id, OLD.seq, OLD.intent_id, OLD.kind, OLD.phone_number, OLD.quote_id, OLD.quoted_gold_weight, OLD.quoted_amount, OLD.quoted_fee) THEN
    RAISE EXCEPTION 'an attempt''s quote never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_identity';
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM attempt_transitions t WHERE t.from_outcome = OLD.outcome AND t.to_outcome = NEW.outcome
  ) THEN
    RAISE EXCEPTION 'no transition of an attempt from % to %', OLD.outcome, NEW.outcome
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempt_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER attempts_guard BEFORE INSERT OR UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION guard_attempt();

-- I1. An order that is confirming, in_doubt or succeeded has exactly the live attempt that its state says, and every
-- other order has none. Checked at COMMIT, because an order and its attempt change in one transaction but in two
-- statements.
CREATE FUNCTION check_order_agrees_with_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  checked uuid := CASE TG_TABLE_NAME WHEN 'orders' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'order_id' END;
  expected text := CASE (SELECT state FROM orders WHERE id = checked)
    WHEN 'confirming' THEN 'intent' WHEN 'in_doubt' THEN 'in_doubt' WHEN 'succeeded' THEN 'succeeded' END;
  live text := (SELECT outcome FROM attempts WHERE order_id = checked AND outcome IN ('intent', 'in_doubt', 'succeeded') LIMIT 1);
BEGIN
  IF live IS DISTINCT FROM expected THEN
    RAISE EXCEPTION 'an order''s state and its live attempt contradict: attempt % where % belongs', live, expected
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_agrees_with_attempts';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER orders_agree AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_order_agrees_with_attempts();

CREATE CONSTRAINT TRIGGER attempts_agree AFTER INSERT OR UPDATE ON attempts DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_order_agrees_with_attempts();

CREATE TRIGGER orders_kept BEFORE DELETE OR TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_kept BEFORE DELETE OR TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
