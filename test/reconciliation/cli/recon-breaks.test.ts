import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WALLET } from '../../support/factories/job-data.ts'
import {
  aRecordedOrder,
  lineOf,
  type RecordedOrder,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { runCommand } from '../../support/servers/command.ts'

let scene: Scene
let folder: string
const orders: Record<'fee' | 'wallet' | 'gone', RecordedOrder> = {
  fee: aRecordedOrder(),
  wallet: aRecordedOrder(),
  gone: aRecordedOrder(),
}
const ids = { fee_differs: 0, wallet_differs: 0, missing_at_gateway: 0, missing_here: 0 }
const STRANGER = '081277700099'

/** One break each of a fee, a wallet, an order without a line, and a line without an order. */
beforeAll(async () => {
  scene = await openScene()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-breaks-'))
  await recordOrders(scene.databaseUrl, Object.values(orders))
  await recordStatement(scene.databaseUrl, [
    lineOf(orders.fee, { fee: 4_999 }),
    lineOf(orders.wallet, { phoneNumber: STRANGER }),
    lineOf(aRecordedOrder({ phoneNumber: STRANGER })),
  ])
  await scene.run()
  for (const { id, type } of await rowsOf<{ id: number; type: keyof typeof ids }>(
    scene.database,
    'SELECT id, type FROM breaks',
  ))
    ids[type] = id
})
afterAll(async () => {
  await scene?.close()
  await rm(folder, { recursive: true, force: true })
})

const printed: string[] = []
/** Runs it; whatever it prints is looked through in the end. */
async function breaks(args: readonly (string | number)[], env: Record<string, string> = {}) {
  const ended = await runCommand(['recon', 'breaks', ...args.map(String)], {
    env: { DATABASE_URL: scene.databaseUrl, ...env },
    cwd: folder,
  })
  printed.push(ended.out, ended.err)
  return ended
}
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const refused = (message: RegExp) => ({ code: 1, out: '', err: expect.stringMatching(message) })

describe('breaks are listed', () => {
  it('as a table, the first due first', async () => {
    const { code, out } = await breaks(['list'])
    expect(code).toBe(0)
    const [headings, , ...rows] = out.trim().split('\n')
    expect(headings).toMatch(/^break +type +about +rupiah at risk +grams +due +owner +proposed by$/)
    expect(rows.map((row) => row.trim().split(/ {2,}/)[1])).toEqual(
      ['wallet_differs', 'missing_here', 'missing_at_gateway', 'fee_differs'].sort(
        (a, b) => rows.findIndex((row) => row.includes(a)) - rows.findIndex((row) => row.includes(b)),
      ),
    )
    expect(rows[0]).toContain(`acme/${orders.wallet.orderId}`)
    expect(rows.at(-1)).toMatch(/fee_differs.* Rp ?1 /)
    expect(out).toMatch(/missing_here +statement \d+ line 4/)
  })

  it('as JSON lines', async () => {
    const { code, out } = await breaks(['list', '--json'])
    expect(code).toBe(0)
    const rows = jsonLines(out)
    expect(rows).toHaveLength(4)
    expect(rows.find(({ type }) => type === 'missing_at_gateway')).toMatchObject({
      breakId: ids.missing_at_gateway,
      orderId: orders.gone.orderId,
      partner: 'acme',
      reference: orders.gone.orderId,
      statementId: null,
      rupiahAtRisk: '441000',
      gramsAtRisk: '0.5000',
      owner: null,
      overdue: false,
      proposedBy: null,
    })
  })

  it('by type, by owner, by due time, and at most so many', async () => {
    const types = async (...args: string[]) =>
      jsonLines((await breaks(['list', '--json', ...args])).out).map(({ type }) => type)
    expect(await types('--type', 'fee_differs')).toEqual(['fee_differs'])
    expect(await types('--owner', 'nobody-at-all')).toEqual([])
    expect(await types('--overdue')).toEqual([])
    expect(await types('--limit', '1')).toEqual(['wallet_differs'])
    expect((await breaks(['list', '--overdue'])).out).toMatch(/^no /)
  })
})

describe('a break is shown', () => {
  it('with what it is about, both sides, and its history', async () => {
    const { code, out } = await breaks(['show', ids.fee_differs])
    expect(code).toBe(0)
    expect(out).toMatch(/^break \d+: fee_differs, open \(found\)\n/)
    expect(out).toMatch(/means +the fees of statement and order differ/)
    expect(out).toContain(orders.fee.orderId)
    expect(out).toMatch(/statement +line 2 of statement \d+ \(test\.csv\)/)
    expect(out).toMatch(/ours +5000\n +theirs +4999/)
    expect(out).toMatch(/found, by person:test/)
  })

  it('as JSON', async () => {
    const { code, out } = await breaks(['show', ids.missing_here, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      type: 'missing_here',
      state: 'open',
      orderId: null,
      difference: { theirs: { kind: 'buy', amount: 441_000 } },
      events: [{ reason: 'found', actor: 'person:test' }],
    })
  })
})

describe('two people work on a break', () => {
  it('and write it off: each step is told, wrong ones are refused', async () => {
    const id = ids.fee_differs
    const as = (name: string, by: string, note: string, env = {}) =>
      breaks([name, id, '--by', by, '--note', note], env)
    expect(await breaks(['assign', id, '--to', 'budi', '--by', 'ani'])).toMatchObject({
      code: 0,
      out: `break ${id} is assigned to budi\n`,
    })
    expect(await as('note', 'budi', 'asked the gateway')).toMatchObject({
      code: 0,
      out: `break ${id} noted\n`,
    })
    expect(await as('approve', 'ani', 'fine')).toMatchObject(refused(/nothing is proposed/))
    expect((await as('propose', 'budi', 'one rupiah')).out).toMatch(
      /stays open until another person approves it/,
    )
    expect(await as('propose', 'ani', 'again')).toMatchObject(refused(/a proposal already/))
    expect(jsonLines((await breaks(['list', '--json', '--owner', 'budi'])).out)).toMatchObject([
      { breakId: id, owner: 'budi', proposedBy: 'budi' },
    ])
    expect(await as('approve', ' BUDI ', 'me again')).toMatchObject(refused(/another person must approve it/))
    expect(await as('reject', 'ani', 'ask again')).toMatchObject({
      code: 0,
      out: `break ${id} rejected: it stays open\n`,
    })
    expect(await as('propose', 'budi', 'asked again')).toMatchObject({ code: 0 })
    expect(await as('approve', 'ani', 'agreed')).toMatchObject({ code: 0, out: `break ${id} written off\n` })
    expect(await as('note', 'ani', 'too late')).toMatchObject(refused(/is closed \(written_off\)/))
    const { out } = await breaks(['show', id])
    expect(out).toContain('closed (written_off)')
    for (const step of [
      'assigned to budi, by person:ani',
      'noted, by person:budi: asked the gateway',
      'declined, by person:ani: ask again',
    ])
      expect(out).toContain(step)
    expect(out).toContain('written_off, by person:ani: agreed (proposed by budi: asked again)')
    expect((await breaks(['list'])).out).not.toContain('fee_differs')
  })

  it('or one where there is only one, and the history says it loudly', async () => {
    const id = ids.missing_here
    const as = (name: string, env = {}) => breaks([name, id, '--by', 'ani', '--note', 'known'], env)
    await as('propose')
    expect(await as('approve')).toMatchObject(refused(/ONE_PERSON=true/))
    expect(await as('approve', { ONE_PERSON: 'true' })).toMatchObject({ code: 0 })
    expect((await breaks(['show', id])).out).toContain('NOBODY ELSE HAS LOOKED AT THIS')
  })
})

describe('what is wrong is said, and nothing is done', () => {
  it.concurrent.each([
    ['show', '99999999'],
    ['note', '99999999', '--note', 'n'],
    ['assign', '99999999', '--to', 'ani'],
    ['approve', '99999999', '--note', 'n'],
  ])('%s of a break that is not there: 1', async (...args) => {
    expect(await breaks(args)).toMatchObject(
      refused(/^goldpro: there is no break 99999999: see `goldpro recon breaks list`\n$/),
    )
  })

  it.concurrent.each([['an empty note', ['note', '1', '--note', ' '], /say why/]])(
    '%s: 1',
    async (_what, args, message) => {
      expect(await breaks(args)).toMatchObject(refused(message))
    },
  )

  it.concurrent.each([
    ['a break without a number', ['show', 'fee']],
    ['break 0', ['show', '0']],
    ['no break', ['note', '--note', 'n']],
    ['no note', ['propose', '1']],
    ['no reason to approve', ['approve', '1']],
    ['nobody to assign it to', ['assign', '1']],
    ['an empty name', ['note', '1', '--note', 'n', '--by', '']],
    ['an empty owner', ['assign', '1', '--to', '']],
    ['a type that does not exist', ['list', '--type', 'odd']],
    ['a limit that is none', ['list', '--limit', 'all']],
    ['an unknown command', ['forget', '1']],
  ])('%s is wrong usage: 2', async (_what, args) => {
    expect(await breaks(args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/--help/) })
  })

  it('no database: 2', async () => {
    expect(await breaks(['list'], { DATABASE_URL: '' })).toMatchObject({ code: 2, err: /DATABASE_URL/ })
  })
})

describe('what people write', () => {
  it('is shown on its own line only, and with no phone number in it', async () => {
    const id = ids.wallet_differs
    const forged = '2026-02-09T00:00:00.000Z  written_off, by person:budi'
    await breaks([
      'note',
      id,
      '--by',
      WALLET,
      '--note',
      `wallet ${WALLET} or +6281277700099\n${forged}\u001b[2J`,
    ])
    await breaks(['assign', id, '--to', STRANGER])
    await breaks(['propose', id, '--by', STRANGER, '--note', STRANGER])
    await breaks(['approve', id, '--by', STRANGER, '--note', STRANGER])
    await breaks(['list'])
    await breaks(['list', '--json'])
    await breaks(['show', id, '--json'])
    const { out } = await breaks(['show', id])
    expect(out).toContain('wallet 08xxxxxxx001 or +6xxxxxxxxx099')
    expect(out).toMatch(/ours +"08xxxxxxx001"\n +theirs +"08xxxxxxx099"/)
    expect(out.split('\n')).not.toContainEqual(expect.stringMatching(/^2026-02-09T00/))
    expect(out).not.toContain('\u001b')
    // Of all that this file's commands printed.
    for (const text of printed) expect(text).not.toMatch(/(?<!\d)(\+?62|0)8\d{7,12}(?!\d)/)
    expect(printed.length).toBeGreaterThan(50)
  })
})
