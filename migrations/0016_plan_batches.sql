ALTER TABLE "plan_runs" DROP CONSTRAINT "plan_runs_order";--> statement-breakpoint
ALTER TABLE "plans" DROP CONSTRAINT "plans_source";--> statement-breakpoint
ALTER TABLE "plans" ALTER COLUMN "partner" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "copied_from" integer;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD COLUMN "batch_id" integer;--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "batch_id" integer;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_copied_from_fk" FOREIGN KEY ("copied_from") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "plan_runs_batch_id" ON "plan_runs" USING btree ("batch_id") WHERE batch_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_batch_id" ON "plans" USING btree ("batch_id");--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_order" CHECK (num_nonnulls(order_id, batch_id) = (state in ('started', 'finished'))::int);--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_batch" CHECK ((source ->> 'batch_id')::int is not distinct from batch_id and (batch_id is not null) = (source ->> 'is' = 'batch') and (batch_id is null) = (partner is not null) and (batch_id is null or deadline_minutes is null));--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_source" CHECK (coalesce(source ->> 'is', '') in ('order', 'batch'));