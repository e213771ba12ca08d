import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConfirming, anAccepted, oneRow, openStores, outcomes } from '../support/factories/stored-orders.ts'
import { runCommand } from '../support/servers/command.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'

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

const goldpro = (...args: string[]) => runCommand(args, { env: { DATABASE_URL: test.databaseUrl } })

describe('goldpro switch', () => {
  it('closes a switch, says what is out, shows who waits, and is opened by another person', async () => {
    const orderId = await anAccepted(stores)
    const out = await aConfirming(stores)
    const closing = [
      'switch',
      'close',
      'kind:buy',
      '--by',
      'ani',
      '--note',
      'wrong prices, said 081234500001',
    ]
    const first = await goldpro(...closing, '--wait', '0')
    expect(first).toMatchObject({
      code: 1,
      out: expect.stringContaining('kind:buy is closed since'),
      err: expect.stringContaining('1 confirm of Rp'),
    })
    await stores.store.endIntents([{ ...out, outcome: outcomes.succeeded }], 'worker:test')
    const again = await goldpro(...closing, '--json')
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toMatchObject({
      scope: 'kind:buy',
      wasClosed: true,
      extendsDeadlines: false,
      confirmsOut: 0,
      rupiahOut: '0',
      closedBy: 'person:ani',
      reason: expect.not.stringContaining('081234500001'),
    })
    expect((await goldpro('orders', 'show', orderId)).out).toMatch(
      /waits +the switch of kind:buy is closed since .* by person:ani: wrong prices.*; the deadline keeps running/,
    )
    expect((await goldpro('switch', 'show')).out).toMatch(/kind:buy .* keep running +0 +wrong prices/)

    const opening = await goldpro('switch', 'open', 'kind:buy', '--by', 'ani', '--note', 'mended')
    expect(opening.out).toContain('kind:buy stays closed until another person approves request 1')
    const alone = await goldpro('approvals', 'approve', '1', '--by', 'Ani', '--note', 'fine')
    expect(alone).toMatchObject({ code: 1, err: expect.stringContaining('another person must approve') })
    const approved = await goldpro('approvals', 'approve', '1', '--by', 'budi', '--note', 'seen')
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('carried out') })
    expect((await goldpro('switch', 'show')).out.trim()).toBe('no switch is closed')
    expect((await goldpro('switch', 'show', '--all', '--json')).out).toContain('"openedBy":"person:budi"')
  })

  it('counts an approval for the closing that was proposed to be opened, and for no later one', async () => {
    await goldpro('switch', 'close', 'everything', '--by', 'ani', '--note', 'first')
    await goldpro('switch', 'open', 'everything', '--by', 'ani', '--note', 'mended')
    const [first] = await requests()
    await goldpro('approvals', 'approve', String(first), '--by', 'budi', '--note', 'seen')
    await goldpro('switch', 'close', 'everything', '--by', 'ani', '--note', 'second')
    const again = await goldpro('approvals', 'approve', String(first), '--by', 'budi', '--note', 'seen')
    expect(again.code).toBe(1)
    expect((await goldpro('switch', 'show')).out).toContain('second')
  })

  it.each(['every', 'kind:gift', 'partner:', 'batch:x', 'plan:0'])('refuses the scope %s', async (scope) => {
    const refused = await goldpro('switch', 'close', scope, '--note', 'x')
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('must be everything, kind:KIND') })
  })

  it('refuses a scope of which nothing is known', async () => {
    const refused = await goldpro('switch', 'close', 'partner:acmee', '--note', 'x')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Nothing was closed') })
  })
})

async function requests(): Promise<number[]> {
  const { ids } = await oneRow<{ ids: number[] }>(
    stores.database,
    'SELECT array_agg(id ORDER BY id DESC) AS ids FROM change_requests',
  )
  return ids
}
