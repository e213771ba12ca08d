-- Statements of the gateway side, their lines, and the matches of lines with attempts.

-- A statement can only be replaced by a later one; everything else of it stays as it was imported.
CREATE FUNCTION guard_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.replaced_at IS NOT NULL
     OR (to_jsonb(NEW) - 'replaced_at' - 'replaced_by') <> (to_jsonb(OLD) - 'replaced_at' - 'replaced_by') THEN
    RAISE EXCEPTION 'a statement can only be replaced' USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER statements_guard BEFORE UPDATE ON statements FOR EACH ROW EXECUTE FUNCTION guard_statement();

-- A match can only be ended, which happens when its statement is replaced. Everything else of it stays as it was made.
CREATE FUNCTION guard_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.current OR NOT OLD.current
     OR (NEW.statement_id, NEW.line_number, NEW.order_id, NEW.seq, NEW.rule, NEW.differs, NEW.run_id)
        IS DISTINCT FROM
        (OLD.statement_id, OLD.line_number, OLD.order_id, OLD.seq, OLD.rule, OLD.differs, OLD.run_id) THEN
    RAISE EXCEPTION 'a match can only be ended' USING ERRCODE = 'check_violation', CONSTRAINT = 'match_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER statement_matches_guard BEFORE UPDATE ON statement_matches
  FOR EACH ROW EXECUTE FUNCTION guard_match();

CREATE FUNCTION guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'a run that is finished never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER recon_runs_guard BEFORE UPDATE ON recon_runs FOR EACH ROW EXECUTE FUNCTION guard_run();

-- Evidence and breaks may be written only by a run that is under way. A run starts and finishes in one transaction, so
-- no other transaction ever sees it under way.
CREATE FUNCTION is_run_under_way(run_id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM recon_runs r WHERE r.id = run_id AND r.finished_at IS NULL)
$$;

-- The lines that count: those of statements that were not replaced, each transaction once.
CREATE VIEW current_statement_lines AS
SELECT l.statement_id, l.line_number, l.session_id, l.response_id, l.request_id, l.kind, l.phone_number, l.gold_weight,
  l.amount, l.fee, l.executed_at, s.source, l.executed_to
FROM statement_lines l
JOIN statements s ON s.id = l.statement_id AND s.replaced_at IS NULL
WHERE NOT EXISTS (
  SELECT 1 FROM statement_repeats r
  JOIN statements o ON o.id = r.of_statement_id AND o.replaced_at IS NULL
  WHERE r.statement_id = l.statement_id AND r.line_number = l.line_number
);

-- The last nine digits of a wallet's number without its prefix: what every spelling shares, also one that lost its
-- leading zero. Of a masked number, the digits after the mask.
CREATE FUNCTION wallet_tail(phone_number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT right(CASE WHEN phone_number ~ '[xX*]' THEN substring(phone_number FROM '\d*$')
    ELSE regexp_replace(regexp_replace(phone_number, '\D', '', 'g'), '^(00)?(62)?0*', '') END, 9)
$$;

-- Whether two spellings can belong to one wallet. Either may be masked.
CREATE FUNCTION may_be_wallet(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN a ~ '[xX*]' OR b ~ '[xX*]'
    THEN right(wallet_tail(a), least(length(wallet_tail(a)), length(wallet_tail(b))))
      = right(wallet_tail(b), least(length(wallet_tail(a)), length(wallet_tail(b))))
    ELSE wallet_tail(a) = wallet_tail(b) END
$$;

-- How the columns of the sandbox's own statements map. Mappings of a real gateway are added by a command.
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

CREATE TRIGGER recon_runs_kept BEFORE DELETE OR TRUNCATE ON recon_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statements_kept BEFORE DELETE OR TRUNCATE ON statements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_mappings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_mappings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_bad_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_bad_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_matches_kept BEFORE DELETE OR TRUNCATE ON statement_matches
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
