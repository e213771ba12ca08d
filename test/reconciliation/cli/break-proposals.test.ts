import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { runCommand } from '../../support/servers/command.ts'

let scene: Scene
let fees: number[]
let stranger: number

/** Three breaks of a fee, and one of a sell that we have not. */
beforeAll(async () => {
  scene = await openScene()
  const orders = [aRecordedOrder(), aRecordedOrder(), aRecordedOrder()]
  await recordOrders(scene.databaseUrl, orders)
  const theirs = lineOf(aRecordedOrder({ kind: 'sell', phoneNumber: '081277700098' }))
  await recordStatement(scene.databaseUrl, [...orders.map((order) => lineOf(order, { fee: 4_999 })), theirs])
  await scene.run()
  const breaks = await rowsOf<{ id: number; type: string }>(
    scene.database,
    'SELECT id, type FROM breaks ORDER BY due_at, id',
  )
  fees = breaks.filter(({ type }) => type === 'fee_differs').map(({ id }) => id)
  stranger = breaks.find(({ type }) => type === 'missing_here')?.id ?? 0
})
afterAll(async () => {
  await scene?.close()
})

const breaks = (...args: (string | number)[]) =>
  runCommand(['recon', 'breaks', ...args.map(String)], { env: { DATABASE_URL: scene.databaseUrl } })
const proposed = async () =>
  (await rowsOf<{ id: number }>(scene.database, `SELECT break_id AS id FROM proposals WHERE state = 'open'`))
    .map(({ id }) => id)
    .sort((a, b) => a - b)
const idsOf = async (...filter: string[]) =>
  (await breaks('list', '--json', ...filter)).out
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line).breakId]))

describe('breaks by filter', () => {
  it('are those of the kind, the partner and the age', async () => {
    expect(await idsOf('--kind', 'sell')).toEqual([stranger])
    expect((await idsOf('--kind', 'buy')).sort()).toEqual([...fees].sort())
    expect(await idsOf('--partner', 'acme')).toHaveLength(3)
    expect(await idsOf('--partner', 'nobody')).toEqual([])
    expect(await idsOf('--older-than', '0')).toHaveLength(4)
    expect(await idsOf('--older-than', '1')).toEqual([])
    expect(await breaks('list', '--older-than', 'long')).toMatchObject({ code: 2 })
  })

  it('are counted and summed first, and left alone without --yes', async () => {
    const filter = ['propose', '--type', 'fee_differs', '--note', 'one rupiah each']
    const dry = await breaks(...filter, '--dry-run')
    expect(dry).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 breaks: Rp.3 and 0,0000 g at risk\n/),
    })
    expect(dry.out).toContain('nothing is proposed')
    const asked = await breaks(...filter)
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    expect(asked.out).toMatch(/^3 breaks: /)
    expect(await proposed()).toEqual([])
  })

  it('are proposed with a result each, and a refused one makes the command end with 1', async () => {
    const filter = ['propose', '--type', 'fee_differs', '--by', 'ani', '--note', 'one rupiah each', '--yes']
    const [first = 0] = fees
    expect(await breaks('propose', first, '--by', 'ani', '--note', 'known')).toMatchObject({
      code: 0,
      err: '',
    })
    const all = await breaks(...filter)
    expect(all.code).toBe(1)
    expect(all.out.match(/^break \d+ proposed/gm)).toHaveLength(2)
    expect(all.err).toContain(`${first}: `)
    expect(all.err).toContain('1 of 3 were refused')
    expect(await proposed()).toEqual([...fees].sort((a, b) => a - b))
    expect(await breaks(...filter, '--partner', 'nobody')).toMatchObject({ code: 0, err: '' })
  })

  it('are neither all by mistake nor both numbers and a filter', async () => {
    expect(await breaks('propose', '--note', 'n', '--yes')).toMatchObject({ code: 2 })
    expect(await breaks('propose', stranger, '--kind', 'sell', '--note', 'n')).toMatchObject({ code: 2 })
    expect(await proposed()).not.toContain(stranger)
  })
})

describe('many breaks', () => {
  it('are assigned, noted, rejected and approved with a line each', async () => {
    const [first = 0, second = 0, third = 0] = fees
    expect(await breaks('assign', ...fees, '--to', 'citra')).toMatchObject({
      code: 0,
      out: fees.map((id) => `break ${id} is assigned to citra\n`).join(''),
    })
    expect(await breaks('note', first, first, 99_999_999, '--note', 'asked')).toMatchObject({
      code: 1,
      out: `break ${first} noted\n`,
      err: expect.stringContaining('99999999: there is no break'),
    })
    const by = ['--by', 'budi', '--note', 'seen too']
    expect((await breaks('reject', third, ...by)).out).toBe(`break ${third} rejected: it stays open\n`)
    const approved = await breaks('approve', first, second, third, ...by)
    expect(approved).toMatchObject({
      code: 1,
      out: `break ${first} written off\nbreak ${second} written off\n`,
    })
    expect(approved.err).toMatch(new RegExp(`^${third}: .*nothing is proposed`, 'm'))
  })
})
