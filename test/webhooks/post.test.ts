import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createPost, type PostSettings } from '../../src/webhooks/http-post.ts'
import { replyWith, startServer, type TestServer } from '../support/servers/http-server.ts'

const read = (name: string) => readFileSync(new URL(`tls/${name}`, import.meta.url), 'utf8')
const ca = read('certificate.pem')

const stops: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const postWith = (settings: Partial<PostSettings> = {}) =>
  createPost({
    ...{ allowLoopback: true, timeoutMs: 5_000, resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
    ...settings,
  })
const message = (url: string) => ({ url, headers: { 'content-type': 'application/json' }, body: '{"a":"é"}' })

async function aServer(answer: Parameters<typeof startServer>[0]): Promise<TestServer> {
  const server = await startServer(answer)
  stops.push(server.stop)
  return server
}

/** A server that speaks bytes of the test's choice. */
async function aSocketServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function aTlsServer(): Promise<{ port: number; seen: { host?: string; serverName?: string }[] }> {
  const seen: { host?: string; serverName?: string }[] = []
  const server = createServer({ key: read('key.pem'), cert: ca }, (request, response) => {
    const { servername } = request.socket as unknown as { servername?: string }
    seen.push({ host: request.headers.host ?? '', serverName: servername ?? '' })
    request.resume().on('end', () => response.end('ok'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

describe('a POST to an endpoint', () => {
  it('carries headers and body, and brings back status and text', async () => {
    const server = await aServer((_, response) => replyWith(response, 202, 'taken'))
    expect(await postWith()(message(`${server.url}/hook?a=1`))).toEqual({
      is: 'reply',
      status: 202,
      text: 'taken',
      retryAfter: null,
    })
    expect(server.requests).toMatchObject([
      { path: '/hook?a=1', body: '{"a":"é"}', headers: { 'content-type': 'application/json' } },
    ])
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %d', async (status) => {
    const target = await aServer((_, response) => replyWith(response, 200, 'lured'))
    const server = await aServer((_, response) => {
      response.writeHead(status, { location: target.url }).end()
    })
    expect(await postWith()(message(server.url))).toMatchObject({ is: 'reply', status })
    expect(target.requests).toEqual([])
  })

  it('reads no more than the beginning of a reply of megabytes', async () => {
    const server = await aServer((_, response) => replyWith(response, 200, 'x'.repeat(20 * 1024 * 1024)))
    const answer = await postWith()(message(server.url))
    expect(answer).toMatchObject({ is: 'reply', status: 200 })
    expect(answer.is === 'reply' && answer.text.length).toBe(4_096)
  })

  it('takes the status of a reply whose text never ends, within the deadline', async () => {
    const server = await aServer((_, response) => {
      response.writeHead(200).write('begun')
    })
    const answer = await postWith({ timeoutMs: 300 })(message(server.url))
    expect(answer).toEqual({ is: 'reply', status: 200, text: 'begun', retryAfter: null })
  })

  it('ends at the deadline although bytes of the header keep trickling in', async () => {
    const port = await aSocketServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ')
      const timer = setInterval(() => socket.write('y'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const answer = await postWith({ timeoutMs: 400 })(message(`http://127.0.0.1:${port}`))
    expect(answer).toEqual({ is: 'failure', trouble: 'time_out' })
  })

  it('ends at the deadline when nothing comes, and when the name is not resolved', async () => {
    const port = await aSocketServer(() => {})
    const timeout = { is: 'failure', trouble: 'time_out' }
    expect(await postWith({ timeoutMs: 300 })(message(`http://127.0.0.1:${port}`))).toEqual(timeout)
    const resolve = () => new Promise<never>(() => {})
    expect(await postWith({ timeoutMs: 300, resolve })(message('http://localhost'))).toEqual(timeout)
  })

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n', /^HPE_/],
    ['a status alone', 'HTTP/1.1 200', /./],
    ['nothing', '', /./],
    ['a header of megabytes', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}`, /HPE_HEADER_OVERFLOW|ECONN/],
  ])('is a failure when the reply is %s', async (_, bytes, trouble) => {
    const port = await aSocketServer((socket) => socket.once('data', () => socket.end(bytes)))
    const answer = await postWith()(message(`http://127.0.0.1:${port}`))
    expect(answer).toEqual({ is: 'failure', trouble: expect.stringMatching(trouble) })
  })

  it('ends at the deadline although one provisional answer follows the other', async () => {
    const port = await aSocketServer((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 5)
      socket.on('close', () => clearInterval(timer))
    })
    const answer = await postWith({ timeoutMs: 300 })(message(`http://127.0.0.1:${port}`))
    expect(answer).toEqual({ is: 'failure', trouble: 'time_out' })
  })

  it('is a failure when the reply takes the connection over for another protocol', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nmore'
    const port = await aSocketServer((socket) => socket.once('data', () => socket.write(switching)))
    const answer = await postWith()(message(`http://127.0.0.1:${port}`))
    expect(answer).toMatchObject({ is: 'failure' })
  })

  it('brings back when the receiver wants to be asked again, the first time it says so', async () => {
    const bytes = 'HTTP/1.1 429 x\r\nretry-after: 7\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n'
    const port = await aSocketServer((socket) => socket.once('data', () => socket.end(bytes)))
    const answer = await postWith()(message(`http://127.0.0.1:${port}`))
    expect(answer).toEqual({ is: 'reply', status: 429, text: '', retryAfter: '7' })
  })

  it('takes a compressed reply as it is', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024))
    const server = await aServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    const answer = await postWith()(message(server.url))
    expect(answer.is === 'reply' && answer.text.length).toBeLessThanOrEqual(4_096)
  })

  it('is a failure when nobody listens', async () => {
    const server = await startServer(() => {})
    await server.stop()
    expect(await postWith()(message(server.url))).toEqual({ is: 'failure', trouble: 'ECONNREFUSED' })
  })
})

describe('the address of an endpoint', () => {
  const publicly = { address: '8.8.8.8', family: 4 }
  const privately = { address: '10.0.0.1', family: 4 }

  it.each([
    ['a private address', [privately]],
    ['a public and a private address', [publicly, privately]],
    ['a mapped private address', [{ address: '::ffff:10.0.0.1', family: 6 }]],
    ['this machine', [{ address: '127.0.0.1', family: 4 }]],
    ['the metadata of a cloud', [{ address: 'fd00:ec2::254', family: 6 }]],
  ])('is refused when its name resolves to %s', async (_, addresses) => {
    const post = postWith({ allowLoopback: false, resolve: async () => addresses })
    const refused = { is: 'failure', trouble: 'address_refused' }
    expect(await post(message('https://receiver.test/'))).toEqual(refused)
  })

  it('is refused as a private address in development too, and for http even when it is public', async () => {
    const refused = { is: 'failure', trouble: 'address_refused' }
    const at = (address: string) => postWith({ resolve: async () => [{ address, family: 4 }] })
    expect(await at('192.168.0.1')(message('https://receiver.test/'))).toEqual(refused)
    expect(await at('8.8.8.8')(message('http://localhost/'))).toEqual(refused)
  })

  it('is resolved once: a name that changes its address in between gains nothing', async () => {
    const { port, seen } = await aTlsServer()
    let asked = 0
    const resolve = async () => {
      asked += 1
      return [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]
    }
    const post = postWith({ resolve, ca })
    expect(await post(message(`https://receiver.test:${port}/`))).toMatchObject({ is: 'reply', status: 200 })
    expect(asked).toBe(1)
    // The next send resolves anew, and refuses.
    expect(await post(message(`https://receiver.test:${port}/`))).toEqual({
      is: 'failure',
      trouble: 'address_refused',
    })
    expect(seen).toHaveLength(1)
  })

  it('is connected to under the name: certificate, server name and Host are the name’s', async () => {
    const { port, seen } = await aTlsServer()
    const post = postWith({ ca })
    expect(await post(message(`https://receiver.test:${port}/`))).toMatchObject({ is: 'reply', text: 'ok' })
    expect(seen).toEqual([{ host: `receiver.test:${port}`, serverName: 'receiver.test' }])
    expect(await post(message(`https://other.test:${port}/`))).toEqual({
      is: 'failure',
      trouble: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(await postWith()(message(`https://receiver.test:${port}/`))).toMatchObject({
      is: 'failure',
      trouble: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/),
    })
  })

  it('must have a certificate, whatever the environment allows others', async () => {
    const { port, seen } = await aTlsServer()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    stops.push(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    })
    expect(await postWith()(message(`https://receiver.test:${port}/`))).toMatchObject({
      is: 'failure',
      trouble: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/),
    })
    expect(seen).toEqual([])
  })

  it('is not asked of a proxy', async () => {
    const proxy = await aServer((_, response) => replyWith(response, 200, 'proxied'))
    const server = await aServer((_, response) => replyWith(response, 200, 'direct'))
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) process.env[name] = proxy.url
    stops.push(() => {
      for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) delete process.env[name]
    })
    expect(await postWith()(message(server.url))).toMatchObject({ text: 'direct' })
    expect(proxy.requests).toEqual([])
  })

  it('whose name does not resolve is a failure that names it', async () => {
    const resolve = async () => {
      throw new Error('ENOTFOUND')
    }
    const answer = await postWith({ resolve })(message('https://receiver.test/'))
    expect(answer).toEqual({ is: 'failure', trouble: 'name_not_resolved' })
  })

  it('that no command would have let in is refused at the send as well', async () => {
    const refused = { is: 'failure', trouble: 'url_refused' }
    for (const url of ['http://receiver.test/', 'https://10.0.0.1/', 'https://a:b@receiver.test/', 'x'])
      expect(await postWith({ allowLoopback: false })(message(url))).toEqual(refused)
  })
})
