-- What has to be approved before a statement's silence counts, enforced where no program can get round it.

CREATE FUNCTION guard_proposal_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.statement_id, NEW.source) IS DISTINCT FROM (OLD.statement_id, OLD.source) THEN
    RAISE EXCEPTION 'what was proposed never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_identity';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER proposals_guard_subject BEFORE UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION guard_proposal_subject();
--> statement-breakpoint
-- Only what only ever makes less believed may be taken back by one person: what was done is done.
CREATE FUNCTION guard_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
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
--> statement-breakpoint
CREATE TRIGGER revocations_guard BEFORE INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION guard_revocation();
--> statement-breakpoint
CREATE TRIGGER revocations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revocations
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE VIEW standing_proposals AS
SELECT p.* FROM proposals p
WHERE p.state = 'approved' AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.proposal_id = p.id);
--> statement-breakpoint
-- That two people declared a statement complete, or trust whatever its source says is complete.
CREATE FUNCTION is_approved_complete(statement_id int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM statements s JOIN standing_proposals p
      ON (p.decision = 'statement_complete' AND p.statement_id = s.id)
      OR (p.decision = 'source_trusted' AND p.source = s.source)
    WHERE s.id = is_approved_complete.statement_id AND s.complete AND s.replaced_at IS NULL)
$$;
--> statement-breakpoint
-- The lag that two people approved last; null: the usual one counts.
CREATE FUNCTION approved_lag() RETURNS interval LANGUAGE sql STABLE AS $$
  SELECT (p.facts ->> 'lagMinutes')::int * interval '1 minute' FROM standing_proposals p
  WHERE p.decision = 'lag_shortened' ORDER BY p.decided_at DESC, p.id DESC LIMIT 1
$$;
--> statement-breakpoint
-- The slack of the clocks is CLOCK_SLACK_MS, the usual lag DEFAULT_RECON_SETTINGS in src/reconciliation/settings.ts.
CREATE FUNCTION guard_absence() RETURNS trigger LANGUAGE plpgsql AS $$
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
--> statement-breakpoint
CREATE TRIGGER doubt_evidence_guard_absence BEFORE INSERT ON doubt_evidence FOR EACH ROW
  WHEN (NEW.verdict = 'rejected') EXECUTE FUNCTION guard_absence();
--> statement-breakpoint
-- A wallet's last nine digits without prefix: what every spelling, and a lost zero, leaves of it. Of a masked number,
-- the digits after the mask.
CREATE FUNCTION wallet_tail(phone_number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT right(CASE WHEN phone_number ~ '[xX*]' THEN substring(phone_number FROM '\d*$')
    ELSE regexp_replace(regexp_replace(phone_number, '\D', '', 'g'), '^(00)?(62)?0*', '') END, 9)
$$;
--> statement-breakpoint
-- Whether two spellings can be one wallet; either may be masked.
CREATE FUNCTION may_be_wallet(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN a ~ '[xX*]' OR b ~ '[xX*]'
    THEN right(wallet_tail(a), least(length(wallet_tail(a)), length(wallet_tail(b))))
      = right(wallet_tail(b), least(length(wallet_tail(a)), length(wallet_tail(b))))
    ELSE wallet_tail(a) = wallet_tail(b) END
$$;
--> statement-breakpoint
-- As it was, with the end of the time that a line may be of.
CREATE OR REPLACE VIEW current_statement_lines AS
SELECT l.statement_id, l.line_number, l.session_id, l.response_id, l.request_id, l.kind, l.phone_number, l.gold_weight,
  l.amount, l.fee, l.executed_at, s.source, l.executed_to
FROM statement_lines l
JOIN statements s ON s.id = l.statement_id AND s.replaced_at IS NULL
WHERE NOT EXISTS (
  SELECT 1 FROM statement_repeats r
  JOIN statements o ON o.id = r.of_statement_id AND o.replaced_at IS NULL
  WHERE r.statement_id = l.statement_id AND r.line_number = l.line_number
);
