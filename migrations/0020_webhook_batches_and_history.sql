-- A partner's own batch that has finished is told of in the transaction in which it finishes. Its rows are counted then:
-- doubts settle later, and every try says the same. A batch that was cancelled has no event: its owner has cancelled it.
CREATE FUNCTION append_batch_webhook_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  takers integer[];
  event webhook_events;
BEGIN
  SELECT array_agg(e.id) INTO takers
  FROM webhook_endpoints e WHERE e.partner = NEW.owner AND e.state <> 'removed' AND 'batch.finished' = ANY (e.kinds);
  IF takers IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO webhook_events (kind, at, batch_id, counts)
  SELECT 'batch.finished', NEW.ended_at, NEW.id, jsonb_build_object(
    'rows', count(*),
    'succeeded', count(*) FILTER (WHERE o.state = 'succeeded'),
    'rejected', count(*) FILTER (WHERE o.state = 'rejected'),
    'expired', count(*) FILTER (WHERE o.state = 'expired'),
    'cancelled', count(*) FILTER (WHERE o.state = 'cancelled'),
    'in_doubt', count(*) FILTER (WHERE o.state = 'in_doubt'),
    'conflicts', count(*) FILTER (WHERE r.state = 'conflict'))
  FROM batch_rows r LEFT JOIN orders o ON o.id = r.order_id WHERE r.batch_id = NEW.id
  RETURNING * INTO event;
  INSERT INTO webhook_deliveries (endpoint_id, event_id, next_at)
  SELECT endpoint_id, event.id, now() FROM unnest(takers) AS t (endpoint_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER batches_tell_owner AFTER UPDATE ON batches FOR EACH ROW
  WHEN (NEW.owner IS NOT NULL AND NEW.state = 'finished' AND OLD.state <> 'finished')
  EXECUTE FUNCTION append_batch_webhook_event();
--> statement-breakpoint
-- History goes when it is old, and nothing else does. An event's own time never changes, so nobody makes it old.
CREATE FUNCTION is_past_delivery(delivery webhook_deliveries) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT delivery.state <> 'pending' AND delivery.ended_at < now() - interval '30 days' AND EXISTS (
    SELECT 1 FROM webhook_events v WHERE v.id = delivery.event_id AND v.at < now() - interval '30 days')
$$;
--> statement-breakpoint
CREATE FUNCTION is_past_try(try webhook_tries) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM webhook_deliveries d
    WHERE d.event_id = try.event_id AND d.endpoint_id = try.endpoint_id AND is_past_delivery(d))
$$;
--> statement-breakpoint
-- The events of an order that may change yet stay: its next one is counted from them.
CREATE FUNCTION is_past_event(event webhook_events) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT event.at < now() - interval '30 days'
    AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = event.id)
    AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = event.order_id AND o.settled_at IS NULL)
$$;
--> statement-breakpoint
DROP TRIGGER webhook_events_append_only ON webhook_events;
--> statement-breakpoint
DROP TRIGGER webhook_tries_append_only ON webhook_tries;
--> statement-breakpoint
DROP TRIGGER webhook_deliveries_kept ON webhook_deliveries;
--> statement-breakpoint
CREATE TRIGGER webhook_events_append_only BEFORE UPDATE OR TRUNCATE ON webhook_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_tries_append_only BEFORE UPDATE OR TRUNCATE ON webhook_tries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_deliveries_not_emptied BEFORE TRUNCATE ON webhook_deliveries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_events_kept BEFORE DELETE ON webhook_events FOR EACH ROW
  WHEN (NOT is_past_event(OLD.*)) EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_tries_kept BEFORE DELETE ON webhook_tries FOR EACH ROW
  WHEN (NOT is_past_try(OLD.*)) EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_deliveries_kept BEFORE DELETE ON webhook_deliveries FOR EACH ROW
  WHEN (NOT is_past_delivery(OLD.*)) EXECUTE FUNCTION refuse_change();
