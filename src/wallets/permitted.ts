import { type SQL, sql } from 'drizzle-orm'
import { type StatementRunner, StorageError } from '../postgres/pool.ts'
import { columnName, statement } from '../postgres/statement.ts'
import { partnerWallets } from './schema.ts'

const POLICY = sql`(select wallet_policy())`

/**
 * Whether a partner's orders may be accepted for a wallet: the condition of the statements that store them. The trigger
 * `orders_of_owner` refuses them once more, where no statement can forget it. No partner has an empty name.
 */
export function isPermitted(phoneNumber: SQL, partner: SQL): SQL {
  const { state, partner: owner, phoneNumber: wallet } = partnerWallets
  const found = sql`(
    select case ${columnName(state)} when 'linked' then ${columnName(owner)} else '' end from ${partnerWallets}
    where ${partnerWallets}.${columnName(wallet)} = ${phoneNumber})`
  return sql`(${POLICY} = 'open' or coalesce(${found}, case ${POLICY} when 'first_use' then ${partner} else '' end) = ${partner})`
}

const selectPermitted = statement(
  'is_wallet_permitted',
  { phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner },
  (db, { phoneNumber, partner }) =>
    db
      .select({ is: sql<boolean>`${isPermitted(sql`${phoneNumber}`, sql`${partner}`)}` })
      .from(sql`(select) as nothing`),
)

/** Whether an order of the partner for the wallet would be accepted now. */
export async function isOrderPermitted(
  runner: StatementRunner,
  order: { readonly phoneNumber: string; readonly partner: string },
): Promise<boolean> {
  const [row] = await selectPermitted(runner, order)
  return row?.is === true
}

/**
 * Repeats what another partner's first order for the same wallet, in a transaction at the same time, has made fail. The
 * repetition sees whose the wallet is, and refuses the order instead.
 */
export async function againIfRaced<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StorageError) || error.constraint !== 'order_of_owner') throw error
    return await work()
  }
}
