ALTER TABLE "webhook_events" ADD COLUMN "counts" jsonb;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_ended_at" ON "webhook_deliveries" USING btree ("ended_at") WHERE ended_at is not null;--> statement-breakpoint
ALTER TABLE "webhook_events" ADD CONSTRAINT "webhook_events_counts" CHECK ((batch_id is null) = (counts is null));