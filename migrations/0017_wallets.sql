-- Whose wallet is whose, and that only its partner's orders are accepted for it: to sell, transfer or withdraw from it, or
-- to buy for it. The recipient of a transfer may be anybody.

-- The policy that was decided last. Before anybody decided, a wallet that is nobody's becomes its first user's.
CREATE FUNCTION wallet_policy() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT p.policy FROM wallet_policies p ORDER BY p.id DESC LIMIT 1), 'first_use')
$$;

-- A policy is followed by a stricter one at one person's word, and by a looser one only as two people approved it. The
-- first one is decided by a setting or with the first key; where two decide it at once, the first one stays.
CREATE FUNCTION guard_wallet_policy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  from_strict_to_loose CONSTANT text[] := ARRAY['owned', 'first_use', 'open'];
  current text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('wallet_policies'));
  SELECT p.policy INTO current FROM wallet_policies p ORDER BY p.id DESC LIMIT 1;
  IF current IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.request_id IS NULL AND NEW.note IS NULL THEN
    RETURN NULL;
  END IF;
  IF array_position(from_strict_to_loose, NEW.policy) > array_position(from_strict_to_loose, current)
     AND NOT coalesce(is_change_approved(NEW.request_id, 'loosen_wallet_policy', 'wallet policy'), false) THEN
    RAISE EXCEPTION 'two people decide on a looser policy'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_policy_of_two_people';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER wallet_policies_guard BEFORE INSERT ON wallet_policies FOR EACH ROW
  EXECUTE FUNCTION guard_wallet_policy();
CREATE TRIGGER wallet_policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_policies
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- With the first key of a partner an installation has partners over HTTP. A new one then demands that wallets are owned;
-- one that has orders already keeps what they were accepted by, or its queue would begin to refuse them.
CREATE FUNCTION decide_wallet_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM wallet_policies) THEN
    INSERT INTO wallet_policies (policy, actor)
    VALUES (CASE WHEN EXISTS (SELECT 1 FROM orders) THEN 'first_use' ELSE 'owned' END, 'first_key');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER partner_keys_decide_policy AFTER INSERT ON partner_keys
  FOR EACH STATEMENT EXECUTE FUNCTION decide_wallet_policy();

-- A wallet is taken from its partner by one person, and changes hands only as two people approved it.
CREATE FUNCTION guard_partner_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.phone_number <> OLD.phone_number
     OR NOT (NEW.origin = 'linked' AND NEW.state = 'linked' AND NEW.request_id IS DISTINCT FROM OLD.request_id)
        AND NOT (OLD.state = 'linked' AND NEW.state = 'unlinked' AND (NEW.partner, NEW.origin) = (OLD.partner, OLD.origin)) THEN
    RAISE EXCEPTION 'a wallet is only unlinked, or linked as two people approved it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_wallet_transition';
  END IF;
  NEW.since := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TRIGGER partner_wallets_guard BEFORE UPDATE ON partner_wallets FOR EACH ROW
  EXECUTE FUNCTION guard_partner_wallet();

-- Once per statement: a file links 100,000 wallets. Whatever is linked must be in the request that this very transaction
-- approved, wallet by wallet.
CREATE FUNCTION check_wallets_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM written w
    LEFT JOIN (
      SELECT DISTINCT r.id, l.phone_number, l.partner
      FROM change_requests r, jsonb_to_recordset(r.payload -> 'wallets') AS l (phone_number text, partner text)
      WHERE r.id IN (SELECT w.request_id FROM written w) AND is_change_approved(r.id, 'link_wallet', r.subject)
    ) a ON (a.id, a.phone_number, a.partner) = (w.request_id, w.phone_number, w.partner)
    WHERE w.origin = 'linked' AND w.state = 'linked' AND a.id IS NULL
  ) THEN
    RAISE EXCEPTION 'two people link a wallet' USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_link_of_two_people';
  END IF;
  IF TG_OP = 'INSERT' AND (EXISTS (SELECT 1 FROM written w WHERE w.state <> 'linked')
     OR wallet_policy() <> 'first_use' AND EXISTS (SELECT 1 FROM written w WHERE w.origin = 'first_use')) THEN
    RAISE EXCEPTION 'a wallet begins linked, and by its first use only where the policy says so'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'partner_wallet_transition';
  END IF;
  INSERT INTO wallet_events (phone_number, partner, at, event, actor, note, request_id)
  SELECT w.phone_number, w.partner, clock_timestamp(), CASE w.state WHEN 'linked' THEN w.origin ELSE w.state END,
    w.actor, w.note, w.request_id
  FROM written w;
  RETURN NULL;
END $$;

CREATE TRIGGER partner_wallets_on_insert AFTER INSERT ON partner_wallets
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_wallets_written();
CREATE TRIGGER partner_wallets_on_update AFTER UPDATE ON partner_wallets
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_wallets_written();

CREATE TRIGGER partner_wallets_kept BEFORE DELETE OR TRUNCATE ON partner_wallets
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER wallet_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Refuses orders for wallets that are not their partner's, whatever stores them. Under first_use it gives a wallet that is
-- nobody's to the partner of the first order, and waits for another transaction that does so: exactly one partner gets
-- it. Each statement of the function sees what was committed before it. A look-up by key for each order.
CREATE FUNCTION refuse_foreign_wallets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  policy CONSTANT text := wallet_policy();
BEGIN
  IF policy = 'open' THEN
    RETURN NULL;
  END IF;
  IF policy = 'first_use' AND EXISTS (
    SELECT 1 FROM written w
    WHERE (SELECT p.partner FROM partner_wallets p WHERE p.phone_number = w.phone_number) IS NULL
  ) THEN
    INSERT INTO partner_wallets (phone_number, partner, origin, state, actor)
    SELECT DISTINCT ON (w.phone_number) w.phone_number, w.partner, 'first_use', 'linked', w.actor
    FROM written w
    WHERE (SELECT p.partner FROM partner_wallets p WHERE p.phone_number = w.phone_number) IS NULL
    ORDER BY w.phone_number, w.partner
    ON CONFLICT DO NOTHING;
  END IF;
  IF EXISTS (
    SELECT 1 FROM written w
    WHERE (SELECT p.partner FROM partner_wallets p WHERE p.phone_number = w.phone_number AND p.state = 'linked')
          IS DISTINCT FROM w.partner
  ) THEN
    RAISE EXCEPTION 'the wallet is not this partner''s' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_of_owner';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER orders_of_owner AFTER INSERT ON orders
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_foreign_wallets();
