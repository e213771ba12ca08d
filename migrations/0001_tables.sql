CREATE TABLE "alert_occurrences" (
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"occurrence" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_occurrences_kind_subject_occurrence_pk" PRIMARY KEY("kind","subject","occurrence"),
	CONSTRAINT "alert_occurrences_kind" CHECK (kind in ('switch.closed', 'doubt.overdue', 'break.overdue', 'statement.overdue', 'endpoint.paused', 'process.silent', 'batch.finished', 'batch.stopped'))
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"facts" jsonb NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"ended_at" timestamp with time zone,
	"last_result" text,
	CONSTRAINT "alerts_kind" CHECK (kind in ('switch.closed', 'doubt.overdue', 'break.overdue', 'statement.overdue', 'endpoint.paused', 'process.silent', 'batch.finished', 'batch.stopped')),
	CONSTRAINT "alerts_state" CHECK (state in ('pending', 'delivered', 'given_up') and (state = 'pending') = (ended_at is null))
);
--> statement-breakpoint
CREATE TABLE "change_requests" (
	"id" serial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"payload" jsonb NOT NULL,
	"seen" jsonb NOT NULL,
	"note" text NOT NULL,
	"proposed_by" text NOT NULL,
	"proposed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" text NOT NULL,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"decision_note" text,
	"alone" boolean DEFAULT false NOT NULL,
	CONSTRAINT "change_requests_kind" CHECK (kind in ('open_switch', 'release_restored', 'link_wallet', 'loosen_wallet_policy', 'raise_limits', 'change_scopes', 'change_endpoint', 'grant_roles', 'change_holidays', 'change_plan')),
	CONSTRAINT "change_requests_state" CHECK (state in ('open', 'approved', 'declined')),
	CONSTRAINT "change_requests_reasoned" CHECK (note ~ '\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\S')),
	CONSTRAINT "change_requests_decided" CHECK ((state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by)),
	CONSTRAINT "change_requests_second_person" CHECK (state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone)
);
--> statement-breakpoint
CREATE TABLE "batch_retries" (
	"batch_id" integer NOT NULL,
	"row_number" integer NOT NULL,
	"retried_batch_id" integer NOT NULL,
	"retried_row_number" integer NOT NULL,
	"retried_order_id" uuid NOT NULL,
	"root_order_id" uuid NOT NULL,
	"retry_number" integer NOT NULL,
	CONSTRAINT "batch_retries_batch_id_row_number_pk" PRIMARY KEY("batch_id","row_number"),
	CONSTRAINT "batch_retries_number" UNIQUE("root_order_id","retry_number"),
	CONSTRAINT "batch_retries_order" CHECK (batch_id > retried_batch_id and retry_number > 0)
);
--> statement-breakpoint
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
	CONSTRAINT "batch_rows_wallets" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]') and (octet_length((content ->> 'recipient')) between 9 and 13 and starts_with((content ->> 'recipient'), '08') and (content ->> 'recipient') collate "C" !~ '[^0-9]')),
	CONSTRAINT "batch_rows_reference_form" CHECK (reference collate "C" ~ '^[!-~]([ -~]*[!-~])?$' or is_plain_text(reference)),
	CONSTRAINT "batch_rows_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "batch_rows_state" CHECK (state in ('waiting', 'stored', 'queued', 'ended', 'conflict', 'refused')),
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
	"owner" text,
	"copied_from" integer,
	"retry_of" integer,
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
	CONSTRAINT "batches_owner" CHECK (owner is null or (starts_with(created_by, owner || '/') and not alone)),
	CONSTRAINT "batches_named" CHECK (is_person_name(created_by) and is_person_name(approved_by)),
	CONSTRAINT "batches_approved" CHECK ((approved_by is null) = (approved_at is null) and (state in ('draft', 'checked', 'cancelled') or approved_by is not null)),
	CONSTRAINT "batches_second_person" CHECK ((approved_by is not null and person_key(approved_by) = person_key(created_by)) = alone),
	CONSTRAINT "batches_run" CHECK (rate_per_second > 0 and stop_after_failures > 0),
	CONSTRAINT "batches_counts" CHECK (0 <= forgiven_count and forgiven_count <= failed_count and failed_count <= ended_count and ended_count <= fed_count and fed_count <= coalesce(row_count, 0)),
	CONSTRAINT "batches_finished" CHECK (state <> 'finished' or ended_count = row_count)
);
--> statement-breakpoint
CREATE TABLE "breaker_probes" (
	"closing_id" integer NOT NULL,
	"order_id" uuid NOT NULL,
	"chosen_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text,
	CONSTRAINT "breaker_probes_closing_id_order_id_pk" PRIMARY KEY("closing_id","order_id"),
	CONSTRAINT "breaker_probes_outcome" CHECK (outcome in ('succeeded', 'slow', 'refused', 'in_doubt', 'no_confirm')),
	CONSTRAINT "breaker_probes_ended" CHECK ((ended_at is null) = (outcome is null))
);
--> statement-breakpoint
CREATE TABLE "breaker_trips" (
	"closing_id" integer PRIMARY KEY NOT NULL,
	"breach" text NOT NULL,
	"figures" jsonb NOT NULL,
	"pauses" integer NOT NULL,
	"paused_until" timestamp with time zone NOT NULL,
	"successes" integer DEFAULT 0 NOT NULL,
	"probe_rupiah" bigint NOT NULL,
	"probe_grams" numeric(14, 4) NOT NULL,
	CONSTRAINT "breaker_trips_breach" CHECK (breach in ('rupiah_in_doubt', 'grams_in_doubt', 'contradictions', 'unknown', 'rupiah_share', 'refusals', 'slow'))
);
--> statement-breakpoint
CREATE TABLE "console_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"operator" text NOT NULL,
	"event" text NOT NULL,
	"subject" text,
	"address" text,
	CONSTRAINT "console_events_event" CHECK (event in ('signed_in', 'sign_in_refused', 'signed_out', 'phone_number_shown', 'orders_exported', 'results_exported', 'audit_exported'))
);
--> statement-breakpoint
CREATE TABLE "console_throttles" (
	"key" text PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"last_at" timestamp with time zone DEFAULT now() NOT NULL,
	"blocked_until" timestamp with time zone,
	"let_through" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "holidays" (
	"day" date PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"source" text,
	"request_id" integer NOT NULL,
	CONSTRAINT "holidays_texts" CHECK (is_plain_text(name) and length(name) <= 80 and length(source) <= 200),
	CONSTRAINT "holidays_century" CHECK (day between '2000-01-01' and '2099-12-31')
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"one" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"identity" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"console_key_hash" text,
	CONSTRAINT "installation_is_one" CHECK (one = 1),
	CONSTRAINT "installation_identity" CHECK (identity in ('proven', 'declared'))
);
--> statement-breakpoint
CREATE TABLE "operator_acts" (
	"xid" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"operator_id" integer,
	"name" text NOT NULL,
	"proof" text NOT NULL,
	"token_prefix" text,
	"session_prefix" text,
	"command" text,
	CONSTRAINT "operator_acts_xid_at_pk" PRIMARY KEY("xid","at"),
	CONSTRAINT "operator_acts_proof" CHECK (proof in ('token', 'password', 'oidc', 'declared')),
	CONSTRAINT "operator_acts_proven" CHECK ((proof <> 'declared') = (operator_id is not null) and (proof = 'token') = (token_prefix is not null)
        and (proof in ('password', 'oidc')) = (session_prefix is not null))
);
--> statement-breakpoint
CREATE TABLE "operator_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"operator_id" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"detail" jsonb NOT NULL,
	CONSTRAINT "operator_events_event" CHECK (event in ('added', 'roles_set', 'disabled', 'enabled', 'token_added', 'token_ends', 'token_revoked', 'invited', 'enrolled', 'account_linked', 'sign_in_confirmed', 'sign_in_revoked'))
);
--> statement-breakpoint
CREATE TABLE "operator_tokens" (
	"prefix" text PRIMARY KEY NOT NULL,
	"operator_id" integer NOT NULL,
	"secret_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"actor" text NOT NULL,
	CONSTRAINT "operator_tokens_prefix" CHECK (prefix ~ '^[a-z0-9]{12}$'),
	CONSTRAINT "operator_tokens_secret_hash" CHECK (secret_hash ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "operators" (
	"id" serial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"roles" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp with time zone,
	"actor" text NOT NULL,
	"note" text,
	"admin_until" timestamp with time zone,
	"request_id" integer,
	CONSTRAINT "operators_name" CHECK (is_person_name(name) and length(name) <= 200 and strpos(person_key(name), '/') = 0),
	CONSTRAINT "operators_roles" CHECK (cardinality(roles) > 0 and roles <@ array['viewer', 'maker', 'checker', 'admin'])
);
--> statement-breakpoint
CREATE TABLE "operator_factors" (
	"id" serial PRIMARY KEY NOT NULL,
	"operator_id" integer NOT NULL,
	"kind" text NOT NULL,
	"code_hash" text,
	"code_ends_at" timestamp with time zone,
	"salt" text,
	"scrypt" text,
	"key_hash" text,
	"totp_secret" text,
	"last_step" integer,
	"recovery_hashes" text[],
	"issuer" text,
	"subject" text,
	"created_by" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"takes_two" boolean NOT NULL,
	"enrolled_at" timestamp with time zone,
	"confirmed_by" integer,
	"confirmed_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "operator_factors_kind" CHECK (kind in ('password', 'oidc')),
	CONSTRAINT "operator_factors_form" CHECK (case kind when 'oidc' then issuer is not null and subject is not null and enrolled_at is not null
        else code_hash is not null and code_ends_at is not null and (enrolled_at is null
          or num_nulls(salt, scrypt, key_hash, totp_secret, last_step, recovery_hashes) = 0) end)
);
--> statement-breakpoint
CREATE TABLE "operator_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"factor_id" integer,
	"name" text NOT NULL,
	"proof" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "operator_sessions_id" CHECK (id ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "operator_sessions_proof" CHECK (proof in ('password', 'oidc', 'declared')),
	CONSTRAINT "operator_sessions_proven" CHECK ((proof = 'declared') = (factor_id is null))
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
	"trace_id" uuid,
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
	CONSTRAINT "attempts_wallet" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]')),
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
	"detail" jsonb,
	"partner" text,
	"feed_position" bigint,
	CONSTRAINT "order_events_fed" CHECK ((to_state in ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')) = (feed_position is not null) and (partner is null) = (feed_position is null))
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
	"previous_state" text,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb,
	"accepted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deadline_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	"wake_at" timestamp with time zone,
	"postponements" integer DEFAULT 0 NOT NULL,
	"trouble" text,
	CONSTRAINT "orders_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "orders_wallets" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]') and (octet_length((content ->> 'recipient')) between 9 and 13 and starts_with((content ->> 'recipient'), '08') and (content ->> 'recipient') collate "C" !~ '[^0-9]')),
	CONSTRAINT "orders_reference" CHECK (reference collate "C" ~ '^[!-~]([ -~]*[!-~])?$' or is_plain_text(reference)),
	CONSTRAINT "orders_state" CHECK (state in ('accepted', 'confirming', 'succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt', 'held')),
	CONSTRAINT "orders_wake_while_under_way" CHECK ((wake_at is not null) = (state in ('accepted', 'confirming'))),
	CONSTRAINT "orders_settled_when_final" CHECK ((settled_at is not null) = (state in ('succeeded', 'rejected', 'expired', 'cancelled'))),
	CONSTRAINT "orders_final_withdrawal_is_erased" CHECK (not (kind = 'withdraw' and settled_at is not null and (content ? 'ktp' or content ? 'address')))
);
--> statement-breakpoint
CREATE TABLE "partner_day_wallets" (
	"partner" text NOT NULL,
	"day" date NOT NULL,
	"phone_number" text NOT NULL,
	CONSTRAINT "partner_day_wallets_partner_day_phone_number_pk" PRIMARY KEY("partner","day","phone_number"),
	CONSTRAINT "partner_day_wallets_wallet" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]'))
);
--> statement-breakpoint
CREATE TABLE "partner_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"actor" text NOT NULL,
	"detail" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "partner_keys" (
	"prefix" text PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"holder" text DEFAULT 'main' NOT NULL,
	"secret_hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"signing_secret" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"actor" text NOT NULL,
	CONSTRAINT "partner_keys_holder" CHECK (holder ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
	CONSTRAINT "partner_keys_secret_hash" CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "partner_keys_scopes" CHECK (cardinality(scopes) > 0)
);
--> statement-breakpoint
CREATE TABLE "partner_nonces" (
	"prefix" text NOT NULL,
	"nonce" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "partner_nonces_prefix_nonce_pk" PRIMARY KEY("prefix","nonce")
);
--> statement-breakpoint
CREATE TABLE "partner_usage" (
	"partner" text PRIMARY KEY NOT NULL,
	"minute" timestamp with time zone NOT NULL,
	"orders" integer DEFAULT 0 NOT NULL,
	"day" date NOT NULL,
	"rupiah" bigint DEFAULT 0 NOT NULL,
	"wallets" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "partners" (
	"name" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"orders_per_minute" integer,
	"rupiah_per_order" bigint,
	"rupiah_per_day" bigint,
	"wallets_per_day" integer,
	"kinds" text[],
	"addresses" text[],
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"scopes" text[],
	"request_id" integer,
	"actor" text NOT NULL,
	CONSTRAINT "partners_name" CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	CONSTRAINT "partners_state" CHECK (state in ('active', 'suspended')),
	CONSTRAINT "partners_limits" CHECK (orders_per_minute > 0 and rupiah_per_order > 0 and rupiah_per_day > 0 and wallets_per_day > 0),
	CONSTRAINT "partners_lists" CHECK (cardinality(kinds) > 0 and cardinality(addresses) > 0 and cardinality(scopes) > 0)
);
--> statement-breakpoint
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
	"day" date,
	"reference" text NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"is_waiting" boolean DEFAULT false NOT NULL,
	"breach" text,
	"order_id" uuid,
	"batch_id" integer,
	"planned_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "plan_runs_plan_id_due_at_pk" PRIMARY KEY("plan_id","due_at"),
	CONSTRAINT "plan_runs_state" CHECK (state in ('planned', 'started', 'finished', 'skipped')),
	CONSTRAINT "plan_runs_order" CHECK (num_nonnulls(order_id, batch_id) = (state in ('started', 'finished'))::int),
	CONSTRAINT "plan_runs_breach" CHECK ((breach is not null) = (reason = 'limit_reached')),
	CONSTRAINT "plan_runs_breach_known" CHECK (breach in ('kind_not_allowed', 'rupiah_unbounded', 'rupiah_per_order', 'orders_per_minute', 'rupiah_per_day', 'wallets_per_day')),
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
	"owner" text,
	"partner" text,
	"source" jsonb NOT NULL,
	"batch_id" integer,
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
	"next_day" date,
	"calendar" integer DEFAULT 0 NOT NULL,
	"from_day" date,
	"until_day" date,
	"replaces" integer,
	"due_count" integer DEFAULT 0 NOT NULL,
	"paused_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "plans_owner" CHECK (owner = partner or owner is null or partner is null),
	CONSTRAINT "plans_state" CHECK (state in ('active', 'paused', 'removed', 'ended')),
	CONSTRAINT "plans_missed" CHECK (missed in ('skip', 'run_once', 'run_all')),
	CONSTRAINT "plans_overlap" CHECK (overlap in ('skip', 'wait', 'allow')),
	CONSTRAINT "plans_replaces_from" CHECK ((replaces is null) = (from_day is null)),
	CONSTRAINT "plans_source" CHECK (coalesce(source ->> 'is', '') in ('order', 'batch')),
	CONSTRAINT "plans_wallets" CHECK (is_phone_number(source ->> 'phone_number') and is_phone_number(source -> 'content' ->> 'recipient')),
	CONSTRAINT "plans_batch" CHECK ((source ->> 'batch_id')::int is not distinct from batch_id and (batch_id is not null) = (source ->> 'is' = 'batch') and (batch_id is null) = (partner is not null) and (batch_id is null or deadline_minutes is null)),
	CONSTRAINT "plans_paused" CHECK ((state = 'paused') <= (paused_at is not null)),
	CONSTRAINT "plans_bounds" CHECK (starts_at < ends_at and max_count > 0 and max_age_minutes > 0 and deadline_minutes > 0),
	CONSTRAINT "plans_final_is_erased" CHECK (not (state in ('removed', 'ended') and (source -> 'content' ? 'ktp' or source -> 'content' ? 'address')))
);
--> statement-breakpoint
CREATE TABLE "plan_skips" (
	"id" serial PRIMARY KEY NOT NULL,
	"plan_id" integer NOT NULL,
	"day" date NOT NULL,
	"reason" text NOT NULL,
	"skipped_by" text NOT NULL,
	"skipped_at" timestamp with time zone DEFAULT now() NOT NULL,
	"undone_by" text,
	"undone_at" timestamp with time zone,
	"undone_reason" text,
	CONSTRAINT "plan_skips_reasoned" CHECK (reason ~ '\S' and is_person_name(skipped_by) and (undone_reason is null or undone_reason ~ '\S')),
	CONSTRAINT "plan_skips_undone" CHECK (num_nonnulls(undone_by, undone_at, undone_reason) in (0, 3) and is_person_name(undone_by))
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
	CONSTRAINT "doubt_stays_because" CHECK (because in ('awaiting_statement', 'candidate_unclear', 'wallet_unmatched', 'weight_unmatched', 'amount_unmatched', 'match_unclear', 'unreadable_line', 'statement_lacks_ours', 'times_shifted', 'times_contradict', 'wallets_contradict', 'kinds_contradict', 'no_witness', 'kind_unwitnessed', 'completeness_unapproved', 'lag_unapproved'))
);
--> statement-breakpoint
CREATE TABLE "proposals" (
	"id" serial PRIMARY KEY NOT NULL,
	"break_id" integer,
	"order_id" uuid,
	"statement_id" integer,
	"source" text,
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
	CONSTRAINT "proposals_subject" CHECK (num_nonnulls(break_id, order_id, statement_id, source) = (decision <> 'lag_shortened')::int and (
        (decision = 'write_off' and break_id is not null)
        or (decision in ('order_executed', 'order_not_executed') and order_id is not null)
        or (decision = 'statement_complete' and statement_id is not null)
        or (decision = 'source_trusted' and source is not null)
        or (decision = 'lag_shortened' and coalesce(facts ->> 'lagMinutes' ~ '^\d{1,5}$', false)))),
	CONSTRAINT "proposals_evidence" CHECK (order_id is null or coalesce(facts ->> 'evidence' ~ '\S', false)),
	CONSTRAINT "proposals_reasoned" CHECK (note ~ '\S' and is_person_name(proposed_by) and (decision_note is null or decision_note ~ '\S')),
	CONSTRAINT "proposals_decided" CHECK ((state = 'open') = (decided_by is null) and (state = 'open') = (decided_at is null) and (state = 'open') = (decision_note is null) and is_person_name(decided_by)),
	CONSTRAINT "proposals_second_person" CHECK (state <> 'approved' or (person_key(decided_by) = person_key(proposed_by)) = alone)
);
--> statement-breakpoint
CREATE TABLE "revocations" (
	"proposal_id" integer PRIMARY KEY NOT NULL,
	"revoked_by" text NOT NULL,
	"revoked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"note" text NOT NULL,
	CONSTRAINT "revocations_reasoned" CHECK (note ~ '\S' and revoked_by ~ '\S')
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
	"executed_to" timestamp with time zone,
	CONSTRAINT "statement_lines_statement_id_line_number_pk" PRIMARY KEY("statement_id","line_number"),
	CONSTRAINT "statement_lines_wallet" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]')),
	CONSTRAINT "statement_lines_kind" CHECK (kind in ('buy', 'sell', 'transfer', 'withdraw')),
	CONSTRAINT "statement_lines_time" CHECK (executed_to > executed_at),
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
	"ignored_rows" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	"imported_by" text NOT NULL,
	"replaced_at" timestamp with time zone,
	"replaced_by" integer,
	CONSTRAINT "statements_period" CHECK (period_from < period_to),
	CONSTRAINT "statements_complete" CHECK (not complete or (bad_line_count = 0 and period_to <= imported_at)),
	CONSTRAINT "statements_replaced" CHECK ((replaced_at is null) = (replaced_by is null))
);
--> statement-breakpoint
CREATE TABLE "database_identity" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"identity" text NOT NULL,
	"alive_at" timestamp with time zone DEFAULT now() NOT NULL,
	"found_at" timestamp with time zone,
	"feed_shift" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "database_identity_one_row" CHECK (id)
);
--> statement-breakpoint
CREATE TABLE "recoveries" (
	"id" serial PRIMARY KEY NOT NULL,
	"from_identity" text NOT NULL,
	"identity" text NOT NULL,
	"alive_at" timestamp with time zone NOT NULL,
	"found_at" timestamp with time zone NOT NULL,
	"recovered_at" timestamp with time zone DEFAULT now() NOT NULL,
	"recovered_by" text NOT NULL,
	"note" text NOT NULL,
	CONSTRAINT "recoveries_reasoned" CHECK (note ~ '\S' and is_person_name(recovered_by))
);
--> statement-breakpoint
CREATE TABLE "overdue_rules" (
	"one_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"daily_at" time DEFAULT '07:30' NOT NULL,
	"lag_minutes" integer DEFAULT 60 NOT NULL,
	"doubt_hours" integer DEFAULT 4 NOT NULL,
	"held_hours" integer DEFAULT 4 NOT NULL,
	"switch_hours" integer DEFAULT 8 NOT NULL,
	"process_seconds" integer DEFAULT 60 NOT NULL,
	CONSTRAINT "overdue_rules_one_row" CHECK (one_row)
);
--> statement-breakpoint
CREATE TABLE "process_heartbeats" (
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "process_heartbeats_kind_name_pk" PRIMARY KEY("kind","name"),
	CONSTRAINT "process_heartbeats_kind" CHECK (kind in ('worker', 'scheduler', 'web'))
);
--> statement-breakpoint
CREATE TABLE "switch_closings" (
	"id" serial PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"reason" text NOT NULL,
	"closed_by" text NOT NULL,
	"closed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"extends_deadlines" boolean DEFAULT false NOT NULL,
	"kept_closed_by" text,
	"opened_at" timestamp with time zone,
	"opened_by" text,
	"request_id" integer,
	CONSTRAINT "switch_closings_scope" CHECK (scope ~ '^(everything|kind:(buy|sell|transfer|withdraw)|partner:[A-Za-z0-9][A-Za-z0-9._-]{0,62}|(batch|plan):[1-9][0-9]{0,8})$'),
	CONSTRAINT "switch_closings_reasoned" CHECK (reason ~ '\S' and closed_by ~ '\S'),
	CONSTRAINT "switch_closings_opened" CHECK ((opened_at is null) = (opened_by is null))
);
--> statement-breakpoint
CREATE TABLE "switch_waits" (
	"order_id" uuid NOT NULL,
	"closing_id" integer NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"deadline_before" timestamp with time zone,
	"deadline_after" timestamp with time zone,
	CONSTRAINT "switch_waits_order_id_closing_id_pk" PRIMARY KEY("order_id","closing_id")
);
--> statement-breakpoint
CREATE TABLE "partner_wallets" (
	"phone_number" text PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"origin" text NOT NULL,
	"state" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"request_id" integer,
	CONSTRAINT "partner_wallets_wallet" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]')),
	CONSTRAINT "partner_wallets_origin" CHECK (origin in ('registered', 'linked', 'first_use')),
	CONSTRAINT "partner_wallets_state" CHECK (state in ('linked', 'unlinked'))
);
--> statement-breakpoint
CREATE TABLE "wallet_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"phone_number" text NOT NULL,
	"partner" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"request_id" integer,
	CONSTRAINT "wallet_events_wallet_form" CHECK ((octet_length(phone_number) between 9 and 13 and starts_with(phone_number, '08') and phone_number collate "C" !~ '[^0-9]'))
);
--> statement-breakpoint
CREATE TABLE "wallet_policies" (
	"id" serial PRIMARY KEY NOT NULL,
	"policy" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"note" text,
	"request_id" integer,
	CONSTRAINT "wallet_policies_policy" CHECK (policy in ('owned', 'first_use', 'open'))
);
--> statement-breakpoint
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
	"request_id" integer,
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
	"batch_id" integer,
	"counts" jsonb,
	CONSTRAINT "webhook_events_kind" CHECK (kind in ('order.succeeded', 'order.rejected', 'order.expired', 'order.cancelled', 'order.in_doubt', 'order.resolved', 'batch.finished', 'webhook.test')),
	CONSTRAINT "webhook_events_about" CHECK ((kind = 'batch.finished') = (batch_id is not null) and (kind in ('batch.finished', 'webhook.test')) = (order_id is null) and (order_id is null) = (order_event_id is null) and (order_id is null) = (sequence is null) and sequence > 0),
	CONSTRAINT "webhook_events_counts" CHECK ((batch_id is null) = (counts is null))
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
ALTER TABLE "batch_retries" ADD CONSTRAINT "batch_retries_row_fk" FOREIGN KEY ("batch_id","row_number") REFERENCES "public"."batch_rows"("batch_id","row_number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_retries" ADD CONSTRAINT "batch_retries_retried_row_fk" FOREIGN KEY ("retried_batch_id","retried_row_number") REFERENCES "public"."batch_rows"("batch_id","row_number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_retries" ADD CONSTRAINT "batch_retries_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_retries" ADD CONSTRAINT "batch_retries_root_fk" FOREIGN KEY ("root_order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_events" ADD CONSTRAINT "batch_events_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_rows" ADD CONSTRAINT "batch_rows_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_owner_fk" FOREIGN KEY ("owner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_copied_from_fk" FOREIGN KEY ("copied_from") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_retry_of_fk" FOREIGN KEY ("retry_of") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "breaker_probes" ADD CONSTRAINT "breaker_probes_closing_id_switch_closings_id_fk" FOREIGN KEY ("closing_id") REFERENCES "public"."switch_closings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "breaker_trips" ADD CONSTRAINT "breaker_trips_closing_id_switch_closings_id_fk" FOREIGN KEY ("closing_id") REFERENCES "public"."switch_closings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operator_tokens" ADD CONSTRAINT "operator_tokens_operator_id_fk" FOREIGN KEY ("operator_id") REFERENCES "public"."operators"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operator_factors" ADD CONSTRAINT "operator_factors_operator_id_fk" FOREIGN KEY ("operator_id") REFERENCES "public"."operators"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operator_sessions" ADD CONSTRAINT "operator_sessions_factor_id_fk" FOREIGN KEY ("factor_id") REFERENCES "public"."operator_factors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "partner_keys" ADD CONSTRAINT "partner_keys_partner_fk" FOREIGN KEY ("partner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "partner_usage" ADD CONSTRAINT "partner_usage_partner_fk" FOREIGN KEY ("partner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_runs" ADD CONSTRAINT "plan_runs_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_owner_fk" FOREIGN KEY ("owner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_batch_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_replaces_fk" FOREIGN KEY ("replaces") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_skips" ADD CONSTRAINT "plan_skips_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "doubt_evidence" ADD CONSTRAINT "doubt_evidence_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_break_id_fk" FOREIGN KEY ("break_id") REFERENCES "public"."breaks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_statement_id_fk" FOREIGN KEY ("statement_id") REFERENCES "public"."statements"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_proposal_id_fk" FOREIGN KEY ("proposal_id") REFERENCES "public"."proposals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statements" ADD CONSTRAINT "statements_mapping_fk" FOREIGN KEY ("mapping_name","mapping_version") REFERENCES "public"."statement_mappings"("name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "switch_closings" ADD CONSTRAINT "switch_closings_request_id_change_requests_id_fk" FOREIGN KEY ("request_id") REFERENCES "public"."change_requests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "switch_waits" ADD CONSTRAINT "switch_waits_closing_id_switch_closings_id_fk" FOREIGN KEY ("closing_id") REFERENCES "public"."switch_closings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_tries" ADD CONSTRAINT "webhook_tries_delivery_fk" FOREIGN KEY ("event_id","endpoint_id") REFERENCES "public"."webhook_deliveries"("event_id","endpoint_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alerts_due" ON "alerts" USING btree ("next_at") WHERE state = 'pending';--> statement-breakpoint
CREATE UNIQUE INDEX "change_requests_one_open" ON "change_requests" USING btree ("kind","subject") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "change_requests_subject" ON "change_requests" USING btree ("kind","subject");--> statement-breakpoint
CREATE INDEX "batch_retries_retried_row" ON "batch_retries" USING btree ("retried_batch_id","retried_row_number");--> statement-breakpoint
CREATE INDEX "batch_events_batch_id" ON "batch_events" USING btree ("batch_id");--> statement-breakpoint
CREATE UNIQUE INDEX "batch_rows_reference" ON "batch_rows" USING btree ("batch_id","partner","reference");--> statement-breakpoint
CREATE INDEX "batch_rows_waiting" ON "batch_rows" USING btree ("batch_id","row_number") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "batch_rows_open" ON "batch_rows" USING btree ("batch_id") WHERE state in ('stored', 'queued');--> statement-breakpoint
CREATE INDEX "batch_rows_order_id" ON "batch_rows" USING btree ("order_id") WHERE order_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "batches_same_rows" ON "batches" USING btree (coalesce(owner, ''),"content_hash") WHERE state <> 'cancelled';--> statement-breakpoint
CREATE INDEX "batches_alive" ON "batches" USING btree ("id") WHERE state in ('approved', 'running');--> statement-breakpoint
CREATE INDEX "batches_owner" ON "batches" USING btree ("owner") WHERE owner is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "breaker_probes_one_at_a_time" ON "breaker_probes" USING btree ("closing_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "breaker_probes_order" ON "breaker_probes" USING btree ("order_id","closing_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "console_events_at" ON "console_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "operator_acts_at" ON "operator_acts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "operator_events_operator_id" ON "operator_events" USING btree ("operator_id");--> statement-breakpoint
CREATE INDEX "operator_tokens_operator_id" ON "operator_tokens" USING btree ("operator_id");--> statement-breakpoint
CREATE UNIQUE INDEX "operators_one_person" ON "operators" USING btree (person_key("name"));--> statement-breakpoint
CREATE INDEX "operator_factors_operator_id" ON "operator_factors" USING btree ("operator_id");--> statement-breakpoint
CREATE UNIQUE INDEX "operator_factors_code" ON "operator_factors" USING btree ("code_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "operator_factors_one_password" ON "operator_factors" USING btree ("operator_id") WHERE kind = 'password' and revoked_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "operator_factors_one_account" ON "operator_factors" USING btree ("issuer","subject") WHERE kind = 'oidc' and revoked_at is null;--> statement-breakpoint
CREATE INDEX "operator_sessions_ends_at" ON "operator_sessions" USING btree ("ends_at");--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_live_per_order" ON "attempts" USING btree ("order_id") WHERE outcome in ('intent', 'in_doubt', 'succeeded');--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_send_per_quote" ON "attempts" USING btree ("quote_id","phone_number","kind") WHERE outcome <> 'not_sent';--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_in_flight_per_wallet" ON "attempts" USING btree ("phone_number") WHERE outcome = 'intent';--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_order_per_session" ON "attempts" USING btree ("session_id") WHERE session_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_sell_per_response" ON "attempts" USING btree ("response_id") WHERE kind = 'sell' and response_id is not null;--> statement-breakpoint
CREATE INDEX "attempts_intent_at" ON "attempts" USING brin ("intent_at") WITH (autosummarize=true);--> statement-breakpoint
CREATE INDEX "attempts_in_doubt" ON "attempts" USING btree ("order_id") WHERE outcome = 'in_doubt';--> statement-breakpoint
CREATE INDEX "attempts_quote_id" ON "attempts" USING btree ("quote_id");--> statement-breakpoint
CREATE INDEX "attempts_response_id" ON "attempts" USING btree ("response_id") WHERE response_id is not null;--> statement-breakpoint
CREATE INDEX "order_events_order_id" ON "order_events" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "order_events_feed" ON "order_events" USING btree ("partner","feed_position","id") WHERE feed_position is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "orders_partner_reference" ON "orders" USING btree ("partner","reference");--> statement-breakpoint
CREATE INDEX "orders_wake_at" ON "orders" USING btree ("wake_at") WHERE wake_at is not null;--> statement-breakpoint
CREATE INDEX "orders_accepted_at" ON "orders" USING btree ("accepted_at");--> statement-breakpoint
CREATE INDEX "orders_open" ON "orders" USING btree ("accepted_at") WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX "orders_settled_at" ON "orders" USING brin ("settled_at") WITH (autosummarize=true);--> statement-breakpoint
CREATE INDEX "orders_partner_accepted_at" ON "orders" USING btree ("partner","accepted_at","id");--> statement-breakpoint
CREATE INDEX "orders_phone_number" ON "orders" USING btree ("phone_number","accepted_at");--> statement-breakpoint
CREATE INDEX "orders_lane" ON "orders" USING btree ("phone_number",((kind = 'buy')::int),"accepted_at","id") WHERE wake_at is not null;--> statement-breakpoint
CREATE INDEX "orders_lane_stopped" ON "orders" USING btree ("phone_number","accepted_at","id") WHERE wake_at is null and settled_at is null;--> statement-breakpoint
CREATE INDEX "partner_events_partner" ON "partner_events" USING btree ("partner");--> statement-breakpoint
CREATE INDEX "partner_keys_partner" ON "partner_keys" USING btree ("partner");--> statement-breakpoint
CREATE INDEX "partner_nonces_seen_at" ON "partner_nonces" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "plan_events_plan_id" ON "plan_events" USING btree ("plan_id");--> statement-breakpoint
CREATE UNIQUE INDEX "plan_runs_batch_id" ON "plan_runs" USING btree ("batch_id") WHERE batch_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "plan_runs_order_id" ON "plan_runs" USING btree ("order_id") WHERE order_id is not null;--> statement-breakpoint
CREATE INDEX "plan_runs_planned" ON "plan_runs" USING btree ("plan_id","due_at") WHERE state = 'planned';--> statement-breakpoint
CREATE INDEX "plan_runs_started" ON "plan_runs" USING btree ("plan_id") WHERE state = 'started';--> statement-breakpoint
CREATE INDEX "plan_runs_states" ON "plan_runs" USING btree ("plan_id","state","started_at");--> statement-breakpoint
CREATE UNIQUE INDEX "plans_name" ON "plans" USING btree ("name") WHERE owner is null and state in ('active', 'paused');--> statement-breakpoint
CREATE UNIQUE INDEX "plans_owner_name" ON "plans" USING btree ("owner","name") WHERE owner is not null;--> statement-breakpoint
CREATE INDEX "plans_next_due_at" ON "plans" USING btree ("next_due_at") WHERE state in ('active', 'paused');--> statement-breakpoint
CREATE INDEX "plans_calendar" ON "plans" USING btree ("calendar") WHERE state in ('active', 'paused') and next_due_at is not null;--> statement-breakpoint
CREATE INDEX "plans_without_due_time" ON "plans" USING btree ("id") WHERE state = 'active' and next_due_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "plans_batch_id" ON "plans" USING btree ("batch_id");--> statement-breakpoint
CREATE UNIQUE INDEX "plans_replaces" ON "plans" USING btree ("replaces") WHERE replaces is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "plan_skips_open" ON "plan_skips" USING btree ("plan_id","day") WHERE undone_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "rejected_jobs_once" ON "rejected_jobs" USING btree ("job_id","data_hash");--> statement-breakpoint
CREATE INDEX "rejected_jobs_at" ON "rejected_jobs" USING btree ("at");--> statement-breakpoint
CREATE INDEX "break_events_break_id" ON "break_events" USING btree ("break_id");--> statement-breakpoint
CREATE INDEX "break_events_at" ON "break_events" USING brin ("at") WITH (autosummarize=true);--> statement-breakpoint
CREATE UNIQUE INDEX "breaks_key" ON "breaks" USING btree ("key");--> statement-breakpoint
CREATE INDEX "breaks_open" ON "breaks" USING btree ("due_at") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "breaks_order_id" ON "breaks" USING btree ("order_id");--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_break" ON "proposals" USING btree ("break_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_order" ON "proposals" USING btree ("order_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_statement" ON "proposals" USING btree ("statement_id") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_per_source" ON "proposals" USING btree ("source") WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "proposals_one_open_lag" ON "proposals" USING btree ("decision") WHERE state = 'open' and decision = 'lag_shortened';--> statement-breakpoint
CREATE UNIQUE INDEX "recon_runs_once_a_day" ON "recon_runs" USING btree ("scheduled_for") WHERE finished_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "statement_matches_one_line_per_attempt" ON "statement_matches" USING btree ("order_id","seq") WHERE current;--> statement-breakpoint
CREATE INDEX "statement_matches_differing" ON "statement_matches" USING btree ("order_id") WHERE differs and current;--> statement-breakpoint
CREATE INDEX "statement_matches_run_id" ON "statement_matches" USING brin ("run_id");--> statement-breakpoint
CREATE INDEX "statement_lines_executed_at" ON "statement_lines" USING brin ("executed_at");--> statement-breakpoint
CREATE UNIQUE INDEX "statements_same_file" ON "statements" USING btree ("source","content_hash") WHERE replaced_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "switch_closings_one_closed" ON "switch_closings" USING btree ("scope") WHERE opened_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "switch_waits_one_open" ON "switch_waits" USING btree ("order_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "switch_waits_open" ON "switch_waits" USING btree ("closing_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "partner_wallets_partner" ON "partner_wallets" USING btree ("partner","phone_number");--> statement-breakpoint
CREATE INDEX "wallet_events_wallet" ON "wallet_events" USING btree ("phone_number");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("endpoint_id","next_at") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_order" ON "webhook_deliveries" USING btree ("order_id","endpoint_id","sequence") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_endpoint_ended" ON "webhook_deliveries" USING btree ("endpoint_id","ended_at","event_id") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_given_up" ON "webhook_deliveries" USING btree ("endpoint_id","ended_at") WHERE state = 'given_up';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_ended_at" ON "webhook_deliveries" USING btree ("ended_at") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "webhook_endpoints_partner" ON "webhook_endpoints" USING btree ("partner") WHERE state <> 'removed';--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_sequence" ON "webhook_events" USING btree ("order_id","sequence");--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_batch_id" ON "webhook_events" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "webhook_events_at" ON "webhook_events" USING btree ("at");