CREATE TABLE "attempt_transitions" (
	"from_outcome" text NOT NULL,
	"to_outcome" text NOT NULL,
	CONSTRAINT "attempt_transitions_from_outcome_to_outcome_pk" PRIMARY KEY("from_outcome","to_outcome")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"order_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"intent_id" uuid NOT NULL,
	"outcome" text NOT NULL,
	"kind" text NOT NULL,
	"phone_number" text NOT NULL,
	"quote_id" text NOT NULL,
	"quoted_gold_weight" numeric(14, 4) NOT NULL,
	"quoted_amount" bigint,
	"quoted_fee" bigint,
	"intent_at" timestamp with time zone DEFAULT now() NOT NULL,
	"worker" text NOT NULL,
	"ended_at" timestamp with time zone,
	"request_id" text,
	"response_id" text,
	"session_id" text,
	"gold_weight" numeric(14, 4),
	"amount" bigint,
	"fee" bigint,
	"gateway_message" text,
	"http_status" integer,
	"reply" text,
	CONSTRAINT "attempts_order_id_seq_pk" PRIMARY KEY("order_id","seq"),
	CONSTRAINT "attempts_outcome" CHECK (outcome in ('intent', 'succeeded', 'price_changed', 'rejected', 'not_sent', 'in_doubt')),
	CONSTRAINT "attempts_ended_unless_intent" CHECK ((ended_at is null) = (outcome = 'intent')),
	CONSTRAINT "attempts_executed_when_succeeded" CHECK (outcome <> 'succeeded' or (gold_weight is not null and amount is not null and fee is not null and coalesce(session_id, response_id) is not null)),
	CONSTRAINT "attempts_execution_only_when_succeeded" CHECK (outcome = 'succeeded' or (gold_weight is null and amount is null and fee is null)),
	CONSTRAINT "attempts_positive" CHECK (seq > 0 and quoted_gold_weight > 0 and quoted_amount >= 0 and quoted_fee >= 0 and gold_weight > 0 and amount >= 0 and fee >= 0)
);
--> statement-breakpoint
CREATE TABLE "order_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"order_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"from_state" text,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb
);
--> statement-breakpoint
CREATE TABLE "order_transitions" (
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "order_transitions_from_state_to_state_reason_pk" PRIMARY KEY("from_state","to_state","reason")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" uuid PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"reference" text NOT NULL,
	"kind" text NOT NULL,
	"phone_number" text NOT NULL,
	"content" jsonb NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb,
	"accepted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deadline_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	"wake_at" timestamp with time zone NOT NULL,
	"postponements" integer DEFAULT 0 NOT NULL,
	"trouble" text,
	CONSTRAINT "orders_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "orders_state" CHECK (state in ('accepted', 'confirming', 'succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt', 'held')),
	CONSTRAINT "orders_settled_when_final" CHECK ((settled_at is not null) = (state in ('succeeded', 'rejected', 'expired', 'cancelled'))),
	CONSTRAINT "orders_final_withdrawal_is_erased" CHECK (not (kind = 'withdraw' and settled_at is not null and (content ? 'ktp' or content ? 'address')))
);
--> statement-breakpoint
CREATE TABLE "rejected_jobs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"job_id" text NOT NULL,
	"job_name" text NOT NULL,
	"partner" text,
	"reference" text,
	"field" text NOT NULL,
	"reason" text NOT NULL,
	"masked_data" text NOT NULL,
	"data_hash" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_events" ADD CONSTRAINT "order_events_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_live_per_order" ON "attempts" USING btree ("order_id") WHERE outcome in ('intent', 'in_doubt', 'succeeded');--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_send_per_quote" ON "attempts" USING btree ("phone_number","kind","quote_id") WHERE outcome <> 'not_sent';--> statement-breakpoint
CREATE INDEX "attempts_intent_at_open" ON "attempts" USING btree ("intent_at") WHERE outcome = 'intent';--> statement-breakpoint
CREATE INDEX "attempts_session_id" ON "attempts" USING btree ("session_id") WHERE session_id is not null;--> statement-breakpoint
CREATE INDEX "attempts_response_id" ON "attempts" USING btree ("response_id") WHERE response_id is not null;--> statement-breakpoint
CREATE INDEX "order_events_order_id" ON "order_events" USING btree ("order_id");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_partner_reference" ON "orders" USING btree ("partner","reference");--> statement-breakpoint
CREATE INDEX "orders_wake_at_accepted" ON "orders" USING btree ("wake_at") WHERE state = 'accepted';--> statement-breakpoint
CREATE INDEX "orders_accepted_at" ON "orders" USING btree ("accepted_at");--> statement-breakpoint
CREATE INDEX "orders_phone_number" ON "orders" USING btree ("phone_number");--> statement-breakpoint
CREATE UNIQUE INDEX "rejected_jobs_once" ON "rejected_jobs" USING btree ("job_id","data_hash");--> statement-breakpoint
CREATE INDEX "rejected_jobs_at" ON "rejected_jobs" USING btree ("at");