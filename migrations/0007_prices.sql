-- A captured price is kept as it is, so that an estimate that was made with it can be explained later.
CREATE TRIGGER prices_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
