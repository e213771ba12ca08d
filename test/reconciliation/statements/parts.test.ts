import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_RUPIAH } from '../../../src/core/money.ts'
import type { StatementLine } from '../../../src/reconciliation/statements/line-fields.ts'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { addMapping } from '../../../src/reconciliation/statements/mappings.ts'
import { joinedLine, partsJoiner } from '../../../src/reconciliation/statements/parts.ts'
import { aRecordedOrder, type RecordedOrder, recordOrders } from '../../support/factories/recorded-orders.ts'
import { csvOf, HEADER, importText, MAPPING } from '../../support/factories/statement-files.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'

const LINE = {
  ...{ lineNumber: 2, sessionId: 'S1', responseId: 'R1', requestId: 'Q1', kind: 'buy' },
  ...{ phoneNumber: '081234500001', goldWeight: 3_000, amount: 264_600, fee: 3_000 },
  ...{ executedAt: new Date('2026-02-09T05:00:00Z'), executedTo: null },
} as unknown as StatementLine
const other = (change: object) => ({ ...LINE, lineNumber: 3, ...change }) as StatementLine

describe('a row below a transaction', () => {
  it('of the same ids, kind and wallet is a part of it: the sums are exact, and the first row says the rest', () => {
    const later = new Date('2026-02-09T05:00:09Z')
    const part = other({ goldWeight: 2_000, amount: 176_400, fee: 2_000, executedAt: later })
    expect(joinedLine(LINE, part)).toEqual({ ...LINE, goldWeight: 5_000, amount: 441_000, fee: 5_000 })
  })

  it.each<[what: string, change: object]>([
    ['another session_id', { sessionId: 'S2' }],
    ['no session_id', { sessionId: null }],
    ['another response_id', { responseId: 'R2' }],
    ['a request_id less', { requestId: null }],
    ['another kind', { kind: 'sell' }],
    ['another wallet', { phoneNumber: '081234500002' }],
    ['no fee, where the first says one', { fee: null }],
    ['a day instead of a time', { executedTo: new Date('2026-02-10T00:00:00Z') }],
    ['more than any amount may be', { amount: MAX_RUPIAH }],
    ['more than any weight may be', { goldWeight: 1_000_000_000 }],
  ])('with %s is a transaction of its own', (_what, change) => {
    expect(joinedLine(LINE, other(change))).toBeNull()
  })

  it('without a session_id is never a part, also of one without', () => {
    expect(joinedLine(other({ sessionId: null }), other({ sessionId: null }))).toBeNull()
  })

  it('loses nothing: whatever rows come, the lines have their sums, and each row is counted once', () => {
    const row = fc.record({
      session: fc.constantFrom('S1', 'S2', null),
      grams: fc.nat(9_999),
      amount: fc.nat(9_999),
    })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const joiner = partsJoiner({ parts: 'joined' })
        const lines: StatementLine[] = []
        let parts = 0
        const keep = (line: StatementLine | null) => line !== null && lines.push(line)
        for (const { session, grams, amount } of rows) {
          const { whole, isPart } = joiner.take(other({ sessionId: session, goldWeight: grams, amount }))
          keep(whole)
          if (isPart) parts += 1
        }
        keep(joiner.end())
        expect(lines.length + parts).toBe(rows.length)
        const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, 0)
        expect(sum(lines.map(({ goldWeight }) => goldWeight))).toBe(sum(rows.map(({ grams }) => grams)))
        expect(sum(lines.map(({ amount }) => amount))).toBe(sum(rows.map(({ amount }) => amount)))
      }),
    )
  })
})

describe('a statement with transactions over several rows', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await openScene()
    const { database } = scene
    await addMapping(database, 'joined', parseMapping({ ...MAPPING, parts: 'joined' }), 'test')
  })
  afterEach(() => scene.close())

  type Part = readonly [grams: string, amount: number, fee: number, ids?: object]
  const SPLIT: readonly Part[] = [
    ['0.3000', 264_600, 3_000],
    ['0.2000', 176_400, 2_000],
  ]
  const fileOf = (order: RecordedOrder, parts: readonly Part[]) =>
    csvOf(
      parts.map(([goldWeight, amount, fee, ids = {}]) => ({
        ...{
          sessionId: `X${order.sessionId ?? '1'}`,
          responseId: order.responseId,
          requestId: order.quoteId,
        },
        ...(order.sessionId === null ? {} : { sessionId: order.sessionId }),
        ...{ kind: 'buy' as const, phoneNumber: order.phoneNumber, goldWeight, amount, fee },
        executedAt: order.intentAt,
        ...ids,
      })) as never,
    )

  async function reconciled(overrides: Partial<RecordedOrder>, parts: readonly Part[], mapping = 'joined') {
    const order = aRecordedOrder(overrides)
    await recordOrders(scene.databaseUrl, [order])
    const imported = await inSession(scene.databaseUrl, (session) =>
      importText(session, fileOf(order, parts), { mapping }),
    )
    await scene.run({ settings: { lagMs: 0 } })
    return { imported, ...(await scene.outcome()) }
  }

  it('matches an order whose figures the rows add up to', async () => {
    const { imported, rules, breaks } = await reconciled({}, SPLIT)
    expect(imported).toMatchObject({ is: 'imported', lineCount: 1, ignored: { joined: 1 } })
    expect({ rules, breaks }).toEqual({ rules: ['session_id'], breaks: [] })
  })

  it('opens a break where they are one rupiah apart', async () => {
    const { breaks } = await reconciled({}, [...SPLIT.slice(0, 1), ['0.2000', 176_399, 2_000]])
    expect(breaks).toEqual(['amount_differs'])
  })

  it('hides no second execution: the rows add up to twice the order', async () => {
    const whole: Part = ['0.5000', 441_000, 5_000]
    const { breaks } = await reconciled({}, [whole, whole])
    expect(breaks).toEqual(expect.arrayContaining(['amount_differs', 'weight_differs']))
  })

  it('takes rows with other ids for a second execution, as ever', async () => {
    const whole: Part = ['0.5000', 441_000, 5_000]
    const second: Part = ['0.5000', 441_000, 5_000, { responseId: 'another' }]
    const { imported, breaks } = await reconciled({}, [whole, second])
    expect(imported).toMatchObject({ lineCount: 2, ignored: { joined: 0 } })
    expect(breaks.length).toBeGreaterThan(0)
  })

  it('settles a doubt whose quote the rows add up to', async () => {
    const { orders } = await reconciled(doubt, SPLIT)
    expect(orders[0]).toMatch(/^succeeded /)
  })

  const doubt = { outcome: 'in_doubt', sessionId: null, responseId: null } as const
  const wrong = (ids: object = {}): Part[] => [
    ...SPLIT.map(([grams, amount, fee]): Part => [grams, amount, fee, ids]),
    ['0.1000', 88_200, 1_000, ids],
  ]

  it('settles no doubt by terms that are not its quote’s', async () => {
    const { orders } = await reconciled(doubt, wrong({ requestId: null }))
    expect(orders[0]).toMatch(/^in_doubt /)
  })

  it('opens a break where the quote’s own id proves an execution with another sum', async () => {
    const { orders, breaks } = await reconciled(doubt, wrong())
    expect(orders[0]).toMatch(/^succeeded /)
    expect(breaks).toContain('amount_differs')
  })

  it('is read row by row where the mapping does not join them', async () => {
    const { imported, breaks } = await reconciled({}, SPLIT, 'sandbox')
    expect(imported).toMatchObject({ lineCount: 2, ignored: { joined: 0 } })
    expect(breaks.length).toBeGreaterThan(0)
  })

  it('has a row of another kind between them: they are two transactions', async () => {
    const order = aRecordedOrder()
    await addMapping(
      scene.database,
      'marks',
      parseMapping({ ...MAPPING, parts: 'joined', ignored_kinds: ['mark'] }),
      'test',
    )
    const [head, first, second] = fileOf(order, SPLIT).trim().split('\n')
    const text = [head, first, ',,,mark,,,,,', second].join('\n')
    expect(head).toBe(HEADER)
    const imported = await inSession(scene.databaseUrl, (session) =>
      importText(session, text, { mapping: 'marks' }),
    )
    expect(imported).toMatchObject({ lineCount: 2, ignored: { joined: 0, ignored_kinds: 1 } })
  })
})

describe('a mapping that joins rows', () => {
  it('names the column by which they are known', () => {
    const { session_id: _, ...columns } = MAPPING.columns
    expect(() => parseMapping({ ...MAPPING, columns, parts: 'joined' })).toThrow('needs columns.session_id')
  })

  it('joins them, or does not', () => {
    expect(() => parseMapping({ ...MAPPING, parts: 'maybe' })).toThrow('"separate" or "joined"')
  })
})
