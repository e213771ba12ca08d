-- Changes that take two people. One person proposes, another approves, and the change is carried out in the transaction of
-- the approval. That the second person is another one is the check change_requests_second_person.

CREATE FUNCTION guard_change_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'a change request begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'change_request_transition';
    END IF;
    NEW.proposed_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open' OR NEW.state = 'open' THEN
    RAISE EXCEPTION 'a change request is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'change_request_transition';
  END IF;
  IF (NEW.id, NEW.kind, NEW.subject, NEW.payload, NEW.seen, NEW.note, NEW.proposed_by, NEW.proposed_at)
     IS DISTINCT FROM
     (OLD.id, OLD.kind, OLD.subject, OLD.payload, OLD.seen, OLD.note, OLD.proposed_by, OLD.proposed_at) THEN
    RAISE EXCEPTION 'what was proposed never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'change_request_identity';
  END IF;
  NEW.decided_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER change_requests_guard BEFORE INSERT OR UPDATE ON change_requests FOR EACH ROW
  EXECUTE FUNCTION guard_change_request();
CREATE TRIGGER change_requests_kept BEFORE DELETE OR TRUNCATE ON change_requests FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_change();

-- Whether this very request was approved for this change, in this transaction: an approval serves once. The guards of
-- what is changed ask, so that no program changes it by a plain UPDATE. With the search path a temporary table cannot stand in.
CREATE FUNCTION is_change_approved(request_id int, kind text, subject text) RETURNS boolean LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT 1 FROM change_requests r
    WHERE r.id = is_change_approved.request_id AND r.kind = is_change_approved.kind AND r.subject = is_change_approved.subject
      AND r.state = 'approved' AND r.xmin = pg_current_xact_id()::xid)
$$;
