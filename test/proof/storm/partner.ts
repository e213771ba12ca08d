import { setTimeout as wait } from 'node:timers/promises'
import { isFinal, type OrderState } from '../../../src/orders/lifecycle.ts'
import { openQueue, type QueueLocation } from '../../../src/queue/backend.ts'
import type { OrderRequest } from '../../../src/queue/order-request.ts'
import { createProducer } from '../../../src/queue/producer.ts'
import { sql } from '../../support/servers/sessions.ts'
import { invalidJob, PARTNER, type StormOrder } from './orders.ts'

/*
 * The partner's system. A queue that is flushed loses the jobs that no worker has stored, and nobody else knows of them.
 * So the partner asks what is stored, and enqueues again whatever it cannot see: the same reference is the same order.
 */

/** Orders that are sent at once: few enough that a small storm does not end before its faults. */
const LARGEST_CHUNK = 250
const CHUNKS = 20
/** Orders that are sent and not yet seen. */
const MOST_UNSEEN = 300
const LOOK_EVERY_MS = 700
/** Doubled each time: a queue that is only slow must not fill with repetitions. */
const SEND_AGAIN_AFTER_MS = 30_000
const URGENT_DEADLINE_MS = 20_000
/** Longer than the sweeper's grace and the longest pause between two tries of an order together. */
const GIVE_UP_AFTER_MS = 240_000

export interface Seen {
  readonly placed: number
  readonly sentAgain: number
  readonly stored: number
  readonly refused: number
  /** Orders that are final or in doubt. */
  readonly atRest: number
  /** References that are stored or refused, and not open. */
  readonly done: number
  /** What a state did that it may not do while somebody watches. */
  readonly problems: readonly string[]
}

export interface Partner {
  seen(): Seen
  /** Sends and looks until every order is at rest or refused, nothing moves any more, or the signal says so. */
  run(signal: AbortSignal): Promise<void>
}

interface Sent {
  readonly jobs: readonly OrderRequest[]
  readonly times: number
  /** When it is sent again unless it is seen. */
  readonly againAt: number
}

export function createPartner(
  databaseUrl: string,
  location: QueueLocation,
  orders: readonly StormOrder[],
): Partner {
  const sent = new Map<string, Sent>()
  const states = new Map<string, OrderState>()
  const problems: string[] = []
  let refused = new Set<string>()
  const chunk = Math.min(LARGEST_CHUNK, Math.ceil(orders.length / CHUNKS))
  let sentAgain = 0
  let atRest = 0

  const look = async () => {
    const stored = await sql<{ reference: string; state: OrderState }>(databaseUrl, STORED, [PARTNER])
    const rejected = await sql<{ reference: string }>(databaseUrl, REFUSED, [PARTNER])
    problems.push(...changesOf(states, stored))
    atRest = 0
    for (const { reference, state } of stored) {
      states.set(reference, state)
      if (isFinal(state) || state === 'in_doubt') atRest += 1
    }
    refused = new Set(rejected.map(({ reference }) => reference).filter((each) => !states.has(each)))
  }
  const isSeen = (reference: string) => states.has(reference) || refused.has(reference)
  const seen = () => ({
    ...{ placed: sent.size, sentAgain, stored: states.size, refused: refused.size, atRest, problems },
    done: atRest + refused.size,
  })

  return {
    seen,
    async run(signal) {
      const post = openPost(location)
      let movedAt = Date.now()
      try {
        while (!signal.aborted && seen().done < orders.length && Date.now() - movedAt < GIVE_UP_AFTER_MS) {
          const before = progressOf(seen())
          const unseen = [...sent.keys()].filter((reference) => !isSeen(reference))
          const due = unseen.filter((each) => Date.now() > (sent.get(each)?.againAt ?? 0))
          const next = unseen.length < MOST_UNSEEN ? orders.slice(sent.size, sent.size + chunk) : []
          // A server that is away is asked again.
          await post.send([...next, ...orders.filter(({ reference }) => due.includes(reference))], sent).then(
            () => {
              sentAgain += due.length
            },
            () => {},
          )
          await look().catch(() => {})
          if (progressOf(seen()) !== before) movedAt = Date.now()
          await wait(LOOK_EVERY_MS)
        }
      } finally {
        await post.close()
      }
    },
  }
}

const STORED = 'SELECT reference, state FROM orders WHERE partner = $1'
const REFUSED = 'SELECT DISTINCT reference FROM rejected_jobs WHERE partner = $1 AND reference IS NOT NULL'

const progressOf = ({ placed, stored, done }: Seen) => `${placed} ${stored} ${done}`

/** What was stored must stay, and what was final must stay as it is. */
function changesOf(
  states: ReadonlyMap<string, OrderState>,
  stored: readonly { reference: string; state: OrderState }[],
): string[] {
  const now = new Map(stored.map(({ reference, state }) => [reference, state]))
  return [...states].flatMap(([reference, before]) => {
    const after = now.get(reference)
    if (after === undefined) return [`${reference} was stored as ${before} and is gone`]
    return isFinal(before) && after !== before ? [`${reference} was ${before} and is ${after}`] : []
  })
}

/** Sends orders to the queue: good ones by the producer, bad ones as any BullMQ client could. */
function openPost(location: QueueLocation) {
  const { redisUrl, databaseUrl } = location
  const where = redisUrl === null ? { databaseUrl: databaseUrl ?? '' } : { redisUrl }
  const producer = createProducer({ ...where, onError: () => {} })
  const queue = openQueue(location, () => {})
  return {
    async send(orders: readonly StormOrder[], sent: Map<string, Sent>): Promise<void> {
      if (orders.length === 0) return
      for (const order of orders) {
        const { jobs, times } = sent.get(order.reference) ?? { jobs: jobsOf(order), times: 0 }
        const againAt = Date.now() + SEND_AGAIN_AFTER_MS * 2 ** times
        sent.set(order.reference, { jobs, times: times + 1, againAt })
      }
      const bad = orders.filter(({ request }) => request === null)
      if (bad.length > 0) await queue.addBulk(bad.map(invalidJob))
      await producer.enqueueMany(orders.flatMap(({ reference }) => sent.get(reference)?.jobs ?? []))
    },
    async close() {
      await Promise.allSettled([producer.close(), queue.close()])
    },
  }
}

/** The jobs of an order as it is first sent: its deadline is then the same whenever it is sent again. */
function jobsOf({ request, conflicting, isRepeated, isUrgent }: StormOrder): OrderRequest[] {
  if (request === null) return []
  const deadline = isUrgent ? { deadline: new Date(Date.now() + URGENT_DEADLINE_MS).toISOString() } : {}
  const job = { ...request, ...deadline }
  return [job, ...(isRepeated ? [job] : []), ...(conflicting === null ? [] : [conflicting])]
}
