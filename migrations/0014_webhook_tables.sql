CREATE TABLE "webhook_deliveries" (
	"endpoint_id" integer NOT NULL,
	"event_id" uuid NOT NULL,
	"order_id" uuid,
	"sequence" integer,
	"state" text DEFAULT 'pending' NOT NULL,
	"next_at" timestamp with time zone NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"step" integer DEFAULT 0 NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "webhook_deliveries_event_id_endpoint_id_pk" PRIMARY KEY("event_id","endpoint_id"),
	CONSTRAINT "webhook_deliveries_state" CHECK (state in ('pending', 'delivered', 'given_up')),
	CONSTRAINT "webhook_deliveries_ended" CHECK ((state = 'pending') = (ended_at is null))
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"id" serial PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"url" text NOT NULL,
	"kinds" text[] NOT NULL,
	"state" text DEFAULT 'active' NOT NULL,
	"paused_because" text,
	"note" text,
	"state_since" timestamp with time zone DEFAULT now() NOT NULL,
	"secret" text,
	"previous_secret" text,
	"previous_until" timestamp with time zone,
	"failing_since" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "webhook_endpoints_state" CHECK (state in ('active', 'paused', 'removed')),
	CONSTRAINT "webhook_endpoints_paused" CHECK ((state = 'paused') = (paused_because is not null)),
	CONSTRAINT "webhook_endpoints_paused_because" CHECK (paused_because in ('person', 'failing', 'gone')),
	CONSTRAINT "webhook_endpoints_secret" CHECK ((state = 'removed') = (secret is null)),
	CONSTRAINT "webhook_endpoints_previous_secret" CHECK ((previous_secret is null) = (previous_until is null) and (state <> 'removed' or previous_secret is null)),
	CONSTRAINT "webhook_endpoints_kinds" CHECK (cardinality(kinds) > 0)
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"order_event_id" bigint,
	"order_id" uuid,
	"sequence" integer,
	CONSTRAINT "webhook_events_kind" CHECK (kind in ('order.succeeded', 'order.rejected', 'order.expired', 'order.cancelled', 'order.in_doubt', 'order.resolved', 'webhook.test')),
	CONSTRAINT "webhook_events_about_an_order" CHECK ((kind = 'webhook.test') = (order_id is null) and (order_id is null) = (order_event_id is null) and (order_id is null) = (sequence is null) and sequence > 0)
);
--> statement-breakpoint
CREATE TABLE "webhook_tries" (
	"event_id" uuid NOT NULL,
	"endpoint_id" integer NOT NULL,
	"try" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"duration_ms" integer NOT NULL,
	"http_status" integer,
	"trouble" text,
	"reply" text,
	CONSTRAINT "webhook_tries_event_id_endpoint_id_try_pk" PRIMARY KEY("event_id","endpoint_id","try"),
	CONSTRAINT "webhook_tries_came_to" CHECK ((http_status is null) = (trouble is not null))
);
--> statement-breakpoint
ALTER TABLE "webhook_tries" ADD CONSTRAINT "webhook_tries_delivery_fk" FOREIGN KEY ("event_id","endpoint_id") REFERENCES "public"."webhook_deliveries"("event_id","endpoint_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("endpoint_id","next_at") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_order" ON "webhook_deliveries" USING btree ("order_id","endpoint_id","sequence") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_endpoints_partner" ON "webhook_endpoints" USING btree ("partner") WHERE state <> 'removed';--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_sequence" ON "webhook_events" USING btree ("order_id","sequence");--> statement-breakpoint
CREATE INDEX "webhook_events_at" ON "webhook_events" USING btree ("at");