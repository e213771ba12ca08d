-- Closed switches stop confirms. They are checked inside the statement that commits an intent, so that no intent is
-- committed after a closing, whichever worker asks. Confirms that are out by then finish.

-- The scopes of the switches that are closed; null when none is. A restored database counts as closed. Called by `commit_intents`, whose own snapshot may be
-- older than a closing: the lock is taken first, and the query below sees everything that was committed by then.
-- guard_switch_closing takes the same lock exclusively. It waits for the commits that run, and those that come later
-- wait for it.
CREATE FUNCTION closed_switches() RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  here text := this_database();
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'closed switches are read in READ COMMITTED only: another level would not see the newest closing'
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  PERFORM pg_advisory_xact_lock_shared(4702183515);
  RETURN (
    SELECT array_agg(closed.scope) FROM (
      SELECT c.scope FROM switch_closings c WHERE c.opened_at IS NULL
      UNION ALL
      SELECT 'everything' FROM database_identity i WHERE i.id AND i.identity <> here
    ) closed);
END $$;

-- The scope among these that holds an order; null when none does. STRICT: it is not even called when no switch is closed.
CREATE FUNCTION holding_switch(scopes text[], order_id uuid, kind text, partner text) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  IF 'everything' = ANY (scopes) THEN RETURN 'everything'; END IF;
  -- One order at a time may pass a closing of the breaker.
  IF 'kind:' || kind = ANY (scopes) AND NOT is_breaker_probe('kind:' || kind, order_id) THEN
    RETURN 'kind:' || kind;
  END IF;
  IF 'partner:' || partner = ANY (scopes) AND NOT is_breaker_probe('partner:' || partner, order_id) THEN
    RETURN 'partner:' || partner;
  END IF;
  -- Only then is it worth knowing where the order comes from.
  IF scopes::text !~ '(batch|plan):' THEN RETURN NULL; END IF;
  RETURN (
    SELECT origin.scope FROM (
      SELECT 'batch:' || r.batch_id FROM batch_rows r WHERE r.order_id = holding_switch.order_id
      UNION ALL
      SELECT 'plan:' || p.plan_id FROM batch_rows r JOIN plan_runs p ON p.batch_id = r.batch_id
        WHERE r.order_id = holding_switch.order_id
      UNION ALL
      SELECT 'plan:' || p.plan_id FROM plan_runs p WHERE p.order_id = holding_switch.order_id
    ) origin(scope) WHERE origin.scope = ANY (scopes) LIMIT 1);
END $$;

-- Whether a scope names something that exists: a switch of a misspelt partner would hold nothing.
CREATE FUNCTION is_known_scope(scope text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE split_part(is_known_scope.scope, ':', 1)
    WHEN 'partner' THEN EXISTS (SELECT 1 FROM partners p WHERE p.name = substr(is_known_scope.scope, 9))
      OR EXISTS (SELECT 1 FROM orders o WHERE o.partner = substr(is_known_scope.scope, 9))
    WHEN 'batch' THEN EXISTS (SELECT 1 FROM batches b WHERE b.id = substr(is_known_scope.scope, 7)::int)
    WHEN 'plan' THEN EXISTS (SELECT 1 FROM plans p WHERE p.id = substr(is_known_scope.scope, 6)::int)
    ELSE true END
$$;

-- A closing is opened once, by a change that two people approved for this very closing. Its transaction must be short:
-- from the insert on no intent is committed, also none that the switch would not hold.
CREATE FUNCTION guard_switch_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF num_nonnulls(NEW.opened_at, NEW.opened_by, NEW.request_id) > 0 THEN
      RAISE EXCEPTION 'a closing begins closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_transition';
    END IF;
    PERFORM pg_advisory_xact_lock(4702183515);
    NEW.closed_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.scope, NEW.reason, NEW.closed_by, NEW.closed_at, NEW.extends_deadlines)
     IS DISTINCT FROM (OLD.id, OLD.scope, OLD.reason, OLD.closed_by, OLD.closed_at, OLD.extends_deadlines) THEN
    RAISE EXCEPTION 'what was closed, by whom and why never changes'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_identity';
  END IF;
  IF OLD.opened_at IS NOT NULL THEN
    RAISE EXCEPTION 'a closing is opened once' USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_transition';
  END IF;
  -- A person closes what the breaker has closed: the breaker opens it no more.
  IF NEW.opened_at IS NULL AND OLD.closed_by = 'breaker' AND OLD.kept_closed_by IS NULL AND NEW.kept_closed_by IS NOT NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.kept_closed_by IS DISTINCT FROM OLD.kept_closed_by THEN
    RAISE EXCEPTION 'what was closed, by whom and why never changes'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_identity';
  END IF;
  IF NEW.opened_by = 'breaker' THEN
    IF NOT coalesce(may_breaker_open(OLD.id), false) THEN
      RAISE EXCEPTION 'the breaker opens only what it has closed, and only when its probes have succeeded'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_opened_by_proof';
    END IF;
    NEW.opened_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF NOT coalesce(is_change_approved(NEW.request_id, 'open_switch', 'closing ' || NEW.id), false) THEN
    RAISE EXCEPTION 'a switch is opened by a change that two people approved'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_opened_by_two';
  END IF;
  NEW.opened_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER switch_closings_guard BEFORE INSERT OR UPDATE ON switch_closings FOR EACH ROW
  EXECUTE FUNCTION guard_switch_closing();
CREATE TRIGGER switch_closings_kept BEFORE DELETE OR TRUNCATE ON switch_closings FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_change();

-- Orders that wait for a switch, each for one at a time. What is given to a deadline is computed here: the time from when the order began to
-- wait to the opening, each moment once, when the closing said so. The row keeps the deadline before and after.
CREATE FUNCTION guard_switch_wait() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  closing switch_closings;
BEGIN
  SELECT * INTO closing FROM switch_closings c WHERE c.id = NEW.closing_id;
  IF TG_OP = 'INSERT' THEN
    NEW.since := (SELECT greatest(closing.closed_at, o.accepted_at, (
        SELECT max(w.ended_at) FROM switch_waits w JOIN switch_closings c ON c.id = w.closing_id
        WHERE w.order_id = o.id AND c.extends_deadlines))
      FROM orders o WHERE o.id = NEW.order_id);
    NEW.ended_at := NULL;
    NEW.deadline_before := NULL;
    NEW.deadline_after := NULL;
    RETURN NEW;
  END IF;
  IF OLD.ended_at IS NOT NULL OR closing.opened_at IS NULL OR (NEW.order_id, NEW.closing_id, NEW.since)
     IS DISTINCT FROM (OLD.order_id, OLD.closing_id, OLD.since) THEN
    RAISE EXCEPTION 'a wait ends once, when its switch was opened'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'switch_wait_transition';
  END IF;
  NEW.ended_at := greatest(closing.opened_at, OLD.since);
  SELECT o.deadline_at INTO NEW.deadline_before FROM orders o WHERE o.id = NEW.order_id;
  NEW.deadline_after := NEW.deadline_before
    + CASE WHEN closing.extends_deadlines THEN NEW.ended_at - OLD.since ELSE interval '0' END;
  RETURN NEW;
END $$;

CREATE TRIGGER switch_waits_guard BEFORE INSERT OR UPDATE ON switch_waits FOR EACH ROW
  EXECUTE FUNCTION guard_switch_wait();
CREATE TRIGGER switch_waits_kept BEFORE DELETE OR TRUNCATE ON switch_waits FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_change();

-- Whether a wait that ended in this transaction moved an order's deadline from one time to the other. Asked by
-- guard_order, which refuses every other change of a deadline. A second change finds another deadline than the wait did.
CREATE FUNCTION is_deadline_extended(order_id uuid, before timestamptz, after timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
  SELECT EXISTS (
    SELECT 1 FROM switch_waits w
    WHERE w.order_id = is_deadline_extended.order_id AND w.deadline_before = is_deadline_extended.before
      AND w.deadline_after = is_deadline_extended.after AND w.deadline_after > w.deadline_before
      AND w.xmin = pg_current_xact_id()::xid)
$$;

-- Whether an order's deadline stands still, so that it may not expire: a closing that extends deadlines holds it, or did
-- and the order has not been given its time yet; or the database was restored, and the order may have been executed.
CREATE FUNCTION has_deadline_stopped(order_id uuid, kind text, partner text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN is_database_restored() OR holding_switch(
      (SELECT array_agg(c.scope) FROM switch_closings c WHERE c.opened_at IS NULL AND c.extends_deadlines),
      order_id, kind, partner) IS NOT NULL
    OR EXISTS (SELECT 1 FROM switch_waits w JOIN switch_closings c ON c.id = w.closing_id
      WHERE w.order_id = has_deadline_stopped.order_id AND w.ended_at IS NULL AND c.extends_deadlines);
END $$;
