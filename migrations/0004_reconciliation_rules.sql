-- What reconciliation may and may not do, enforced where no program can get round it.

-- Evidence of a statement leads out of doubt, too. The rows equal TRANSITIONS in src/orders/lifecycle.ts.
INSERT INTO order_transitions (from_state, to_state, reason) VALUES
  ('in_doubt', 'succeeded', 'found_in_statement'),
  ('in_doubt', 'rejected', 'not_executed');
--> statement-breakpoint
-- A doubt ends by a statement only with its evidence, and by a person only with another person's approval.
CREATE FUNCTION guard_doubt_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
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
--> statement-breakpoint
CREATE TRIGGER orders_guard_doubt_settlement BEFORE UPDATE ON orders FOR EACH ROW
  WHEN (OLD.state = 'in_doubt' AND NEW.state <> OLD.state) EXECUTE FUNCTION guard_doubt_settlement();
--> statement-breakpoint
-- What was recorded of an execution is what was approved, or what the line says, and nothing else. Checked at COMMIT,
-- for the attempt and its order change in one transaction but not in one instant.
CREATE FUNCTION check_settled_as_proven() RETURNS trigger LANGUAGE plpgsql AS $$
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
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER orders_settled_as_proven AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state = 'in_doubt' AND NEW.state = 'succeeded') EXECUTE FUNCTION check_settled_as_proven();
--> statement-breakpoint
-- Only a run that is under way speaks for the statements. A run is under way in one transaction, so nobody else sees it.
CREATE FUNCTION is_run_under_way(run_id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM recon_runs r WHERE r.id = run_id AND r.finished_at IS NULL)
$$;
--> statement-breakpoint
CREATE FUNCTION guard_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
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
--> statement-breakpoint
CREATE TRIGGER doubt_evidence_guard BEFORE INSERT ON doubt_evidence FOR EACH ROW EXECUTE FUNCTION guard_evidence();
--> statement-breakpoint
CREATE FUNCTION guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'a run that is finished never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_transition';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER recon_runs_guard BEFORE UPDATE ON recon_runs FOR EACH ROW EXECUTE FUNCTION guard_run();
--> statement-breakpoint
CREATE TRIGGER recon_runs_kept BEFORE DELETE OR TRUNCATE ON recon_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'a proposal begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_transition';
    END IF;
    -- When is not for its author to say: it tells which difference was looked at.
    NEW.proposed_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open' OR NEW.state = 'open' THEN
    RAISE EXCEPTION 'a proposal is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_transition';
  END IF;
  IF (NEW.id, NEW.break_id, NEW.order_id, NEW.decision, NEW.note, NEW.facts, NEW.proposed_by, NEW.proposed_at)
     IS DISTINCT FROM
     (OLD.id, OLD.break_id, OLD.order_id, OLD.decision, OLD.note, OLD.facts, OLD.proposed_by, OLD.proposed_at) THEN
    RAISE EXCEPTION 'what was proposed never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_identity';
  END IF;
  NEW.decided_at := clock_timestamp();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER proposals_guard BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION guard_proposal();
--> statement-breakpoint
CREATE FUNCTION guard_break() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.key, NEW.type) IS DISTINCT FROM (OLD.id, OLD.key, OLD.type) THEN
      RAISE EXCEPTION 'a break''s identity never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_identity';
    END IF;
    IF OLD.state = 'closed' AND NEW.reason <> 'found_again' THEN
      RAISE EXCEPTION 'a closed break changes only by being found again'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'break_transition';
    END IF;
    IF NEW.reason NOT IN ('found_again', 'changed')
       AND (NEW.order_id, NEW.statement_id, NEW.line_number, NEW.rupiah_at_risk, NEW.grams_at_risk, NEW.difference,
         NEW.opened_at, NEW.due_at)
       IS DISTINCT FROM
       (OLD.order_id, OLD.statement_id, OLD.line_number, OLD.rupiah_at_risk, OLD.grams_at_risk, OLD.difference,
         OLD.opened_at, OLD.due_at) THEN
      RAISE EXCEPTION 'what a break is about is for a run to say'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'break_identity';
    END IF;
  ELSIF NEW.reason <> 'found' THEN
    RAISE EXCEPTION 'a break begins by being found' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_transition';
  END IF;
  IF NEW.reason IN ('found', 'found_again', 'changed', 'explained') AND NOT coalesce(is_run_under_way(NEW.run_id), false) THEN
    RAISE EXCEPTION 'a break is found, changed and explained by a run'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'break_has_a_run';
  END IF;
  -- An approval is of the difference that was proposed, not of what it became later.
  IF NEW.reason = 'written_off' AND NOT EXISTS (
    SELECT 1 FROM proposals p WHERE p.break_id = NEW.id AND p.state = 'approved' AND p.decision = 'write_off'
      AND p.proposed_at > (SELECT max(e.at) FROM break_events e
        WHERE e.break_id = NEW.id AND e.reason IN ('found', 'found_again', 'changed'))
  ) THEN
    RAISE EXCEPTION 'a break is written off only when another person has approved it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'break_has_approval';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER breaks_guard BEFORE INSERT OR UPDATE ON breaks FOR EACH ROW EXECUTE FUNCTION guard_break();
--> statement-breakpoint
CREATE FUNCTION append_break_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO break_events (break_id, at, reason, actor, note, owner, rupiah_at_risk, grams_at_risk, run_id)
  VALUES (NEW.id, clock_timestamp(), NEW.reason, NEW.actor, NEW.note, NEW.owner, NEW.rupiah_at_risk, NEW.grams_at_risk, NEW.run_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER breaks_event AFTER INSERT OR UPDATE ON breaks FOR EACH ROW EXECUTE FUNCTION append_break_event();
--> statement-breakpoint
-- A match ends only with its statement; everything else of it is kept as it was made.
CREATE FUNCTION guard_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.current OR NOT OLD.current
     OR (NEW.statement_id, NEW.line_number, NEW.order_id, NEW.seq, NEW.rule, NEW.differs, NEW.run_id)
        IS DISTINCT FROM
        (OLD.statement_id, OLD.line_number, OLD.order_id, OLD.seq, OLD.rule, OLD.differs, OLD.run_id) THEN
    RAISE EXCEPTION 'a match only ever ends' USING ERRCODE = 'check_violation', CONSTRAINT = 'match_transition';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER statement_matches_guard BEFORE UPDATE ON statement_matches
  FOR EACH ROW EXECUTE FUNCTION guard_match();
--> statement-breakpoint
CREATE FUNCTION guard_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.replaced_at IS NOT NULL
     OR (to_jsonb(NEW) - 'replaced_at' - 'replaced_by') <> (to_jsonb(OLD) - 'replaced_at' - 'replaced_by') THEN
    RAISE EXCEPTION 'a statement is only ever replaced' USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_transition';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER statements_guard BEFORE UPDATE ON statements FOR EACH ROW EXECUTE FUNCTION guard_statement();
--> statement-breakpoint
CREATE TRIGGER statements_kept BEFORE DELETE OR TRUNCATE ON statements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER statement_mappings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_mappings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER statement_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER statement_bad_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_bad_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER statement_matches_kept BEFORE DELETE OR TRUNCATE ON statement_matches
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER doubt_evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON doubt_evidence
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER breaks_kept BEFORE DELETE OR TRUNCATE ON breaks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER break_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON break_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER proposals_kept BEFORE DELETE OR TRUNCATE ON proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A wallet's one comparable form. Equal to nationalPhoneNumber in src/core/masking.ts.
CREATE FUNCTION national_phone_number(phone_number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN phone_number LIKE '08%' THEN phone_number ELSE regexp_replace(phone_number, '^\+?62(?=8)', '0') END
$$;
--> statement-breakpoint
INSERT INTO statement_mappings (name, version, mapping, created_by) VALUES ('sandbox', 1, '{
  "columns": {
    "session_id": "session_id", "response_id": "response_id", "request_id": "request_id", "kind": "type",
    "phone_number": "phone_number", "gold_weight": "gold_weight", "amount": "amount", "fee": "fee",
    "executed_at": "executed_at"
  },
  "kinds": { "buy": ["buy"], "sell": ["sell"], "transfer": ["transfer"], "withdraw": ["withdraw"] },
  "ignored_kinds": [],
  "delimiter": ",",
  "encoding": "utf-8",
  "decimal": ".",
  "thousands": "",
  "dates": "iso",
  "time_zone": "Asia/Jakarta"
}', 'migration');
