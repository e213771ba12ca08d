ALTER TABLE "webhook_events" DROP CONSTRAINT "webhook_events_about_an_order";--> statement-breakpoint
ALTER TABLE "webhook_events" DROP CONSTRAINT "webhook_events_kind";--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "partner_keys" ADD COLUMN "holder" text DEFAULT 'main' NOT NULL;--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "webhook_events" ADD COLUMN "batch_id" integer;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_owner_fk" FOREIGN KEY ("owner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_owner_fk" FOREIGN KEY ("owner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "batches_owner" ON "batches" USING btree ("owner") WHERE owner is not null;--> statement-breakpoint
CREATE INDEX "plans_owner" ON "plans" USING btree ("owner") WHERE owner is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_batch_id" ON "webhook_events" USING btree ("batch_id");--> statement-breakpoint
ALTER TABLE "partner_keys" ADD CONSTRAINT "partner_keys_holder" CHECK (holder ~ '^[a-z0-9][a-z0-9-]{0,31}$');--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_owner" CHECK (owner = partner or owner is null or partner is null);--> statement-breakpoint
ALTER TABLE "webhook_events" ADD CONSTRAINT "webhook_events_about" CHECK ((kind = 'batch.finished') = (batch_id is not null) and (kind in ('batch.finished', 'webhook.test')) = (order_id is null) and (order_id is null) = (order_event_id is null) and (order_id is null) = (sequence is null) and sequence > 0);--> statement-breakpoint
ALTER TABLE "webhook_events" ADD CONSTRAINT "webhook_events_kind" CHECK (kind in ('order.succeeded', 'order.rejected', 'order.expired', 'order.cancelled', 'order.in_doubt', 'order.resolved', 'batch.finished', 'webhook.test'));