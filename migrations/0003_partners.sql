-- What may change about partners and their keys, and the events that record it.

CREATE FUNCTION guard_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.name, NEW.created_at) IS DISTINCT FROM (OLD.name, OLD.created_at) THEN
    RAISE EXCEPTION 'a partner''s name never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_identity';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER partners_guard BEFORE UPDATE ON partners FOR EACH ROW EXECUTE FUNCTION guard_partner();

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

CREATE TRIGGER partners_event AFTER INSERT OR UPDATE ON partners FOR EACH ROW EXECUTE FUNCTION append_partner_event();

-- A key can only be ended. A holder may have two valid keys at once, so that it can change over without a gap.
CREATE FUNCTION guard_partner_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_holder integer;
  holders integer;
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- The lock serialises two inserts for one partner; without it both would count the same keys.
    PERFORM 1 FROM partners WHERE name = NEW.partner FOR UPDATE;
    SELECT count(*) FILTER (WHERE k.holder = NEW.holder), count(DISTINCT k.holder) FILTER (WHERE k.holder <> NEW.holder)
    INTO of_holder, holders
    FROM partner_keys k WHERE k.partner = NEW.partner AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
    IF of_holder >= 2 THEN
      RAISE EXCEPTION 'a holder has at most two valid keys'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_has_two_keys';
    END IF;
    IF holders >= 20 THEN
      RAISE EXCEPTION 'a partner has at most twenty holders of valid keys'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_has_many_holders';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.prefix, NEW.partner, NEW.holder, NEW.secret_hash, NEW.scopes, NEW.signing_secret, NEW.created_at)
     IS DISTINCT FROM
     (OLD.prefix, OLD.partner, OLD.holder, OLD.secret_hash, OLD.scopes, OLD.signing_secret, OLD.created_at)
     OR (OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at))
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'a key can only be ended' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_key_transition';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER partner_keys_guard BEFORE INSERT OR UPDATE ON partner_keys
  FOR EACH ROW EXECUTE FUNCTION guard_partner_key();

-- The event says whether requests are signed; it never contains the secret.
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
    jsonb_build_object('prefix', NEW.prefix, 'holder', NEW.holder, 'scopes', NEW.scopes,
      'signed', NEW.signing_secret IS NOT NULL, 'expires_at', NEW.expires_at, 'revoked_at', NEW.revoked_at));
  RETURN NULL;
END $$;

CREATE TRIGGER partner_keys_event AFTER INSERT OR UPDATE ON partner_keys
  FOR EACH ROW EXECUTE FUNCTION append_partner_key_event();

CREATE TRIGGER partners_kept BEFORE DELETE OR TRUNCATE ON partners FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER partner_keys_kept BEFORE DELETE OR TRUNCATE ON partner_keys
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER partner_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
