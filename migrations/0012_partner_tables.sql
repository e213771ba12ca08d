CREATE TABLE "partner_day_wallets" (
	"partner" text NOT NULL,
	"day" date NOT NULL,
	"phone_number" text NOT NULL,
	CONSTRAINT "partner_day_wallets_partner_day_phone_number_pk" PRIMARY KEY("partner","day","phone_number")
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
	"secret_hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"signing_secret" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"actor" text NOT NULL,
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
CREATE TABLE "partner_wallets" (
	"phone_number" text PRIMARY KEY NOT NULL,
	"partner" text NOT NULL,
	"registered_at" timestamp with time zone DEFAULT now() NOT NULL
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
	"actor" text NOT NULL,
	CONSTRAINT "partners_name" CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	CONSTRAINT "partners_state" CHECK (state in ('active', 'suspended')),
	CONSTRAINT "partners_limits" CHECK (orders_per_minute > 0 and rupiah_per_order > 0 and rupiah_per_day > 0 and wallets_per_day > 0),
	CONSTRAINT "partners_lists" CHECK (cardinality(kinds) > 0 and cardinality(addresses) > 0)
);
--> statement-breakpoint
ALTER TABLE "partner_keys" ADD CONSTRAINT "partner_keys_partner_fk" FOREIGN KEY ("partner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "partner_usage" ADD CONSTRAINT "partner_usage_partner_fk" FOREIGN KEY ("partner") REFERENCES "public"."partners"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "partner_events_partner" ON "partner_events" USING btree ("partner");--> statement-breakpoint
CREATE INDEX "partner_keys_partner" ON "partner_keys" USING btree ("partner");--> statement-breakpoint
CREATE INDEX "partner_nonces_seen_at" ON "partner_nonces" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "orders_partner_accepted_at" ON "orders" USING btree ("partner","accepted_at","id");