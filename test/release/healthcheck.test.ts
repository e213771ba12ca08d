import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readText } from '../ground/tables.ts'

const [, command = '[]'] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(readText('Dockerfile')) ?? []
const [program, ...args] = JSON.parse(command) as string[]

/** The exit code of the image's HEALTHCHECK in a container with these settings: 0 is healthy, 1 is not. */
function checkHealth(env: Record<string, string>): Promise<number | null> {
  return new Promise((resolve) => {
    const check = execFile(process.execPath, args, { env, timeout: 20_000 })
    check.on('close', resolve)
  })
}

/** A process that answers `/healthz` with a status, and nothing else. */
async function whileServing(status: number, check: (port: string) => Promise<void>) {
  const server = createServer(({ url }, reply) => reply.writeHead(url === '/healthz' ? status : 404).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await check(String(port))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe("the image's HEALTHCHECK", () => {
  it('is run by Node, which the image has, without a shell', () => {
    expect([program, args[0]]).toEqual(['node', '-e'])
  })

  it.each(['HTTP_PORT', 'CONSOLE_PORT', 'METRICS_PORT'])(
    'asks /healthz at %s, and is unhealthy where it is refused',
    async (name) => {
      await whileServing(200, async (port) => expect(await checkHealth({ [name]: port })).toBe(0))
      await whileServing(503, async (port) => expect(await checkHealth({ [name]: port })).toBe(1))
    },
  )

  it('is unhealthy where nobody listens', async () => {
    let closed = ''
    await whileServing(200, async (port) => {
      closed = port
    })
    expect(await checkHealth({ METRICS_PORT: closed })).toBe(1)
  })

  it('is healthy while the process lives, where it has no port', async () => {
    expect(await checkHealth({ METRICS_PORT: '' })).toBe(0)
  })
})
