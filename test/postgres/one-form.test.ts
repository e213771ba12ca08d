import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { phoneNumberOption } from '../../src/cli/options.ts'
import { isSamePerson, personKey, readPersonName } from '../../src/core/person.ts'
import { readPhoneNumber } from '../../src/core/phone-number.ts'
import { readReference } from '../../src/core/plain-text.ts'
import { ANY_ORDER } from '../../src/orders/filter-fields.ts'
import { findOrderId } from '../../src/orders/queries/find-order.ts'
import { listOrders } from '../../src/orders/queries/orders.ts'
import { constraintOf } from '../support/constraint.ts'
import { draw, spellingsOf } from '../support/factories/spellings.ts'
import { anAccepted, aQuote, openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'

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

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  sql<Row>(test.databaseUrl, text, values)

/** What a function of Postgres makes of texts, in their order. */
async function inPostgres<Value>(call: string, texts: readonly string[]): Promise<Value[]> {
  const rows = await run<{ value: Value }>(
    `SELECT ${call} AS value FROM unnest($1::text[]) WITH ORDINALITY AS x (x, n) ORDER BY n`,
    [texts],
  )
  return rows.map(({ value }) => value)
}

const ODD = [
  ' ',
  '\t',
  '\n',
  '\u00a0',
  '\u00ad',
  '\u034f',
  '\u061c',
  '\u115f',
  '\u180e',
  '\u200b',
  '\u200d',
  '\u200e',
  '\u202e',
  '\u2060',
  '\u2066',
  '\u2800',
  '\u3000',
  '\u3164',
  '\ue000',
  '\ufe0f',
  '\ufeff',
  '\uffa0',
  '\u{e0041}',
  '\u{e0100}',
  '\u0301',
  'é',
  'ｎ',
  'ﬁ',
  'İ',
  'ı',
  'ß',
  'А',
  'н',
  'Σ',
  'ς',
  'Ø',
  '–',
  '’',
  '/',
  '1',
  '٣',
  '中',
  'ก',
  '🙂',
]
const names = fc
  .array(fc.oneof(fc.constantFrom(...'anibudiANIBUDI.-_'), fc.constantFrom(...ODD)), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
const CHARACTERS = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes('\0'))
const samples = [
  ...fc.sample(names, { seed: 10, numRuns: 1_500 }),
  ...fc.sample(CHARACTERS, { seed: 11, numRuns: 1_500 }),
]

describe('Postgres has the same one form', () => {
  it('of phone numbers that are written without anything between their digits', async () => {
    const random = draw(12)
    const written = [
      ...Array.from({ length: 50 }, () => spellingsOf('081234500001', random)).flat(),
      ...[
        '',
        '8',
        '0812',
        '+8123450001',
        '08xxxxxxx001',
        '0081234500001',
        '812345001',
        '0215550123',
        '６281234500001',
      ],
    ].filter((text) => !/[ ().-]/.test(text))
    expect(await inPostgres('national_phone_number(x)', written)).toEqual(written.map(readPhoneNumber))
    const stored = await inPostgres<boolean>('is_phone_number(x)', written)
    expect(stored).toEqual(written.map((text) => readPhoneNumber(text) === text))
  })

  it('of references', async () => {
    const plain = await inPostgres<boolean>('is_plain_text(x)', samples)
    expect(plain).toEqual(samples.map((text) => readReference(text) === text))
    expect(new Set(plain).size).toBe(2)
  })

  it('of what two names of one person have in common', async () => {
    const keys = await inPostgres<string>('person_key(x)', samples)
    expect(keys).toEqual(samples.map(personKey))
    const are = await inPostgres<boolean>('is_person_name(x)', samples)
    for (const [position, name] of samples.entries())
      if (readPersonName(name) === name) expect([name, are[position]]).toEqual([name, true])
  })
})

describe('one send per quote', () => {
  it('whatever spellings of one wallet the orders came in', async () => {
    const quote = aQuote()
    const spellings = [
      '081234500031',
      '6281234500031',
      '+62 812-3450-0031',
      '62(0)81234500031',
      '81234500031',
    ]
    const orders = await Promise.all(
      spellings.map((phone_number) => anAccepted(stores, 'buy', { phone_number })),
    )
    const intents = await Promise.all(
      orders.map((orderId) => stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote }], 'w')),
    )
    expect(intents.flat()).toHaveLength(1)
  })
})

describe('looking for orders', () => {
  it.each(['081234500041', '+62 812-3450-0041', '62081234500041', '81234500041'])(
    'finds those of the wallet %j, however they were written',
    async (asked) => {
      const phone_number = '6281234500041'
      const orderId = await anAccepted(stores, 'buy', { phone_number })
      const filter = { ...ANY_ORDER, phoneNumber: phoneNumberOption(asked), limit: 50, skip: 0 }
      const found = await listOrders(stores.database, filter)
      expect(found.map((order) => order.orderId)).toContain(orderId)
    },
  )

  it('finds a reference by what people type of it, and refuses what is no wallet', async () => {
    const reference = `R-${randomUUID()} é`
    const orderId = await anAccepted(stores, 'buy', { reference: ` ${reference}\n` })
    expect(await findOrderId(stores.database, `acme/${reference.normalize('NFD')} `)).toBe(orderId)
    expect(await findOrderId(stores.database, `acme/${reference}\u200b`)).toBeNull()
    expect(() => phoneNumberOption('0812')).toThrow(/must be an Indonesian mobile number/)
  })
})

describe('no door of the database lets another form in', () => {
  const INTO_ORDERS = `
    INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
    VALUES (gen_random_uuid(), 'acme', $1, 'transfer', $2, $3, 'h', 'accepted', 'submitted', 'person:ani', now(), now())`
  const TRANSFER = JSON.stringify({ gold_weight: '0.1000', recipient: '081234500002' })

  it.each([
    ['628…', 'orders_wallets', 'D-1', '6281234500031', TRANSFER],
    ['a lost zero', 'orders_wallets', 'D-2', '81234500031', TRANSFER],
    [
      'a recipient in another form',
      'orders_wallets',
      'D-3',
      '081234500031',
      '{"recipient":"+6281234500002"}',
    ],
    ['a space after the reference', 'orders_reference', 'D-4 ', '081234500031', TRANSFER],
    ['a zero-width space in it', 'orders_reference', 'D\u200b-5', '081234500031', TRANSFER],
    ['a reference that is not NFC', 'orders_reference', 'D-e\u0301', '081234500031', TRANSFER],
  ])('an order: %s', async (_what, constraint, ...values) => {
    expect(await constraintOf(run(INTO_ORDERS, values))).toBe(constraint)
  })

  it.each([
    ['partner_day_wallets_wallet', `INSERT INTO partner_day_wallets VALUES ('acme', now(), $1)`],
    [
      'partner_wallets_wallet',
      `INSERT INTO partner_wallets (phone_number, partner, origin, state, actor) VALUES ($1, 'acme', 'registered', 'linked', 'test')`,
    ],
    [
      'statement_lines_wallet',
      `INSERT INTO statement_lines (statement_id, line_number, kind, phone_number, gold_weight, amount, executed_at)
       VALUES (1, 2, 'buy', $1, 1, 1, now())`,
    ],
  ])('%s', async (constraint, statement) => {
    expect(await constraintOf(run(statement, ['+6281234500031']))).toBe(constraint)
  })
})

describe('a second person', () => {
  const ANI = ['Ani', 'ANI', 'ani', 'a n i', 'ａｎｉ', 'Aní', 'аni', 'ani']
  const propose = `
    INSERT INTO proposals (order_id, decision, note, facts, proposed_by, state)
    VALUES ($1, 'order_not_executed', 'seen', '{"evidence": "a letter"}', 'ani', 'open') RETURNING id`
  const approve = `
    UPDATE proposals SET state = 'approved', decided_by = $2, decided_at = now(), decision_note = 'ok', alone = $3 WHERE id = $1`
  const proposed = async () => {
    const [row] = await run<{ id: number }>(propose, [await anAccepted(stores)])
    return row?.id
  }

  it.each(ANI)('is not %j beside ani', async (name) => {
    expect(isSamePerson(name, 'ani')).toBe(true)
    expect(await constraintOf(run(approve, [await proposed(), name, false]))).toBe('proposals_second_person')
  })

  it.each(['ani\u200b', ' ani', 'ani\u00a0', '\u202eani', 'a\u0301ni'])(
    'is not named %j at all',
    async (name) => {
      expect(await constraintOf(run(approve, [await proposed(), name, false]))).toMatch(/^proposals_/)
    },
  )

  it('is Budi beside ani', async () => {
    expect(await constraintOf(run(approve, [await proposed(), 'Budi', false]))).toBe('accepted')
  })
})
