import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ATTEMPT_OUTCOMES,
  ATTEMPT_TRANSITIONS,
  FINAL_STATES,
  ORDER_STATES,
  TRANSITIONS,
  type Transition,
} from '../../src/orders/lifecycle.ts'
import { constraintOf } from '../support/constraint.ts'
import {
  aConfirming,
  anAccepted,
  anOrderIn,
  oneRow,
  openStores,
  outcomes,
} from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})

afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

const run = (text: string, values: readonly unknown[] = []) => sql(test.databaseUrl, text, values)

describe('the lists of transitions in Postgres', () => {
  it('hold the same moves as the code', async () => {
    const inCode = Object.values<Transition>(TRANSITIONS)
      .flatMap(({ from, to, reasons }) => reasons.map((reason) => `${from ?? ''}>${to}:${reason}`))
      .sort()
    const rows = await stores.database.run<{ row: string }>(
      unnamed('SELECT unnest(order_transitions()) AS row'),
      [],
    )
    expect(rows.map(({ row }) => row).sort()).toEqual(inCode)
  })

  it('hold the same outcomes of attempts as the code', async () => {
    const rows = await stores.database.run<{ row: string }>(
      unnamed('SELECT unnest(attempt_transitions()) AS row'),
      [],
    )
    const inCode = ATTEMPT_TRANSITIONS.map(({ from, to }) => `${from}>${to}`)
    expect(rows.map(({ row }) => row).sort()).toEqual(inCode.sort())
  })
})

const legal = new Set(Object.values<Transition>(TRANSITIONS).map(({ from, to }) => `${from}>${to}`))
const illegal = ORDER_STATES.flatMap((from) => ORDER_STATES.map((to) => ({ from, to }))).filter(
  ({ from, to }) => from !== to && !legal.has(`${from}>${to}`),
)

describe('Postgres', () => {
  it.each(illegal)('refuses $from → $to whatever the reason', async ({ from, to }) => {
    const orderId = await anOrderIn(stores, from)
    for (const reason of ['executed', 'price_changed', 'deadline_passed', 'resolved_by_person', 'anything']) {
      const refused = run('UPDATE orders SET state = $2, reason = $3 WHERE id = $1', [orderId, to, reason])
      expect(await constraintOf(refused)).toBe('order_transition')
    }
  })

  it('refuses a legal move with a reason that is not its own', async () => {
    const orderId = await anOrderIn(stores, 'accepted')
    const refused = run(`UPDATE orders SET state = 'expired', reason = 'cancel_requested' WHERE id = $1`, [
      orderId,
    ])
    expect(await constraintOf(refused)).toBe('order_transition')
  })

  it('refuses to change a reason without a transition', async () => {
    const orderId = await anOrderIn(stores, 'accepted')
    const refused = run(`UPDATE orders SET reason = 'executed' WHERE id = $1`, [orderId])
    expect(await constraintOf(refused)).toBe('order_transition')
  })

  it.each(FINAL_STATES)('lets nothing about a %s order change', async (state) => {
    const orderId = await anOrderIn(stores, state)
    for (const change of [`wake_at = now()`, `trouble = 'x'`, `settled_at = now() + interval '1 day'`])
      expect(await constraintOf(run(`UPDATE orders SET ${change} WHERE id = $1`, [orderId]))).toBe(
        'order_transition',
      )
  })

  it.each(['partner', 'reference', 'phone_number', 'content_hash'])(
    'never changes the %s of an order',
    async (column) => {
      const orderId = await anOrderIn(stores, 'accepted')
      const refused = run(`UPDATE orders SET ${column} = 'other' WHERE id = $1`, [orderId])
      expect(await constraintOf(refused)).toBe('order_identity')
    },
  )

  it('refuses a second live attempt of an order', async () => {
    const { orderId } = await aConfirming(stores)
    const second = run(
      `INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight, worker)
       VALUES ($1, 2, gen_random_uuid(), 'intent', 'buy', '081234500001', 'other', 1, 'x')`,
      [orderId],
    )
    expect(await constraintOf(second)).toBe('attempts_one_live_per_order')
  })

  it('refuses an attempt of an order that is not confirming', async () => {
    const orderId = await anAccepted(stores)
    const stray = run(
      `INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight, worker)
       VALUES ($1, 1, gen_random_uuid(), 'intent', 'buy', '081234500001', gen_random_uuid()::text, 1, 'x')`,
      [orderId],
    )
    expect(await constraintOf(stray)).toBe('order_agrees_with_attempts')
  })

  it('refuses a success without its execution', async () => {
    const { orderId } = await aConfirming(stores)
    const bare = run(`UPDATE attempts SET outcome = 'succeeded', ended_at = now() WHERE order_id = $1`, [
      orderId,
    ])
    expect(await constraintOf(bare)).toBe('attempts_executed_when_succeeded')
  })

  it('refuses a success of the attempt alone', async () => {
    const { orderId } = await aConfirming(stores)
    const alone = run(
      `UPDATE attempts SET outcome = 'succeeded', ended_at = now(), session_id = 'S', gold_weight = 1, amount = 1, fee = 0
       WHERE order_id = $1`,
      [orderId],
    )
    expect(await constraintOf(alone)).toBe('order_agrees_with_attempts')
  })

  it('refuses every outcome of an attempt that the list does not have', async () => {
    const allowed = new Set(ATTEMPT_TRANSITIONS.map(({ from, to }) => `${from}>${to}`))
    const ended = ['price_changed', 'rejected', 'not_sent', 'succeeded', 'in_doubt'] as const
    for (const from of ended)
      for (const to of ATTEMPT_OUTCOMES) {
        if (allowed.has(`${from}>${to}` as never)) continue
        const intent = await aConfirming(stores)
        await stores.store.endIntents([{ ...intent, outcome: outcomes[from] }], 'worker:test')
        const refused = run('UPDATE attempts SET outcome = $2 WHERE order_id = $1', [intent.orderId, to])
        expect(await constraintOf(refused), `${from} → ${to}`).toBe('attempt_transition')
      }
  })

  it.each([
    ['quote_id', `'other'`],
    ['quoted_amount', 'coalesce(quoted_amount, 0) + 1'],
    ['phone_number', `'081234500009'`],
    ['intent_id', 'gen_random_uuid()'],
    ['trace_id', 'gen_random_uuid()'],
  ])('never changes the %s of an attempt', async (column, value) => {
    const { orderId } = await aConfirming(stores)
    const refused = run(`UPDATE attempts SET ${column} = ${value} WHERE order_id = $1`, [orderId])
    expect(await constraintOf(refused)).toBe('attempt_identity')
  })

  it.each(['null', 'gen_random_uuid()'])(
    'never changes the trace that an attempt has to %s',
    async (value) => {
      const { orderId } = await aConfirming(stores, 'buy', 'a1'.repeat(16))
      const refused = run(`UPDATE attempts SET trace_id = ${value} WHERE order_id = $1`, [orderId])
      expect(await constraintOf(refused)).toBe('attempt_identity')
    },
  )

  it.each(['orders', 'attempts', 'order_events'])('never deletes from %s', async (table) => {
    await anOrderIn(stores, 'succeeded')
    expect(await constraintOf(run(`DELETE FROM ${table}`))).toBe('append_only')
    expect(await constraintOf(run(`TRUNCATE ${table} CASCADE`))).toBe('append_only')
  })

  it('never rewrites an event', async () => {
    await anOrderIn(stores, 'succeeded')
    expect(await constraintOf(run(`UPDATE order_events SET reason = 'other'`))).toBe('append_only')
  })

  it('writes one event a transition, with its reason and actor', async () => {
    const orderId = await anOrderIn(stores, 'succeeded')
    await run('UPDATE orders SET wake_at = now() WHERE id = $1 AND state = $2', [orderId, 'accepted'])
    const events = await run(
      'SELECT from_state, to_state, reason, actor FROM order_events WHERE order_id = $1 ORDER BY id',
      [orderId],
    )
    expect(events).toEqual([
      { from_state: null, to_state: 'accepted', reason: 'submitted', actor: 'partner:acme' },
      { from_state: 'accepted', to_state: 'confirming', reason: 'intent_committed', actor: 'worker:test' },
      { from_state: 'confirming', to_state: 'succeeded', reason: 'executed', actor: 'worker:test' },
    ])
  })
})

describe('a withdrawal', () => {
  it.each(FINAL_STATES)('that is %s has lost its KTP number and address', async (state) => {
    const orderId = await anOrderIn(stores, state, 'withdraw')
    const { content } = await oneRow<{ content: object }>(
      stores.database,
      'SELECT content FROM orders WHERE id = $1',
      [orderId],
    )
    expect(Object.keys(content)).toEqual(['gold_weight'])
  })

  it.each(['accepted', 'confirming', 'in_doubt', 'held'])('that is %s still has them', async (state) => {
    const orderId = await anOrderIn(stores, state, 'withdraw')
    const { content } = await oneRow<{ content: object }>(
      stores.database,
      'SELECT content FROM orders WHERE id = $1',
      [orderId],
    )
    expect(Object.keys(content).sort()).toEqual(['address', 'gold_weight', 'ktp'])
  })
})
