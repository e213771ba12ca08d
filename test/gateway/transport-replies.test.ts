import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type Exchange, openTransport } from '../../src/gateway/transport.ts'
import { eventually } from '../support/eventually.ts'
import { RAW_BODY, rawReply, serveRaw } from '../support/servers/raw-server.ts'

const toStop: (() => void)[] = []
afterEach(() => {
  for (const stop of toStop.splice(0)) stop()
})

async function open(...args: Parameters<typeof serveRaw>) {
  const server = await serveRaw(...args)
  const transport = openTransport(`http://127.0.0.1:${server.port}`)
  toStop.push(() => transport.close(), server.stop)
  const post = (connection: 'fresh' | 'kept' = 'fresh', timeoutMs = 60_000): Promise<Exchange> =>
    transport.post({ path: '/confirm', body: RAW_BODY, headers: {}, connection, timeoutMs })
  return { ...server, transport, post }
}

const CONNECTIONS = ['fresh', 'kept'] as const
const LIMIT_BYTES = 256 * 1024

const drip = (socket: Socket, text: () => string, everyMs = 1) => {
  const timer = setInterval(() => socket.write(text()), everyMs)
  socket.on('close', () => clearInterval(timer))
}

describe.each(CONNECTIONS)('on a %s connection, a reply is read', (connection) => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
  const cases: [what: string, answer: (socket: Socket) => void, text: string][] = [
    [
      'after informational ones',
      (s) =>
        s.write(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${rawReply()}`),
      '{}',
    ],
    ['in chunks', (s) => s.write(chunked), '{}'],
    ['up to where the server closes', (s) => s.end('HTTP/1.1 200 OK\r\n\r\n{"a":1}'), '{"a":1}'],
    ['of HTTP 1.0', (s) => s.end('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}'), '{}'],
    ['without its byte order mark', (s) => s.write(rawReply('\ufeff{}')), '{}'],
    [
      'when a character is cut between packets',
      (s) => {
        const bytes = Buffer.from(rawReply('"é"'))
        s.write(bytes.subarray(0, -2))
        setTimeout(() => s.write(bytes.subarray(-2)), 20)
      },
      '"é"',
    ],
    ['of the longest length', (s) => s.write(rawReply('x'.repeat(LIMIT_BYTES))), 'x'.repeat(LIMIT_BYTES)],
    ['that closes the connection', (s) => s.end(rawReply('{}', 'Connection: close\r\n')), '{}'],
    ['as far as its length says, when more follows', (s) => s.write(`${rawReply()}{"more":1}`), '{}'],
  ]

  it.each(cases)('%s; the next request gets its own', async (_what, answer, text) => {
    const { post, seen } = await open((socket, request) =>
      request === 1 ? answer(socket) : socket.write(rawReply('"second"')),
    )
    expect(await post(connection)).toEqual({ is: 'reply', status: 200, text })
    expect(await post(connection)).toEqual({ is: 'reply', status: 200, text: '"second"' })
    expect(seen.requests).toBe(2)
  })

  it('although the server answers before it has read the body', async () => {
    const early = (socket: Socket) =>
      socket.once('data', () => socket.end(rawReply('{}', 'Connection: close\r\n')))
    const { post } = await open(() => {}, undefined, early)
    expect(await post(connection)).toEqual({ is: 'reply', status: 200, text: '{}' })
  })
})

describe.each(CONNECTIONS)(
  'on a %s connection, there is no reply and the request counts as sent, once',
  (connection) => {
    const cases: [what: string, answer: (socket: Socket) => void, code: string][] = [
      [
        'its length is given twice',
        (s) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
        'ECONNRESET',
      ],
      [
        'it has a length and chunks',
        (s) =>
          s.write(
            'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
          ),
        'ECONNRESET',
      ],
      [
        'it is shorter than its length',
        (s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'),
        'ECONNRESET',
      ],
      [
        'its last chunk is missing',
        (s) => s.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n'),
        'ECONNRESET',
      ],
      [
        'the connection is reset after its head',
        (s) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', () => s.resetAndDestroy()),
        'ECONNRESET',
      ],
      [
        'the connection is reset in a reply without a length',
        (s) => {
          s.write('HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\nnot')
          setTimeout(() => s.resetAndDestroy(), 50)
        },
        'ECONNRESET',
      ],
      [
        'it is 100 Continue, which nobody asked for',
        (s) => s.write(`HTTP/1.1 100 Continue\r\n\r\n${rawReply()}`),
        'ECONNRESET',
      ],
      [
        'it switches protocols',
        (s) => s.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
        'ECONNRESET',
      ],
      [
        'its head is huge',
        (s) => s.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
        'HPE_HEADER_OVERFLOW',
      ],
      [
        'its chunks never end',
        (s) => {
          s.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
          drip(s, () => `4000\r\n${'x'.repeat(0x4000)}\r\n`)
        },
        'ERR_BAD_RESPONSE',
      ],
      ['it is one byte too long', (s) => s.write(rawReply('x'.repeat(LIMIT_BYTES + 1))), 'ERR_BAD_RESPONSE'],
      [
        'it is compressed',
        (s) => {
          const bomb = gzipSync(Buffer.alloc(50_000_000))
          s.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`)
          s.write(bomb)
        },
        'ERR_REPLY_ENCODED',
      ],
    ]

    it.each(cases)('when %s', async (_what, answer, code) => {
      const { post, seen } = await open(answer)
      expect(await post(connection)).toEqual({ is: 'failure', wasSent: true, code })
      expect(seen.requests).toBe(1)
      await eventually(async () => (seen.open === 0 ? true : null))
    })

    it.each([
      ['its head trickles', 'HTTP/1.1 200 OK\r\nX: '],
      ['informational replies never end', ''],
      ['half of it never comes', 'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n'],
    ])('when %s until the deadline', async (_what, head) => {
      const { post, seen } = await open((socket) => {
        socket.write(head)
        drip(socket, () => (head === '' ? 'HTTP/1.1 102 Processing\r\n\r\n' : 'x'), 20)
      })
      expect(await post(connection, 500)).toEqual({ is: 'failure', wasSent: true, code: 'ETIMEDOUT' })
      expect(seen.requests).toBe(1)
      await eventually(async () => (seen.open === 0 ? true : null))
    })
  },
)

describe('a surplus reply', () => {
  const surplus = (socket: Socket, request: number, later: boolean) => {
    const stray = () => socket.write(rawReply('"stray"'))
    socket.write(rawReply(`"reply ${request}"`))
    later ? setTimeout(stray, 20) : stray()
  }

  it.each([
    ['in the same packet', false],
    ['later', true],
  ])('that comes %s answers no other request on a fresh connection', async (_when, later) => {
    const { post, seen } = await open((socket, request) => surplus(socket, request, later))
    for (let n = 1; n <= 20; n += 1) expect(await post()).toMatchObject({ text: `"reply ${n}"` })
    expect(seen).toMatchObject({ requests: 20, connections: 20 })
  })

  it('that comes in the same packet answers no other request on a kept connection', async () => {
    const { post, seen } = await open((socket, request) => {
      socket.write(rawReply(`"reply ${request}"`) + rawReply('"stray"'))
    })
    for (let n = 1; n <= 20; n += 1) expect(await post('kept')).toMatchObject({ text: `"reply ${n}"` })
    expect(seen).toMatchObject({ requests: 20, connections: 20 })
  })

  it('that comes while a kept connection is idle closes it', async () => {
    const { post, seen } = await open((socket, request) => surplus(socket, request, true))
    for (let n = 1; n <= 3; n += 1) {
      expect(await post('kept')).toMatchObject({ text: `"reply ${n}"` })
      await eventually(async () => (seen.open === 0 ? true : null))
    }
    expect(seen).toMatchObject({ requests: 3, connections: 3 })
  })
})

describe('a kept connection', () => {
  it('that dies under a request is not tried again: the request may have been sent', async () => {
    const { post, seen } = await open((socket) => socket.end(rawReply()))
    const outcomes = []
    for (let n = 0; n < 50; n += 1) outcomes.push(await post('kept'))
    expect(seen.requests).toBeLessThanOrEqual(50)
    expect(outcomes.filter((each) => each.is === 'failure' && !each.wasSent)).toEqual([])
  })

  it('carries one request at a time', async () => {
    const { post, seen } = await open((socket) => setTimeout(() => socket.write(rawReply()), 20))
    await Promise.all(Array.from({ length: 5 }, () => post('kept')))
    expect(seen).toMatchObject({ requests: 5, connections: 5 })
    await Promise.all(Array.from({ length: 5 }, () => post('kept')))
    expect(seen).toMatchObject({ requests: 10, connections: 5 })
  })
})
