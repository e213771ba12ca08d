ALTER TABLE "batches" DROP CONSTRAINT "batches_named";--> statement-breakpoint
ALTER TABLE "batches" DROP CONSTRAINT "batches_second_person";--> statement-breakpoint
ALTER TABLE "proposals" DROP CONSTRAINT "proposals_reasoned";--> statement-breakpoint
ALTER TABLE "proposals" DROP CONSTRAINT "proposals_decided";--> statement-breakpoint
ALTER TABLE "proposals" DROP CONSTRAINT "proposals_second_person";--> statement-breakpoint
ALTER TABLE "batch_rows" ADD CONSTRAINT "batch_rows_wallets" CHECK (is_phone_number(phone_number) and is_phone_number(content ->> 'recipient'));--> statement-breakpoint
ALTER TABLE "batch_rows" ADD CONSTRAINT "batch_rows_reference_form" CHECK (is_plain_text(reference));--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_named" CHECK (is_person_name(created_by) and is_person_name(approved_by));--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_second_person" CHECK ((approved_by is not null and person_key(approved_by) = person_key(created_by)) = alone);--> statement-breakpoint
ALTER TABLE "partner_day_wallets" ADD CONSTRAINT "partner_day_wallets_wallet" CHECK (is_phone_number(phone_number));--> statement-breakpoint
ALTER TABLE "partner_wallets" ADD CONSTRAINT "partner_wallets_wallet" CHECK (is_phone_number(phone_number));--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_wallets" CHECK (is_phone_number(source ->> 'phone_number') and is_phone_number(source -> 'content' ->> 'recipient'));--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_reasoned" CHECK (note ~ '\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\S'));--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_decided" CHECK ((state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by));--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_second_person" CHECK (state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone);--> statement-breakpoint
ALTER TABLE "statement_lines" ADD CONSTRAINT "statement_lines_wallet" CHECK (is_phone_number(phone_number));--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_wallet" CHECK (is_phone_number(phone_number));--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_wallets" CHECK (is_phone_number(phone_number) and is_phone_number(content ->> 'recipient'));--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_reference" CHECK (is_plain_text(reference));