DROP INDEX "attempts_session_id";--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_order_per_session" ON "attempts" USING btree ("session_id") WHERE session_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_sell_per_response" ON "attempts" USING btree ("response_id") WHERE kind = 'sell' and response_id is not null;--> statement-breakpoint
-- The rows equal TRANSITIONS in src/orders/lifecycle.ts. A 401 or 403 never ends an order: it proves nothing about it.
DELETE FROM order_transitions WHERE to_state = 'rejected' AND reason = 'gateway_unauthorised';--> statement-breakpoint
INSERT INTO order_transitions (from_state, to_state, reason) VALUES
  ('confirming', 'in_doubt', 'gateway_unauthorised'),
  ('confirming', 'in_doubt', 'reply_contradicts_itself'),
  ('confirming', 'in_doubt', 'reply_may_be_a_quote'),
  ('confirming', 'in_doubt', 'transaction_of_another_order'),
  ('accepted', 'rejected', 'fee_limit'),
  ('accepted', 'held', 'executed_at_checkout');
