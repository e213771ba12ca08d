import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Exchange, openTransport } from '../../src/gateway/transport.ts'
import {
  rawReply as ok,
  overTls,
  RAW_BODY,
  type RawServer,
  serveRaw,
  tlsFile,
} from '../support/servers/raw-server.ts'

const toStop: (() => void)[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  for (const stop of toStop.splice(0)) stop()
})

async function serve(...args: Parameters<typeof serveRaw>): Promise<RawServer> {
  const server = await serveRaw(...args)
  toStop.push(server.stop)
  return server
}

function open(url: string) {
  const transport = openTransport(url)
  toStop.push(() => transport.close())
  return (timeoutMs = 5_000, connection: 'fresh' | 'kept' = 'fresh'): Promise<Exchange> =>
    transport.post({ path: '/confirm', body: RAW_BODY, headers: {}, connection, timeoutMs })
}

const http = ({ port }: RawServer) => open(`http://127.0.0.1:${port}`)

describe('provably nothing was sent', () => {
  it('when the connection is refused', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    expect(await open(`http://127.0.0.1:${port}`)()).toEqual({
      is: 'failure',
      wasSent: false,
      code: 'ECONNREFUSED',
    })
  })

  it('when the name does not resolve', async () => {
    expect(await open('http://gateway.invalid')()).toMatchObject({ is: 'failure', wasSent: false })
  })

  it('when the TLS handshake never ends', async () => {
    const server = await serve(() => {})
    const outcome = await open(`https://127.0.0.1:${server.port}`)(300)
    expect(outcome).toEqual({ is: 'failure', wasSent: false, code: 'ETIMEDOUT' })
    expect(server.seen).toMatchObject({ connections: 1, requests: 0 })
  })

  it('when the other side does not speak TLS', async () => {
    const server = await serve(
      () => {},
      () => createServer((socket) => socket.on('error', () => {}).end(ok())),
    )
    expect(await open(`https://127.0.0.1:${server.port}`)()).toMatchObject({ is: 'failure', wasSent: false })
  })

  it('when the certificate is not trusted', async () => {
    const server = await serve((socket) => socket.end(ok()), overTls())
    expect(await open(`https://127.0.0.1:${server.port}`)()).toMatchObject({ is: 'failure', wasSent: false })
    expect(server.seen.requests).toBe(0)
  })
})

describe('it may have been sent', () => {
  const cases: [what: string, answer: (socket: Socket) => void][] = [
    ['the connection is reset after the request was read', (socket) => socket.resetAndDestroy()],
    ['the server hangs up without a reply', (socket) => socket.end()],
    ['the reply never comes', () => {}],
    ['the reply stops in its headers', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
    [
      'the reply is shorter than it says',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"data"'),
    ],
    ['the reply is no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
    ['the reply is huge', (socket) => socket.write(ok('x'.repeat(1_000_000)))],
  ]

  it.each(cases)('when %s; and it is sent once', async (_what, answer) => {
    const server = await serve(answer)
    expect(await http(server)(1_000)).toMatchObject({ is: 'failure', wasSent: true })
    expect(server.seen.requests).toBe(1)
  })

  it('when the reply trickles in: the deadline is by the wall clock', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
      const drip = setInterval(() => socket.write(' '), 20)
      socket.on('close', () => clearInterval(drip))
    })
    expect(await http(server)(500)).toEqual({ is: 'failure', wasSent: true, code: 'ETIMEDOUT' })
  })

  it('when a kept-alive socket dies under the second request', async () => {
    const server = await serve((socket, request) =>
      request === 1 ? socket.write(ok()) : socket.resetAndDestroy(),
    )
    const post = http(server)
    expect(await post(5_000, 'kept')).toMatchObject({ is: 'reply' })
    expect(await post(5_000, 'kept')).toMatchObject({ is: 'failure', wasSent: true })
    expect(server.seen).toMatchObject({ connections: 1, requests: 2 })
  })
})

describe('a reply', () => {
  it('that redirects is a reply: the body is not sent elsewhere', async () => {
    const target = await serve((socket) => socket.write(ok()))
    const server = await serve((socket) =>
      socket.write(
        `HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:${target.port}/\r\nContent-Length: 0\r\n\r\n`,
      ),
    )
    expect(await http(server)()).toEqual({ is: 'reply', status: 307, text: '' })
    expect(target.seen.connections).toBe(0)
  })

  it('that is not JSON stays text', async () => {
    const server = await serve((socket) => socket.write(ok('<html>')))
    expect(await http(server)()).toEqual({ is: 'reply', status: 200, text: '<html>' })
  })

  it('comes without the proxy that the environment names', async () => {
    const proxy = await serve((socket) => socket.write(ok()))
    vi.stubEnv('http_proxy', `http://127.0.0.1:${proxy.port}`)
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy.port}`)
    const server = await serve((socket) => socket.write(ok('"direct"')))
    expect(await http(server)()).toMatchObject({ text: '"direct"' })
    expect(proxy.seen.connections).toBe(0)
  })
})

describe('a connection', () => {
  it('is kept for what moves nothing, and fresh for what moves money or gold', async () => {
    const server = await serve((socket) => socket.write(ok()))
    const post = http(server)
    await post(5_000, 'kept')
    await post(5_000, 'kept')
    expect(server.seen).toMatchObject({ connections: 1, requests: 2 })
    await post(5_000, 'fresh')
    await post(5_000, 'fresh')
    expect(server.seen).toMatchObject({ connections: 3, requests: 4 })
  })

  it('that the server closes after its reply costs no later confirm its reply', async () => {
    const server = await serve((socket) => socket.end(ok()))
    const post = http(server)
    for (let n = 0; n < 50; n += 1) expect(await post()).toMatchObject({ is: 'reply' })
    expect(server.seen).toMatchObject({ connections: 50, requests: 50 })
  })
})

describe('over TLS', () => {
  it('a lost reply counts as sent on a new and on a kept socket, a good one is read', async () => {
    const server = await serve(
      (socket, request) => (request % 2 === 1 ? socket.write(ok('"tls"')) : socket.destroy()),
      overTls(),
    )
    // Node takes further certificate authorities only when it starts.
    const script = `
      const { openTransport } = await import(${JSON.stringify(new URL('../../dist/gateway/transport.js', import.meta.url).href)})
      const transport = openTransport('https://127.0.0.1:${server.port}')
      const post = () => transport.post({ path: '/', body: '{"request":"body"}', headers: {}, connection: 'kept', timeoutMs: 5000 })
      const outcomes = [await post(), await post()]
      transport.close()
      console.log(JSON.stringify(outcomes))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: tlsFile('certificate.pem') },
    })
    expect(JSON.parse(stdout)).toMatchObject([
      { is: 'reply', text: '"tls"' },
      { is: 'failure', wasSent: true },
    ])
    expect(server.seen).toMatchObject({ connections: 1, requests: 2 })
  })
})
