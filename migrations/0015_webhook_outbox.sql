-- What partners are told is written in the transaction of the state change: it is told if and only if it happened.
-- The order's row is locked by its own change, so its events are counted one after the other.
CREATE FUNCTION append_webhook_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  told_kind text := CASE NEW.from_state WHEN 'in_doubt' THEN 'order.resolved' ELSE 'order.' || NEW.to_state END;
  takers integer[];
  event webhook_events;
BEGIN
  SELECT array_agg(e.id) INTO takers
  FROM orders o JOIN webhook_endpoints e ON e.partner = o.partner
  WHERE o.id = NEW.order_id AND e.state <> 'removed' AND told_kind = ANY (e.kinds);
  IF takers IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO webhook_events (kind, at, order_event_id, order_id, sequence)
  SELECT told_kind, NEW.at, NEW.id, NEW.order_id, coalesce(max(sequence), 0) + 1
  FROM webhook_events WHERE order_id = NEW.order_id
  RETURNING * INTO event;
  INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, sequence, next_at)
  SELECT endpoint_id, event.id, event.order_id, event.sequence, now() FROM unnest(takers) AS t (endpoint_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER order_events_tell_partner AFTER INSERT ON order_events FOR EACH ROW
  WHEN (NEW.to_state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt'))
  EXECUTE FUNCTION append_webhook_event();
--> statement-breakpoint
CREATE TRIGGER webhook_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON webhook_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_tries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON webhook_tries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_deliveries_kept BEFORE DELETE OR TRUNCATE ON webhook_deliveries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER webhook_endpoints_kept BEFORE DELETE OR TRUNCATE ON webhook_endpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
