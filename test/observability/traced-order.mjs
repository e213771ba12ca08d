// A web process and a worker in one, composed as the program composes them, that place and execute one order.
import { randomUUID } from 'node:crypto'
import { startTraces } from '../../dist/observability/start-traces.js'
import { startWeb } from '../../dist/processes/web.js'
import { startWorker } from '../../dist/processes/worker.js'

const { databaseUrl, key, endpoint } = JSON.parse(process.argv[2])
const log = { debug() {}, info() {}, warn() {}, error() {} }
const troubles = []
const traces = await startTraces({
  endpoint,
  service: 'goldpro-test',
  version: '0.0.0',
  onError: (message) => troubles.push(message),
})
const parts = { databaseUrl, redisUrl: null, log, traces }
const web = await startWeb({
  ...parts,
  ...{ gateway: null, host: '127.0.0.1', port: 0, metricsPort: null, version: '0.0.0' },
})
const traded = { goldWeight: 5_000, amount: 441_000, fee: 5_000 }
const worker = startWorker({
  ...parts,
  gateway: {
    checkout: async () => ({ is: 'quoted', quote: { quoteId: randomUUID(), ...traded } }),
    confirm: async () => ({
      is: 'succeeded',
      // A transaction is one order's: each has ids of its own.
      executed: { requestId: '1', responseId: randomUUID(), sessionId: randomUUID(), ...traded },
      reply: { httpStatus: 200, body: '{}', message: 'Success' },
    }),
  },
  ...{ callTimeoutMs: 2_000, concurrency: 4, ratePerSecond: null, maxRequotes: 2, quoteMaxAgeMs: 10_000 },
  name: 'test',
})
const order = { kind: 'buy', reference: 'T-1', phone_number: '081234500001', amount: 441_000 }
const reply = await fetch(`${web.url}/v1/orders?wait=60`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify(order),
})
const { state } = await reply.json()
await worker.stop()
await web.stop()
await traces.stop()
process.send({ state, troubles: troubles.length })
process.disconnect()
