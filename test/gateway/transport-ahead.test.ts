import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { READY_MAX_AGE_MS } from '../../src/gateway/ready-connections.ts'
import { openTransport } from '../../src/gateway/transport.ts'
import { eventually } from '../support/eventually.ts'
import { overTls, RAW_BODY, type RawServer, rawReply, serveRaw } from '../support/servers/raw-server.ts'

const toStop: (() => void)[] = []
afterEach(() => {
  for (const stop of toStop.splice(0)) stop()
})

const answer: Parameters<typeof serveRaw>[0] = (socket) => socket.write(rawReply('"own"'))

async function open(scheme: 'http' | 'https', ...args: Parameters<typeof serveRaw>) {
  const server = await serveRaw(...args)
  const transport = openTransport(`${scheme}://127.0.0.1:${server.port}`)
  toStop.push(() => transport.close(), server.stop)
  const post = (timeoutMs = 60_000) =>
    transport.post({ path: '/confirm', body: RAW_BODY, headers: {}, connection: 'fresh', timeoutMs })
  return { ...server, transport, post }
}

const until = (isSo: () => boolean) => eventually(async () => (isSo() ? true : null))
/** The server has taken the connections, and the loop has told the transport that they are open. */
const opened = async ({ seen }: Pick<RawServer, 'seen'>, count: number) => {
  await until(() => seen.open === count)
  await new Promise((done) => setTimeout(done, 20))
}
const OWN = { is: 'reply', status: 200, text: '"own"' }

describe('a connection opened ahead', () => {
  it('carries one request, and no second one', async () => {
    const { transport, post, seen } = await open('http', answer)
    transport.openAhead()
    await opened({ seen }, 1)
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 1, requests: 1 })
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 2, requests: 2 })
  })

  it('is used although it is not yet open', async () => {
    const { transport, post, seen } = await open('http', answer)
    transport.openAhead()
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 1, requests: 1 })
  })

  it('is one for each of many requests at once', async () => {
    const { transport, post, seen } = await open('http', answer)
    for (let n = 0; n < 10; n += 1) transport.openAhead()
    await opened({ seen }, 10)
    expect(await Promise.all(Array.from({ length: 11 }, () => post()))).toEqual(Array(11).fill(OWN))
    expect(seen).toMatchObject({ connections: 11, requests: 11 })
  })

  it('is not used when the server closed it while it waited', async () => {
    const { transport, post, seen, sockets } = await open('http', answer)
    transport.openAhead()
    await opened({ seen }, 1)
    for (const socket of sockets) socket.end()
    await until(() => seen.open === 0)
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 2, requests: 1 })
  })

  it.each([
    ['closes', (socket: { end(): void }) => socket.end()],
    ['resets', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
  ])('is not used when the server %s it in the turn before', async (_what, end) => {
    const { transport, post, seen, sockets } = await open('http', answer)
    transport.openAhead()
    await opened({ seen }, 1)
    for (const socket of sockets) end(socket)
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 2, requests: 1 })
  })

  it('is not used when the server spoke first: what it said is no reply', async () => {
    const early: Parameters<typeof serveRaw>[2] = (socket) => {
      if (server.seen.connections === 1) socket.write(rawReply('"stray"'))
    }
    const server = await open('http', answer, createServer, (socket) => early(socket))
    server.transport.openAhead()
    await until(() => server.seen.connections === 1)
    await until(() => server.seen.open === 0)
    expect(await server.post()).toEqual(OWN)
    expect(server.seen).toMatchObject({ connections: 2, requests: 1 })
  })

  it('that dies under its request leaves a doubt, and nothing is sent again', async () => {
    const { transport, post, seen } = await open('http', (socket) => socket.resetAndDestroy())
    transport.openAhead()
    await opened({ seen }, 1)
    expect(await post()).toEqual({ is: 'failure', wasSent: true, code: 'ECONNRESET' })
    expect(seen).toMatchObject({ connections: 1, requests: 1 })
  })

  it('that cannot be opened leaves the request its own try: nothing was sent', async () => {
    const { transport, post, seen } = await open('https', answer, overTls())
    transport.openAhead()
    expect(await post()).toMatchObject({ is: 'failure', wasSent: false, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(seen.requests).toBe(0)
  })

  it('that never opens ends with the deadline of its request: nothing was sent', async () => {
    const { transport, post, seen } = await open('https', answer, createServer)
    transport.openAhead()
    expect(await post(300)).toEqual({ is: 'failure', wasSent: false, code: 'ETIMEDOUT' })
    await until(() => seen.open === 0)
    expect(seen).toMatchObject({ connections: 1, requests: 0 })
  })
})

describe('what was opened ahead is closed', () => {
  it('when it is not needed', async () => {
    const { transport, seen } = await open('http', answer)
    const release = transport.openAhead()
    transport.openAhead()
    await opened({ seen }, 2)
    release()
    await until(() => seen.open === 1)
  })

  it('when it is not needed, before it is open', async () => {
    const { transport, seen } = await open('https', answer, createServer)
    const release = transport.openAhead()
    await until(() => seen.open === 1)
    release()
    await until(() => seen.open === 0)
  })

  it('when it is a few seconds old', async () => {
    const { transport, post, seen } = await open('http', answer)
    transport.openAhead()
    await opened({ seen }, 1)
    const openedAt = performance.now()
    await until(() => seen.open === 0)
    expect(performance.now() - openedAt).toBeGreaterThan(READY_MAX_AGE_MS / 2)
    expect(await post()).toEqual(OWN)
    expect(seen).toMatchObject({ connections: 2, requests: 1 })
  })

  it('when the transport is, which sends and opens nothing afterwards', async () => {
    const { transport, post, seen } = await open('http', answer)
    transport.openAhead()
    await opened({ seen }, 1)
    transport.close()
    await until(() => seen.open === 0)
    transport.openAhead()
    expect(await post()).toMatchObject({ is: 'failure', wasSent: false })
    expect(seen).toMatchObject({ connections: 1, requests: 0 })
  })

  it('or not opened at all when very many wait', async () => {
    const { transport, seen } = await open('http', answer)
    for (let n = 0; n < 500; n += 1) transport.openAhead()
    await opened({ seen }, 128)
    expect(seen.connections).toBe(128)
  })
})
