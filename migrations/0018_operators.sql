-- Who acts. In an installation that proves its people, nothing can be written in the name of a person unless that person's
-- token was shown to Postgres in the same transaction, and the person's roles allow it. The programs (worker, scheduler) and
-- partners act in their own names, which never begin with "person:".
-- Functions here name public, pg_temp as their search path: a temporary table must not stand in for one of these.

INSERT INTO installation (identity) VALUES ('proven');

-- Whether names are taken as they are given: in the databases of up and demo, for as long as there is no operator.
CREATE FUNCTION is_identity_declared() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM installation WHERE identity = 'declared')
$$;

-- Only the owner of the tables, and only while there is no operator, lets names be declared. The first operator ends it.
CREATE FUNCTION guard_installation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.identity = 'declared' AND EXISTS (SELECT 1 FROM operators) THEN
    RAISE EXCEPTION 'an installation with operators proves its people'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'installation_has_operators';
  END IF;
  IF NEW.identity <> OLD.identity THEN
    NEW.since := now();
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER installation_guard BEFORE UPDATE ON installation FOR EACH ROW EXECUTE FUNCTION guard_installation();
CREATE TRIGGER installation_kept BEFORE DELETE OR TRUNCATE ON installation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The operator to whom a token belongs; no row when it is unknown, revoked or expired, or its operator is disabled. The hash
-- that is stored proves nothing: it is the hash of a token, not one.
CREATE FUNCTION operator_of_token(token text) RETURNS TABLE (operator_id int, name text, roles text[], prefix text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT o.id, o.name, o.roles, t.prefix
  FROM operator_tokens t JOIN operators o ON o.id = t.operator_id
  WHERE t.prefix = substring(token FROM '^gpo_([a-z0-9]{12})_')
    AND t.secret_hash = encode(sha256(convert_to(token, 'UTF8')), 'hex')
    AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp()) AND o.disabled_at IS NULL
$$;

-- Makes the operator of a token, or of a session of the console (gps_…), the one who acts in this transaction; null when it is
-- not valid. The rows are locked until the transaction ends: an operator who is disabled meanwhile is disabled after this
-- transaction, or before it.
CREATE FUNCTION act_as_operator(token text, command text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  who record;
BEGIN
  IF starts_with(token, 'gps_') THEN
    SELECT o.id, o.name, s.proof, NULL::text AS token_prefix, left(s.id, 12) AS session_prefix INTO who
    FROM operator_sessions s JOIN operator_factors f ON f.id = s.factor_id JOIN operators o ON o.id = f.operator_id
    WHERE s.id = secret_hash(substr(act_as_operator.token, 5)) AND is_session_alive(s) AND is_factor_usable(f, o)
    FOR SHARE OF f, o;
  ELSE
    SELECT o.id, o.name, 'token' AS proof, t.prefix AS token_prefix, NULL::text AS session_prefix INTO who
    FROM operator_tokens t JOIN operators o ON o.id = t.operator_id
    WHERE t.prefix = substring(act_as_operator.token FROM '^gpo_([a-z0-9]{12})_')
      AND t.secret_hash = encode(sha256(convert_to(act_as_operator.token, 'UTF8')), 'hex')
      AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp()) AND o.disabled_at IS NULL
    FOR SHARE;
  END IF;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO operator_acts (xid, at, operator_id, name, proof, token_prefix, session_prefix, command)
  VALUES (pg_current_xact_id()::text::bigint, now(), who.id, who.name, who.proof, who.token_prefix, who.session_prefix,
    act_as_operator.command);
  RETURN who.name;
END $$;

-- Records who says to act, where names are declared.
CREATE FUNCTION declare_operator(declared_name text, command text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT is_identity_declared() THEN
    RAISE EXCEPTION 'this installation proves its people: a name alone is not enough'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  INSERT INTO operator_acts (xid, at, name, proof, command)
  VALUES (pg_current_xact_id()::text::bigint, now(), declared_name, 'declared', declare_operator.command);
  RETURN declared_name;
END $$;

-- Refuses a transaction unless the named person acts in it and has one of the roles. Null names nobody in particular.
CREATE FUNCTION demand_operator(named text, needed text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  who record;
BEGIN
  IF is_identity_declared() THEN
    RETURN;
  END IF;
  SELECT o.name, o.roles INTO who
  FROM operator_acts a JOIN operators o ON o.id = a.operator_id
  WHERE a.xid = pg_current_xact_id_if_assigned()::text::bigint AND a.at = now() AND o.disabled_at IS NULL;
  IF NOT FOUND OR person_key(who.name) IS DISTINCT FROM person_key(coalesce(named, who.name)) THEN
    RAISE EXCEPTION 'a person is named who has not proven to act here'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  IF NOT who.roles && needed THEN
    RAISE EXCEPTION 'it takes one of the roles %', needed USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_role';
  END IF;
END $$;

-- Refuses to carry out what a person proposed who is disabled by now, and keeps the person enabled until then.
CREATE FUNCTION demand_enabled_author(author text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF is_identity_declared() THEN
    RETURN;
  END IF;
  PERFORM 1 FROM operators o WHERE person_key(o.name) = person_key(author) AND o.disabled_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the person who proposed it is no enabled operator'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_author';
  END IF;
END $$;

-- How many admins there are. One who lost the role or was disabled counts for seven days more, so that no admin becomes the
-- only one in a minute. Null leaves nobody out.
CREATE FUNCTION count_admins(but int) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM operators o
  WHERE o.id IS DISTINCT FROM but
    AND ((o.disabled_at IS NULL AND 'admin' = ANY (o.roles)) OR o.admin_until > clock_timestamp() - interval '7 days')
$$;

-- Operators. The first one is made by the owner of the tables, all others by an admin; nobody changes their own roles. Once
-- there are two admins, every role but viewer takes both of them: an admin who could add a maker alone would be two people.
CREATE FUNCTION guard_operator() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  held text[] := '{}';
BEGIN
  -- Changes of operators take turns: they count admins.
  PERFORM pg_advisory_xact_lock(4702183502);
  IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM operators) THEN
    IF NOT pg_has_role(current_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'operators'::regclass), 'MEMBER') THEN
      RAISE EXCEPTION 'the first operator is made by the owner of the tables'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_bootstrap';
    END IF;
    IF NOT 'admin' = ANY (NEW.roles) OR NEW.actor <> 'bootstrap' OR NEW.disabled_at IS NOT NULL THEN
      RAISE EXCEPTION 'the first operator is an admin' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_bootstrap';
    END IF;
    UPDATE installation SET identity = 'proven' WHERE identity <> 'proven';
    RETURN NEW;
  END IF;
  IF NEW.actor NOT LIKE 'person:%' THEN
    RAISE EXCEPTION 'there is a first operator already' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_bootstrap';
  END IF;
  PERFORM demand_operator(substring(NEW.actor FROM 8), '{admin}');
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.name, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.name, OLD.created_at) THEN
      RAISE EXCEPTION 'an operator''s name never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_identity';
    END IF;
    IF person_key(substring(NEW.actor FROM 8)) = person_key(NEW.name) AND NEW.roles IS DISTINCT FROM OLD.roles THEN
      RAISE EXCEPTION 'nobody changes their own roles' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_own_roles';
    END IF;
    IF OLD.disabled_at IS NULL THEN
      held := OLD.roles;
    END IF;
    -- No program says since when somebody is no admin any more.
    NEW.admin_until := OLD.admin_until;
    IF 'admin' = ANY (held) AND (NEW.disabled_at IS NOT NULL OR NOT 'admin' = ANY (NEW.roles)) THEN
      NEW.admin_until := clock_timestamp();
      IF NOT EXISTS (SELECT 1 FROM operators o WHERE o.id <> NEW.id AND o.disabled_at IS NULL AND 'admin' = ANY (o.roles)) THEN
        RAISE EXCEPTION 'the last admin stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_last_admin';
      END IF;
    END IF;
    IF OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL THEN
      NEW.disabled_at := clock_timestamp();
    END IF;
  ELSE
    NEW.admin_until := NULL;
  END IF;
  IF NEW.disabled_at IS NULL AND EXISTS (
    SELECT 1 FROM unnest(NEW.roles) AS r (role) WHERE r.role <> 'viewer' AND NOT r.role = ANY (held)
  ) AND count_admins(NULL) >= 2 AND NOT EXISTS (
    SELECT 1 FROM change_requests r WHERE r.id = NEW.request_id
      AND is_change_approved(r.id, 'grant_roles', person_key(NEW.name))
      AND r.payload -> 'roles' @> to_jsonb(NEW.roles) AND r.payload -> 'roles' <@ to_jsonb(NEW.roles)
  ) THEN
    RAISE EXCEPTION 'it takes two admins to give somebody a role'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_grant_approved';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER operators_guard BEFORE INSERT OR UPDATE ON operators FOR EACH ROW EXECUTE FUNCTION guard_operator();

CREATE FUNCTION append_operator_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO operator_events (operator_id, at, event, actor, note, detail)
  VALUES (NEW.id, clock_timestamp(),
    CASE
      WHEN TG_OP = 'INSERT' THEN 'added'
      WHEN NEW.disabled_at IS NOT NULL AND OLD.disabled_at IS NULL THEN 'disabled'
      WHEN NEW.disabled_at IS NULL AND OLD.disabled_at IS NOT NULL THEN 'enabled'
      ELSE 'roles_set'
    END,
    NEW.actor, NEW.note,
    jsonb_build_object('name', NEW.name, 'roles', NEW.roles, 'request', NEW.request_id));
  RETURN NULL;
END $$;

CREATE TRIGGER operators_event AFTER INSERT OR UPDATE ON operators FOR EACH ROW EXECUTE FUNCTION append_operator_event();

-- A token can only be ended. It is given and ended by an admin, or by the operator whose it is. Once there are two admins,
-- nobody is given a token that another person has seen: its hash comes with a request that two admins approve, or by its
-- operator's own hand. A viewer's token proves nothing that matters.
CREATE FUNCTION guard_operator_token() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  holder record;
  acts text := substring(NEW.actor FROM '^person:(.*)$');
BEGIN
  IF TG_OP = 'UPDATE' AND ((NEW.prefix, NEW.operator_id, NEW.secret_hash, NEW.created_at)
       IS DISTINCT FROM (OLD.prefix, OLD.operator_id, OLD.secret_hash, OLD.created_at)
     OR (OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at))
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)) THEN
    RAISE EXCEPTION 'a token can only be ended' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_token_transition';
  END IF;
  SELECT o.name, o.actor, o.roles, o.request_id INTO holder FROM operators o WHERE o.id = NEW.operator_id;
  IF TG_OP = 'INSERT' AND NEW.actor = 'bootstrap' AND holder.actor = 'bootstrap' THEN
    -- The transaction that makes the first operator also makes the first token, and no other one does.
    IF NOT EXISTS (SELECT 1 FROM operator_tokens)
       AND pg_has_role(current_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'operators'::regclass), 'MEMBER') THEN
      RETURN NEW;
    END IF;
  END IF;
  IF acts IS NULL THEN
    RAISE EXCEPTION 'a token is given by an admin, or by its owner'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  IF person_key(acts) = person_key(holder.name) THEN
    PERFORM demand_operator(acts, '{viewer,maker,checker,admin}');
  ELSE
    PERFORM demand_operator(acts, '{admin}');
    IF TG_OP = 'INSERT' AND holder.roles <> '{viewer}'
       AND (count_admins(NEW.operator_id) >= 2
         -- The first token of the second admin is given by the only one; later ones are not.
         OR count_admins(NULL) >= 2 AND EXISTS (SELECT 1 FROM operator_tokens t WHERE t.operator_id = NEW.operator_id))
       AND NOT EXISTS (
      SELECT 1 FROM change_requests r WHERE r.id = holder.request_id
        AND is_change_approved(r.id, 'grant_roles', person_key(holder.name))
        AND r.payload -> 'key' ->> 'prefix' = NEW.prefix AND r.payload -> 'key' ->> 'secretHash' = NEW.secret_hash
    ) THEN
      RAISE EXCEPTION 'it takes two admins to give somebody a token, and nobody else may have seen it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_token_approved';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER operator_tokens_guard BEFORE INSERT OR UPDATE ON operator_tokens
  FOR EACH ROW EXECUTE FUNCTION guard_operator_token();

CREATE FUNCTION append_operator_token_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO operator_events (operator_id, at, event, actor, detail)
  VALUES (NEW.operator_id, clock_timestamp(),
    CASE
      WHEN TG_OP = 'INSERT' THEN 'token_added'
      WHEN NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN 'token_revoked'
      ELSE 'token_ends'
    END,
    NEW.actor, jsonb_build_object('prefix', NEW.prefix, 'expires_at', NEW.expires_at, 'revoked_at', NEW.revoked_at));
  RETURN NULL;
END $$;

CREATE TRIGGER operator_tokens_event AFTER INSERT OR UPDATE ON operator_tokens
  FOR EACH ROW EXECUTE FUNCTION append_operator_token_event();

CREATE TRIGGER operators_kept BEFORE DELETE OR TRUNCATE ON operators FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_tokens_kept BEFORE DELETE OR TRUNCATE ON operator_tokens
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_acts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The events of every capability: whoever is named in one as a person has proven to be it, and has the role that it takes.
-- The programs' own events name no person, so they cost one comparison.
CREATE FUNCTION guard_person_event() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  event jsonb := to_jsonb(NEW);
  what text := coalesce(event ->> 'reason', event ->> 'event');
BEGIN
  PERFORM demand_operator(coalesce(substring(NEW.actor FROM '^person:(.*)$'), ''), CASE
    -- One person is enough for what makes things safer.
    WHEN what IN ('cancel_requested', 'held_by_person', 'paused_by_person', 'cancelled_by_person', 'removed_by_person', 'plan_over',
      'plan_removed', 'key_revoked', 'suspended', 'assigned', 'noted', 'declined', 'unlinked', 'restored') THEN '{maker,checker,admin}'::text[]
    -- The limits of a partner are lowered by one person and raised by two.
    WHEN what = 'limits_set' THEN '{maker,checker,admin}'
    WHEN what IN ('resolved_by_person', 'approved_by_person', 'written_off', 'linked', 'changed_by_people') THEN '{checker}'
    WHEN TG_TABLE_NAME = 'partner_events' THEN '{admin}'
    ELSE '{maker}'
  END);
  RETURN NEW;
END $$;

CREATE TRIGGER order_events_guard_person BEFORE INSERT ON order_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:') OR NEW.reason IN ('released_by_person', 'resolved_by_person')) EXECUTE FUNCTION guard_person_event();
CREATE TRIGGER batch_events_guard_person BEFORE INSERT ON batch_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_event();
CREATE TRIGGER plan_events_guard_person BEFORE INSERT ON plan_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_event();
CREATE TRIGGER partner_events_guard_person BEFORE INSERT ON partner_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_event();
CREATE TRIGGER break_events_guard_person BEFORE INSERT ON break_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_event();
CREATE TRIGGER wallet_events_guard_person BEFORE INSERT ON wallet_events FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_event();

-- A holder of a partner's keys acts in this transaction, which the program has authenticated: it changes its partner's own
-- endpoints and no other partner's. The names of operators have no slash.
CREATE FUNCTION act_as_holder(partner text, holder text) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT set_config('goldpro.holder', act_as_holder.partner || '/' || act_as_holder.holder, true)
$$;

CREATE FUNCTION is_holder_acting(partner text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT starts_with(coalesce(current_setting('goldpro.holder', true), ''), is_holder_acting.partner || '/')
$$;

-- What takes two people: a maker proposes, a checker approves; any operator declines. Operators' roles are the admins'.
CREATE FUNCTION guard_two_people() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  is_grant boolean := to_jsonb(NEW) ->> 'kind' = 'grant_roles';
  -- A partner asks for an endpoint of its own, and a checker approves it.
  is_of_holder boolean := coalesce(to_jsonb(NEW) ->> 'kind' = 'change_endpoint'
    AND starts_with(NEW.proposed_by, (to_jsonb(NEW) -> 'payload' ->> 'partner') || '/'), false);
BEGIN
  IF TG_OP = 'INSERT' AND is_of_holder THEN
    IF NOT is_holder_acting(to_jsonb(NEW) -> 'payload' ->> 'partner') THEN
      PERFORM demand_operator(NEW.proposed_by, '{maker}');
    END IF;
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM demand_operator(NEW.proposed_by, CASE WHEN is_grant THEN '{admin}'::text[] ELSE '{maker}' END);
  ELSIF NEW.state = 'declined' THEN
    PERFORM demand_operator(NEW.decided_by, '{maker,checker,admin}');
  ELSE
    PERFORM demand_operator(NEW.decided_by, CASE WHEN is_grant THEN '{admin}'::text[] ELSE '{checker}' END);
    IF NOT is_of_holder THEN
      PERFORM demand_enabled_author(NEW.proposed_by);
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER proposals_guard_two_people BEFORE INSERT OR UPDATE ON proposals
  FOR EACH ROW EXECUTE FUNCTION guard_two_people();
CREATE TRIGGER change_requests_guard_two_people BEFORE INSERT OR UPDATE ON change_requests
  FOR EACH ROW EXECUTE FUNCTION guard_two_people();

-- A batch is created and approved by operators, or by holders of its owner's keys; the events above prove the operators.
CREATE FUNCTION guard_batch_people() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  named text := CASE WHEN TG_OP = 'INSERT' THEN NEW.created_by ELSE NEW.approved_by END;
BEGIN
  IF is_identity_declared() OR NEW.copied_from IS NOT NULL THEN
    RETURN NEW;
  END IF;
  IF NOT (NEW.actor = 'person:' || named
     OR NEW.owner IS NOT NULL AND NEW.actor = 'partner:' || named AND starts_with(named, NEW.owner || '/')) THEN
    RAISE EXCEPTION 'a batch is created and approved by an operator, or by a holder of its owner''s keys'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.owner IS NULL THEN
    PERFORM demand_enabled_author(NEW.created_by);
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER batches_guard_creator BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION guard_batch_people();
CREATE TRIGGER batches_guard_approver BEFORE UPDATE ON batches FOR EACH ROW
  WHEN (OLD.state = 'checked' AND NEW.state = 'approved') EXECUTE FUNCTION guard_batch_people();

-- What a person writes without an event: the column that names the person is the trigger's first argument, the roles its
-- second.
CREATE FUNCTION guard_person_column() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM demand_operator(regexp_replace(to_jsonb(NEW) ->> TG_ARGV[0], '^person:', ''), TG_ARGV[1]::text[]);
  RETURN NEW;
END $$;

CREATE TRIGGER revocations_guard_person BEFORE INSERT ON revocations FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('revoked_by', '{maker,checker,admin}');
CREATE TRIGGER statements_guard_person BEFORE INSERT ON statements FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('imported_by', '{maker}');
CREATE TRIGGER statement_mappings_guard_person BEFORE INSERT ON statement_mappings FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('created_by', '{maker}');
-- One person closes a switch, and makes the policy of wallets stricter; two people approved the other direction.
CREATE TRIGGER switch_closings_guard_person BEFORE INSERT ON switch_closings FOR EACH ROW
  WHEN (starts_with(NEW.closed_by, 'person:')) EXECUTE FUNCTION guard_person_column('closed_by', '{maker,checker,admin}');
CREATE TRIGGER recoveries_guard_person BEFORE INSERT ON recoveries FOR EACH ROW
  EXECUTE FUNCTION guard_person_column('recovered_by', '{maker,checker,admin}');
CREATE TRIGGER wallet_policies_guard_person BEFORE INSERT ON wallet_policies FOR EACH ROW
  WHEN (starts_with(NEW.actor, 'person:')) EXECUTE FUNCTION guard_person_column('actor', '{maker,checker,admin}');

-- Two people raise a partner's limits, give its keys more scopes, and decide where its events go; one person lowers, narrows
-- and removes. Equal to areLimitsRaised in TypeScript.
CREATE FUNCTION are_limits_raised(was partners, becomes partners) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(was.orders_per_minute < coalesce(becomes.orders_per_minute, 2147483647), false)
    OR coalesce(was.wallets_per_day < coalesce(becomes.wallets_per_day, 2147483647), false)
    OR coalesce(was.rupiah_per_order < coalesce(becomes.rupiah_per_order, 9223372036854775807), false)
    OR coalesce(was.rupiah_per_day < coalesce(becomes.rupiah_per_day, 9223372036854775807), false)
    OR coalesce(NOT was.kinds @> coalesce(becomes.kinds, was.kinds || 'any'::text), false)
    OR coalesce(NOT was.addresses @> coalesce(becomes.addresses, was.addresses || 'any'::text), false)
$$;

-- The scopes that a partner's keys may have: those that two people gave it, else those of its first key.
CREATE FUNCTION scopes_of_partner(partner partners) RETURNS text[] LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(partner.scopes, (
    SELECT k.scopes FROM partner_keys k WHERE k.partner = partner.name ORDER BY k.created_at, k.prefix LIMIT 1))
$$;

CREATE FUNCTION guard_partner_grants() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF is_identity_declared() THEN
    RETURN NEW;
  END IF;
  IF are_limits_raised(OLD, NEW) AND NOT EXISTS (
    SELECT 1 FROM change_requests r WHERE r.id = NEW.request_id AND is_change_approved(r.id, 'raise_limits', NEW.name)
  ) THEN
    RAISE EXCEPTION 'two people raise a limit' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_limits_approved';
  END IF;
  IF NEW.scopes IS DISTINCT FROM OLD.scopes AND NOT coalesce(scopes_of_partner(OLD) @> NEW.scopes, false) AND NOT EXISTS (
    SELECT 1 FROM change_requests r WHERE r.id = NEW.request_id AND is_change_approved(r.id, 'change_scopes', NEW.name)
      AND r.payload -> 'scopes' @> to_jsonb(NEW.scopes)
  ) THEN
    RAISE EXCEPTION 'two people give a scope' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_scopes_approved';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER partners_guard_grants BEFORE UPDATE ON partners FOR EACH ROW EXECUTE FUNCTION guard_partner_grants();

CREATE FUNCTION guard_partner_key_scopes() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT is_identity_declared() AND EXISTS (
    SELECT 1 FROM partners p WHERE p.name = NEW.partner AND NOT coalesce(scopes_of_partner(p), NEW.scopes) @> NEW.scopes
  ) THEN
    RAISE EXCEPTION 'two people give a scope' USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_scopes_approved';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER partner_keys_guard_scopes BEFORE INSERT ON partner_keys
  FOR EACH ROW EXECUTE FUNCTION guard_partner_key_scopes();

-- An admin, or a holder of the partner's keys, changes an endpoint's secret and sends to it again; the sender pauses one that
-- fails, and notes failures.
CREATE FUNCTION guard_endpoint_people() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF is_identity_declared() THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM demand_operator(NEW.created_by, '{checker}');
  END IF;
  IF (TG_OP = 'INSERT' OR (NEW.partner, NEW.url, NEW.kinds) IS DISTINCT FROM (OLD.partner, OLD.url, OLD.kinds)) AND NOT EXISTS (
    SELECT 1 FROM change_requests r WHERE r.id = NEW.request_id
      AND is_change_approved(r.id, 'change_endpoint', NEW.partner || ' ' || NEW.url)
  ) THEN
    RAISE EXCEPTION 'two people decide where events are sent'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'webhook_endpoint_approved';
  END IF;
  IF TG_OP = 'UPDATE' AND NOT is_holder_acting(OLD.partner) THEN
    IF NEW.state = 'active' AND OLD.state <> 'active' OR NEW.state <> 'removed' AND NEW.secret IS DISTINCT FROM OLD.secret THEN
      PERFORM demand_operator(NULL, '{admin}');
    ELSIF NEW.state = 'removed' AND OLD.state <> 'removed' OR NEW.paused_because = 'person' AND OLD.paused_because IS DISTINCT FROM 'person' THEN
      PERFORM demand_operator(NULL, '{maker,checker,admin}');
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER webhook_endpoints_guard_people BEFORE INSERT OR UPDATE ON webhook_endpoints
  FOR EACH ROW EXECUTE FUNCTION guard_endpoint_people();

-- A maker, or a holder of the partner's keys, makes an ended delivery due again.
CREATE FUNCTION guard_replay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM webhook_endpoints e WHERE e.id = NEW.endpoint_id AND is_holder_acting(e.partner)) THEN
    PERFORM demand_operator(NULL, '{maker}');
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER webhook_deliveries_guard_replay BEFORE UPDATE ON webhook_deliveries FOR EACH ROW
  WHEN (OLD.state <> 'pending' AND NEW.state = 'pending') EXECUTE FUNCTION guard_replay();
