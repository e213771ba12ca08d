CREATE TABLE "batch_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"batch_id" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"from_state" text,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb
);
--> statement-breakpoint
CREATE TABLE "batch_row_transitions" (
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	CONSTRAINT "batch_row_transitions_from_state_to_state_pk" PRIMARY KEY("from_state","to_state")
);
--> statement-breakpoint
CREATE TABLE "batch_rows" (
	"batch_id" integer NOT NULL,
	"row_number" integer NOT NULL,
	"line_number" integer NOT NULL,
	"partner" text NOT NULL,
	"reference" text NOT NULL,
	"kind" text NOT NULL,
	"phone_number" text NOT NULL,
	"content" jsonb NOT NULL,
	"content_hash" text NOT NULL,
	"deadline_at" timestamp with time zone,
	"state" text DEFAULT 'waiting' NOT NULL,
	"order_id" uuid,
	"conflicts_with" uuid,
	"fed_at" timestamp with time zone,
	CONSTRAINT "batch_rows_batch_id_row_number_pk" PRIMARY KEY("batch_id","row_number"),
	CONSTRAINT "batch_rows_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "batch_rows_state" CHECK (state in ('waiting', 'stored', 'queued', 'ended', 'conflict')),
	CONSTRAINT "batch_rows_order" CHECK ((order_id is not null) = (state in ('stored', 'queued', 'ended'))),
	CONSTRAINT "batch_rows_conflict" CHECK ((conflicts_with is not null) = (state = 'conflict')),
	CONSTRAINT "batch_rows_fed" CHECK ((fed_at is not null) = (state <> 'waiting')),
	CONSTRAINT "batch_rows_fed_is_erased" CHECK (state = 'waiting' or not (content ? 'ktp' or content ? 'address'))
);
--> statement-breakpoint
CREATE TABLE "batch_transitions" (
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "batch_transitions_from_state_to_state_reason_pk" PRIMARY KEY("from_state","to_state","reason")
);
--> statement-breakpoint
CREATE TABLE "batches" (
	"id" serial PRIMARY KEY NOT NULL,
	"file_name" text NOT NULL,
	"file_hash" text,
	"content_hash" text,
	"page_hashes" text[],
	"row_count" integer,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"approved_at" timestamp with time zone,
	"approved_by" text,
	"alone" boolean DEFAULT false NOT NULL,
	"run_at" timestamp with time zone,
	"rate_per_second" integer,
	"stop_after_failures" integer,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"fed_count" integer DEFAULT 0 NOT NULL,
	"ended_count" integer DEFAULT 0 NOT NULL,
	"failed_count" integer DEFAULT 0 NOT NULL,
	"forgiven_count" integer DEFAULT 0 NOT NULL,
	"paced_at" timestamp with time zone,
	CONSTRAINT "batches_state" CHECK (state in ('draft', 'checked', 'approved', 'running', 'paused', 'finished', 'cancelled')),
	CONSTRAINT "batches_sealed" CHECK (state = 'draft' or (file_hash is not null and content_hash is not null and page_hashes is not null and row_count > 0)),
	CONSTRAINT "batches_named" CHECK (created_by ~ '\S' and (approved_by is null or approved_by ~ '\S')),
	CONSTRAINT "batches_approved" CHECK ((approved_by is null) = (approved_at is null) and (state in ('draft', 'checked', 'cancelled') or approved_by is not null)),
	CONSTRAINT "batches_second_person" CHECK ((approved_by is not null and lower(regexp_replace(approved_by, '\s', '', 'g')) = lower(regexp_replace(created_by, '\s', '', 'g'))) = alone),
	CONSTRAINT "batches_run" CHECK (rate_per_second > 0 and stop_after_failures > 0),
	CONSTRAINT "batches_counts" CHECK (0 <= forgiven_count and forgiven_count <= failed_count and failed_count <= ended_count and ended_count <= fed_count and fed_count <= coalesce(row_count, 0)),
	CONSTRAINT "batches_finished" CHECK (state <> 'finished' or ended_count = row_count)
);
--> statement-breakpoint
ALTER TABLE "batch_events" ADD CONSTRAINT "batch_events_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_rows" ADD CONSTRAINT "batch_rows_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "batch_events_batch_id" ON "batch_events" USING btree ("batch_id");--> statement-breakpoint
CREATE UNIQUE INDEX "batch_rows_reference" ON "batch_rows" USING btree ("batch_id","partner","reference");--> statement-breakpoint
CREATE INDEX "batch_rows_waiting" ON "batch_rows" USING btree ("batch_id","row_number") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "batch_rows_open" ON "batch_rows" USING btree ("batch_id") WHERE state in ('stored', 'queued');--> statement-breakpoint
CREATE INDEX "batch_rows_order_id" ON "batch_rows" USING btree ("order_id") WHERE order_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "batches_same_rows" ON "batches" USING btree ("content_hash") WHERE state <> 'cancelled';--> statement-breakpoint
CREATE INDEX "batches_alive" ON "batches" USING btree ("id") WHERE state in ('approved', 'running');