-- Breaks: differences between statements and orders that a person must look at.

-- A run finds, changes and explains a break; a person assigns it, notes something, or has it written off with another
-- person's approval. A closed break opens again only when a run finds it again.
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
      RAISE EXCEPTION 'only a run changes what a break is about'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'break_identity';
    END IF;
  ELSIF NEW.reason <> 'found' THEN
    RAISE EXCEPTION 'a break begins by being found' USING ERRCODE = 'check_violation', CONSTRAINT = 'break_transition';
  END IF;
  IF NEW.reason IN ('found', 'found_again', 'changed', 'explained') AND NOT coalesce(is_run_under_way(NEW.run_id), false) THEN
    RAISE EXCEPTION 'a break is found, changed and explained by a run'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'break_has_a_run';
  END IF;
  -- An approval counts only for the difference that was proposed, not for what a run made of it afterwards.
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

CREATE TRIGGER breaks_guard BEFORE INSERT OR UPDATE ON breaks FOR EACH ROW EXECUTE FUNCTION guard_break();

CREATE FUNCTION append_break_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO break_events (break_id, at, reason, actor, note, owner, rupiah_at_risk, grams_at_risk, run_id)
  VALUES (NEW.id, clock_timestamp(), NEW.reason, NEW.actor, NEW.note, NEW.owner, NEW.rupiah_at_risk, NEW.grams_at_risk, NEW.run_id);
  RETURN NULL;
END $$;

CREATE TRIGGER breaks_event AFTER INSERT OR UPDATE ON breaks FOR EACH ROW EXECUTE FUNCTION append_break_event();

CREATE TRIGGER breaks_kept BEFORE DELETE OR TRUNCATE ON breaks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER break_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON break_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
