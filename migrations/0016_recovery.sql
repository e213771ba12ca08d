-- A restored database sends nothing. After a restore, orders that were executed since look accepted again. The program
-- remembers which database it is; where it finds itself in another one, closed_switches holds everything.

-- What this database is: the cluster's system identifier, the database's oid, and the timeline, which a recovery to a
-- point in time and a promotion change. The first two cannot change within a session and are kept in it, because reading
-- the control file costs more than the rest of a commit's check. The timeline is read each time: a session may survive a
-- promotion. It is not read from the control file, which learns of a new timeline only at the next checkpoint.
-- A part that a managed service refuses to tell is '-': the others still show a restore.
CREATE FUNCTION this_database() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known text := nullif(current_setting('goldpro.this_database', true), '');
  cluster text := '-';
BEGIN
  IF known IS NULL THEN
    BEGIN
      cluster := (SELECT s.system_identifier FROM pg_control_system() s);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN NULL;
    END;
    known := cluster || '/' || (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
    BEGIN
      PERFORM pg_walfile_name(pg_current_wal_lsn());
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_function THEN known := known || '/-';
    END;
    PERFORM set_config('goldpro.this_database', known, false);
  END IF;
  IF known LIKE '%/-' THEN RETURN known; END IF;
  RETURN known || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
END $$;

-- Remembers this database at the first call, and each later one leaves a sign of life. In another database than the one
-- remembered it notes when that was found, and closes everything. Returns whether it was restored and is not recovered.
CREATE FUNCTION remember_database() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  here text := this_database();
  found database_identity;
BEGIN
  INSERT INTO database_identity (identity) VALUES (here) ON CONFLICT DO NOTHING;
  SELECT * INTO found FROM database_identity i WHERE i.id;
  IF found.identity = here THEN
    UPDATE database_identity SET alive_at = clock_timestamp()
    WHERE id AND identity = here AND alive_at < clock_timestamp() - interval '15 seconds';
    RETURN false;
  END IF;
  UPDATE database_identity SET found_at = clock_timestamp() WHERE id AND found_at IS NULL;
  -- The deadlines stand still: an order that was executed since the backup must not be told to have expired.
  INSERT INTO switch_closings (scope, reason, closed_by, extends_deadlines)
  VALUES ('everything', 'this database was restored, or promoted from a copy: see `goldpro recover --help`', 'recovery', true)
  ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

-- Whether this is another database than the one remembered.
CREATE FUNCTION is_database_restored() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  here text := this_database();
BEGIN
  RETURN EXISTS (SELECT 1 FROM database_identity i WHERE i.id AND i.identity <> here);
END $$;

-- A place in a feed is good until the next restore, which may bring back a time before it. Null while the restore waits for
-- its recovery.
CREATE FUNCTION feed_epoch() RETURNS int LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN NOT is_database_restored() THEN coalesce((SELECT max(r.id) FROM recoveries r), 0) END
$$;

-- Closes the switches of what may make orders again that were made and executed since the backup: rows of batches that
-- were fed, and due times of plans that were run. Each is opened by two people of its own.
CREATE FUNCTION close_restored_sources() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  closed int;
BEGIN
  INSERT INTO switch_closings (scope, reason, closed_by, extends_deadlines)
  SELECT source.scope, 'it may make orders again that were executed since the backup', 'recovery', true
  FROM (
    SELECT 'batch:' || b.id FROM batches b WHERE b.state NOT IN ('finished', 'cancelled')
    UNION ALL
    SELECT 'plan:' || p.id FROM plans p WHERE p.state IN ('active', 'paused')
  ) source(scope)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS closed = ROW_COUNT;
  RETURN closed;
END $$;

-- The identity changes only once every order is held that was accepted when the restore was found: it may have been
-- executed since the backup. And only while everything is closed.
CREATE FUNCTION guard_database_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.identity = OLD.identity THEN RETURN NEW; END IF;
  IF NEW.identity <> this_database() OR OLD.found_at IS NULL
    OR NOT EXISTS (SELECT 1 FROM switch_closings c WHERE c.scope = 'everything' AND c.opened_at IS NULL)
    OR EXISTS (SELECT 1 FROM orders o WHERE o.settled_at IS NULL AND o.state = 'accepted' AND o.accepted_at <= OLD.found_at) THEN
    RAISE EXCEPTION 'a restored database is recovered by `goldpro recover`'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'database_recovered';
  END IF;
  -- What is told from now on comes after all that was told before, whatever the ids of transactions are here.
  NEW.feed_shift := greatest(OLD.feed_shift, coalesce(
    (SELECT max(e.feed_position) FROM order_events e WHERE e.feed_position IS NOT NULL), 0) - pg_current_xact_id()::text::bigint);
  RETURN NEW;
END $$;

CREATE TRIGGER database_identity_guard BEFORE UPDATE ON database_identity FOR EACH ROW
  EXECUTE FUNCTION guard_database_identity();
CREATE TRIGGER recoveries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recoveries FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_change();

-- Whether statements have all of the time in which orders may have been executed that this database does not know of: from
-- its last sign of life to when the restore was found, with the slack of the clocks before it and the lag after it. As for a
-- doubt: of every source, and declared complete by two people. A statement with a line that could not be read is never complete.
CREATE FUNCTION is_gap_covered(recovery_id int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) > 0 AND bool_and(source.covered @> gap.span)
  FROM (
    SELECT tstzrange(r.alive_at - interval '5 minutes', r.found_at + coalesce(approved_lag(), interval '60 minutes'), '[]') AS span
    FROM recoveries r WHERE r.id = recovery_id
  ) gap CROSS JOIN LATERAL (
    SELECT coalesce(range_agg(tstzrange(s.period_from, s.period_to)) FILTER (WHERE is_approved_complete(s.id)), '{}') AS covered
    FROM statements s WHERE s.replaced_at IS NULL GROUP BY s.source
  ) source
$$;

-- Whether a statement has a transaction that may be this order's: of its wallet or its recipient, whatever the kind. An order
-- that was sent again after the restore may have been executed before it was accepted here, and a wrong zone shifts a time by
-- less than a day. Only an execution that is known explains a line. A line of another wallet is another order's, also with the
-- same weight: after a restore every execution since the backup is a line that nobody knows.
CREATE FUNCTION may_have_been_executed(held orders, recovery_id int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM current_statement_lines l
    WHERE (may_be_wallet(l.phone_number, held.phone_number)
        OR coalesce(may_be_wallet(l.phone_number, held.content ->> 'recipient'), false))
      AND coalesce(l.executed_to, l.executed_at) >= least(held.accepted_at,
        (SELECT r.alive_at FROM recoveries r WHERE r.id = may_have_been_executed.recovery_id)) - interval '1 day'
      AND NOT EXISTS (
        SELECT 1 FROM statement_matches m JOIN orders o ON o.id = m.order_id
        WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current AND o.state = 'succeeded'))
$$;

-- Asked by guard_order of an order that a recovery holds: two people approved, the statements are there, and none has it.
CREATE FUNCTION may_release_restored(held orders, detail jsonb) RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN coalesce(is_change_approved((detail ->> 'request')::int, 'release_restored', 'recovery ' || (held.detail ->> 'recovery')), false)
    AND coalesce(is_gap_covered((held.detail ->> 'recovery')::int), false)
    AND NOT may_have_been_executed(held, (held.detail ->> 'recovery')::int);
END $$;
