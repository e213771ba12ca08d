CREATE TABLE "revocations" (
	"proposal_id" integer PRIMARY KEY NOT NULL,
	"revoked_by" text NOT NULL,
	"revoked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"note" text NOT NULL,
	CONSTRAINT "revocations_reasoned" CHECK (note ~ '\S' and revoked_by ~ '\S')
);
--> statement-breakpoint
ALTER TABLE "doubt_stays" DROP CONSTRAINT "doubt_stays_because";--> statement-breakpoint
ALTER TABLE "proposals" DROP CONSTRAINT "proposals_subject";--> statement-breakpoint
ALTER TABLE "proposals" ADD COLUMN "statement_id" integer;--> statement-breakpoint
ALTER TABLE "proposals" ADD COLUMN "source" text;--> statement-breakpoint
ALTER TABLE "statement_lines" ADD COLUMN "executed_to" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_proposal_id_fk" FOREIGN KEY ("proposal_id") REFERENCES "public"."proposals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_statement_id_fk" FOREIGN KEY ("statement_id") REFERENCES "public"."statements"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_statement" ON "proposals" USING btree ("statement_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_source" ON "proposals" USING btree ("source") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_lag" ON "proposals" USING btree ("decision") WHERE state = 'open' and decision = 'lag_shortened';--> statement-breakpoint
ALTER TABLE "doubt_stays" ADD CONSTRAINT "doubt_stays_because" CHECK (because in ('awaiting_statement', 'candidate_unclear', 'wallet_unmatched', 'weight_unmatched', 'amount_unmatched', 'match_unclear', 'unreadable_line', 'statement_lacks_ours', 'times_shifted', 'times_contradict', 'wallets_contradict', 'kinds_contradict', 'no_witness', 'kind_unwitnessed', 'completeness_unapproved', 'lag_unapproved'));--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_evidence" CHECK (order_id is null or coalesce(facts ->> 'evidence' ~ '\S', false));--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_subject" CHECK (num_nonnulls(break_id, order_id, statement_id, source) = (decision <> 'lag_shortened')::int and (
        (decision = 'write_off' and break_id is not null)
        or (decision in ('order_executed', 'order_not_executed') and order_id is not null)
        or (decision = 'statement_complete' and statement_id is not null)
        or (decision = 'source_trusted' and source is not null)
        or (decision = 'lag_shortened' and coalesce(facts ->> 'lagMinutes' ~ '^\d{1,5}$', false))));--> statement-breakpoint
ALTER TABLE "statement_lines" ADD CONSTRAINT "statement_lines_time" CHECK (executed_to > executed_at);