// A real worker in a process of its own, composed as the program composes it, which kills itself at a point.
// Settings come as JSON: databaseUrl, redisUrl, gatewayUrl, dieAt, nth, callTimeoutMs.

import { CLOCKS } from '../../dist/core/clocks.js'
import { createGatewayClient } from '../../dist/gateway/client.js'
import { startWorker } from '../../dist/processes/worker.js'

const {
  databaseUrl,
  redisUrl,
  gatewayUrl,
  dieAt,
  nth = 1,
  callTimeoutMs = 3_000,
} = JSON.parse(process.argv[2])

let visits = 0
let isDying = false

/** Whether this is the point, and the visit of it, at which the worker dies. */
function isDeath(point) {
  if (dieAt !== point) return false
  visits += 1
  if (visits >= nth) isDying = true
  return isDying
}

/** SIGKILL takes effect between two turns of the event loop at the latest: nothing more is done until then. */
async function dieOrGoOn(point, value) {
  if (!isDeath(point)) return value
  process.kill(process.pid, 'SIGKILL')
  return await new Promise(() => {})
}

const log = { debug() {}, info() {}, warn() {}, error() {} }
const settings = {
  baseUrl: gatewayUrl,
  timeoutMs: callTimeoutMs,
  sellPath: '/checkout/sell',
  is429Refusal: false,
  oauth: null,
  signing: null,
}
const client = createGatewayClient(settings, { ...CLOCKS, log })

const gateway = {
  checkout: (command) => client.checkout(command),
  async confirm(command, quote) {
    if (dieAt === 'after_send' && isDeath('after_send')) {
      void client.confirm(command, quote)
      // Dies once the gateway has the confirm, while its reply is on the way.
      for (;;) {
        const confirms = await (await fetch(`${gatewayUrl}/sandbox/confirms`)).json()
        if (confirms.some(({ requestId }) => requestId === quote.quoteId)) await dieOrGoOn('after_send')
      }
    }
    return await dieOrGoOn('after_reply', await client.confirm(command, quote))
  },
}

startWorker({
  databaseUrl,
  redisUrl,
  gateway,
  callTimeoutMs,
  concurrency: 4,
  ratePerSecond: null,
  maxRequotes: 5,
  quoteMaxAgeMs: 10_000,
  name: `dying-${process.pid}`,
  log,
  pace: { sweepEveryMs: 200, wakeAgainMs: 1_000, lockDurationMs: 2_000 },
  aroundStore: (store) => ({
    ...store,
    async commitIntents(intents, actor) {
      await dieOrGoOn('before_intent')
      return await dieOrGoOn('after_intent', await store.commitIntents(intents, actor))
    },
    async endIntents(verdicts, actor) {
      return await dieOrGoOn('after_verdict', await store.endIntents(verdicts, actor))
    },
  }),
})
process.send('started')
// Ends with the test, however that ends.
process.on('disconnect', () => process.exit())
