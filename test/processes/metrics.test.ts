import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { eventually } from '../support/eventually.ts'
import { WALLET } from '../support/factories/job-data.ts'
import { runAlone, runCommand, startCommand } from '../support/servers/command.ts'
import { freePort } from '../support/servers/http-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let place: TestDatabase
let sandbox: Sandbox
beforeAll(async () => {
  place = await createTestDatabase()
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10_000_000, goldWeight: 100_000 as never } })
})
afterAll(async () => {
  await sandbox?.stop()
  await place?.drop()
})

const read = async (port: string) => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

describe('METRICS_PORT', () => {
  it('has a worker serve what it sees of the gateway, checkout and confirm apart, and nothing of anybody', async () => {
    const port = await freePort()
    const env = { DATABASE_URL: place.databaseUrl, GATEWAY_URL: sandbox.url, METRICS_PORT: port }
    const worker = startCommand(['worker'], { env })
    await worker.printed('worker started')
    const order = { kind: 'buy', partner: 'acme', reference: 'M-1', phone_number: WALLET, amount: 100_000 }
    expect((await runCommand(['enqueue', '-'], { env, input: JSON.stringify(order) })).code).toBe(0)
    const text = await eventually(async () => {
      const figures = await read(port)
      return figures.includes('goldpro_jobs_total{end="succeeded"} 1') ? figures : null
    })
    for (const labels of [
      'operation="checkoutRupiah",outcome="quoted"',
      'operation="purchaseRupiah",outcome="succeeded"',
    ])
      expect(text).toContain(`goldpro_gateway_call_seconds_count{${labels}} 1`)
    expect(text).not.toMatch(/acme|M-1|(?<![\w.])08\d{8}/)
    // A second process on the same port says so instead of going unseen.
    const second = await runAlone(['worker'], { env })
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('set METRICS_PORT') })
    worker.child.kill('SIGTERM')
    expect((await worker.ended).code).toBe(0)
  })

  it('has a scheduler serve its own too', async () => {
    const port = await freePort()
    const env = { DATABASE_URL: place.databaseUrl, METRICS_PORT: port }
    const scheduler = startCommand(['scheduler'], { env })
    await scheduler.printed('scheduler started')
    expect(await read(port)).toContain('goldpro_process_start_time_seconds ')
    scheduler.child.kill('SIGTERM')
    expect((await scheduler.ended).code).toBe(0)
  })
})
