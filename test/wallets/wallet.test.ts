import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireWalletPolicy } from '../../src/processes/wallet-policy.ts'
import { readWallets } from '../../src/wallets/read-wallets.ts'
import { constraintOf } from '../support/constraint.ts'
import { silentLog } from '../support/deps.ts'
import { runCommand } from '../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'

let place: TestDatabase
let folder: string
beforeAll(async () => {
  place = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-wallets-'))
})
afterAll(async () => {
  await place?.drop()
  await rm(folder, { recursive: true, force: true })
})

async function goldpro(...args: string[]) {
  return await runCommand(args, { env: { DATABASE_URL: place.databaseUrl }, cwd: folder })
}
const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  sql<Row>(place.databaseUrl, text, values)
const propose = async (...args: string[]) => {
  const { out, code, err } = await goldpro(
    'wallet',
    'link',
    ...args,
    '--note',
    'contract',
    '--by',
    'ani',
    '--json',
  )
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as { requestId: number; wallets: number; sha256: string | null }
}
const approve = (requestId: number, by = 'budi') =>
  goldpro('approvals', 'approve', String(requestId), '--note', 'compared', '--by', by)
const owners = () => run('SELECT phone_number, partner, origin, state FROM partner_wallets ORDER BY 1')

describe('linking a wallet', () => {
  it('takes two people, whatever the spelling, and prints no number', async () => {
    const { requestId } = await propose('+62 812-3450-0901', '--partner', 'acme')
    expect(await owners()).toEqual([])
    expect(await approve(requestId, 'Ani')).toMatchObject({ code: 1 })
    expect(await owners()).toEqual([])
    const approved = await approve(requestId)
    expect(approved).toMatchObject({ code: 0 })
    expect(await owners()).toEqual([
      { phone_number: '081234500901', partner: 'acme', origin: 'linked', state: 'linked' },
    ])
    const shown = await Promise.all([
      goldpro('wallet', 'list', '--wallet', '6281234500901'),
      goldpro('wallet', 'list', '--json'),
      goldpro('approvals', 'list', '--state', 'all'),
      goldpro('approvals', 'show', String(requestId), '--json'),
    ])
    for (const { code, out } of shown) {
      expect([code, out]).toEqual([0, expect.stringContaining('08xxxxxxx901')])
      expect(out).not.toMatch(/1234500901/)
    }
    expect(await run('SELECT event, partner, actor, request_id FROM wallet_events')).toEqual([
      { event: 'linked', partner: 'acme', actor: 'person:budi', request_id: requestId },
    ])
  })

  it('lets a wallet change hands, unless it changed since it was proposed', async () => {
    const moved = await propose('081234500901', '--partner', 'globex')
    expect((await goldpro('wallet', 'unlink', '0812 3450 0901', '--note', 'left', '--by', 'ani')).code).toBe(
      0,
    )
    expect(await approve(moved.requestId)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no longer what'),
    })
    expect(await owners()).toMatchObject([{ partner: 'acme', state: 'unlinked' }])
    await goldpro('approvals', 'decline', String(moved.requestId), '--note', 'changed', '--by', 'budi')
    const again = await propose('081234500901', '--partner', 'globex')
    expect(await approve(again.requestId)).toMatchObject({ code: 0 })
    expect(await owners()).toMatchObject([{ partner: 'globex', state: 'linked' }])
    expect(
      await constraintOf(
        run(`UPDATE partner_wallets SET partner = 'acme', origin = 'linked', request_id = $1`, [
          moved.requestId,
        ]),
      ),
    ).toBe('wallet_link_of_two_people')
  })

  it('by a file is one request with its hash, carried out whole', async () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => `0813${String(n).padStart(7, '0')},p${n % 7}`)
    await writeFile(join(folder, 'wallets.csv'), `\uFEFFwallet,partner\r\n${rows.join('\r\n')}\r\n`)
    const { requestId, wallets, sha256 } = await propose('--file', 'wallets.csv')
    expect([wallets, sha256]).toEqual([3_000, expect.stringMatching(/^[0-9a-f]{64}$/)])
    expect(
      (await goldpro('wallet', 'link', '--file', 'wallets.csv', '--note', 'again', '--by', 'ani')).code,
    ).toBe(1)
    expect(await approve(requestId)).toMatchObject({ code: 0 })
    expect(
      await run(
        `SELECT count(*)::int AS n, count(DISTINCT partner)::int AS partners FROM partner_wallets WHERE request_id = $1`,
        [requestId],
      ),
    ).toEqual([{ n: 3_000, partners: 7 }])
    expect((await goldpro('approvals', 'list', '--state', 'all')).out).toContain(
      'link 3.000 wallets of wallets.csv',
    )
  })

  it.each([
    ['wallet;partner\n0812;acme\n', ['line 2: wallet must be an Indonesian mobile number']],
    ['wallet,partner\n081234500902,\n', ['line 2: partner must be the name of a partner']],
    [
      'wallet,partner\n081234500902,acme\n+62 812 3450 0902,globex\n',
      ['line 3: the wallet stands in line 2 already'],
    ],
    ['wallet,partner\n', ['the file has no wallets']],
    ['phone,partner\n081234500902,acme\n', ['line 1: must be wallet,partner']],
  ])('refuses %j', async (text, expected) => {
    async function* bytes() {
      yield Buffer.from(text)
    }
    const read = await readWallets(bytes())
    expect(
      read.is === 'refused' ? read.problems.map((problem, n) => problem.slice(0, expected[n]?.length)) : read,
    ).toEqual(expected)
    expect(JSON.stringify(read)).not.toMatch(/3450/)
  })
})

describe('the policy', () => {
  const start = (walletPolicy: 'owned' | 'first_use' | 'open' | null) =>
    requireWalletPolicy({ walletPolicy }, place.databaseUrl, { log: silentLog })

  it('is decided by the first start that is given one, and a start with another one is refused', async () => {
    await start('first_use')
    await start(null)
    await start('first_use')
    await expect(start('open')).rejects.toThrow(
      'WALLET_POLICY is open, and this database accepts orders by the policy first_use',
    )
  })

  it('is made stricter by one person and looser by two', async () => {
    expect(await goldpro('wallet', 'policy', 'owned', '--by', 'ani')).toMatchObject({ code: 1 })
    expect(await goldpro('wallet', 'policy', 'owned', '--note', 'all linked', '--by', 'ani')).toMatchObject({
      code: 0,
    })
    const asked = await goldpro('wallet', 'policy', 'open', '--note', 'a test', '--by', 'ani', '--json')
    const { requestId } = JSON.parse(asked.out) as { requestId: number }
    expect((await goldpro('wallet', 'policy')).out).toContain('owned')
    expect((await approve(requestId, 'ani')).code).toBe(1)
    expect((await approve(requestId)).code).toBe(0)
    expect((await goldpro('wallet', 'policy', '--json')).out).toContain('"open"')
    const warned: string[] = []
    const log = { ...silentLog, warn: (_fields: object, text: string) => void warned.push(text) }
    await requireWalletPolicy({ walletPolicy: null }, place.databaseUrl, { log })
    expect(warned).toEqual([expect.stringContaining('ANY PARTNER MAY MOVE ANY WALLET')])
  })

  it('tells people whose wallets would be refused, and what happened to a wallet', async () => {
    expect((await goldpro('wallet', 'policy', 'owned', '--note', 'again', '--by', 'ani')).code).toBe(0)
    expect((await goldpro('partner', 'add', 'told', '--by', 'ani')).out).toContain('wallet policy   owned')
    await approve((await propose('081234500777', '--partner', 'told')).requestId)
    const row = 'buy,T-1,081234500777,0.5,,,,\n'
    await writeFile(
      join(folder, 'rows.csv'),
      `partner,kind,reference,phone_number,gold_weight,amount,recipient,remarks,max_price_per_gram\ntold,${row}`,
    )
    const created = await goldpro('batch', 'create', 'rows.csv', '--by', 'ani')
    expect(created).toMatchObject({ code: 0 })
    const [, id = ''] = /^batch (\d+):/.exec(created.out) ?? []
    expect((await goldpro('batch', 'preview', id)).out).not.toContain('refused wallets')
    await goldpro('wallet', 'unlink', '081234500777', '--note', 'left told', '--by', 'ani')
    const preview = await goldpro('batch', 'preview', id)
    expect(preview.out).toMatch(/refused wallets +1 rows .* row 1 \(08xxxxxxx777\)/)
    const order = { kind: 'buy', partner: 'told', phone_number: '081234500777', amount: 100_000 }
    await writeFile(join(folder, 'order.json'), JSON.stringify(order))
    const planned = await goldpro('plan', 'add', 'told', '--order', 'order.json', '--monthly', '25')
    expect(planned).toMatchObject({
      code: 0,
      err: expect.stringContaining('08xxxxxxx777 is not a wallet of told'),
    })
    const shown = await goldpro('wallet', 'show', '+62 812 3450 0777')
    expect(shown.out).toMatch(/^08xxxxxxx777 is told’s, unlinked; the policy is owned\n/)
    expect(shown.out).toMatch(/unlinked +told +person:ani +left told\n.* linked +told +person:budi +\d+/)
    const { events } = JSON.parse((await goldpro('wallet', 'show', '081234500777', '--json')).out)
    expect(events.map(({ event }: { event: string }) => event)).toEqual(['unlinked', 'linked'])
  })
})
