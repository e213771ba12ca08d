import type { Submission } from '../../orders/submission.ts'
import type { StatementRunner } from '../../postgres/pool.ts'

// The day is that of the usage row, which the transaction holds where wallets are counted.
const LOOK_UP = {
  name: 'look_up_partner_rows',
  text: `
    SELECT o.id IS NOT NULL AS "isKnown", x.wallet, w.phone_number IS NOT NULL AS "isDayWallet"
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS x (reference, wallet, position)
    LEFT JOIN orders o ON o.partner = $1 AND o.reference = x.reference
    LEFT JOIN partner_usage u ON u.partner = $1
    LEFT JOIN partner_day_wallets w ON w.partner = $1 AND w.day = u.day AND w.phone_number = x.wallet
    ORDER BY x.position`,
}

/** What counting a partner's order needs to know beside the order. */
export interface LookedUpOrder {
  /** Stored already: it uses nothing up. */
  readonly isKnown: boolean
  readonly wallet: string
  /** Whether the day has it already. */
  readonly isDayWallet: boolean
}

/** Looks up orders of a partner, in their order. */
export async function lookUpOrders(
  runner: StatementRunner,
  partner: string,
  submissions: readonly Submission[],
): Promise<LookedUpOrder[]> {
  const references = submissions.map(({ reference }) => reference)
  const wallets = submissions.map(({ command }) => command.phoneNumber)
  return await runner.run(LOOK_UP, [partner, references, wallets])
}

const ADD_DAY_WALLETS = {
  name: 'add_day_wallets',
  text: `
    INSERT INTO partner_day_wallets (partner, day, phone_number)
    SELECT DISTINCT u.partner, u.day, x.phone_number
    FROM partner_usage u, unnest($2::text[]) AS x (phone_number) WHERE u.partner = $1
    ON CONFLICT DO NOTHING RETURNING phone_number`,
}

const ADD_USE = {
  name: 'add_partner_use',
  text: `
    UPDATE partner_usage SET orders = orders + $2, rupiah = rupiah + $3::bigint, wallets = wallets + $4
    WHERE partner = $1`,
}

/** What some orders that were stored just now use up. */
export interface Use {
  readonly orders: number
  readonly rupiah: bigint
  /** Null: wallets are not counted, and not remembered. */
  readonly phoneNumbers: readonly string[] | null
}

/** Adds to what a partner has used, in the transaction that holds its usage. */
export async function addUse(
  runner: StatementRunner,
  partner: string,
  { orders, rupiah, phoneNumbers }: Use,
): Promise<void> {
  const added = phoneNumbers === null ? [] : await runner.run(ADD_DAY_WALLETS, [partner, phoneNumbers])
  await runner.run(ADD_USE, [partner, orders, String(rupiah), added.length])
}
