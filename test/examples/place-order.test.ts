import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningWorker, startWorker } from '../../src/processes/worker.ts'
import { scriptedGateway, silentLog } from '../support/deps.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

const run = promisify(execFile)
const file = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

let here: TestWeb
let worker: RunningWorker
beforeAll(async () => {
  here = await startTestWeb()
  worker = startWorker({
    ...{ databaseUrl: here.databaseUrl, redisUrl: null, gateway: scriptedGateway({}), callTimeoutMs: 2_000 },
    ...{ concurrency: 4, ratePerSecond: null, maxRequotes: 2, quoteMaxAgeMs: 10_000 },
    ...{ name: 'test', log: silentLog },
  })
})
afterAll(async () => {
  await worker?.stop()
  await here?.stop()
})

const EXAMPLES = [
  { program: 'curl', args: (reference: string) => ['sh', file('place-order.sh'), reference], signs: false },
  { program: 'node', args: (reference: string) => ['node', file('place-order.mjs'), reference], signs: true },
  {
    program: 'python3',
    args: (reference: string) => ['python3', file('place_order.py'), reference],
    signs: true,
  },
]

describe.each(EXAMPLES)('the example for $program', ({ program, args, signs }) => {
  if (spawnSync(program, ['--version']).status !== 0) {
    it.skip(`is not tried: there is no ${program} here`)
    return
  }

  it.each(signs ? [false, true] : [false])(
    'places an order, follows it to its end, and places no second one when it runs again (signed: %s)',
    async (isSigned) => {
      const { key, name, signingSecret } = await here.partner({ isSigned })
      const env = {
        PATH: process.env.PATH ?? '',
        GOLDPRO_URL: here.web.url,
        GOLDPRO_KEY: key,
        ...(signingSecret === null ? {} : { GOLDPRO_SIGNING_SECRET: signingSecret }),
      }
      const [command = '', ...rest] = args('E-1')
      const first = await run(command, rest, { env })
      const second = await run(command, rest, { env })
      expect(first.stdout).toContain('succeeded')
      expect(second.stdout).toBe(first.stdout)
      const rows = await here.database.run<{ orders: number }>(
        unnamed('SELECT count(*)::int AS orders FROM orders WHERE partner = $1'),
        [name],
      )
      expect(rows).toEqual([{ orders: 1 }])
    },
  )

  it('says what is wrong with a key, and ends with an error', async () => {
    const [command = '', ...rest] = args('E-2')
    const env = { PATH: process.env.PATH ?? '', GOLDPRO_URL: here.web.url, GOLDPRO_KEY: 'gp_wrong' }
    const failed = await run(command, rest, { env }).catch(
      (error: { stdout: string; stderr: string }) => error,
    )
    expect(failed).toBeInstanceOf(Error)
    expect(failed.stdout + failed.stderr).toContain('unauthorised')
  })
})
