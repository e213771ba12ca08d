CREATE TABLE "plan_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"plan_id" integer NOT NULL,
	"due_at" timestamp with time zone,
	"at" timestamp with time zone NOT NULL,
	"from_state" text,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"note" text
);
--> statement-breakpoint
CREATE TABLE "plan_runs" (
	"plan_id" integer NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"reference" text NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"is_waiting" boolean DEFAULT false NOT NULL,
	"order_id" uuid,
	"planned_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "plan_runs_plan_id_due_at_pk" PRIMARY KEY("plan_id","due_at"),
	CONSTRAINT "plan_runs_state" CHECK (state in ('planned', 'started', 'finished', 'skipped')),
	CONSTRAINT "plan_runs_order" CHECK ((order_id is not null) = (state in ('started', 'finished'))),
	CONSTRAINT "plan_runs_ended" CHECK ((ended_at is not null) = (state in ('skipped', 'finished')))
);
--> statement-breakpoint
CREATE TABLE "plan_transitions" (
	"subject" text NOT NULL,
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "plan_transitions_subject_from_state_to_state_reason_pk" PRIMARY KEY("subject","from_state","to_state","reason")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" serial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"partner" text NOT NULL,
	"source" jsonb NOT NULL,
	"schedule" jsonb NOT NULL,
	"time_zone" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone,
	"max_count" integer,
	"missed" text NOT NULL,
	"max_age_minutes" integer NOT NULL,
	"overlap" text NOT NULL,
	"deadline_minutes" integer,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"next_due_at" timestamp with time zone,
	"due_count" integer DEFAULT 0 NOT NULL,
	"paused_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "plans_state" CHECK (state in ('active', 'paused', 'removed', 'ended')),
	CONSTRAINT "plans_missed" CHECK (missed in ('skip', 'run_once', 'run_all')),
	CONSTRAINT "plans_overlap" CHECK (overlap in ('skip', 'wait', 'allow')),
	CONSTRAINT "plans_source" CHECK (coalesce(source ->> 'is', '') in ('order')),
	CONSTRAINT "plans_paused" CHECK ((state = 'paused') <= (paused_at is not null)),
	CONSTRAINT "plans_bounds" CHECK (starts_at < ends_at and max_count > 0 and max_age_minutes > 0 and deadline_minutes > 0),
	CONSTRAINT "plans_final_is_erased" CHECK (not (state in ('removed', 'ended') and (source -> 'content' ? 'ktp' or source -> 'content' ? 'address')))
);
--> statement-breakpoint
CREATE TABLE "prices" (
	"side" text NOT NULL,
	"day" date NOT NULL,
	"rupiah_per_gram" bigint NOT NULL,
	"captured_at" timestamp with time zone NOT NULL,
	CONSTRAINT "prices_side_day_pk" PRIMARY KEY("side","day"),
	CONSTRAINT "prices_side" CHECK (side in ('buy', 'sell')),
	CONSTRAINT "prices_positive" CHECK (rupiah_per_gram > 0)
);
--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "plan_events_plan_id" ON "plan_events" USING btree ("plan_id");--> statement-breakpoint
CREATE UNIQUE INDEX "plan_runs_order_id" ON "plan_runs" USING btree ("order_id") WHERE order_id is not null;--> statement-breakpoint
CREATE INDEX "plan_runs_planned" ON "plan_runs" USING btree ("plan_id","due_at") WHERE state = 'planned';--> statement-breakpoint
CREATE INDEX "plan_runs_started" ON "plan_runs" USING btree ("plan_id") WHERE state = 'started';--> statement-breakpoint
CREATE UNIQUE INDEX "plans_name" ON "plans" USING btree ("name") WHERE state in ('active', 'paused');--> statement-breakpoint
CREATE INDEX "plans_next_due_at" ON "plans" USING btree ("next_due_at") WHERE state in ('active', 'paused');--> statement-breakpoint
CREATE INDEX "plans_without_due_time" ON "plans" USING btree ("id") WHERE state = 'active' and next_due_at is null;