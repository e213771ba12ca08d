import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replyWith, startServer } from '../support/servers/http-server.ts'
import { startTraceReceiver } from '../support/servers/trace-receiver.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

let place: TestWeb
beforeAll(async () => {
  place = await startTestWeb()
})
afterAll(async () => {
  await place?.stop()
})

/** Runs one order in a process of its own. `said` comes once the process has stopped everything; null: never. */
async function runOrder(endpoint: string | null, execArgv: string[] = []) {
  const { key } = await place.partner()
  const { databaseUrl } = place
  const settings = JSON.stringify({ databaseUrl, key, endpoint })
  const child = fork(here('traced-order.mjs'), [settings], { execArgv, silent: true })
  let printed = ''
  child.stderr?.on('data', (chunk) => {
    printed += chunk
  })
  const exited = once(child, 'exit')
  const said = await Promise.race([
    once(child, 'message').then(([message]) => message as { state: string; troubles: number }),
    exited.then(() => null),
  ])
  return { said, exited, printed: () => printed }
}

describe('an order of a process', () => {
  it('loads nothing of OpenTelemetry when no receiver is configured', async () => {
    const without = ['--import', here('no-opentelemetry.mjs')]
    expect((await runOrder(null, without)).said).toEqual({ state: 'succeeded', troubles: 0 })
    const refused = await runOrder('http://127.0.0.1:1', without)
    expect(await refused.exited).toEqual([1, null])
    expect(refused.printed()).toContain('refused: @opentelemetry/')
  })

  it('has sent its whole trace when it has stopped', async () => {
    const receiver = await startTraceReceiver()
    const { said, exited } = await runOrder(receiver.url)
    expect(said?.state).toBe('succeeded')
    const names = receiver.spans().map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['POST /v1/orders', 'process orders', 'checkout', 'confirm']),
    )
    await exited
    await receiver.stop()
  })

  it('succeeds, and stops before a receiver that never answers does', async () => {
    const held: ServerResponse[] = []
    const receiver = await startServer((_request, response) => void held.push(response))
    const { said, exited } = await runOrder(receiver.url)
    expect(said?.state).toBe('succeeded')
    // It still waited for the receiver when it was told that the time is over.
    expect(held.some(({ destroyed }) => !destroyed)).toBe(true)
    expect(await exited).toEqual([0, null])
    await receiver.stop()
  })

  it.each([
    ['is not there', null],
    ['refuses', (response: ServerResponse) => replyWith(response, 400, '{}')],
    ['answers garbage', (response: ServerResponse) => replyWith(response, 200, '\u0000')],
    ['hangs up', (response: ServerResponse) => void response.socket?.destroy()],
  ])('succeeds with a receiver that %s', async (_what, answer) => {
    const receiver = await startServer((_request, response) => answer?.(response))
    if (answer === null) await receiver.stop()
    const { said, exited } = await runOrder(receiver.url)
    expect(said?.state).toBe('succeeded')
    expect(await exited).toEqual([0, null])
    if (answer !== null) await receiver.stop()
  })
})
