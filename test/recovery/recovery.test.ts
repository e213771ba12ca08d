import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { anyChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange } from '../../src/approvals/commands.ts'
import { releaseOrder } from '../../src/orders/commands.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import { sweepOrders } from '../../src/orders/sweep.ts'
import { proposeRelease, recoverDatabase } from '../../src/recovery/commands.ts'
import { RELEASE_RESTORED } from '../../src/recovery/release-restored.ts'
import { rememberDatabase } from '../../src/recovery/store.ts'
import { createOrderSwitches, createSwitchSweep } from '../../src/switches/order-switches.ts'
import { scriptedGateway, silentLog, testEffects } from '../support/deps.ts'
import { anAccepted, aQuote, oneRow, openStores, passDeadlines } from '../support/factories/stored-orders.ts'
import { ANI, BUDI, open } from '../support/scenes/two-people-switch.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { closeSessions, inSession } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

type Stores = ReturnType<typeof openStores>

let original: Awaited<ReturnType<typeof createTestDatabase>>
let restoredUrl: string
let old: Stores
let restored: Stores
/** How often each wallet's order was executed at the gateway, whichever database sent it. */
const executions = new Map<string, number>()
const orders: { orderId: string; wallet: string }[] = []

const wallet = (n: number) => `0812345${String(n).padStart(5, '0')}`

async function withServer(work: (client: pg.Client) => Promise<unknown>) {
  const client = new pg.Client(inject('postgresUrl'))
  await client.connect()
  await work(client).finally(() => client.end())
}

/** Runs one order as a worker does, with a gateway that counts what it executes. */
async function execute(stores: Stores, orderId: string) {
  const [order] = await stores.store.load([orderId])
  if (order === undefined) throw new Error('no order')
  const gateway = scriptedGateway({})
  const confirm = gateway.confirm.bind(gateway)
  gateway.confirm = async (command, quote) => {
    executions.set(command.phoneNumber, (executions.get(command.phoneNumber) ?? 0) + 1)
    return await confirm(command, quote)
  }
  const switches = createOrderSwitches(stores.database, () => performance.now())
  return await executeOrder(order, testEffects(stores.store, gateway, { switches }))
}

const sweep = (stores: Stores) =>
  sweepOrders({
    store: stores.sweeps,
    switches: createSwitchSweep(stores.database, () => rememberDatabase(stores.database)),
    wake: async () => {},
    wakeNext: async () => {},
    sendDeadlineMs: 20_000,
    wakeAgainMs: 60_000,
    actor: 'sweeper:test',
    log: silentLog,
  })

const statesIn = async (stores: Stores) =>
  Object.fromEntries(
    (
      await stores.database.run<{ state: string; count: number }>(
        unnamed(`SELECT state || ':' || reason AS state, count(*)::int AS count FROM orders GROUP BY 1`),
        [],
      )
    ).map(({ state, count }) => [state, count]),
  )

/** A complete statement with the transactions of these wallets since the backup. */
async function importStatement(stores: Stores, wallets: readonly string[]) {
  await stores.database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    await runner.run(
      unnamed(`INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name, mapping_version, file_name, line_count, bad_line_count, imported_by)
        VALUES (9, 'test', now() - interval '1 day', now(), true, repeat('a', 64), 'sandbox', 1, 'f', 1, 0, 'ani')`),
      [],
    )
    for (const [n, phone] of wallets.entries())
      await runner.run(
        unnamed(`INSERT INTO statement_lines (statement_id, line_number, session_id, kind, phone_number, gold_weight, amount, executed_at)
          VALUES (9, $1, $2, 'buy', $3, 0.5, 441000, now())`),
        [n + 2, `Z-${n}`, phone],
      )
  })
}

/** What two people must say before the statement's silence proves anything: that it is complete, and the lag. */
async function approveStatement(stores: Stores) {
  await stores.database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    await runner.run(
      unnamed(`INSERT INTO proposals (statement_id, decision, note, facts, proposed_by, state, decided_by, decided_at, decision_note)
        VALUES (9, 'statement_complete', 'imported', '{}', 'ani', 'approved', 'budi', now(), 'so it is'),
          (NULL, 'lag_shortened', 'at once or never', '{"lagMinutes": "0"}', 'ani', 'approved', 'budi', now(), 'so it is')`),
      [],
    )
  })
}

/** One fact about the restored database, changed for one question only. */
async function withChange<T>(
  stores: Stores,
  change: string,
  ask: (run: (text: string) => Promise<T>) => Promise<T>,
) {
  const undo = new Error('undone')
  let answer: T | undefined
  await stores.database
    .transaction(async (runner) => {
      await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
      await runner.run(unnamed(change), [])
      answer = await ask(async (text) => (await runner.run<{ is: T }>(unnamed(text), []))[0]?.is as T)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return answer
}

beforeAll(async () => {
  original = await createTestDatabase()
  const before = openStores(original.databaseUrl)
  expect(await rememberDatabase(before.database)).toBe(false)
  for (let n = 0; n < 6; n += 1)
    orders.push({ orderId: await anAccepted(before, 'buy', { phone_number: wallet(n) }), wallet: wallet(n) })
  await before.database.close()
  await closeSessions(original.databaseUrl)
  const name = `t_restored_${process.pid}_${Math.random().toString(36).slice(2)}`
  // A restore into another database of the server. The oid is another one, as after pg_dump and pg_restore.
  await withServer((client) =>
    client.query(
      `CREATE DATABASE ${name} TEMPLATE ${new URL(original.databaseUrl).pathname.slice(1)} STRATEGY file_copy`,
    ),
  )
  const url = new URL(original.databaseUrl)
  url.pathname = name
  restoredUrl = url.href
  old = openStores(original.databaseUrl)
  restored = openStores(restoredUrl)
  // The gateway executed four of the six after the backup.
  for (const { orderId } of orders.slice(0, 4)) await execute(old, orderId)
})
afterAll(async () => {
  await Promise.all([old?.database.close(), restored?.database.close()])
  if (restoredUrl !== undefined) {
    await closeSessions(restoredUrl)
    await withServer((client) =>
      client.query(`DROP DATABASE ${new URL(restoredUrl).pathname.slice(1)} WITH (FORCE)`),
    )
  }
  await original?.drop()
})

describe('a restored database', () => {
  it('commits no intent from the first statement on, before any process has found out', async () => {
    const intents = orders.map(({ orderId }) => ({ orderId, intentId: randomUUID(), quote: aQuote() }))
    expect(await restored.store.commitIntents(intents, 'worker:test')).toEqual([])
    expect(await old.store.commitIntents(intents.slice(4, 5), 'worker:test')).toHaveLength(1)
    await old.store.withdrawIntents(intents.slice(4, 5), 'worker:test')
  })

  it('closes everything once a process finds out, and ends no order', async () => {
    await passDeadlines(restored.database, { orderId: orders[0]?.orderId ?? '' })
    await sweep(restored)
    for (const { orderId } of orders) await execute(restored, orderId)
    const [first] = orders
    const cancel = {
      orderId: first?.orderId ?? '',
      reason: 'cancel_requested',
      actor: 'p',
      detail: null,
    } as const
    expect(await restored.store.move('cancel', [cancel])).toEqual([])
    expect(await statesIn(restored)).toEqual({ 'accepted:submitted': 6 })
    const closing = await oneRow(
      restored.database,
      'SELECT scope, closed_by, extends_deadlines FROM switch_closings WHERE opened_at IS NULL',
    )
    expect(closing).toEqual({ scope: 'everything', closed_by: 'recovery', extends_deadlines: true })
    expect([...executions.values()]).toEqual([1, 1, 1, 1])
  })

  it('is not recovered by changing what it remembers', async () => {
    const adopt = restored.database.run(
      unnamed('UPDATE database_identity SET identity = this_database(), found_at = NULL'),
      [],
    )
    await expect(adopt).rejects.toMatchObject({ constraint: 'database_recovered' })
  })

  it('stays closed when two people open the switch before the recovery', async () => {
    await open(restoredUrl, 'everything')
    const { orderId } = orders[5] ?? { orderId: '' }
    const intent = { orderId, intentId: randomUUID(), quote: aQuote() }
    expect(await restored.store.commitIntents([intent], 'worker:test')).toEqual([])
    await sweep(restored)
  })

  it('holds every open order by its recovery, also those that came since', async () => {
    const recovered = await inSession(restoredUrl, (session) => recoverDatabase(session, ANI))
    expect(recovered).toMatchObject({ is: 'done', held: 6 })
    // A partner sends an order again that the backup does not have; it was executed too.
    orders.push({
      orderId: await anAccepted(restored, 'buy', { phone_number: wallet(6) }),
      wallet: wallet(6),
    })
    executions.set(wallet(6), 1)
    const again = await inSession(restoredUrl, (session) => recoverDatabase(session, ANI))
    expect(again).toMatchObject({ is: 'done', held: 1 })
    expect(await statesIn(restored)).toEqual({ 'held:restored': 7 })
    expect(await rememberDatabase(restored.database)).toBe(false)
  })

  it('releases nothing by one person, by the ordinary release, or without the statements', async () => {
    const { orderId } = orders[5] ?? { orderId: '' }
    const release = releaseOrder({ orderId, actor: 'person:ani', note: 'x' }, restored.store)
    await expect(release).rejects.toMatchObject({ constraint: 'order_restored' })
    const forged = restored.database.run(
      unnamed(
        `UPDATE orders SET state = 'accepted', reason = 'restored_released', detail = '{"request": 1}', wake_at = now() WHERE id = $1`,
      ),
      [orderId],
    )
    await expect(forged).rejects.toMatchObject({ constraint: 'order_restored' })
    const proposed = await inSession(restoredUrl, (session) => proposeRelease(session, ANI))
    expect(proposed).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('import complete statements'),
    })
  })

  it('executes, after two people released what no statement has, each order once', async () => {
    await importStatement(restored, [0, 1, 2, 3, 6].map(wallet))
    expect(await inSession(restoredUrl, (session) => proposeRelease(session, ANI)), 'one word').toMatchObject(
      {
        is: 'refused',
      },
    )
    await approveStatement(restored)
    const proposed = await inSession(restoredUrl, (session) => proposeRelease(session, ANI))
    if (proposed.is === 'refused') throw new Error(proposed.message)
    expect(proposed).toMatchObject({ held: 7, maybeExecuted: 5 })
    const rules = { kinds: [anyChangeKind(RELEASE_RESTORED)], onePersonTeam: false }
    const approved = await inSession(restoredUrl, (session) =>
      approveChange(session, BUDI, proposed.requestId, rules),
    )
    expect(approved).toMatchObject({ is: 'done' })
    await open(restoredUrl, 'everything')
    await sweep(restored)
    for (const { orderId } of orders) await execute(restored, orderId)
    expect(await statesIn(restored)).toEqual({ 'held:restored': 5, 'succeeded:executed': 2 })
    expect([...executions.values()]).toEqual(Array.from({ length: 7 }, () => 1))
    expect(executions.size).toBe(7)
  })

  const COVERED = 'SELECT is_gap_covered(1) AS is'
  it.each([
    ['is enough as it is', 'SELECT 1', true],
    ['ends before the lag is over', `DELETE FROM proposals WHERE decision = 'lag_shortened'`, false],
    [
      'begins after the last sign of life',
      `UPDATE statements SET period_from = period_to - interval '1 ms'`,
      false,
    ],
    ['is not complete', 'UPDATE statements SET complete = false', false],
    [
      'is not the only source',
      `INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name, mapping_version, file_name, line_count, bad_line_count, imported_by)
       VALUES (10, 'other', now() - interval '9 days', now() - interval '8 days', true, repeat('b', 64), 'sandbox', 1, 'g', 1, 0, 'ani')`,
      false,
    ],
  ])(
    'believes the silence of a statement only of every source and all of the time: it %s',
    async (_what, change, is) => {
      expect(await withChange<boolean>(restored, change, (run) => run(COVERED))).toBe(is)
    },
  )

  it.each([
    ['of its wallet', `UPDATE statement_lines SET phone_number = '${wallet(4)}' WHERE line_number = 2`, true],
    [
      'of its wallet and another kind',
      `UPDATE statement_lines SET phone_number = '${wallet(4)}', kind = 'sell' WHERE line_number = 2`,
      true,
    ],
    [
      'of its recipient',
      `UPDATE orders SET content = content || '{"recipient": "${wallet(0)}"}' WHERE phone_number = '${wallet(4)}'`,
      true,
    ],
    ['of another wallet', 'SELECT 1', false],
  ])('takes a line %s for what it may be', async (_what, change, is) => {
    const asked = `SELECT may_have_been_executed(o, 1) AS is FROM orders o WHERE phone_number = '${wallet(4)}'`
    expect(await withChange<boolean>(restored, change, (run) => run(asked))).toBe(is)
  })
})
