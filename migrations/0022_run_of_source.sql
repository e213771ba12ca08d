-- A plan of an order starts no batch: guard_plan_run took a person's batch, which is a copy of none, for one.
CREATE FUNCTION guard_plan_run_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM plans p WHERE p.id = NEW.plan_id AND p.batch_id IS NULL) THEN
    RAISE EXCEPTION 'a plan of an order starts no batch' USING ERRCODE = 'check_violation', CONSTRAINT = 'run_of_source';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER plan_runs_guard_source BEFORE INSERT OR UPDATE OF batch_id ON plan_runs FOR EACH ROW
  WHEN (NEW.batch_id IS NOT NULL) EXECUTE FUNCTION guard_plan_run_source();
