import type { StoredOrder } from '../../orders/ports.ts'
import { findStored, submitOrders } from '../../orders/store/submissions.ts'
import type { Submission } from '../../orders/submission.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'

/** What a partner has used; bigint as Postgres's digits. */
export interface UsageRow {
  readonly orders: number
  readonly rupiah: string
  readonly wallets: number
  readonly minuteEndsInS: number
  readonly dayEndsInS: number
}

/** An order about to be accepted, and what it counts for. */
export interface Candidate {
  readonly orderId: string
  readonly submission: Submission
  readonly rupiah: bigint
  /** Whether wallets of the day are counted: only then are they remembered. */
  readonly countsWallets: boolean
}

/** What became of a candidate. `usage` is after it. */
export type Admission<Refusal> =
  | { readonly is: 'stored'; readonly order: StoredOrder; readonly usage: UsageRow }
  | { readonly is: 'refused'; readonly breach: Refusal; readonly usage: UsageRow }
  /** It would be new, and its deadline has passed. */
  | { readonly is: 'overdue'; readonly usage: UsageRow }

// clock_timestamp() is read under the row's lock: a transaction that waited for it may have begun in the minute before.
const LOCK_USAGE = {
  name: 'lock_partner_usage',
  text: `
    INSERT INTO partner_usage AS u (partner, minute, day)
    VALUES ($1, date_trunc('minute', clock_timestamp()), (clock_timestamp() AT TIME ZONE 'Asia/Jakarta')::date)
    ON CONFLICT (partner) DO UPDATE SET
      orders = CASE WHEN u.minute < date_trunc('minute', clock_timestamp()) THEN 0 ELSE u.orders END,
      minute = greatest(u.minute, date_trunc('minute', clock_timestamp())),
      rupiah = CASE WHEN u.day < (clock_timestamp() AT TIME ZONE 'Asia/Jakarta')::date THEN 0 ELSE u.rupiah END,
      wallets = CASE WHEN u.day < (clock_timestamp() AT TIME ZONE 'Asia/Jakarta')::date THEN 0 ELSE u.wallets END,
      day = greatest(u.day, (clock_timestamp() AT TIME ZONE 'Asia/Jakarta')::date)
    RETURNING orders, rupiah::text AS rupiah, wallets,
      ceil(extract(epoch FROM minute + interval '1 minute' - clock_timestamp()))::int AS "minuteEndsInS",
      ceil(extract(epoch FROM ((day + 1)::timestamp AT TIME ZONE 'Asia/Jakarta') - clock_timestamp()))::int
        AS "dayEndsInS"`,
}

const ADD_DAY_WALLET = {
  name: 'add_day_wallet',
  text: `
    INSERT INTO partner_day_wallets (partner, day, phone_number)
    SELECT partner, day, $2::text FROM partner_usage WHERE partner = $1
    ON CONFLICT DO NOTHING RETURNING phone_number`,
}

const ADD_USAGE = {
  name: 'add_partner_usage',
  text: `
    UPDATE partner_usage SET orders = orders + 1, rupiah = rupiah + $2::bigint, wallets = wallets + $3
    WHERE partner = $1 RETURNING orders, rupiah::text AS rupiah, wallets`,
}

/** Ends the transaction of an order that is not to be. */
class NotAdmitted extends Error {
  override name = 'NotAdmitted'
}

/**
 * Accepts an order of a partner whose usage is limited: counted, decided and stored in one transaction, in which the
 * partner's orders take turns on its row. An order that is stored already costs nothing and is never refused.
 */
export async function admitOrder<Refusal>(
  database: Database,
  candidate: Candidate,
  decide: (usage: UsageRow, isNewWallet: boolean) => Refusal | null,
  actor: string,
): Promise<Admission<Refusal>> {
  let refused: Admission<Refusal> | null = null
  const work = async (runner: StatementRunner): Promise<Admission<Refusal>> => {
    const { partner, command } = candidate.submission
    const usage = await lockUsage(runner, partner)
    const [known] = await findStored(runner, [candidate.submission])
    if (known !== undefined) return { is: 'stored', order: known, usage }
    const isNewWallet = candidate.countsWallets && (await addDayWallet(runner, partner, command.phoneNumber))
    const breach = decide(usage, isNewWallet)
    if (breach !== null) {
      refused = { is: 'refused', breach, usage }
      // The wallet of a refused order is not one of the day's.
      throw new NotAdmitted()
    }
    const stored = await store(runner, candidate, { ...usage, isNewWallet }, actor)
    if (stored !== null) return stored
    refused = { is: 'overdue', usage }
    throw new NotAdmitted()
  }
  try {
    return await database.transaction(work)
  } catch (error) {
    if (error instanceof NotAdmitted && refused !== null) return refused
    throw error
  }
}

async function store(
  runner: StatementRunner,
  { orderId, submission, rupiah }: Candidate,
  usage: UsageRow & { isNewWallet: boolean },
  actor: string,
): Promise<Admission<never> | null> {
  const [order] = await submitOrders(runner, [{ orderId, submission }], actor)
  if (order === undefined) return null
  // A job of the queue, which takes no turns, may have been quicker.
  if (order.orderId !== orderId) return { is: 'stored', order, usage }
  const [used] = await runner.run<UsageRow>(ADD_USAGE, [
    submission.partner,
    String(rupiah),
    usage.isNewWallet ? 1 : 0,
  ])
  return { is: 'stored', order, usage: { ...usage, ...used } }
}

/** Makes the orders of a partner take turns until the transaction ends. @returns what was used, after minute and day are turned */
export async function lockUsage(runner: StatementRunner, partner: string): Promise<UsageRow> {
  const [usage] = await runner.run<UsageRow>(LOCK_USAGE, [partner])
  if (usage === undefined) throw new Error('a usage that was neither inserted nor locked')
  return usage
}

async function addDayWallet(runner: StatementRunner, partner: string, phoneNumber: string): Promise<boolean> {
  return (await runner.run(ADD_DAY_WALLET, [partner, phoneNumber])).length > 0
}
