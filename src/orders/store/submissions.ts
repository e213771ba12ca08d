import type { StatementRunner } from '../../postgres/pool.ts'
import type { NotStored, StoredOrder } from '../ports.ts'
import type { Submission } from '../submission.ts'
import { findByReference, insertOrders, sayWhyNotStored } from './submission-statements.ts'

interface NewOrder {
  readonly orderId: string
  readonly submission: Submission
}

/**
 * See `OrderStore.submit`.
 * @param debitsWait how lanes are looked at; null: nobody asks whose turn it is
 */
export function submitOrders(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  debitsWait: boolean | null = null,
): Promise<(StoredOrder | NotStored)[]> {
  return insertOrFind(runner, submissions, {
    actorOf: ({ partner }) => `partner:${partner}`,
    takesOverdue: false,
    debitsWait,
  })
}

/**
 * Stores orders that were accepted earlier, as rows of a batch or runs of a plan: one whose deadline has passed since
 * then becomes an order too, which expires.
 */
export async function submitApprovedOrders(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  actor: string,
): Promise<(StoredOrder | 'wallet_refused')[]> {
  const stored = await insertOrFind(runner, submissions, {
    actorOf: () => actor,
    takesOverdue: true,
    debitsWait: null,
  })
  return stored.map((order) => {
    if (order === 'overdue') throw new Error('an order that was neither inserted nor found')
    return order
  })
}

async function insertOrFind(
  runner: StatementRunner,
  submissions: readonly NewOrder[],
  { actorOf, ...how }: HowToStore & { actorOf(submission: Submission): string },
): Promise<(StoredOrder | NotStored)[]> {
  const stored = new Map<string, StoredOrder | NotStored>()
  // In one order everywhere: transactions that store the same references then wait for each other, and never in a circle.
  let left = submissions
    .map((order) => ({ ...newRow(order), actor: actorOf(order.submission) }))
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  for (let round = 0; left.length > 0; round += 1) {
    if (round > submissions.length + MOST_REPEATS)
      throw new Error('orders that are neither stored nor refused')
    left = await insertSome(runner, left, { ...how, stored })
  }
  return submissions.map(({ submission }) => {
    const order = stored.get(keyOf(submission))
    if (order === undefined) throw new Error('a submission without an answer')
    return order
  })
}

/** Rounds that only a wallet which is linked in that very moment takes. */
const MOST_REPEATS = 3

interface HowToStore {
  readonly takesOverdue: boolean
  /** Whether debits of a wallet wait for its doubts; null: whose turn it is is not asked. */
  readonly debitsWait: boolean | null
}

type GivenRow = ReturnType<typeof newRow> & { readonly actor: string }

/** Stores or refuses rows, as far as their wallets are one partner's each. @returns the rows that are left */
async function insertSome(
  runner: StatementRunner,
  rows: readonly GivenRow[],
  {
    takesOverdue,
    debitsWait,
    stored,
  }: HowToStore & { readonly stored: Map<string, StoredOrder | NotStored> },
): Promise<GivenRow[]> {
  const { given, others } = firstPartnersOf(rows)
  for (const order of await insertOrders(runner, { given, takesOverdue, debitsWait }))
    stored.set(keyOf(order), { ...order, intentAgeMs: null })
  const isOpen = (row: GivenRow) => !stored.has(keyOf(row))
  const wanted = given.filter(isOpen)
  // Orders are never deleted, so an insert that met another order always finds it.
  if (wanted.length > 0)
    for (const order of await findOrders(runner, wanted, debitsWait)) stored.set(keyOf(order), order)
  const refused = wanted.filter(isOpen)
  if (refused.length > 0)
    for (const { why, ...order } of await sayWhyNotStored(runner, { given: refused, takesOverdue }))
      if (why !== null) stored.set(keyOf(order), why)
  return [...others, ...refused].filter(isOpen)
}

/** The rows of the first partner of each wallet, and those of others, which must see whose it became. */
function firstPartnersOf(rows: readonly GivenRow[]): { given: GivenRow[]; others: GivenRow[] } {
  const firsts = new Map<string, string>()
  const [given, others]: [GivenRow[], GivenRow[]] = [[], []]
  for (const row of rows) {
    if (!firsts.has(row.phoneNumber)) firsts.set(row.phoneNumber, row.partner)
    const isFirst = firsts.get(row.phoneNumber) === row.partner
    ;(isFirst ? given : others).push(row)
  }
  return { given, others }
}

/** The orders of these references that are stored already. */
export function findStored(
  runner: StatementRunner,
  submissions: readonly Submission[],
): Promise<StoredOrder[]> {
  return findOrders(runner, submissions, null)
}

async function findOrders(
  runner: StatementRunner,
  wanted: readonly { readonly partner: string; readonly reference: string }[],
  debitsWait: boolean | null,
): Promise<(StoredOrder & { readonly partner: string; readonly reference: string })[]> {
  return (await findByReference(runner, { wanted, debitsWait })).map(({ found }) => found)
}

function keyOf({ partner, reference }: { partner: string; reference: string }): string {
  return `${partner}\n${reference}`
}

function newRow({ orderId, submission }: NewOrder) {
  const { partner, reference, command, content, contentHash, deadline } = submission
  const { kind, phoneNumber } = command
  return { orderId, partner, reference, kind, phoneNumber, content, contentHash, deadline }
}
