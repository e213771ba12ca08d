import { newOrderId } from '../../../src/core/new-id.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { declareIdentity } from '../../../src/operators/identity.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { migrateDatabase } from '../../../src/postgres/migrate.ts'
import { withSession } from '../../../src/postgres/session.ts'
import { type RunningWorker, startWorker } from '../../../src/processes/worker.ts'
import type { OrderRequest } from '../../../src/queue/order-request.ts'
import { migrateQueue } from '../../../src/queue/probe.ts'
import { createProducer } from '../../../src/queue/producer.ts'
import { silentLog } from '../deps.ts'
import { eventually } from '../eventually.ts'
import { openTestClient } from '../factories/gateway-settings.ts'
import { openStores } from '../factories/stored-orders.ts'
import { close } from './two-people-switch.ts'

const TIMEOUT_MS = 3_000
/** Orders that are waiting when the backup is taken, and orders that come while it is taken and after it. */
const BEFORE = 40
const AFTER = 20
/** Sells wait behind the switch of their kind: they are open in the backup, and were never executed. */
const UNTOUCHED_EVERY = 8

const walletOf = (n: number) => `0816${String(n).padStart(7, '0')}`

/** The orders of a partner: buys, and now and then a sell. Each has a wallet of its own, so the ledger counts it. */
export const orders: readonly OrderRequest[] = Array.from({ length: BEFORE + AFTER }, (_, n) => {
  const place = { partner: 'acme', reference: `restored-${n}`, phone_number: walletOf(n) }
  return n % UNTOUCHED_EVERY === 0
    ? ({ ...place, kind: 'sell', gold_weight: '0.25' } as const)
    : ({ ...place, kind: 'buy', gold_weight: '0.5' } as const)
})

/** A worker in this process, composed as the program composes it. */
export function aWorker(databaseUrl: string, sandbox: Sandbox, concurrency = 2): RunningWorker {
  const gateway = openTestClient(sandbox.url, { timeoutMs: TIMEOUT_MS })
  const worker = startWorker({
    ...{ databaseUrl, redisUrl: null, gateway, callTimeoutMs: TIMEOUT_MS, concurrency, ratePerSecond: null },
    ...{ maxRequotes: 5, quoteMaxAgeMs: 10_000, name: `restore-${Math.random()}`, log: silentLog },
    pace: { sweepEveryMs: 100, wakeAgainMs: 500, lockDurationMs: 5_000 },
  })
  return {
    async stop() {
      await worker.stop()
      gateway.close()
    },
  }
}

/** Migrates a database whose server is the test's own. */
export async function install(databaseUrl: string): Promise<void> {
  await migrateDatabase(databaseUrl)
  await migrateQueue(databaseUrl)
  await withSession(databaseUrl, declareIdentity)
}

/** Lets a worker execute orders, backs the database up while it does, and goes on until every buy was executed. */
export async function loseAfterBackup(databaseUrl: string, sandbox: Sandbox, backUp: () => Promise<void>) {
  const stores = openStores(databaseUrl)
  const producer = createProducer({ databaseUrl })
  const executed = (count: number) => eventually(async () => (sandbox.ledger().length >= count ? true : null))
  let worker: RunningWorker | null = null
  try {
    await close(databaseUrl, 'kind:sell')
    const submissions = orders.slice(0, BEFORE).map(({ kind, ...data }) => parseSubmission(kind, data))
    await stores.store.submit(submissions.map((submission) => ({ orderId: newOrderId(), submission })))
    await producer.enqueueMany(orders.slice(0, BEFORE))
    worker = aWorker(databaseUrl, sandbox)
    await executed(5)
    const coming = (async () => {
      for (const order of orders.slice(BEFORE)) await producer.enqueue(order)
    })()
    await Promise.all([backUp(), coming])
    await executed(orders.filter(({ kind }) => kind === 'buy').length)
  } finally {
    await worker?.stop()
    await producer.close()
    await stores.database.close()
  }
}
