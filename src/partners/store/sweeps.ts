import type { Database } from '../../postgres/pool.ts'

const SWEEP_NONCES = {
  name: 'sweep_nonces',
  text: `
    WITH old AS (
      SELECT prefix, nonce FROM partner_nonces WHERE seen_at < now() - interval '30 minutes'
      LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM partner_nonces n USING old o WHERE n.prefix = o.prefix AND n.nonce = o.nonce RETURNING 1`,
}

/**
 * Forgets nonces that no request can use again: a timestamp may be five minutes ahead, good for five more, and its file may take
 * five to come.
 * @returns how many; the limit when there may be more
 */
export async function sweepNonces(database: Database, limit: number): Promise<number> {
  return (await database.run(SWEEP_NONCES, [limit])).length
}

const SWEEP_DAY_WALLETS = {
  name: 'sweep_day_wallets',
  text: `
    WITH old AS (
      SELECT partner, day, phone_number FROM partner_day_wallets
      WHERE day < (now() AT TIME ZONE 'Asia/Jakarta')::date LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM partner_day_wallets w USING old o
    WHERE w.partner = o.partner AND w.day = o.day AND w.phone_number = o.phone_number RETURNING 1`,
}

/** Forgets the wallets of days that are over. @returns how many; the limit when there may be more */
export async function sweepDayWallets(database: Database, limit: number): Promise<number> {
  return (await database.run(SWEEP_DAY_WALLETS, [limit])).length
}
