DROP INDEX "plans_owner";--> statement-breakpoint
DROP INDEX "plans_name";--> statement-breakpoint
ALTER TABLE "plan_runs" ADD COLUMN "breach" text;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_owner_name" ON "plans" USING btree ("owner","name") WHERE owner is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_name" ON "plans" USING btree ("name") WHERE owner is null and state in ('active', 'paused');--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_breach" CHECK ((breach is not null) = (reason = 'limit_reached'));--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_breach_known" CHECK (breach in ('kind_not_allowed', 'rupiah_unbounded', 'rupiah_per_order', 'orders_per_minute', 'rupiah_per_day', 'wallets_per_day'));