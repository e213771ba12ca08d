-- I4 (triggers append webhooks): an event and its deliveries are written in the transaction of the state change, so a
-- partner is told of a change if and only if it was committed.

-- The state change holds the lock of its order's row, so the events of one order get consecutive sequence numbers. A
-- statement moves an order once.
CREATE FUNCTION append_webhook_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most statements tell nobody, and this costs a tenth of what follows.
  IF NOT EXISTS (
    SELECT 1 FROM appended n JOIN orders o ON o.id = n.order_id JOIN webhook_endpoints e ON e.partner = o.partner
    WHERE n.to_state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt') AND e.state <> 'removed'
  ) THEN
    RETURN NULL;
  END IF;
  WITH told AS (
    SELECT gen_random_uuid() AS event_id, n.id, n.at, n.order_id, o.partner,
      CASE n.from_state WHEN 'in_doubt' THEN 'order.resolved' ELSE 'order.' || n.to_state END AS kind
    FROM appended n JOIN orders o ON o.id = n.order_id
    WHERE n.to_state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')
  ), takers AS (
    SELECT t.event_id, e.id AS endpoint_id
    FROM told t JOIN webhook_endpoints e ON e.partner = t.partner AND e.state <> 'removed' AND t.kind = ANY (e.kinds)
  ), events AS (
    INSERT INTO webhook_events (id, kind, at, order_event_id, order_id, sequence)
    SELECT t.event_id, t.kind, t.at, t.id, t.order_id,
      (SELECT coalesce(max(v.sequence), 0) + 1 FROM webhook_events v WHERE v.order_id = t.order_id)
    FROM told t WHERE EXISTS (SELECT 1 FROM takers k WHERE k.event_id = t.event_id)
    RETURNING id, order_id, sequence
  )
  INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, sequence, next_at)
  SELECT k.endpoint_id, v.id, v.order_id, v.sequence, now() FROM events v JOIN takers k ON k.event_id = v.id;
  RETURN NULL;
END $$;

CREATE TRIGGER order_events_tell_partner AFTER INSERT ON order_events
  REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION append_webhook_events();

-- The event of a partner's own batch that finished. The counts are stored with the event because doubts settle later,
-- and every try must send the same body. A cancelled batch has no event: its owner cancelled it.
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

CREATE TRIGGER batches_tell_owner AFTER UPDATE ON batches FOR EACH ROW
  WHEN (NEW.owner IS NOT NULL AND NEW.state = 'finished' AND OLD.state <> 'finished')
  EXECUTE FUNCTION append_batch_webhook_event();

-- Only history older than 30 days may be deleted. The age is that of the event, whose row never changes, so no program
-- can make a delivery old.
CREATE FUNCTION is_past_delivery(delivery webhook_deliveries) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT delivery.state <> 'pending' AND delivery.ended_at < now() - interval '30 days' AND EXISTS (
    SELECT 1 FROM webhook_events v WHERE v.id = delivery.event_id AND v.at < now() - interval '30 days')
$$;

CREATE FUNCTION is_past_try(try webhook_tries) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM webhook_deliveries d
    WHERE d.event_id = try.event_id AND d.endpoint_id = try.endpoint_id AND is_past_delivery(d))
$$;

-- The events of an order that may still change are kept: its next sequence number is counted from them.
CREATE FUNCTION is_past_event(event webhook_events) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT event.at < now() - interval '30 days'
    AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = event.id)
    AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = event.order_id AND o.settled_at IS NULL)
$$;

CREATE TRIGGER webhook_deliveries_kept BEFORE DELETE ON webhook_deliveries FOR EACH ROW
  WHEN (NOT is_past_delivery(OLD.*)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_tries_kept BEFORE DELETE ON webhook_tries FOR EACH ROW
  WHEN (NOT is_past_try(OLD.*)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_events_kept BEFORE DELETE ON webhook_events FOR EACH ROW
  WHEN (NOT is_past_event(OLD.*)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_events_append_only BEFORE UPDATE OR TRUNCATE ON webhook_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_tries_append_only BEFORE UPDATE OR TRUNCATE ON webhook_tries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_deliveries_not_emptied BEFORE TRUNCATE ON webhook_deliveries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_endpoints_kept BEFORE DELETE OR TRUNCATE ON webhook_endpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
