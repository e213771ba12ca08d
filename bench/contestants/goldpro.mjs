// The real worker. What it stores tells when an order begins and ends: the wrapped store is the one that tests use.
import { CLOCKS } from '../../dist/core/clocks.js'
import { createGatewayClient } from '../../dist/gateway/client.js'
import { startWorker } from '../../dist/processes/worker.js'
import { createProducer } from '../../dist/queue/producer.js'
import { withClient } from '../servers/postgres.mjs'

/** More than a run has orders. */
const MOST_WALLETS = 50_000

const LOG = { debug() {}, info() {}, warn() {}, error: console.error }

const SETTINGS = {
  timeoutMs: 15_000,
  sellPath: '/checkout/sell',
  is429Refusal: false,
  oauth: null,
  signing: null,
}

/** An order begins when the worker stores it, and ends when its end is committed. */
const tallied = (tally) => (store) => ({
  ...store,
  async submit(submissions, actor) {
    const at = performance.now()
    const stored = await store.submit(submissions, actor)
    for (const order of stored) if (order !== undefined) tally.began(order.orderId, at)
    return stored
  },
  async endIntents(verdicts, actor) {
    const ended = await store.endIntents(verdicts, actor)
    for (const { orderId, state } of ended) if (state === 'succeeded') tally.ended(orderId)
    return ended
  },
})

async function open({ databaseUrl, redisUrl, gatewayUrl, concurrency }) {
  return {
    async run(tally) {
      const gateway = createGatewayClient({ baseUrl: gatewayUrl, ...SETTINGS }, { ...CLOCKS, log: LOG })
      const worker = startWorker({
        ...{ databaseUrl, redisUrl, gateway, concurrency, log: LOG, name: 'bench' },
        ...{ callTimeoutMs: SETTINGS.timeoutMs, ratePerSecond: null, maxRequotes: 5, quoteMaxAgeMs: 60_000 },
        aroundStore: tallied(tally),
      })
      return async () => {
        await worker.stop()
        gateway.close()
      }
    },
  }
}

/**
 * The wallets are the partner's already, as those of customers who come back: a wallet's first order stores whose it is, which
 * costs PostgreSQL 0.1 ms more.
 */
async function prepare({ databaseUrl }) {
  const text = `INSERT INTO partner_wallets (phone_number, partner, origin, state, actor)
    SELECT '0812' || lpad(n::text, 8, '0'), 'bench', 'first_use', 'linked', 'bench' FROM generate_series(0, $1 - 1) n`
  await withClient(databaseUrl, (client) => client.query(text, [MOST_WALLETS]))
}

async function enqueue({ databaseUrl, redisUrl }, { from, count }) {
  const producer = createProducer(redisUrl === null ? { databaseUrl } : { redisUrl })
  const orders = Array.from({ length: count }, (_, n) => ({
    kind: 'buy',
    partner: 'bench',
    reference: `measured-${from + n}`,
    // Orders of one wallet would wait for each other.
    phone_number: `0812${String(from + n).padStart(8, '0')}`,
    gold_weight: 0.5,
  }))
  await producer.enqueueMany(orders)
  await producer.close()
}

export const goldpro = { prepare, enqueue, open }
