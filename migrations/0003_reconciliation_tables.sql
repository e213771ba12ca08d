CREATE TABLE "break_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"break_id" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"owner" text,
	"rupiah_at_risk" bigint NOT NULL,
	"grams_at_risk" numeric(14, 4) NOT NULL,
	"run_id" bigint
);
--> statement-breakpoint
CREATE TABLE "breaks" (
	"id" serial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"type" text NOT NULL,
	"order_id" uuid,
	"statement_id" integer,
	"line_number" integer,
	"rupiah_at_risk" bigint NOT NULL,
	"grams_at_risk" numeric(14, 4) NOT NULL,
	"difference" jsonb NOT NULL,
	"state" text NOT NULL,
	"owner" text,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"run_id" bigint,
	CONSTRAINT "breaks_type" CHECK (type in ('missing_at_gateway', 'missing_here', 'amount_differs', 'weight_differs', 'fee_differs', 'wallet_differs', 'kind_differs', 'duplicate_session', 'executed_twice', 'state_conflict', 'late')),
	CONSTRAINT "breaks_reason" CHECK (reason in ('found', 'found_again', 'changed', 'explained', 'assigned', 'noted', 'proposed', 'declined', 'written_off')),
	CONSTRAINT "breaks_state" CHECK (state in ('open', 'closed') and (state = 'closed') = (closed_at is not null)),
	CONSTRAINT "breaks_closed_by" CHECK ((state = 'closed') = (reason in ('explained', 'written_off'))),
	CONSTRAINT "breaks_at_risk" CHECK (rupiah_at_risk >= 0 and grams_at_risk >= 0)
);
--> statement-breakpoint
CREATE TABLE "doubt_evidence" (
	"order_id" uuid PRIMARY KEY NOT NULL,
	"verdict" text NOT NULL,
	"rule" text NOT NULL,
	"statement_id" integer,
	"line_number" integer,
	"covering_statements" integer[],
	"run_id" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "doubt_evidence_names_its_source" CHECK ((verdict = 'succeeded' and rule <> 'absence' and statement_id is not null and line_number is not null and covering_statements is null)
        or (verdict = 'rejected' and rule = 'absence' and statement_id is null and line_number is null and cardinality(covering_statements) > 0)),
	CONSTRAINT "doubt_evidence_rule" CHECK (rule in ('session_id', 'response_id', 'request_id', 'terms', 'absence'))
);
--> statement-breakpoint
CREATE TABLE "doubt_stays" (
	"order_id" uuid PRIMARY KEY NOT NULL,
	"because" text NOT NULL,
	"run_id" bigint NOT NULL,
	CONSTRAINT "doubt_stays_because" CHECK (because in ('awaiting_statement', 'candidate_unclear'))
);
--> statement-breakpoint
CREATE TABLE "proposals" (
	"id" serial PRIMARY KEY NOT NULL,
	"break_id" integer,
	"order_id" uuid,
	"decision" text NOT NULL,
	"note" text NOT NULL,
	"facts" jsonb NOT NULL,
	"proposed_by" text NOT NULL,
	"proposed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" text NOT NULL,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"decision_note" text,
	"alone" boolean DEFAULT false NOT NULL,
	CONSTRAINT "proposals_subject" CHECK ((decision = 'write_off' and break_id is not null and order_id is null)
        or (decision in ('order_executed', 'order_not_executed') and order_id is not null and break_id is null)),
	CONSTRAINT "proposals_reasoned" CHECK (note ~ '\S' and proposed_by ~ '\S' and (decision_note is null or decision_note ~ '\S')),
	CONSTRAINT "proposals_decided" CHECK ((state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and decided_by ~ '\S'),
	CONSTRAINT "proposals_second_person" CHECK (state <> 'approved' or (lower(regexp_replace(decided_by, '\s', '', 'g')) = lower(regexp_replace(proposed_by, '\s', '', 'g'))) = alone)
);
--> statement-breakpoint
CREATE TABLE "recon_runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	"period_from" timestamp with time zone NOT NULL,
	"period_to" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"settings" jsonb NOT NULL,
	"counts" jsonb,
	"scheduled_for" date
);
--> statement-breakpoint
CREATE TABLE "statement_bad_lines" (
	"statement_id" integer NOT NULL,
	"line_number" integer NOT NULL,
	"column_name" text,
	"problem" text NOT NULL,
	"masked_text" text NOT NULL,
	CONSTRAINT "statement_bad_lines_statement_id_line_number_pk" PRIMARY KEY("statement_id","line_number")
);
--> statement-breakpoint
CREATE TABLE "statement_lines" (
	"statement_id" integer NOT NULL,
	"line_number" integer NOT NULL,
	"session_id" text,
	"response_id" text,
	"request_id" text,
	"kind" text NOT NULL,
	"phone_number" text NOT NULL,
	"gold_weight" numeric(14, 4) NOT NULL,
	"amount" bigint NOT NULL,
	"fee" bigint,
	"executed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "statement_lines_statement_id_line_number_pk" PRIMARY KEY("statement_id","line_number"),
	CONSTRAINT "statement_lines_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "statement_lines_positive" CHECK (gold_weight > 0 and amount >= 0 and fee >= 0)
);
--> statement-breakpoint
CREATE TABLE "statement_mappings" (
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"mapping" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "statement_mappings_name_version_pk" PRIMARY KEY("name","version")
);
--> statement-breakpoint
CREATE TABLE "statement_matches" (
	"statement_id" integer NOT NULL,
	"line_number" integer NOT NULL,
	"order_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"rule" text NOT NULL,
	"differs" boolean NOT NULL,
	"current" boolean DEFAULT true NOT NULL,
	"run_id" bigint NOT NULL,
	CONSTRAINT "statement_matches_statement_id_line_number_pk" PRIMARY KEY("statement_id","line_number"),
	CONSTRAINT "statement_matches_rule" CHECK (rule in ('session_id', 'response_id', 'request_id', 'terms'))
);
--> statement-breakpoint
CREATE TABLE "statement_repeats" (
	"statement_id" integer NOT NULL,
	"line_number" integer NOT NULL,
	"of_statement_id" integer NOT NULL,
	"of_line_number" integer NOT NULL,
	CONSTRAINT "statement_repeats_statement_id_line_number_of_statement_id_pk" PRIMARY KEY("statement_id","line_number","of_statement_id")
);
--> statement-breakpoint
CREATE TABLE "statements" (
	"id" serial PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"period_from" timestamp with time zone NOT NULL,
	"period_to" timestamp with time zone NOT NULL,
	"complete" boolean NOT NULL,
	"content_hash" text NOT NULL,
	"mapping_name" text NOT NULL,
	"mapping_version" integer NOT NULL,
	"file_name" text NOT NULL,
	"line_count" integer NOT NULL,
	"bad_line_count" integer NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	"imported_by" text NOT NULL,
	"replaced_at" timestamp with time zone,
	"replaced_by" integer,
	CONSTRAINT "statements_period" CHECK (period_from < period_to),
	CONSTRAINT "statements_complete" CHECK (not complete or (bad_line_count = 0 and period_to <= imported_at)),
	CONSTRAINT "statements_replaced" CHECK ((replaced_at is null) = (replaced_by is null))
);
--> statement-breakpoint
ALTER TABLE "doubt_evidence" ADD CONSTRAINT "doubt_evidence_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_break_id_fk" FOREIGN KEY ("break_id") REFERENCES "public"."breaks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statements" ADD CONSTRAINT "statements_mapping_fk" FOREIGN KEY ("mapping_name","mapping_version") REFERENCES "public"."statement_mappings"("name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "break_events_break_id" ON "break_events" USING btree ("break_id");--> statement-breakpoint
CREATE UNIQUE INDEX "breaks_key" ON "breaks" USING btree ("key");--> statement-breakpoint
CREATE INDEX "breaks_open" ON "breaks" USING btree ("due_at") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "breaks_order_id" ON "breaks" USING btree ("order_id");--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_break" ON "proposals" USING btree ("break_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_order" ON "proposals" USING btree ("order_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "recon_runs_once_a_day" ON "recon_runs" USING btree ("scheduled_for") WHERE finished_at is not null;--> statement-breakpoint
CREATE INDEX "statement_lines_executed_at" ON "statement_lines" USING brin ("executed_at");--> statement-breakpoint
CREATE UNIQUE INDEX "statement_matches_one_line_per_attempt" ON "statement_matches" USING btree ("order_id","seq") WHERE current;--> statement-breakpoint
CREATE INDEX "statement_matches_differing" ON "statement_matches" USING btree ("order_id") WHERE differs and current;--> statement-breakpoint
CREATE INDEX "statement_matches_run_id" ON "statement_matches" USING brin ("run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "statements_same_file" ON "statements" USING btree ("source","content_hash") WHERE replaced_at is null;--> statement-breakpoint
CREATE INDEX "attempts_intent_at" ON "attempts" USING brin ("intent_at");--> statement-breakpoint
CREATE INDEX "attempts_in_doubt" ON "attempts" USING btree ("order_id") WHERE outcome = 'in_doubt';--> statement-breakpoint
CREATE INDEX "attempts_quote_id" ON "attempts" USING btree ("quote_id");