import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { coalescedStore } from '../../src/orders/store/coalesced-store.ts'
import { submitOrders } from '../../src/orders/store/submissions.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { NO_LIMITS } from '../../src/partners/limits.ts'
import { placeCounted } from '../../src/partners/place-counted.ts'
import { claimWallet } from '../../src/partners/store/wallets.ts'
import { openDatabase } from '../../src/postgres/pool.ts'
import { decideFirstPolicy, readWalletPolicy } from '../../src/wallets/policy.ts'
import { constraintOf } from '../support/constraint.ts'
import { eventually } from '../support/eventually.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores, requireStored } from '../support/factories/stored-orders.ts'
import { borrowTestDatabase } from '../support/servers/borrowed-database.ts'
import type { TestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'

const WALLET = '081234500801'

let place: TestDatabase
let stores: ReturnType<typeof openStores>
beforeEach(async () => {
  place = await borrowTestDatabase()
  stores = openStores(place.databaseUrl)
})
afterEach(async () => {
  await stores.database.close()
  await place.drop()
})

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  sql<Row>(place.databaseUrl, text, values)

const orderOf = (partner: string, overrides: object = {}) => ({
  orderId: randomUUID(),
  submission: parseSubmission('buy', jobData.buy({ partner, phone_number: WALLET, ...overrides })),
})
const submit = async (partner: string, overrides: object = {}) =>
  (await stores.store.submit([orderOf(partner, overrides)]))[0]
const ownersOf = (wallet = WALLET) =>
  run<{ partner: string; origin: string; state: string }>(
    'SELECT partner, origin, state FROM partner_wallets WHERE phone_number = $1',
    [wallet],
  )
const unlink = (wallet = WALLET) =>
  run(`UPDATE partner_wallets SET state = 'unlinked', actor = 'person:ani' WHERE phone_number = $1`, [wallet])

describe('the first use of a wallet', () => {
  it('makes it the partner’s with the order, and not with one that is overdue', async () => {
    expect(await submit('acme', { deadline: '2020-01-01T00:00:00Z' })).toBe('overdue')
    expect(await ownersOf()).toEqual([])
    expect(await submit('globex')).toMatchObject({ state: 'accepted' })
    expect(await ownersOf()).toEqual([{ partner: 'globex', origin: 'first_use', state: 'linked' }])
    expect(await submit('acme')).toBe('wallet_refused')
    expect(await submit('acme', { deadline: '2020-01-01T00:00:00Z' })).toBe('wallet_refused')
    expect(await run('SELECT event, partner, actor FROM wallet_events')).toEqual([
      { event: 'first_use', partner: 'globex', actor: 'partner:globex' },
    ])
  })

  it('by two partners in one group is exactly one’s, and their neighbours are stored', async () => {
    const { submit: together } = coalescedStore(stores.store)
    const orders = [
      orderOf('acme'),
      orderOf('globex'),
      orderOf('acme'),
      orderOf('initech', { phone_number: '081234500802' }),
    ]
    const answers = (await Promise.all(orders.map((order) => together([order])))).map(([answer]) => answer)
    expect(answers.map((answer) => (typeof answer === 'object' ? answer.state : answer))).toEqual([
      'accepted',
      'wallet_refused',
      'accepted',
      'accepted',
    ])
    expect(await ownersOf()).toMatchObject([{ partner: 'acme' }])
  })

  it.each([
    ['COMMIT', 'wallet_refused', 'acme'],
    ['ROLLBACK', 'stored', 'globex'],
  ])('waits for another transaction: after its %s the order is %s', async (end, answer, owner) => {
    const other = openDatabase({ databaseUrl: place.databaseUrl, maxConnections: 1, onError: () => {} })
    class Undone extends Error {}
    let later: Promise<unknown> = Promise.resolve()
    await other
      .transaction(async (runner) => {
        requireStored((await submitOrders(runner, [orderOf('acme')]))[0])
        later = submit('globex')
        await eventually(async () =>
          (
            await run(
              `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
            )
          ).length > 0
            ? true
            : null,
        )
        if (end === 'ROLLBACK') throw new Undone()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error
      })
    const got = await later
    expect(typeof got === 'string' ? got : 'stored').toBe(answer)
    expect(await ownersOf()).toMatchObject([{ partner: owner }])
    expect(await run('SELECT DISTINCT partner FROM orders')).toEqual([{ partner: owner }])
    await other.close()
  })

  it('by forty partners at once, of whom half are counted, is exactly one’s', async () => {
    const { submit: together } = coalescedStore(stores.store)
    const limits = { ...NO_LIMITS, ordersPerMinute: 100 }
    const partners = Array.from({ length: 40 }, (_, n) => `p${n}`)
    for (const name of partners)
      await run(`INSERT INTO partners (name, state, actor) VALUES ($1, 'active', 'test')`, [name])
    const answers = await Promise.all(
      partners.map(async (partner, n) => {
        if (n % 2 === 0) return (await together([orderOf(partner)]))[0]
        const [placed] = await placeCounted(stores.database, [{ ...orderOf(partner), limits }])
        if (placed?.status !== 'fulfilled') throw placed?.reason
        return placed.value.is
      }),
    )
    const stored = answers.filter((answer) => typeof answer === 'object' || answer === 'stored')
    expect(stored).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'wallet_refused')).toHaveLength(39)
    const [owner] = await ownersOf()
    expect(await run('SELECT partner FROM orders')).toEqual([{ partner: owner?.partner }])
    expect(await run('SELECT sum(orders)::int AS orders FROM partner_usage WHERE orders > 0')).toEqual([
      { orders: Number(owner?.partner.slice(1)) % 2 === 0 ? null : 1 },
    ])
  })
})

describe('a wallet that was unlinked', () => {
  it('is nobody’s under first_use too; an order that was accepted stays, and is found again', async () => {
    const first = orderOf('acme')
    const [stored] = await stores.store.submit([first])
    await unlink()
    expect(await submit('acme')).toBe('wallet_refused')
    expect(await submit('globex')).toBe('wallet_refused')
    expect(await stores.store.submit([{ ...first, orderId: randomUUID() }])).toMatchObject([
      { orderId: requireStored(stored).orderId, state: 'accepted' },
    ])
    expect(await run('SELECT event FROM wallet_events ORDER BY id')).toEqual([
      { event: 'first_use' },
      { event: 'unlinked' },
    ])
  })
})

describe('under owned', () => {
  beforeEach(() => decidePolicy(place.databaseUrl, 'owned'))

  it('an unknown wallet is refused, and one that the partner activated is not', async () => {
    expect(await submit('acme')).toBe('wallet_refused')
    expect(await ownersOf()).toEqual([])
    await claimWallet(stores.database, WALLET, 'acme')
    expect(await submit('acme')).toMatchObject({ state: 'accepted' })
    expect(await submit('globex')).toBe('wallet_refused')
  })

  it('a gift to anybody’s wallet needs only the sender’s', async () => {
    await claimWallet(stores.database, WALLET, 'acme')
    const data = jobData.transfer({ phone_number: WALLET, recipient: '081234500899' })
    const submission = parseSubmission('transfer', data)
    expect(await stores.store.submit([{ orderId: randomUUID(), submission }])).toMatchObject([
      { state: 'accepted' },
    ])
  })
})

describe('under open', () => {
  it('any partner orders for any wallet, and no wallet becomes anybody’s', async () => {
    await decidePolicy(place.databaseUrl, 'open')
    for (const partner of ['acme', 'globex', 'initech'])
      expect(await submit(partner)).toMatchObject({ state: 'accepted' })
    expect(await stores.store.submit(['acme', 'globex'].map((partner) => orderOf(partner)))).toMatchObject([
      { state: 'accepted' },
      { state: 'accepted' },
    ])
    expect(await ownersOf()).toEqual([])
  })
})

describe('Postgres', () => {
  const insertOrder = (partner: string) =>
    run(
      `INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
       VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'buy', $2, '{}', 'x', 'accepted', 'submitted', 'test', now(), now())`,
      [partner, WALLET],
    )

  it('refuses another partner’s order whatever inserts it', async () => {
    await submit('acme')
    expect(await constraintOf(insertOrder('globex'))).toBe('order_of_owner')
    await insertOrder('acme')
  })

  it.each([
    [
      'wallet_link_of_two_people',
      `INSERT INTO partner_wallets (phone_number, partner, origin, state, actor) VALUES ('081234500803', 'globex', 'linked', 'linked', 'x')`,
    ],
    [
      'wallet_link_of_two_people',
      `UPDATE partner_wallets SET partner = 'globex', origin = 'linked', request_id = 1`,
    ],
    ['partner_wallet_transition', `UPDATE partner_wallets SET partner = 'globex'`],
    ['partner_wallet_transition', `UPDATE partner_wallets SET phone_number = '081234500804'`],
    ['partner_wallet_transition', `UPDATE partner_wallets SET origin = 'registered'`],
    ['append_only', 'DELETE FROM partner_wallets'],
    ['append_only', 'DELETE FROM wallet_events'],
    ['append_only', `UPDATE wallet_policies SET policy = 'open'`],
  ])('refuses by %s: %s', async (constraint, statement) => {
    await submit('acme')
    expect(await constraintOf(run(statement))).toBe(constraint)
    expect(await ownersOf()).toMatchObject([{ partner: 'acme', origin: 'first_use' }])
  })

  it('refuses to link again at a word what was unlinked, and a first use that the policy does not know', async () => {
    await submit('acme')
    await unlink()
    expect(await constraintOf(run(`UPDATE partner_wallets SET state = 'linked'`))).toBe(
      'partner_wallet_transition',
    )
    await run(`INSERT INTO wallet_policies (policy, actor, note) VALUES ('owned', 'person:ani', 'stricter')`)
    const taken = `INSERT INTO partner_wallets (phone_number, partner, origin, state, actor) VALUES ('081234500805', 'x', 'first_use', 'linked', 'x')`
    expect(await constraintOf(run(taken))).toBe('partner_wallet_transition')
  })
})

describe('the policy', () => {
  const withKey = () =>
    addPartnerWithKey(
      'acme',
      { scopes: ['orders:write'], isSigned: false },
      { database: stores.database, random: randomBytes, actor: 'person:ani' },
    )

  it('is first_use until a new installation has partners over HTTP: then owned', async () => {
    expect(await readWalletPolicy(stores.database)).toBe('first_use')
    await withKey()
    expect(await readWalletPolicy(stores.database)).toBe('owned')
  })

  it('stays first_use where orders were accepted before the first key', async () => {
    await submit('acme')
    await withKey()
    expect(await readWalletPolicy(stores.database)).toBe('first_use')
  })

  it('is the one that was decided first, whoever decides at once', async () => {
    const decided = await Promise.all(
      (['open', 'owned', 'first_use', 'open'] as const).map((policy, n) =>
        decideFirstPolicy(stores.database, policy, `start:${n}`),
      ),
    )
    expect(new Set(decided).size).toBe(1)
    expect(await run('SELECT policy FROM wallet_policies')).toEqual([{ policy: decided[0] }])
    await withKey()
    expect(await readWalletPolicy(stores.database)).toBe(decided[0])
  })

  it('becomes stricter at one person’s word, and looser never without two', async () => {
    await decidePolicy(place.databaseUrl, 'open')
    const decide = (policy: string) =>
      run(`INSERT INTO wallet_policies (policy, actor, note) VALUES ($1, 'person:ani', 'because')`, [policy])
    await decide('first_use')
    await decide('owned')
    for (const looser of ['first_use', 'open'])
      expect(await constraintOf(decide(looser))).toBe('wallet_policy_of_two_people')
    expect(await readWalletPolicy(stores.database)).toBe('owned')
  })
})
