-- Holidays move dates of orders, so only an approved request sets them: two people, in the transaction of the approval. A
-- request replaces whole years, so rows are inserted and deleted, and never updated.
CREATE FUNCTION guard_holiday() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  request int;
BEGIN
  IF TG_OP = 'INSERT' THEN
    request := NEW.request_id;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT max(r.id) INTO request FROM change_requests r
    WHERE r.kind = 'change_holidays' AND r.state = 'approved' AND r.xmin = pg_current_xact_id()::xid;
  END IF;
  IF NOT coalesce(is_change_approved(request, 'change_holidays', 'holidays'), false) THEN
    RAISE EXCEPTION 'two people set the holidays of a year' USING ERRCODE = 'check_violation', CONSTRAINT = 'holidays_two_people';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER holidays_guard BEFORE INSERT OR UPDATE OR DELETE ON holidays FOR EACH ROW EXECUTE FUNCTION guard_holiday();
CREATE TRIGGER holidays_kept BEFORE TRUNCATE ON holidays FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A skip is of a plan that may still be due, of a day whose run is not started, and is undone once, before the day was skipped.
-- Who writes it holds the plan's row, as schedulers do: one of the two sees the other.
CREATE FUNCTION guard_plan_skip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM plans p WHERE p.id = NEW.plan_id AND p.state IN ('active', 'paused') FOR UPDATE;
  IF NOT FOUND OR EXISTS (
    SELECT 1 FROM plan_runs r WHERE r.plan_id = NEW.plan_id AND r.day = NEW.day AND r.state <> 'planned'
  ) THEN
    RAISE EXCEPTION 'a day is skipped before its run is started, and goes on being due before it was skipped'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_skip_in_time';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.undone_at IS NOT NULL THEN
      RAISE EXCEPTION 'a skip begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_skip_identity';
    END IF;
    NEW.skipped_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF OLD.undone_at IS NOT NULL OR (NEW.id, NEW.plan_id, NEW.day, NEW.reason, NEW.skipped_by, NEW.skipped_at)
     IS DISTINCT FROM (OLD.id, OLD.plan_id, OLD.day, OLD.reason, OLD.skipped_by, OLD.skipped_at) THEN
    RAISE EXCEPTION 'a skip is undone once, and keeps what was decided'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_skip_identity';
  END IF;
  NEW.undone_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER plan_skips_guard BEFORE INSERT OR UPDATE ON plan_skips FOR EACH ROW EXECUTE FUNCTION guard_plan_skip();
CREATE TRIGGER plan_skips_guard_person BEFORE INSERT ON plan_skips FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('skipped_by', '{maker,checker,admin}');
-- What is undone is due again.
CREATE TRIGGER plan_skips_guard_undoing BEFORE UPDATE ON plan_skips FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('undone_by', '{maker}');
CREATE TRIGGER plan_skips_kept BEFORE DELETE OR TRUNCATE ON plan_skips FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
