import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createResolve } from '../../src/webhooks/resolve.ts'

const A = 1
const AAAA = 28
/** What the test's name server knows. */
const ZONE: Record<string, Partial<Record<number, number[]>>> = {
  'both.test': { [A]: [8, 8, 8, 8], [AAAA]: [0x26, 0x06, 0x47, 0, ...Array<number>(11).fill(0), 1] },
  'four.test': { [A]: [10, 0, 0, 1] },
  'six.test': { [AAAA]: [...Array<number>(15).fill(0), 1] },
}

/** One question, answered with one record or none (RFC 1035). */
function answerTo(question: Buffer): Buffer {
  const labels: string[] = []
  let at = 12
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = question.readUInt16BE(at + 1)
  const data = ZONE[labels.join('.')]?.[type]
  const head = Buffer.concat([
    question.subarray(0, 2),
    Buffer.from([0x81, 0x80, 0, 1, 0, data ? 1 : 0, 0, 0, 0, 0]),
  ])
  const asked = question.subarray(12, at + 5)
  const record = data
    ? Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data])
    : Buffer.alloc(0)
  return Buffer.concat([head, asked, record])
}

let server: Socket
let resolve: ReturnType<typeof createResolve>
beforeAll(async () => {
  server = createSocket('udp4')
  server.on('message', (question, { port, address }) => server.send(answerTo(question), port, address))
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  resolve = createResolve([`127.0.0.1:${server.address().port}`])
})
afterAll(() => server?.close())

describe('a partner’s name', () => {
  it.each([
    ['both.test', ['8.8.8.8', '2606:4700::1']],
    ['four.test', ['10.0.0.1']],
    ['six.test', ['::1']],
    ['none.test', []],
    ['localhost', ['127.0.0.1']],
  ])('%s has all of %j', async (name, addresses) => {
    expect((await resolve(name)).map(({ address }) => address)).toEqual(addresses)
  })
})
