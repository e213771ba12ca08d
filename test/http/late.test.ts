import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { aBatchFile, aBuy, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
beforeAll(async () => {
  here = await startTestWeb({ maxConcurrent: 1, requestTimeoutMs: 400, uploadTimeoutMs: 400 })
})
afterAll(async () => {
  await here?.stop()
})

const WAYS = {
  order: { path: '/v1/orders', mediaType: 'application/json', body: JSON.stringify(aBuy()), table: 'orders' },
  'batch file': { path: '/v1/batches', mediaType: 'text/csv', body: aBatchFile(), table: 'batches' },
}

describe('a body that becomes whole after its request was answered as late', () => {
  it.each(Object.entries(WAYS))(
    'does nothing any more: %s',
    async (_what, { path, mediaType, body, table }) => {
      const { key } = await here.partner()
      const { hostname, port } = new URL(here.web.url)
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
      const head = [
        `POST ${path} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${key}`,
        `Content-Type: ${mediaType}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]
      socket.on('error', () => {})
      socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`)
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      await eventually(async () => (answer.startsWith('HTTP/1.1 408') ? true : null))
      socket.write(body.slice(5))
      // The only place there is is given back, though the client keeps its half of the connection open.
      const list = () => here.ask('GET', '/v1/orders', { key })
      await eventually(async () => ((await list()).status === 200 ? true : null))
      expect(await here.database.run(unnamed(`SELECT 1 FROM ${table}`), [])).toEqual([])
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
      socket.destroy()
    },
  )
})
