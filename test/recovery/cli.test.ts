import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccepted, oneRow, openStores } from '../support/factories/stored-orders.ts'
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

describe('goldpro recover', () => {
  it('finds nothing to do in the database that is remembered', async () => {
    const refused = await goldpro('recover', 'orders', '--note', 'x')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('there is nothing to recover') })
    expect((await goldpro('recover', 'list')).out.trim()).toBe('this database was never recovered')
  })

  it('holds the orders of another one, and names the statements that are missing', async () => {
    await anAccepted(stores)
    // As a restore brings it along from another cluster.
    await oneRow(
      stores.database,
      `WITH gone AS (SELECT set_config('session_replication_role', 'replica', true))
       UPDATE database_identity SET identity = 'another' FROM gone RETURNING identity`,
    )
    const held = await goldpro('recover', 'orders', '--note', 'restored', '--by', 'ani')
    expect(held).toMatchObject({ code: 0, out: expect.stringContaining('recovery 1: 1 orders are held') })
    expect((await goldpro('switch', 'show')).out).toMatch(/everything .* recovery +stand still/)
    const release = await goldpro('recover', 'release', '--note', 'x', '--by', 'ani')
    expect(release).toMatchObject({ code: 1, err: expect.stringContaining('import complete statements of') })
    expect((await goldpro('recover', 'list')).out).toMatch(/missing +1 +ani +restored/)
  })
})
