-- Plans of batches. A plan takes an approved batch, its original, and each run copies it: what was approved once is
-- what runs again and again. These rules concern both capabilities, so they have a file of their own.

-- Whether a copy has exactly the rows of its original. Its references are those of the original with @ and a suffix.
CREATE FUNCTION is_copy_of(copy integer, model integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (
    SELECT 1 FROM (SELECT * FROM batch_rows WHERE batch_id = copy) c
    FULL JOIN (SELECT * FROM batch_rows WHERE batch_id = model) m ON m.row_number = c.row_number
    WHERE (c.partner, c.kind, c.phone_number, c.content, c.content_hash, c.deadline_at)
      IS DISTINCT FROM (m.partner, m.kind, m.phone_number, m.content, m.content_hash, m.deadline_at)
      OR starts_with(c.reference, m.reference || '@') IS NOT TRUE
  )
$$;

-- Three rules. Only the batch of an active plan is copied. The original moves only when its plan ends. A copy is
-- approved by its original's approval, which holds only for equal rows, and only copies are run by a plan.
CREATE FUNCTION guard_batch_of_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.copied_from IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM batches m JOIN plans p ON p.batch_id = m.id
      WHERE m.id = NEW.copied_from AND m.state = 'approved' AND p.state = 'active'
        AND (m.file_name, m.created_by) = (NEW.file_name, NEW.created_by)
    ) THEN
      RAISE EXCEPTION 'only the batch of an active plan is copied' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.copied_from IS DISTINCT FROM OLD.copied_from THEN
    RAISE EXCEPTION 'a copy''s original never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_identity';
  END IF;
  IF OLD.state = 'approved' AND (
    (NEW.reason = 'plan_over') <> EXISTS (SELECT 1 FROM plans p WHERE p.batch_id = NEW.id)
    OR EXISTS (SELECT 1 FROM plans p WHERE p.batch_id = NEW.id AND p.state IN ('active', 'paused'))
  ) THEN
    RAISE EXCEPTION 'the batch of a plan ends with the plan and makes no other move'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_of_plan';
  END IF;
  IF NEW.state = OLD.state THEN RETURN NEW; END IF;
  IF NEW.reason IN ('approved_by_person', 'approved_with_plan') THEN
    IF (NEW.reason = 'approved_with_plan') <> (NEW.copied_from IS NOT NULL) OR NEW.copied_from IS NOT NULL AND NOT (
      EXISTS (
        SELECT 1 FROM batches m WHERE m.id = NEW.copied_from
          AND (m.created_by, m.approved_by, m.approved_at, m.alone) = (NEW.created_by, NEW.approved_by, NEW.approved_at, NEW.alone)
      ) AND is_copy_of(NEW.id, NEW.copied_from)
    ) THEN
      RAISE EXCEPTION 'a copy has the approval and the rows of its original'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
    END IF;
  ELSIF NEW.reason = 'run_by_plan' AND NEW.copied_from IS NULL THEN
    RAISE EXCEPTION 'a plan runs only its copies' USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_copy';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER batches_guard_plan BEFORE INSERT OR UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch_of_plan();

-- A plan and its batch have one owner. The lock orders this against somebody who runs the batch at the same time: one
-- of the two sees the other.
CREATE FUNCTION guard_batch_for_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM batches b WHERE b.id = NEW.batch_id AND b.state = 'approved' AND b.run_at IS NULL
    AND b.owner IS NOT DISTINCT FROM NEW.owner FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a plan takes an approved batch of its owner that is not to run by itself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_of_approved_batch';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER plans_guard_batch BEFORE INSERT ON plans FOR EACH ROW WHEN (NEW.batch_id IS NOT NULL)
  EXECUTE FUNCTION guard_batch_for_plan();

-- Cancelling the original erases the personal data of its withdrawals. Copies are batches of their own and go on.
CREATE FUNCTION end_batch_of_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE batches SET state = 'cancelled', reason = 'plan_over', actor = NEW.actor, detail = NULL WHERE id = NEW.batch_id;
  RETURN NULL;
END $$;

CREATE TRIGGER plans_end_batch AFTER UPDATE ON plans FOR EACH ROW
  WHEN (NEW.batch_id IS NOT NULL AND OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('removed', 'ended'))
  EXECUTE FUNCTION end_batch_of_plan();
