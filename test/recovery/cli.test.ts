import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccepted, aQuote, oneRow, openStores } from '../support/factories/stored-orders.ts'
import { open } from '../support/scenes/two-people-switch.ts'
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

const goldproOn = (databaseUrl: string, ...args: string[]) =>
  runCommand(args, { env: { DATABASE_URL: databaseUrl } })
const goldpro = (...args: string[]) => goldproOn(test.databaseUrl, ...args)

/** As a restore brings it along from another cluster. */
const FROM_ANOTHER = `WITH gone AS (SELECT set_config('session_replication_role', 'replica', true))
  UPDATE database_identity SET identity = 'another' FROM gone RETURNING identity`

describe('goldpro recover', () => {
  it('finds nothing to do in the database that is remembered', async () => {
    const refused = await goldpro('recover', 'orders', '--note', 'x')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('there is nothing to recover') })
    expect((await goldpro('recover', 'list')).out.trim()).toBe('this database was never recovered')
  })

  it('holds the orders of another one, and names the statements that are missing', async () => {
    await anAccepted(stores)
    await oneRow(stores.database, FROM_ANOTHER)
    const held = await goldpro('recover', 'orders', '--note', 'restored', '--by', 'ani')
    expect(held).toMatchObject({ code: 0, out: expect.stringContaining('recovery 1: 1 orders are held') })
    expect((await goldpro('switch', 'show')).out).toMatch(/everything .* recovery +stand still/)
    const release = await goldpro('recover', 'release', '--note', 'x', '--by', 'ani')
    expect(release).toMatchObject({ code: 1, err: expect.stringContaining('import complete statements of') })
    expect((await goldpro('recover', 'list')).out).toMatch(/missing +1 +ani +restored/)
  })

  it('holds nothing where nothing was open: after a planned failover only the switches are opened', async () => {
    const planned = await createTestDatabase()
    const there = openStores(planned.databaseUrl, 2)
    const run = (...args: string[]) => goldproOn(planned.databaseUrl, ...args)
    try {
      const remembered = await run('recover', 'orders', '--note', 'x', '--by', 'ani')
      expect(remembered.err).toContain('there is nothing to recover')
      await oneRow(there.database, FROM_ANOTHER)
      const recovered = await run('recover', 'orders', '--note', 'failover', '--by', 'ani')
      expect(recovered).toMatchObject({ code: 0, out: expect.stringContaining('nothing is held') })
      expect((await run('recover', 'release', '--note', 'x', '--by', 'ani')).code).toBe(1)
      await open(planned.databaseUrl, 'everything')
      expect((await run('switch', 'show')).out).not.toContain('everything')
      const orderId = await anAccepted(there)
      const intent = { orderId, intentId: randomUUID(), quote: aQuote() }
      expect(await there.store.commitIntents([intent], 'worker:test')).toHaveLength(1)
    } finally {
      await there.database.close()
      await planned.drop()
    }
  })
})
