import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startCommand } from '../support/servers/command.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { startSilentProxy } from '../support/servers/silent-proxy.ts'

it('goldpro status --watch prints lines where it is piped, survives an outage, and ends with what it saw last', async () => {
  const { databaseUrl, drop } = await createTestDatabase()
  const proxy = await startSilentProxy(databaseUrl)
  const env = { DATABASE_URL: proxy.url }
  const watching = startCommand(['status', '--watch', '--every', '1'], { env, input: null })
  await watching.printed('nothing is overdue')
  await proxy.stop()
  await watching.printed('the database does not answer')
  const lines = () => watching.out().split('\n').length
  const before = lines()
  const again = await startSilentProxy(databaseUrl, Number(new URL(proxy.url).port))
  await eventually(async () => (lines() > before ? true : null))
  watching.child.kill('SIGTERM')
  expect((await watching.ended).code).toBe(0)
  await again.stop()
  await drop()
})
