// A real worker in a process of its own, composed as the program composes it. Plain JavaScript against dist/.
// Settings come as JSON: see `WorkerSettings`, and the worker's name.

import { CLOCKS } from '../../../dist/core/clocks.js'
import { createGatewayClient } from '../../../dist/gateway/client.js'
import { startWorker } from '../../../dist/processes/worker.js'
import { mutated } from './mutants.mjs'

const { databaseUrl, redisUrl, gatewayUrl, callTimeoutMs, concurrency, breaker, mutant, name } = JSON.parse(
  process.argv[2],
)

const send = (message) => {
  if (process.connected) process.send(message, () => {})
}
const log = {
  debug() {},
  info() {},
  warn() {},
  error: ({ err } = {}, message) => send({ error: `${message}: ${err?.message ?? err ?? ''}` }),
}
const settings = {
  ...{ baseUrl: gatewayUrl, timeoutMs: callTimeoutMs, sellPath: '/checkout/sell' },
  ...{ is429Refusal: false, oauth: null, signing: null },
}
const client = createGatewayClient(settings, { ...CLOCKS, log })

const worker = startWorker({
  ...{ databaseUrl, redisUrl, callTimeoutMs, concurrency, name, log },
  ...{ ratePerSecond: null, maxRequotes: 5, quoteMaxAgeMs: 10_000, breaker },
  pace: { sweepEveryMs: 500, wakeAgainMs: 2_000, lockDurationMs: 3_000 },
  ...mutated(mutant, client),
})
process.on('message', async (message) => {
  if (message !== 'stop') return
  await worker.stop()
  client.close()
  process.exit()
})
// Ends with the proof, however that ends.
process.on('disconnect', () => process.exit())
