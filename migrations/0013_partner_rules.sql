-- What may happen to partners and their keys, enforced where no program can get round it, and kept as events.
CREATE FUNCTION guard_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.name, NEW.created_at) IS DISTINCT FROM (OLD.name, OLD.created_at) THEN
    RAISE EXCEPTION 'a partner''s name never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_identity';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER partners_guard BEFORE UPDATE ON partners FOR EACH ROW EXECUTE FUNCTION guard_partner();
--> statement-breakpoint
CREATE FUNCTION append_partner_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO partner_events (partner, at, event, actor, detail)
  VALUES (NEW.name, clock_timestamp(),
    CASE
      WHEN TG_OP = 'INSERT' THEN 'added'
      WHEN NEW.state IS DISTINCT FROM OLD.state THEN CASE NEW.state WHEN 'suspended' THEN 'suspended' ELSE 'resumed' END
      ELSE 'limits_set'
    END,
    NEW.actor, to_jsonb(NEW) - 'name' - 'created_at' - 'actor');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER partners_event AFTER INSERT OR UPDATE ON partners FOR EACH ROW EXECUTE FUNCTION append_partner_event();
--> statement-breakpoint
-- A key ends and never changes otherwise. Two may be valid at once, so that a partner can change over.
CREATE FUNCTION guard_partner_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Two keys added at once take turns on their partner.
    PERFORM 1 FROM partners WHERE name = NEW.partner FOR UPDATE;
    IF (SELECT count(*) FROM partner_keys k WHERE k.partner = NEW.partner AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())) >= 2 THEN
      RAISE EXCEPTION 'a partner has at most two valid keys'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_has_two_keys';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.prefix, NEW.partner, NEW.secret_hash, NEW.scopes, NEW.signing_secret, NEW.created_at)
     IS DISTINCT FROM
     (OLD.prefix, OLD.partner, OLD.secret_hash, OLD.scopes, OLD.signing_secret, OLD.created_at)
     OR (OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at))
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'a key only ever ends' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_key_transition';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER partner_keys_guard BEFORE INSERT OR UPDATE ON partner_keys
  FOR EACH ROW EXECUTE FUNCTION guard_partner_key();
--> statement-breakpoint
CREATE FUNCTION append_partner_key_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO partner_events (partner, at, event, actor, detail)
  VALUES (NEW.partner, clock_timestamp(),
    CASE
      WHEN TG_OP = 'INSERT' THEN 'key_added'
      WHEN NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN 'key_revoked'
      ELSE 'key_expires'
    END,
    NEW.actor,
    jsonb_build_object('prefix', NEW.prefix, 'scopes', NEW.scopes, 'signed', NEW.signing_secret IS NOT NULL,
      'expires_at', NEW.expires_at, 'revoked_at', NEW.revoked_at));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER partner_keys_event AFTER INSERT OR UPDATE ON partner_keys
  FOR EACH ROW EXECUTE FUNCTION append_partner_key_event();
--> statement-breakpoint
CREATE TRIGGER partners_kept BEFORE DELETE OR TRUNCATE ON partners FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER partner_keys_kept BEFORE DELETE OR TRUNCATE ON partner_keys
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER partner_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
