-- I3 (a doubt ends by evidence only). order_transitions lists the reasons that lead out of in_doubt; the triggers here
-- demand what stands behind each: for a statement's word its evidence, for a person's word another person's approval,
-- for a statement's silence the approval of two people that it is complete.
-- Only late_reply needs nothing here: it is recorded by the worker that received the reply.
-- The guards name public before pg_temp as their search path: a temporary table must not stand in for a table of evidence.

-- Proposals. A proposal is decided once, and then by a second person (the check proposals_second_person).
CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'a proposal begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_transition';
    END IF;
    -- Never the caller's time: it proves which version of a break the proposer saw.
    NEW.proposed_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open' OR NEW.state = 'open' THEN
    RAISE EXCEPTION 'a proposal is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_transition';
  END IF;
  IF (NEW.id, NEW.break_id, NEW.order_id, NEW.statement_id, NEW.source, NEW.decision, NEW.note, NEW.facts, NEW.proposed_by,
       NEW.proposed_at)
     IS DISTINCT FROM
     (OLD.id, OLD.break_id, OLD.order_id, OLD.statement_id, OLD.source, OLD.decision, OLD.note, OLD.facts, OLD.proposed_by,
       OLD.proposed_at) THEN
    RAISE EXCEPTION 'what was proposed never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_identity';
  END IF;
  NEW.decided_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER proposals_guard BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION guard_proposal();

-- One person may revoke an approval, but only one of the kinds that let more be believed. A revoked one makes the
-- program believe less, which is safe. The other decisions have already been carried out.
CREATE FUNCTION guard_revocation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM proposals p WHERE p.id = NEW.proposal_id AND p.state = 'approved'
      AND p.decision IN ('statement_complete', 'source_trusted', 'lag_shortened')
  ) THEN
    RAISE EXCEPTION 'only an approval that still stands is revoked'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'revocation_of_approval';
  END IF;
  NEW.revoked_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER revocations_guard BEFORE INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION guard_revocation();

CREATE VIEW standing_proposals AS
SELECT p.* FROM proposals p
WHERE p.state = 'approved' AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.proposal_id = p.id);

-- Whether two people approved that a statement is complete, or that its source's word for that is trusted.
CREATE FUNCTION is_approved_complete(statement_id int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM statements s JOIN standing_proposals p
      ON (p.decision = 'statement_complete' AND p.statement_id = s.id)
      OR (p.decision = 'source_trusted' AND p.source = s.source)
    WHERE s.id = is_approved_complete.statement_id AND s.complete AND s.replaced_at IS NULL)
$$;

-- The lag that was approved last; null when the default applies.
CREATE FUNCTION approved_lag() RETURNS interval LANGUAGE sql STABLE AS $$
  SELECT (p.facts ->> 'lagMinutes')::int * interval '1 minute' FROM standing_proposals p
  WHERE p.decision = 'lag_shortened' ORDER BY p.decided_at DESC, p.id DESC LIMIT 1
$$;

CREATE FUNCTION guard_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT is_run_under_way(NEW.run_id) THEN
    RAISE EXCEPTION 'evidence is found by a run' USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_has_a_run';
  END IF;
  IF (NEW.verdict = 'succeeded' AND NOT EXISTS (
      SELECT 1 FROM statement_matches m WHERE m.current AND m.statement_id = NEW.statement_id
        AND m.line_number = NEW.line_number AND m.order_id = NEW.order_id AND m.rule = NEW.rule))
    OR (NEW.verdict = 'rejected' AND cardinality(NEW.covering_statements) <> (
      SELECT count(*) FROM statements s
      WHERE s.id = ANY (NEW.covering_statements) AND s.complete AND s.replaced_at IS NULL))
  THEN
    RAISE EXCEPTION 'evidence names a line that is matched, or statements that are complete'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_there';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER doubt_evidence_guard BEFORE INSERT ON doubt_evidence FOR EACH ROW EXECUTE FUNCTION guard_evidence();

-- Absence from statements is evidence only when the statements cover the attempt with the slack of the clocks before it
-- (CLOCK_SLACK_MS) and the lag after it (approved, else that of DEFAULT_RECON_SETTINGS).
CREATE FUNCTION guard_absence() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM unnest(NEW.covering_statements) AS covering (id) WHERE NOT is_approved_complete(covering.id)) THEN
    RAISE EXCEPTION 'absence is proven only by statements that two people declared complete'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'absence_is_approved';
  END IF;
  IF NOT EXISTS (
    SELECT 1 FROM attempts a WHERE a.order_id = NEW.order_id AND a.outcome = 'in_doubt'
      AND (SELECT range_agg(tstzrange(s.period_from, s.period_to)) FROM statements s WHERE s.id = ANY (NEW.covering_statements))
        @> tstzrange(a.intent_at - interval '5 minutes', a.ended_at + coalesce(approved_lag(), interval '60 minutes'))
  ) THEN
    RAISE EXCEPTION 'absence is proven only by statements that cover the attempt and the lag after it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'absence_is_covered';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER doubt_evidence_guard_absence BEFORE INSERT ON doubt_evidence FOR EACH ROW
  WHEN (NEW.verdict = 'rejected') EXECUTE FUNCTION guard_absence();

-- I3. An order leaves in_doubt by a statement only with evidence, and by a person only with an approved proposal.
CREATE FUNCTION guard_doubt_settlement() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.reason IN ('found_in_statement', 'not_executed') AND NOT EXISTS (
    SELECT 1 FROM doubt_evidence e WHERE e.order_id = NEW.id AND e.verdict = NEW.state
  ) THEN
    RAISE EXCEPTION 'a doubt is settled by a statement only with its evidence'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'doubt_has_evidence';
  END IF;
  IF NEW.reason = 'resolved_by_person' AND NOT EXISTS (
    SELECT 1 FROM proposals p
    WHERE p.order_id = NEW.id AND p.state = 'approved'
      AND p.decision = CASE NEW.state WHEN 'succeeded' THEN 'order_executed' ELSE 'order_not_executed' END
  ) THEN
    RAISE EXCEPTION 'a doubt is resolved by a person only when another person has approved it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'doubt_has_approval';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER orders_guard_doubt_settlement BEFORE UPDATE ON orders FOR EACH ROW
  WHEN (OLD.state = 'in_doubt' AND NEW.state <> OLD.state) EXECUTE FUNCTION guard_doubt_settlement();

-- I3. The attempt records exactly what was approved, or what the matched line says. Checked at COMMIT: within the
-- statement that settles a doubt, the order may be written before its attempt.
CREATE FUNCTION check_settled_as_proven() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.reason = 'resolved_by_person' AND NOT EXISTS (
    SELECT 1 FROM attempts a JOIN proposals p ON p.order_id = a.order_id
    CROSS JOIN jsonb_to_record(CASE jsonb_typeof(p.facts -> 'executed') WHEN 'object' THEN p.facts -> 'executed' ELSE '{}' END)
      AS f ("sessionId" text, "responseId" text, "goldWeight" numeric, amount bigint, fee bigint)
    WHERE a.order_id = NEW.id AND a.outcome = 'succeeded' AND p.state = 'approved' AND p.decision = 'order_executed'
      AND (a.session_id, a.response_id, a.gold_weight, a.amount, a.fee) IS NOT DISTINCT FROM
        (f."sessionId", f."responseId", coalesce(f."goldWeight" / 10000, a.quoted_gold_weight),
          coalesce(f.amount, a.quoted_amount), coalesce(f.fee, a.quoted_fee))
  ) THEN
    RAISE EXCEPTION 'a doubt is resolved with the facts that were approved, and no others'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'doubt_settled_as_approved';
  END IF;
  IF NEW.reason = 'found_in_statement' AND NOT EXISTS (
    SELECT 1 FROM attempts a
    JOIN doubt_evidence e ON e.order_id = a.order_id
    JOIN statement_lines l ON l.statement_id = e.statement_id AND l.line_number = e.line_number
    WHERE a.order_id = NEW.id AND a.outcome = 'succeeded'
      AND (a.session_id, a.response_id, a.gold_weight, a.amount, a.fee) IS NOT DISTINCT FROM
        (l.session_id, l.response_id, l.gold_weight, l.amount, coalesce(l.fee, a.quoted_fee))
  ) THEN
    RAISE EXCEPTION 'a doubt is settled with what its line says, and nothing else'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'doubt_settled_as_stated';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER orders_settled_as_proven AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state = 'in_doubt' AND NEW.state = 'succeeded') EXECUTE FUNCTION check_settled_as_proven();

CREATE TRIGGER proposals_kept BEFORE DELETE OR TRUNCATE ON proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revocations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revocations
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER doubt_evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON doubt_evidence
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
