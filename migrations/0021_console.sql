-- How operators sign in at the console. The program may read what is here and write none of it: each function demands the proof
-- of what it does. Whoever has only the program's role opens no session, and acts for nobody who is not signed in.

-- The console's audit is only appended to.
CREATE TRIGGER console_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON console_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION secret_hash(secret text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(secret, 'UTF8')), 'hex')
$$;

-- Whether this is the key that the owner of the tables has let in. The console draws it from CONSOLE_SECRET; no other program
-- has it, so no other program can say that somebody has shown a TOTP code or an account.
CREATE FUNCTION is_console_key(key text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM installation WHERE console_key_hash = secret_hash(key))
$$;

-- A session ends after 30 minutes without use, and at its end.
CREATE FUNCTION is_session_alive(s operator_sessions) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT s.ended_at IS NULL AND s.ends_at > clock_timestamp() AND s.seen_at > clock_timestamp() - interval '30 minutes'
$$;

-- A viewer's sign-in needs nobody's confirmation for as long as the operator is no more than a viewer.
CREATE FUNCTION is_factor_usable(f operator_factors, o operators) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT o.disabled_at IS NULL AND f.revoked_at IS NULL AND f.enrolled_at IS NOT NULL
    AND (NOT f.takes_two OR f.confirmed_at IS NOT NULL OR o.roles = '{viewer}')
$$;

-- What an operator reads to the admin who confirms: of another password it is another one.
CREATE FUNCTION factor_mark(f operator_factors) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE f.kind WHEN 'oidc' THEN f.subject ELSE
    regexp_replace(left(secret_hash(f.id || ':' || f.key_hash), 12), '(.{4})(.{4})(.{4})', '\1-\2-\3') END
$$;

-- The operator who acts in this transaction. It raises operator_proven where nobody does.
CREATE FUNCTION acting_operator() RETURNS operators
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  who operators;
BEGIN
  SELECT o.* INTO who FROM operator_acts a JOIN operators o ON o.id = a.operator_id
  WHERE a.xid = pg_current_xact_id_if_assigned()::text::bigint AND a.at = now() AND o.disabled_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody has proven to act here' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  RETURN who;
END $$;

-- The operator whose sign-in is to be changed: one's own, or another's by an admin. Changes take turns: they count admins.
CREATE FUNCTION sign_in_holder(named text) RETURNS operators
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  acting operators := acting_operator();
  holder operators;
BEGIN
  PERFORM pg_advisory_xact_lock(4702183502);
  SELECT o.* INTO holder FROM operators o WHERE person_key(o.name) = person_key(named) FOR SHARE;
  IF NOT FOUND OR holder.disabled_at IS NOT NULL THEN
    RAISE EXCEPTION 'there is no enabled operator of this name'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_enabled';
  END IF;
  IF holder.id <> acting.id THEN
    PERFORM demand_operator(acting.name, '{admin}');
  END IF;
  RETURN holder;
END $$;

CREATE FUNCTION append_sign_in_event(holder int, event text, who text, note text, detail jsonb) RETURNS void
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO operator_events (operator_id, at, event, actor, note, detail)
  VALUES (holder, clock_timestamp(), event, 'person:' || who, note, detail)
$$;

-- Once there are two admins, what one of them gives to another person waits for somebody else: see confirm_sign_in.
CREATE FUNCTION takes_two_for_sign_in(acting int, holder int) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  SELECT acting <> holder AND count_admins(NULL) >= 2
$$;

-- Lets an operator set a password, once, in 24 hours. What they signed in by before ends at once, with its sessions.
CREATE FUNCTION invite_operator(named text, code_hash text, note text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  acting operators := acting_operator();
  holder operators := sign_in_holder(named);
BEGIN
  UPDATE operator_factors f SET revoked_at = clock_timestamp()
  WHERE f.operator_id = holder.id AND f.kind = 'password' AND f.revoked_at IS NULL;
  INSERT INTO operator_factors (operator_id, kind, code_hash, code_ends_at, created_by, takes_two)
  VALUES (holder.id, 'password', invite_operator.code_hash, clock_timestamp() + interval '24 hours', acting.id,
    takes_two_for_sign_in(acting.id, holder.id));
  PERFORM append_sign_in_event(holder.id, 'invited', acting.name, note, '{}');
  RETURN holder.name;
END $$;

-- Links an account at an OpenID Connect provider, instead of the one before. True: it waits for somebody else.
CREATE FUNCTION link_account(named text, issuer text, subject text, note text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  acting operators := acting_operator();
  holder operators := sign_in_holder(named);
  waits boolean := takes_two_for_sign_in(acting.id, holder.id);
BEGIN
  UPDATE operator_factors f SET revoked_at = clock_timestamp()
  WHERE f.operator_id = holder.id AND f.kind = 'oidc' AND f.revoked_at IS NULL;
  INSERT INTO operator_factors (operator_id, kind, issuer, subject, created_by, takes_two, enrolled_at)
  VALUES (holder.id, 'oidc', link_account.issuer, link_account.subject, acting.id, waits, clock_timestamp());
  PERFORM append_sign_in_event(holder.id, 'account_linked', acting.name, note,
    jsonb_build_object('issuer', link_account.issuer, 'subject', link_account.subject));
  RETURN waits;
END $$;

-- Confirms what an operator signs in by: another admin than who gave it, or the operator's own token. False: nothing waits that
-- has this mark.
CREATE FUNCTION confirm_sign_in(named text, mark text, note text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  acting operators := acting_operator();
  holder operators := sign_in_holder(named);
  giver int;
BEGIN
  SELECT f.created_by INTO giver FROM operator_factors f
  WHERE f.operator_id = holder.id AND f.takes_two AND f.enrolled_at IS NOT NULL AND f.confirmed_at IS NULL
    AND f.revoked_at IS NULL AND factor_mark(f) = confirm_sign_in.mark
  FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF giver = acting.id THEN
    RAISE EXCEPTION 'it takes two' USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_sign_in_confirmed';
  END IF;
  UPDATE operator_factors f SET confirmed_at = clock_timestamp(), confirmed_by = acting.id
  WHERE f.operator_id = holder.id AND f.revoked_at IS NULL AND factor_mark(f) = confirm_sign_in.mark;
  PERFORM append_sign_in_event(holder.id, 'sign_in_confirmed', acting.name, note,
    jsonb_build_object('mark', confirm_sign_in.mark));
  RETURN true;
END $$;

-- Ends everything that an operator signs in by, and so every session.
CREATE FUNCTION revoke_sign_in(named text, note text) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  acting operators := acting_operator();
  holder operators := sign_in_holder(named);
  count int;
BEGIN
  UPDATE operator_factors f SET revoked_at = clock_timestamp() WHERE f.operator_id = holder.id AND f.revoked_at IS NULL;
  GET DIAGNOSTICS count = ROW_COUNT;
  PERFORM append_sign_in_event(holder.id, 'sign_in_revoked', acting.name, note, jsonb_build_object('count', count));
  RETURN count;
END $$;

-- The invitation of a code: `open`, `used`, `expired` or `revoked`; no row when there is none.
CREATE FUNCTION invitation_of_code(code text) RETURNS TABLE (factor_id int, name text, state text, totp_secret text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT f.id, o.name, CASE
      WHEN o.disabled_at IS NOT NULL OR f.revoked_at IS NOT NULL THEN 'revoked'
      WHEN f.enrolled_at IS NOT NULL THEN 'used'
      WHEN f.code_ends_at <= clock_timestamp() THEN 'expired'
      ELSE 'open'
    END, f.totp_secret
  FROM operator_factors f JOIN operators o ON o.id = f.operator_id WHERE f.code_hash = secret_hash(code)
$$;

-- Stores the password and the TOTP secret of an open invitation, as often as its holder begins anew.
CREATE FUNCTION begin_enrolment(code text, salt text, scrypt text, password_key text, totp_secret text, console_key text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE operator_factors f SET salt = begin_enrolment.salt, scrypt = begin_enrolment.scrypt,
    key_hash = secret_hash(password_key), totp_secret = begin_enrolment.totp_secret
  FROM invitation_of_code(code) i
  WHERE f.id = i.factor_id AND i.state = 'open' AND f.enrolled_at IS NULL AND f.revoked_at IS NULL AND is_console_key(console_key);
  RETURN FOUND;
END $$;

-- A TOTP step that the database's clock allows.
CREATE FUNCTION is_step_near(step bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT abs(step - floor(extract(epoch FROM clock_timestamp()) / 30)) <= 2
$$;

-- Ends an enrolment with the first TOTP code. The invitation is used up.
CREATE FUNCTION finish_enrolment(code text, step bigint, recovery_hashes text[], console_key text)
RETURNS TABLE (name text, mark text, is_usable boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  holder operators;
  factor operator_factors;
BEGIN
  IF NOT is_console_key(console_key) OR NOT is_step_near(step) THEN
    RETURN;
  END IF;
  UPDATE operator_factors f SET enrolled_at = clock_timestamp(), last_step = step,
    recovery_hashes = finish_enrolment.recovery_hashes
  FROM invitation_of_code(code) i
  WHERE f.id = i.factor_id AND i.state = 'open' AND f.enrolled_at IS NULL AND f.revoked_at IS NULL AND f.key_hash IS NOT NULL
  RETURNING f.* INTO factor;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT o.* INTO holder FROM operators o WHERE o.id = factor.operator_id;
  PERFORM append_sign_in_event(holder.id, 'enrolled', holder.name, NULL, '{}');
  RETURN QUERY SELECT holder.name, factor_mark(factor), is_factor_usable(factor, holder);
END $$;

-- Opens a session of 12 hours at the most. Ended ones go after a week.
CREATE FUNCTION open_session(session_id text, factor int, who text, proof text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM operator_sessions s WHERE s.ends_at < now() - interval '7 days';
  INSERT INTO operator_sessions (id, factor_id, name, proof, ends_at)
  VALUES (session_id, factor, who, open_session.proof, clock_timestamp() + interval '12 hours');
END $$;
-- It demands no proof: only the functions here call it.
REVOKE ALL ON FUNCTION open_session(text, int, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION append_sign_in_event(int, text, text, text, jsonb) FROM PUBLIC;

-- Opens a session for whoever has shown the password, by what scrypt makes of it, and a TOTP step that was not used, or a
-- recovery code. No row: it is refused. Not usable: it is right, and waits for its confirmation; no session is opened.
CREATE FUNCTION sign_in_by_password(
  given_name text, password_key text, step bigint, recovery_code text, console_key text, session_id text
) RETURNS TABLE (name text, mark text, is_usable boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  holder operators;
  factor operator_factors;
BEGIN
  SELECT o.* INTO holder FROM operators o WHERE person_key(o.name) = person_key(given_name) AND o.disabled_at IS NULL;
  SELECT f.* INTO factor FROM operator_factors f
  WHERE f.operator_id = holder.id AND f.kind = 'password' AND f.revoked_at IS NULL AND f.enrolled_at IS NOT NULL
  FOR UPDATE;
  IF NOT FOUND OR factor.key_hash <> secret_hash(password_key) OR NOT is_console_key(console_key) THEN
    RETURN;
  END IF;
  IF step IS NOT NULL THEN
    IF step <= factor.last_step OR NOT is_step_near(step) THEN
      RETURN;
    END IF;
    UPDATE operator_factors f SET last_step = step WHERE f.id = factor.id;
  ELSIF secret_hash(recovery_code) = ANY (factor.recovery_hashes) THEN
    UPDATE operator_factors f SET recovery_hashes = array_remove(f.recovery_hashes, secret_hash(recovery_code))
    WHERE f.id = factor.id;
  ELSE
    RETURN;
  END IF;
  IF is_factor_usable(factor, holder) THEN
    PERFORM open_session(session_id, factor.id, holder.name, 'password');
  END IF;
  RETURN QUERY SELECT holder.name, factor_mark(factor), is_factor_usable(factor, holder);
END $$;

-- Opens a session for the operator of an account. The console has verified the provider's ID token; Postgres cannot.
CREATE FUNCTION sign_in_by_account(given_issuer text, given_subject text, console_key text, session_id text)
RETURNS TABLE (name text, mark text, is_usable boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  holder operators;
  factor operator_factors;
BEGIN
  SELECT f.* INTO factor FROM operator_factors f
  WHERE f.kind = 'oidc' AND f.issuer = given_issuer AND f.subject = given_subject AND f.revoked_at IS NULL
  FOR SHARE;
  SELECT o.* INTO holder FROM operators o WHERE o.id = factor.operator_id AND o.disabled_at IS NULL;
  IF NOT FOUND OR NOT is_console_key(console_key) THEN
    RETURN;
  END IF;
  IF is_factor_usable(factor, holder) THEN
    PERFORM open_session(session_id, factor.id, holder.name, 'oidc');
  END IF;
  RETURN QUERY SELECT holder.name, factor_mark(factor), is_factor_usable(factor, holder);
END $$;

-- Opens a session for a name that somebody says, where names are declared.
CREATE FUNCTION open_declared_session(declared_name text, session_id text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT is_identity_declared() THEN
    RAISE EXCEPTION 'this installation proves its people: a name alone is not enough'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_proven';
  END IF;
  PERFORM open_session(session_id, NULL, declared_name, 'declared');
END $$;

-- Whose session it is, with the roles of now; no row when it has ended. A page that asks by itself does not keep it alive.
CREATE FUNCTION recall_session(secret text, is_personal boolean) RETURNS TABLE (name text, roles text[], proof text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  who record;
BEGIN
  SELECT s.id, s.seen_at, s.proof, s.name AS declared, o.name, o.roles INTO who
  FROM operator_sessions s
  LEFT JOIN operator_factors f ON f.id = s.factor_id
  LEFT JOIN operators o ON o.id = f.operator_id AND is_factor_usable(f, o)
  WHERE s.id = secret_hash(secret) AND is_session_alive(s)
    AND CASE s.proof WHEN 'declared' THEN is_identity_declared() ELSE o.id IS NOT NULL END;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF is_personal AND who.seen_at < clock_timestamp() - interval '10 seconds' THEN
    UPDATE operator_sessions s SET seen_at = clock_timestamp() WHERE s.id = who.id;
  END IF;
  RETURN QUERY SELECT coalesce(who.name, who.declared), who.roles, who.proof;
END $$;

-- Signs out. The name whose session it was; null when there was none.
CREATE FUNCTION end_session(secret text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE operator_sessions s SET ended_at = clock_timestamp() WHERE s.id = secret_hash(secret) AND s.ended_at IS NULL
  RETURNING s.name
$$;
