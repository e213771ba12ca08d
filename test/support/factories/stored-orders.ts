import { randomUUID } from 'node:crypto'
import type { GoldWeight, Rupiah } from '../../../src/core/money.ts'
import type { ConfirmOutcome, Quote } from '../../../src/orders/outcomes.ts'
import type { NotStored, StoredOrder } from '../../../src/orders/ports.ts'
import { createOrderStore } from '../../../src/orders/store/order-store.ts'
import { submitApprovedOrders } from '../../../src/orders/store/submissions.ts'
import { createSweepStore } from '../../../src/orders/store/sweeps.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { type Database, openDatabase } from '../../../src/postgres/pool.ts'
import { unnamed } from '../unnamed.ts'
import { jobData } from './job-data.ts'

/** Opens a pool for a test and the stores on it. */
export function openStores(databaseUrl: string, maxConnections = 8) {
  const database = openDatabase({ databaseUrl, maxConnections, onError: () => {} })
  return { database, store: createOrderStore(database), sweeps: createSweepStore(database) }
}

export const reply = { httpStatus: 200, body: '{}', message: 'Success' }

let transactions = 0

export const outcomes = {
  /** Each time another transaction: one belongs to one order. */
  get succeeded() {
    transactions += 1
    return {
      is: 'succeeded',
      executed: {
        requestId: '1',
        responseId: `R${transactions}`,
        sessionId: `S${transactions}`,
        goldWeight: 5_000 as GoldWeight,
        amount: 441_000 as Rupiah,
        fee: 5_000 as Rupiah,
      },
      reply,
    } as const
  },
  price_changed: { is: 'price_changed', reply },
  rejected: { is: 'rejected', reason: 'insufficient_balance', reply },
  not_sent: { is: 'not_sent', reply },
  in_doubt: { is: 'in_doubt', doubt: 'reply_lost', reply },
} as const satisfies Record<ConfirmOutcome['is'], ConfirmOutcome>

export function aQuote(overrides: Partial<Quote> = {}): Quote {
  return {
    quoteId: randomUUID(),
    goldWeight: 5_000 as GoldWeight,
    amount: 441_000 as Rupiah,
    fee: 5_000 as Rupiah,
    ...overrides,
  }
}

type Stores = ReturnType<typeof openStores>

let wallets = 0

/** A wallet of its own: orders of one wallet wait for each other. */
export function aWallet(): string {
  wallets += 1
  return `0817${String(process.pid % 10_000).padStart(4, '0')}${String(wallets).padStart(4, '0')}`
}

/** Stores a new order of a kind, of a wallet of its own unless one is given, and gives its id. */
export async function anAccepted(
  { database }: Stores,
  kind: keyof typeof jobData = 'buy',
  overrides: object = {},
) {
  const submission = parseSubmission(
    kind === 'buyRupiah' ? 'buy' : kind,
    jobData[kind]({ phone_number: aWallet(), ...overrides }),
  )
  // Its deadline may have passed since it was accepted.
  const [order] = await submitApprovedOrders(
    database,
    [{ orderId: randomUUID(), submission }],
    'partner:acme',
  )
  return requireStored(order).orderId
}

/** The stored order of an answer. @throws for every other answer */
export function requireStored(order: StoredOrder | NotStored | undefined): StoredOrder {
  if (order === undefined || typeof order === 'string') throw new Error(`not stored: ${order}`)
  return order
}

/** Stores a new order and commits an intent for it, in a trace if one is given. */
export async function aConfirming(
  stores: Stores,
  kind: keyof typeof jobData = 'buy',
  traceId: string | null = null,
) {
  const orderId = await anAccepted(stores, kind)
  const intentId = randomUUID()
  const given = { orderId, intentId, quote: aQuote(), traceId }
  const [intent] = await stores.store.commitIntents([given], 'worker:test')
  if (intent === undefined) throw new Error('no intent')
  return { orderId, seq: intent.seq, intentId }
}

/** The trace that each attempt of an order names, as Postgres has it, without dashes. */
export async function tracesOf({ database }: Pick<Stores, 'database'>, orderId: string) {
  const rows = await database.run<{ trace: string | null }>(
    unnamed(
      `SELECT replace(trace_id::text, '-', '') AS trace FROM attempts WHERE order_id = $1 ORDER BY seq`,
    ),
    [orderId],
  )
  return rows.map(({ trace }) => trace)
}

/** Brings an order to a state by legal moves only. */
export async function anOrderIn(
  stores: Stores,
  state: string,
  kind: keyof typeof jobData = 'buy',
): Promise<string> {
  const { store } = stores
  const detail = { note: 'test' }
  switch (state) {
    case 'accepted':
      return await anAccepted(stores, kind)
    case 'confirming':
      return (await aConfirming(stores, kind)).orderId
    case 'succeeded':
    case 'rejected':
    case 'in_doubt': {
      const intent = await aConfirming(stores, kind)
      await store.endIntents([{ ...intent, outcome: outcomes[state] }], 'worker:test')
      return intent.orderId
    }
    case 'expired': {
      const orderId = await anAccepted(stores, kind)
      await passDeadlines(stores.database, { orderId })
      await store.move('expire', [{ orderId, reason: 'deadline_passed', actor: 'sweeper', detail: null }])
      return orderId
    }
    case 'cancelled': {
      const orderId = await anAccepted(stores, kind)
      await store.move('cancel', [{ orderId, reason: 'cancel_requested', actor: 'person:test', detail }])
      return orderId
    }
    case 'held': {
      const orderId = await anAccepted(stores, kind)
      await store.move('hold', [{ orderId, reason: 'held_by_person', actor: 'person:test', detail }])
      return orderId
    }
    default:
      throw new Error(`no way to ${state}`)
  }
}

/** Puts deadlines of accepted orders into the past, which the order's trigger lets nobody do. */
export async function passDeadlines(
  database: Database,
  { partner = null, orderId = null }: { partner?: string | null; orderId?: string | null },
): Promise<void> {
  const run = (text: string, values: unknown[] = []) => ({ statement: unnamed(text), values })
  const steps = [
    run('SET LOCAL session_replication_role = replica'),
    run(
      `UPDATE orders SET deadline_at = now() - interval '1 second', wake_at = now() - interval '1 second' WHERE state = 'accepted'
        AND ($1::text IS NULL OR partner = $1) AND ($2::uuid IS NULL OR id = $2)`,
      [partner, orderId],
    ),
  ]
  await database.transaction(async (runner) => {
    for (const { statement, values } of steps) await runner.run(statement, values)
  })
}

/** The one row a query gives. */
export async function oneRow<Row extends object>(
  database: Database,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const [row] = await database.run<Row>(unnamed(text), values)
  if (row === undefined) throw new Error('no row')
  return row
}
