DROP INDEX "batches_same_rows";--> statement-breakpoint
CREATE UNIQUE INDEX "batches_same_rows" ON "batches" USING btree (coalesce(owner, ''),"content_hash") WHERE state <> 'cancelled';--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_owner" CHECK (owner is null or (starts_with(created_by, owner || '/') and not alone));