import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { badRowsHeader, badRowText, templateText } from '../../src/batches/file/bad-rows.ts'
import { type CheckResult, checkFile } from '../../src/batches/file/check.ts'
import type { RowProblem } from '../../src/batches/file/read-row.ts'
import { openRows } from '../../src/batches/file/read-rows.ts'
import { zipOf } from '../support/factories/foreign-files.ts'
import { jobData, KTP, WALLET } from '../support/factories/job-data.ts'
import { collectGarbage } from '../support/garbage.ts'
import { BATCH_HEADER, buysFile } from '../support/scenes/batch-scene.ts'

type File = string | Buffer | Readable

const streamOf = (file: File) => (file instanceof Readable ? file : Readable.from([Buffer.from(file)]))

async function check(file: File, partner: string | null = null) {
  const problems: RowProblem[] = []
  let mended = ''
  const result: CheckResult = await checkFile(
    streamOf(file),
    { partner },
    async (found, source, delimiter) => {
      if (mended === '') mended = badRowsHeader(delimiter)
      problems.push(...found)
      mended += badRowText(found, source, delimiter)
    },
  )
  return { ...result, told: problems.map(tell), mended }
}

const tell = ({ lineNumber, column, maskedValue, expected }: RowProblem) =>
  `${lineNumber} ${column} "${maskedValue}" ${expected}`

async function submissionsOf(file: File, partner: string | null = null) {
  const submissions = []
  for await (const rows of (await openRows(streamOf(file), { partner })).rows())
    for (const row of rows) submissions.push(row.is === 'good' ? row.submission : row)
  return submissions
}

const line = (cells: Partial<Record<string, string>> = {}, header = BATCH_HEADER, sign = ',') =>
  header
    .split(sign)
    .map(
      (column) =>
        ({
          kind: 'buy',
          partner: 'acme',
          reference: 'R1',
          phone_number: WALLET,
          gold_weight: '0.5',
          ...cells,
        })[column] ?? '',
    )
    .join(sign)

describe('a batch file', () => {
  it.each([',', ';'] as const)(
    'is what the template prints, with %s between the cells',
    async (delimiter) => {
      const template = templateText(delimiter, 'acme')
      expect(await check(template)).toMatchObject({ rows: 4, badRows: 0 })
      const [buy, , , withdraw] = await submissionsOf(template)
      expect(buy).toMatchObject({
        content: { gold_weight: '0.5000', limit: { max_price_per_gram: 2_000_000 } },
      })
      expect(withdraw).toMatchObject({
        content: { ktp: KTP, address: { address: 'Jl. Contoh 1', zip_code: '10140', note: 'pagar hijau' } },
      })
    },
  )

  it('gives the same orders as CSV with commas, with semicolons and as JSON lines', async () => {
    const [comma, semicolon] = await Promise.all(
      ([',', ';'] as const).map((sign) => submissionsOf(templateText(sign, 'acme'))),
    )
    expect(semicolon).toEqual(comma)
    const order = jobData.withdraw()
    const [json] = await submissionsOf(`${JSON.stringify({ kind: 'withdraw', ...order })}\n`)
    expect(json).toMatchObject({ command: { kind: 'withdraw', ktp: KTP } })
  })

  it.each<[what: string, file: string]>([
    ['a byte order mark', `\uFEFF${BATCH_HEADER}\n${line()}\n`],
    ['Windows line ends', `${BATCH_HEADER}\r\n${line()}\r\n`],
    ['no line end at the end', `${BATCH_HEADER}\n${line()}`],
    ['empty lines', `${BATCH_HEADER}\n\n${line()}\n,,,,\n\n`],
    [
      'headings in capitals and in another order',
      `GOLD_WEIGHT, Reference ,partner,KIND,phone_number\n0.5,R1,acme,buy,${WALLET}\n`,
    ],
    ['empty cells after the last', `${BATCH_HEADER}\n${line()},,\n`],
    ['empty cells after the last heading', `${BATCH_HEADER},, \n${line()},,\n`],
    ['empty cells after the last heading alone', `${BATCH_HEADER},,\n${line()}\n`],
    ['a heading left empty, and its column too', `kind,,${BATCH_HEADER.slice(5)}\nbuy,,${line().slice(4)}\n`],
    ['rows of white space', `${BATCH_HEADER}\n , ,\u00a0\n   \n${line()}\n`],
    ["Excel's first line", `sep=,\r\n${BATCH_HEADER}\r\n${line()}\r\n`],
    [
      "Excel's first line with semicolons",
      `\uFEFFsep=;\r\n${BATCH_HEADER}\r\n${line()}\r\n`.replaceAll(',', ';'),
    ],
    ['carriage returns as line ends', `${BATCH_HEADER}\r${line()}\r`],
    ['a column of problems', `${BATCH_HEADER},problem\n${line()},mend me\n`],
    ['quoted cells', `${BATCH_HEADER}\n"buy","acme","R1","${WALLET}","0.5"\n`],
    [
      'a byte order mark before JSON',
      `\uFEFF${JSON.stringify({ kind: 'buy', partner: 'acme', reference: 'R1', phone_number: WALLET, gold_weight: 0.5 })}`,
    ],
  ])('may have %s', async (_what, file) => {
    const [submission] = await submissionsOf(file)
    expect(submission).toMatchObject({ reference: 'R1', content: { gold_weight: '0.5000' } })
    expect(await check(file)).toMatchObject({ rows: 1, badRows: 0 })
  })

  it.each<[sign: ',' | ';', cell: string, grams: string | null]>([
    [',', '0.5', '0.5000'],
    [',', '1.500', '1.5000'],
    [',', '"0,5"', null],
    [';', '0,5', '0.5000'],
    [';', '0.5', '0.5000'],
    [';', '12', '12.0000'],
    [';', '1,500', '1.5000'],
    [';', '1.500', null],
    [';', '1.500,5', null],
    [';', '0,00005', null],
    [';', '-1', null],
  ])('with %s between the cells has %s for grams: %s', async (sign, cell, grams) => {
    const header = BATCH_HEADER.replaceAll(',', sign)
    const file = `${header}\n${line({ gold_weight: cell }, header, sign)}\n`
    const [row] = await submissionsOf(file)
    if (grams === null) expect(row).toMatchObject({ is: 'bad' })
    else expect(row).toMatchObject({ content: { gold_weight: grams } })
  })

  it.each(['100.000', '100,5', '1e6', '+5', ' 0 '])(
    'has rupiah in digits alone, so not as %s',
    async (amount) => {
      const header = BATCH_HEADER.replace('gold_weight', 'amount').replaceAll(',', ';')
      const { told } = await check(`${header}\n${line({ amount }, header, ';')}\n`)
      expect(told).toEqual([expect.stringContaining('must be whole rupiah from 1')])
    },
  )

  it('takes the partner of rows that name none from whoever reads it', async () => {
    const file = `${BATCH_HEADER}\n${line({ partner: '' })}\n${line({ partner: 'other', reference: 'R2' })}\n`
    expect(await submissionsOf(file, 'given')).toMatchObject([{ partner: 'given' }, { partner: 'other' }])
    expect((await check(file)).told).toEqual([expect.stringMatching(/^2 partner "" must be 1 to 63/)])
  })
})

describe('checking', () => {
  it('lists every problem of every row with line, column, masked value and what is expected', async () => {
    const header = `${BATCH_HEADER},ktp,address_zip_code`
    const file = [
      header,
      line({ kind: 'gift' }, header),
      line({ phone_number: '71234500001', gold_weight: 'x' }, header),
      line({ kind: 'withdraw', gold_weight: '3', ktp: '123', address_zip_code: '1' }, header),
      'buy,acme',
    ].join('\n')
    const { told, ...counts } = await check(file)
    expect(counts).toMatchObject({ rows: 4, badRows: 4, problems: 12 })
    expect(told.slice(0, 6)).toEqual([
      '2 kind "gift" must be one of buy, sell, transfer, withdraw',
      expect.stringMatching(/^3 phone_number "71xxxxxx001" must be an Indonesian mobile number/),
      expect.stringMatching(/^3 gold_weight "x" must be grams above 0/),
      '4 gold_weight "3" must be a whole bar: 1, 2, 5, 10, 25, 50, 100 g',
      '4 ktp "x23" must be 16 digits',
      expect.stringMatching(/^4 address_province "" must be a text/),
    ])
    expect(told.at(-2)).toBe('4 address_zip_code "(masked)" must be five digits')
    expect(told.at(-1)).toBe('5 null "" must have 7 cells like the header, but has 2')
  })

  it('says of a field that its kind does not have', async () => {
    const header = `${BATCH_HEADER},remarks,min_price_per_gram`
    const { told } = await check(`${header}\n${line({ remarks: 'hi', min_price_per_gram: '5' }, header)}\n`)
    expect(told).toEqual([
      '2 min_price_per_gram "5" is not a field here',
      '2 remarks "hi" is not a field here',
    ])
  })

  it.each([
    ['after the last heading', `${BATCH_HEADER}\n${line()},,x\n`, 'G'],
    ['after the last heading, with empty headings', `${BATCH_HEADER},,\n${line()},,x\n`, 'G'],
    ['between headings', `kind,,${BATCH_HEADER.slice(5)}\nbuy,x,${line().slice(4)}\n`, 'B'],
  ])('names a column without a heading that has something in it, %s', async (_where, file, column) => {
    expect((await check(file)).told).toEqual([
      expect.stringContaining(`2 null "" must have nothing in column ${column}, which has no heading`),
    ])
  })

  it.each(['\r', '\r\n'])('counts lines that end with %j, also inside of cells', async (end) => {
    const rows = [BATCH_HEADER, line({ reference: `"a${end}b"` }), line({ kind: 'x', reference: 'R2' })]
    expect((await check(rows.join(end))).told.map((each) => each.split(' ')[0])).toEqual(['2', '4'])
  })

  it("counts Excel's first line as a line", async () => {
    const { told } = await check(`sep=,\n${BATCH_HEADER}\n${line({ kind: 'x' })}\n`)
    expect(told).toEqual([expect.stringMatching(/^3 kind/)])
  })

  it('finds references that stand twice, per partner', async () => {
    const rows = [line(), line({ reference: 'R2' }), line({ partner: 'other' }), line({ gold_weight: '1' })]
    expect((await check([BATCH_HEADER, ...rows].join('\n'))).told).toEqual([
      '5 reference "R1" must be unique in the file: line 2 has it too',
    ])
  })

  it('names the line a row begins on, also after a cell with line breaks', async () => {
    const rows = [line({ reference: '"a\nb"' }), line({ kind: 'x', reference: 'R2' })]
    expect((await check([BATCH_HEADER, ...rows].join('\n'))).told.map((each) => each.split(' ')[0])).toEqual([
      '2',
      '4',
    ])
  })

  it.each([
    ['a field twice', '"amount":10000,"amount":90000', 'amount'],
    ['a number that loses digits', '"amount":9007199254740993', 'amount'],
    ['a prototype', '"amount":1,"__proto__":{"amount":2}', '__proto__'],
    ['a field of another name', '"grams":1', 'did you mean gold_weight?'],
  ])('refuses a JSON line with %s, by the name of the field', async (_what, fields, named) => {
    const json = `{"kind":"buy","partner":"acme","reference":"A","phone_number":"${WALLET}",${fields}}\n`
    const { told } = await check(json)
    expect(told.join('\n')).toContain(named)
  })

  it.each([
    ['kind', 'transfer emas', 'did you mean transfer?'],
    ['kind', 'beli emas', 'did you mean buy?'],
    ['gold_weight', '"1,5"', 'write 1.5'],
    [
      'gold_weight',
      '"1,500"',
      'write 1.500 if the comma is the decimal sign, 1500 if it separates thousands',
    ],
    ['amount', '1.000.000', 'write 1000000 if the signs separate thousands'],
    ['amount', '1.000', 'write 1000 if the signs separate thousands, 1 if the rest are decimals'],
    ['amount', '"250,000"', 'write 250000 if the signs separate thousands, 250 if the rest are decimals'],
    ['ktp', KTP.slice(1), 'has 16 digits and this has 15; a spreadsheet drops a leading zero'],
  ])('says what a refused %s of %s may mean, and corrects nothing', async (column, cell, told) => {
    const header = `${BATCH_HEADER},amount,ktp`
    const other = column === 'ktp' ? { kind: 'withdraw' } : column === 'amount' ? { gold_weight: '' } : {}
    const checked = await check([header, line({ ...other, [column]: cell }, header)].join('\n'))
    const problem = checked.told.find((each) => each.startsWith(`2 ${column} `))
    expect(problem).toContain(told)
    expect(problem).not.toContain(KTP.slice(1))
  })

  it('repeats no number that may be a phone or KTP number in what it suggests', async () => {
    for (const cell of ['81.234.500.001', '317.499.990.101.000', '08.123.450']) {
      const header = `${BATCH_HEADER},amount`
      const { told } = await check([header, line({ gold_weight: '', amount: cell }, header)].join('\n'))
      expect(told).toEqual([expect.not.stringContaining('thousands')])
    }
  })

  it('shows no phone number and no KTP number, wherever they stand', async () => {
    const header = `${BATCH_HEADER},ktp`
    const rows = [
      line({ kind: WALLET, ktp: KTP }, header),
      line({ phone_number: `${WALLET}x`, gold_weight: KTP }, header),
      line({ gold_weight: WALLET, partner: `+62${WALLET.slice(1)}` }, header),
      `${WALLET},${KTP}`,
    ]
    const { told } = await check([header, ...rows].join('\n'))
    const json = await check(`{"kind":"buy","${WALLET}":"${KTP}"}\n${WALLET}\n`)
    for (const secret of [WALLET, KTP, WALLET.slice(1)])
      expect([...told, ...json.told].join('\n')).not.toContain(secret)
  })

  it.each([',', ';'] as const)(
    'writes bad rows with what is wrong, to be mended and checked again, with %s',
    async (sign) => {
      const header = [...BATCH_HEADER.split(','), 'remarks'].join(sign)
      const bad = line(
        { kind: 'transfer', reference: '=1+1', remarks: '"a, b; c"', gold_weight: '' },
        header,
        sign,
      )
      const good = line({ reference: 'R2' }, header, sign)
      const { mended } = await check([header, good, bad].join('\n'))
      expect(mended.split('\n')).toHaveLength(3)
      expect(mended).toContain("'=1+1")
      expect(mended).toContain('recipient: must be an Indonesian mobile number')
      const again = mended.replace(`${WALLET}${sign}${sign}`, `${WALLET}${sign}1${sign}`)
      const { told } = await check(again)
      expect(told).toEqual([expect.stringMatching(/^2 recipient/)])
    },
  )

  it('reads a formula that a spreadsheet was kept from running as the text it is', async () => {
    const file = `${BATCH_HEADER}\n${line({ reference: "'=1+1", phone_number: `'+62${WALLET.slice(1)}` })}\n`
    expect(await submissionsOf(file)).toMatchObject([{ reference: '=1+1', command: { phoneNumber: WALLET } }])
  })
})

const MILLION = 'x'.repeat(1_000_000)

describe('a file that is no batch file', () => {
  it.each<[what: string, file: string | Buffer, sentence: RegExp]>([
    ['is empty', '', /no rows|is empty/],
    ['has white space alone', '\n\n', /no rows|no column/],
    ['has a header alone', `${BATCH_HEADER}\n`, /has no rows: see `goldpro batch template`/],
    ['has no header', `${line()}\n`, /has an unknown column "buy"/],
    ['begins with phone numbers', `${WALLET},${KTP}\n`, /has an unknown column "08xxxxxxx001"/],
    ['lacks a column', 'kind,partner,reference\nbuy,acme,R1\n', /has no column phone_number/],
    ['has a column twice', `${BATCH_HEADER},kind\n${line()},buy\n`, /has the column kind twice/],
    [
      'is Latin-1',
      Buffer.from(`${BATCH_HEADER}\n${line({ reference: 'José' })}\n`, 'latin1'),
      /is not UTF-8 \(lines 1 to 3\)/,
    ],
    [
      'is UTF-16 with a byte order mark',
      Buffer.from(`\uFEFF${BATCH_HEADER}\n${line()}`, 'utf16le'),
      /not UTF-8 text/,
    ],
    ['is UTF-16 without one', Buffer.from(`${BATCH_HEADER}\n${line()}`, 'utf16le'), /not UTF-8 text/],
    [
      'ends in the middle of a character',
      Buffer.concat([Buffer.from(`${BATCH_HEADER}\n${line()}`), Buffer.from([0xc3])]),
      /is not UTF-8/,
    ],
    ['is a zip archive', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), /is a zip archive: unpack it/],
    [
      'is a workbook',
      zipOf(['[Content_Types].xml', 'xl/workbook.xml']),
      /Excel workbook \(\.xlsx\), not CSV/,
    ],
    ['is a JSON array', '[{"kind":"buy"}]', /a JSON array/],
    ['names a strange separator', `sep=|\n${BATCH_HEADER}\n`, /says that "\|" separates .*: use , or ; in/],
    ['is gzipped', Buffer.from([0x1f, 0x8b, 8, 0]), /gzipped: unpack it first/],
    [
      'has a cell of a million characters',
      `${BATCH_HEADER}\n${line({ reference: MILLION })}\n`,
      /record 2 .*longer than 64 KiB/,
    ],
    [
      'has a JSON line of a million characters',
      `{"kind":"buy"}\n{"reference":"${MILLION}"}\n`,
      /line 2 is longer than 64 KiB/,
    ],
    ['is one line of a million characters', MILLION, /longer than 64 KiB|has an unknown column/],
    ['has a quote that nobody closes', `${BATCH_HEADER}\n"buy,acme\n`, /quote that is never closed/],
  ])('is refused in a sentence when it %s', async (_what, file, sentence) => {
    await expect(check(file)).rejects.toThrow(sentence)
  })

  it('tells JSON that is none, and goes on', async () => {
    const good = JSON.stringify({ kind: 'buy', ...jobData.buy() })
    const { told, rows } = await check(`${good}\n{"kind":\n[1]\n`)
    expect(rows).toBe(3)
    expect(told).toEqual([
      '2 null "" must be one JSON object a line',
      '3 null "" must be one JSON object a line',
    ])
  })
})

describe('a large file', () => {
  it('is read in memory that does not grow with its rows', async () => {
    const row = (n: number) => `buy,acme,R${n},${WALLET},0.5\n`
    async function* chunks() {
      yield Buffer.from(`${BATCH_HEADER}\n`)
      for (let n = 0; n < 60_000; n += 1_000)
        yield Buffer.from(Array.from({ length: 1_000 }, (_, at) => row(n + at)).join(''))
    }
    let most = 0
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    const file = await openRows(Readable.from(chunks()), { partner: null })
    let count = 0
    for await (const rows of file.rows()) {
      count += rows.length
      most = Math.max(most, rows.length)
    }
    expect(count).toBe(60_000)
    expect(most).toBeLessThan(5_000)
    collectGarbage()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30 * 2 ** 20)
  })

  it('has the hash of its bytes', async () => {
    const text = buysFile(2, 'HASH')
    const file = await openRows(streamOf(text), { partner: null })
    for await (const _ of file.rows());
    const { createHash } = await import('node:crypto')
    expect(file.fileHash()).toBe(createHash('sha256').update(text).digest('hex'))
  })
})
