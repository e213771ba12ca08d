-- What reconciliation may and may not do, enforced where no program can get round it.

-- Evidence of a statement leads out of doubt, too. The rows equal TRANSITIONS in src/domain/lifecycle.ts.
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
CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'a proposal begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_transition';
    END IF;
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
  ELSIF NEW.reason <> 'found' THEN
    RAISE EXCEPTION 'a break begins by being found' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_transition';
  END IF;
  IF NEW.reason = 'written_off' AND NOT EXISTS (
    SELECT 1 FROM proposals p WHERE p.break_id = NEW.id AND p.state = 'approved' AND p.decision = 'write_off'
      AND p.proposed_at >= NEW.opened_at
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
-- A wallet's one comparable form. Equal to nationalPhoneNumber in src/domain/masking.ts.
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
