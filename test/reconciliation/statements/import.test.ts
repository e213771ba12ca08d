import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ImportRequest, ImportResult } from '../../../src/reconciliation/statements/import.ts'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { addMapping } from '../../../src/reconciliation/statements/mappings.ts'
import { eventually } from '../../support/eventually.ts'
import { KTP, RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import { aRecordedOrder, DAY, lineOf, recordOrders, rowsOf } from '../../support/factories/recorded-orders.ts'
import { csvLine, csvOf, HEADER, importText, MAPPING } from '../../support/factories/statement-files.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'

let scene: Scene

/** A database for each test, or one for all of them: making one is most of what a test costs. */
function useScene(begin: typeof beforeEach | typeof beforeAll, end: typeof afterEach | typeof afterAll) {
  begin(async () => {
    scene = await openScene()
  })
  end(async () => {
    await scene.close()
  })
}

const bring = (file: string | Buffer | Readable, request: Partial<ImportRequest> = {}) =>
  inSession(scene.databaseUrl, (session) => importText(session, file, request))
const linesNow = (statementIds = 'SELECT id FROM statements') =>
  rowsOf<Record<string, unknown>>(
    scene.database,
    `SELECT line_number, session_id, response_id, request_id, kind, phone_number, gold_weight::text, amount::int,
       fee::int, executed_at FROM current_statement_lines WHERE statement_id IN (${statementIds})
     ORDER BY statement_id, line_number`,
  )
const statementsNow = () =>
  rowsOf<{ id: number; replaced_by: number | null }>(
    scene.database,
    'SELECT id, replaced_by FROM statements ORDER BY id',
  )
const file = (...lines: string[]) => [HEADER, ...lines].map((line) => `${line}\n`).join('')

/** How much there is of statements: what is refused changes nothing of it. */
async function kept(): Promise<number[]> {
  const tables = ['statements', 'statement_lines', 'statement_bad_lines']
  const [row] = await rowsOf<{ counts: number[] }>(
    scene.database,
    `SELECT ARRAY[${tables.map((table) => `(SELECT count(*)::int FROM ${table})`).join(', ')}] AS counts`,
  )
  return row?.counts ?? []
}
const NOTHING = [0, 0, 0]

describe('a file', () => {
  useScene(beforeAll, afterAll)
  const goodLine = {
    ...{
      line_number: 2,
      session_id: 'S1',
      response_id: 'R1',
      request_id: 'Q1',
      kind: 'buy',
      phone_number: WALLET,
    },
    ...{ gold_weight: '0.5000', amount: 441_000, fee: 5_000, executed_at: new Date('2026-02-09T05:00:00Z') },
  }
  it.each<[what: string, file: string | Buffer, line?: object]>([
    ['as the sandbox writes it', file(csvLine(1))],
    ['that is gzipped', gzipSync(file(csvLine(1)))],
    ['with a byte order mark', `\uFEFF${file(csvLine(1))}`],
    ['with CRLF', file(csvLine(1)).replaceAll('\n', '\r\n')],
    ['without a last line break', file(csvLine(1)).trimEnd()],
    ['with empty lines', `${HEADER}\n\n${csvLine(1)}\n\n`, { line_number: 3 }],
    ['with its columns in another order and more of them', reordered(file(csvLine(1)))],
    ['with headings in another case', file(csvLine(1)).replace(HEADER, HEADER.toUpperCase())],
    ['with spaces around its cells', file(csvLine(1).replaceAll(',', ' , '))],
    ['with quotes', file(csvLine(1).replaceAll(/[^,]+/g, '"$&"'))],
    ['with a wallet written 62…', file(csvLine(1, { phone_number: `+62 ${WALLET.slice(1)}` }))],
    ['without fee', file(csvLine(1, { fee: '' })), { fee: null }],
    [
      'without ids',
      file(csvLine(1, { session_id: '', request_id: '' })),
      { session_id: null, request_id: null },
    ],
    ['with a backslash in an id', file(csvLine(1, { session_id: 'a\\b\\n' })), { session_id: 'a\\b\\n' }],
    ['with an id that only looks rounded', file(csvLine(1, { session_id: '9e67' })), { session_id: '9e67' }],
  ])('%s is read', async (what, given, line = {}) => {
    const result = await bring(given, { source: what })
    expect(result).toMatchObject({ is: 'imported', lineCount: 1, badLines: [] })
    expect(await linesNow(statementIdOf(result))).toEqual([{ ...goodLine, ...line }])
  })

  it('in UTF-16, in Latin-1, with semicolons and Indonesian signs, dates and words is read by its mapping', async () => {
    const header = 'Tgl;Jenis;No HP;Berat;Jumlah;Biaya;Sesi;Nama'
    const line = '09/02/2026 12.00;Pembelian;0812-3450-0001;0,0005;1.234.567;5.000;S1;Ani José'
    const mapping = {
      columns: {
        ...{ executed_at: 'tgl', kind: 'Jenis', phone_number: 'no hp', gold_weight: 'Berat' },
        ...{ amount: 'Jumlah', fee: 'Biaya', session_id: 'Sesi' },
      },
      kinds: { buy: ['pembelian'] },
      ignored_kinds: ['Biaya Admin'],
      ...{ delimiter: ';', decimal: ',', thousands: '.', dates: 'dd/MM/yyyy HH.mm' },
    }
    const fee = '09/02/2026 12.00;biaya admin;;;1.000;;;'
    const text = `${header}\n${line}\n${fee}\n`
    for (const encoding of ['utf-16le', 'latin1'] as const) {
      await addMapping(scene.database, encoding, parseMapping({ ...mapping, encoding }), 'test')
      const bytes = Buffer.from(
        encoding === 'latin1' ? text : `\uFEFF${text}`,
        encoding === 'latin1' ? 'latin1' : 'utf16le',
      )
      const result = await bring(bytes, { mapping: encoding, source: encoding })
      expect(result).toMatchObject({ is: 'imported', lineCount: 1, ignored: { ignored_kinds: 1 } })
      expect(await linesNow(statementIdOf(result))).toMatchObject([
        {
          ...{ kind: 'buy', gold_weight: '0.0005', amount: 1_234_567, fee: 5_000, session_id: 'S1' },
          executed_at: new Date('2026-02-09T05:00:00Z'),
        },
      ])
    }
  })

  it.each<[what: string, file: string | Buffer, refusal: RegExp, request?: Partial<ImportRequest>]>([
    ['that is empty', '', /the file is empty/],
    ['of nothing but line breaks', '\n\n\n', /the file has no header/],
    ['with another delimiter', file(csvLine(1)).replaceAll(',', ';'), /delimiter is ",".*looks like ";"/],
    ['without a column', file(csvLine(1)).replace('gold_weight', 'weight'), /no column gold_weight$/],
    ['with a quote never closed', `${file(csvLine(1))}"${csvLine(2)}\n`, /record 3 .*never closed/],
    [
      'with a quote inside a cell',
      file(csvLine(1, { session_id: 'a"b' })),
      /record 2 .*quote in the wrong place/,
    ],
    ['whose gzip is cut off', gzipSync(file(csvLine(1))).subarray(0, 60), /cut off or damaged/],
    [
      'whose gzip is damaged',
      Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(50, 7)]),
      /cut off or damaged/,
    ],
    ['that is no CSV at all', Buffer.alloc(300_000, 0x41), /record 1 .*longer than 64 KiB/],
    [
      'of a mapping nobody knows',
      file(csvLine(1)),
      /no mapping nobody.*recon mappings list/,
      { mapping: 'nobody' },
    ],
    ['that is complete for no said time', file(csvLine(1)), /add --period/, { period: null }],
    [
      'that is complete for a time to come',
      file(csvLine(1)),
      /only for a time that is over/,
      { period: { from: DAY.from, to: new Date(Date.now() + 86_400_000) } },
    ],
    [
      'without lines and period',
      file(),
      /has no period of its own: add --period/,
      { period: null, complete: false },
    ],
    ['with nothing to replace', file(csvLine(1)), /nothing to replace/, { replace: true }],
    [
      'of which nearly every line is bad',
      file(...Array(1_500).fill('x')),
      /more than 1000 lines cannot be read/,
    ],
  ])('%s is refused, and nothing of it is kept', async (_what, given, refusal, request = {}) => {
    const before = await kept()
    await expect(bring(given, request)).rejects.toThrow(refusal)
    expect(await kept()).toEqual(before)
  })

  it('with one line of 200 MB is refused before much of it was read', async () => {
    let given = 0
    const endless = Readable.from(
      (function* () {
        yield Buffer.from(`${file(csvLine(1))}`)
        for (; given < 200_000_000; given += 65_536) yield Buffer.alloc(65_536, 0x78)
      })(),
    )
    const before = await kept()
    await expect(bring(endless)).rejects.toThrow(/longer than 64 KiB/)
    expect(given).toBeLessThan(4_000_000)
    expect(await kept()).toEqual(before)
  })

  it.each([0, 5_000])(
    'that breaks after %i lines is refused with its own error, and nothing is kept',
    async (count) => {
      const breaking = Readable.from(
        (async function* () {
          if (count > 0) yield Buffer.from(file(...Array.from({ length: count }, (_, n) => csvLine(n))))
          throw Object.assign(new Error('disk'), { code: 'EIO' })
        })(),
      )
      const before = await kept()
      await expect(bring(breaking)).rejects.toMatchObject({ code: 'EIO' })
      expect(await kept()).toEqual(before)
    },
  )
})

function statementIdOf(result: ImportResult): string {
  return result.is === 'refused' ? 'none' : String(result.statementId)
}

function reordered(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line, n) => `${[...line.split(','), n === 0 ? 'remark' : '"x, y"'].reverse().join(',')}\n`)
    .join('')
}

describe('a line', () => {
  useScene(beforeAll, afterAll)
  it.each<[what: string, line: string, column: string | null, problem: RegExp]>([
    ['with a cell too few', 'S,R,Q', null, /has 3 cells where the header has 9/],
    ['with a cell too many', `${csvLine(1)},x`, null, /has 10 cells/],
    ['of a kind nobody knows', csvLine(1, { type: 'lend' }), 'type', /"lend" is not a kind/],
    ['without kind', csvLine(1, { type: '' }), 'type', /"" is not a kind/],
    [
      'with a masked wallet',
      csvLine(1, { phone_number: '08xxxxxxx084' }),
      'phone_number',
      /not a phone number/,
    ],
    ['with a weight of nothing', csvLine(1, { gold_weight: '0' }), 'gold_weight', /"0" is not a weight/],
    ['with five decimals', csvLine(1, { gold_weight: '0.00001' }), 'gold_weight', /is not a weight/],
    ['with a negative amount', csvLine(1, { amount: '-441000' }), 'amount', /"-441000" is not an amount/],
    ['with an absurd amount', csvLine(1, { amount: '99999999999999' }), 'amount', /is not an amount/],
    ['with a formula', csvLine(1, { amount: "=cmd|' /C calc'!A0" }), 'amount', /is not an amount/],
    ['with half a rupiah', csvLine(1, { fee: '0.5' }), 'fee', /is not a fee/],
    ['with a rounded id', csvLine(1, { response_id: '1.08E+15' }), 'response_id', /rounded by a spreadsheet/],
    ['with a formula for an id', csvLine(1, { session_id: '=1+1 x' }), 'session_id', /visible characters/],
    ['with an id of a page', csvLine(1, { session_id: 'S'.repeat(201) }), 'session_id', /at most 200/],
    [
      'of 1970',
      csvLine(1, { executed_at: '1970-01-01' }),
      'executed_at',
      /not a time that a transaction can have/,
    ],
    [
      'of 2999',
      csvLine(1, { executed_at: '2999-01-01' }),
      'executed_at',
      /not a time that a transaction can have/,
    ],
    [
      'of another day',
      csvLine(1, { executed_at: '2026-02-10' }),
      'executed_at',
      /outside the statement's period/,
    ],
    ['of no day', csvLine(1, { executed_at: '30/02/2026' }), 'executed_at', /is not a time/],
    ['with NUL', csvLine(1, { session_id: 'a\u0000b' }), 'session_id', /visible characters/],
  ])(
    '%s is refused by its place; set aside, the others are imported',
    async (what, line, column, problem) => {
      const text = file(csvLine(7), line, csvLine(8))
      const bad = { lineNumber: 3, column, problem: expect.stringMatching(problem) }
      const before = await kept()
      expect(await bring(text, { source: what })).toMatchObject({
        is: 'refused',
        badLineCount: 1,
        badLines: [bad],
      })
      await expect(bring(text, { source: what, badLines: 'skip' })).rejects.toThrow(/cannot be complete/)
      expect(await kept()).toEqual(before)
      const skipped = await bring(text, { source: what, badLines: 'skip', complete: false })
      expect(skipped).toMatchObject({ is: 'imported', lineCount: 2, badLines: [bad] })
      const statementId = statementIdOf(skipped)
      expect((await linesNow(statementId)).map(({ line_number }) => line_number)).toEqual([2, 4])
      expect(
        await rowsOf(
          scene.database,
          `SELECT line_number, column_name AS column FROM statement_bad_lines WHERE statement_id = ${statementId}`,
        ),
      ).toEqual([{ line_number: 3, column }])
    },
  )

  it('is counted from where it begins in the file, also after quotes across lines', async () => {
    const text = `${HEADER},remark\n${csvLine(1)},"two\nlines"\n${csvLine(2)},x\n${csvLine(3, { type: '?' })},"y\n\n"\n${csvLine(4, { fee: '?' })},\n`
    expect(await bring(text)).toMatchObject({
      badLines: [
        { lineNumber: 5, column: 'type' },
        { lineNumber: 8, column: 'fee' },
      ],
    })
  })

  it('that is bad shows nobody', async () => {
    const text = file(
      csvLine(1, { phone_number: KTP, type: WALLET }),
      csvLine(2, { amount: WALLET }),
      csvLine(3, { amount: KTP, phone_number: RECIPIENT }),
    )
    const told = JSON.stringify(await bring(text, { badLines: 'skip', complete: false }))
    const kept = JSON.stringify(await rowsOf(scene.database, 'SELECT * FROM statement_bad_lines'))
    for (const secret of [WALLET, RECIPIENT, KTP]) expect(told + kept).not.toContain(secret)
  })
})

describe('a statement', () => {
  useScene(beforeEach, afterEach)
  it('tells its period by its lines where none is given', async () => {
    const text = file(csvLine(1, { executed_at: '2026-02-07T16:59:00Z' }), csvLine(2))
    const period = { from: new Date('2026-02-06T17:00:00Z'), to: DAY.to }
    expect(await bring(text, { period: null, complete: false })).toMatchObject({ period })
  })

  it('without lines is a quiet day, and proves nothing of a doubt: it has no transaction that we know', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [doubt])
    expect(await bring(file())).toMatchObject({ is: 'imported', lineCount: 0 })
    await scene.run()
    expect(await scene.outcome()).toMatchObject({ orders: ['in_doubt reply_lost'], stays: ['no_witness'] })
  })

  it('of the same content is refused, gzipped or not, unless it replaces, which keeps the old version', async () => {
    const first = await bring(file(csvLine(1)))
    await expect(bring(gzipSync(file(csvLine(1))))).rejects.toThrow(/imported already: it is statement \d+/)
    expect(await bring(file(csvLine(1)), { source: 'another' })).toMatchObject({ is: 'imported' })
    const again = await bring(file(csvLine(1)), { replace: true })
    if (first.is !== 'imported' || again.is !== 'imported') throw new Error('not imported')
    expect(again.replaced).toEqual([first.statementId])
    expect(await statementsNow()).toContainEqual({ id: first.statementId, replaced_by: again.statementId })
    expect(await rowsOf(scene.database, 'SELECT 1 AS one FROM statement_lines')).toHaveLength(3)
    expect(await linesNow()).toHaveLength(2)
  })

  it('that corrects another of the same period takes its place, and its matches end', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    await bring(csvOf([lineOf(order, { amount: 1 })]))
    await scene.run()
    expect((await scene.outcome()).breaks).toEqual(['amount_differs'])
    await bring(csvOf([lineOf(order)]), { replace: true })
    await scene.run()
    expect(await scene.outcome()).toMatchObject({ rules: ['session_id'], breaks: [] })
  })

  it('that is dry tells what it would do and keeps nothing', async () => {
    expect(await bring(file(csvLine(1)), { dryRun: true })).toMatchObject({ is: 'dry_run', lineCount: 1 })
    expect(await kept()).toEqual(NOTHING)
  })

  it('that repeats lines of its source counts them once, the first of two alike as the first', async () => {
    const alike = csvLine(1, { session_id: '', response_id: '', request_id: '' })
    await bring(file(csvLine(1), alike, alike))
    const month = { from: new Date('2026-01-31T17:00:00Z'), to: new Date('2026-02-28T17:00:00Z') }
    const monthly = file(alike, csvLine(2), csvLine(1), alike, alike)
    expect(await bring(monthly, { period: month })).toMatchObject({ lineCount: 5, repeatCount: 3 })
    expect(await linesNow()).toHaveLength(5)
    expect(await bring(file(csvLine(1)), { source: 'other' })).toMatchObject({ repeatCount: 0 })
  })

  it('imported twice at the same time is imported once', async () => {
    const both = await Promise.allSettled([bring(file(csvLine(1))), bring(file(csvLine(1)))])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await linesNow()).toHaveLength(1)
  })

  it('whose connection is cut in the middle has left nothing', async () => {
    let cut = () => {}
    const halfWay = new Promise<void>((resolve) => {
      cut = resolve
    })
    const halting = Readable.from(
      (async function* () {
        yield Buffer.from(file(...Array.from({ length: 20_000 }, (_, n) => csvLine(n))))
        await halfWay
        yield Buffer.from(`${csvLine(30_000)}\n`)
      })(),
    )
    const importing = bring(halting).then(
      () => 'done',
      () => 'cut',
    )
    const admin = new pg.Client(scene.databaseUrl)
    await admin.connect()
    await eventually(async () => {
      const { rows } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%COPY statement_lines%' AND pid <> pg_backend_pid()`,
      )
      return rows.length > 0 ? true : null
    })
    cut()
    expect(await importing).toBe('cut')
    await admin.end()
    expect(await kept()).toEqual(NOTHING)
    expect(await bring(file(csvLine(1)))).toMatchObject({ is: 'imported' })
  })
})

describe('a mapping', () => {
  useScene(beforeEach, afterEach)
  it('that is changed is a new version, and statements name the one they were read with', async () => {
    await bring(file(csvLine(1)))
    const changed = parseMapping({ ...MAPPING, kinds: { ...MAPPING.kinds, buy: ['buy', 'beli'] } })
    expect(await addMapping(scene.database, 'sandbox', changed, 'ani')).toBe(2)
    await bring(file(csvLine(2, { type: 'Beli' })))
    expect(await rowsOf(scene.database, 'SELECT mapping_version AS v FROM statements ORDER BY id')).toEqual([
      { v: 1 },
      { v: 2 },
    ])
  })
})
