-- The console's audit is only appended to. Sessions are rows of minutes or days, and the program deletes them itself.

CREATE TRIGGER console_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON console_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
