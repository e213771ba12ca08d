import { InvalidOrderError, parseSubmission } from '../orders/submission.ts'
import { openQueue, type QueueLocation } from './backend.ts'
import type { OrderRequest } from './order-request.ts'

/** Jobs that are added in one round trip. */
const CHUNK = 500

export interface Producer {
  /**
   * Validates an order and adds its job. Adding the same (partner, reference) again is safe.
   * @returns the BullMQ job's id; the order itself is known by its partner and reference
   * @throws InvalidOrderError naming the bad field, before anything is added
   */
  enqueue(order: OrderRequest): Promise<string>
  /** Validates all orders, then adds all. `onAdded` is called with the number added so far. */
  enqueueMany(orders: readonly OrderRequest[], onAdded?: (count: number) => void): Promise<string[]>
  close(): Promise<void>
}

export interface ProducerOptions {
  /** `redis://…`: BullMQ on Redis or Valkey. */
  readonly redisUrl?: string
  /** `postgres://…`: BullMQ's PostgreSQL backend, schema `bullmq`, as `goldpro migrate` creates it. */
  readonly databaseUrl?: string
  /** Called with connection errors in the background. */
  readonly onError?: (error: Error) => void
}

/**
 * Opens a producer of orders: `createProducer({ redisUrl })` or `createProducer({ databaseUrl })`.
 * It needs nothing else of this package's configuration.
 */
export function createProducer(options: ProducerOptions): Producer {
  const { redisUrl = null, databaseUrl = null, onError = () => {} } = options
  if ((redisUrl === null) === (databaseUrl === null))
    throw new TypeError('createProducer needs exactly one of redisUrl and databaseUrl')
  const location: QueueLocation = { redisUrl, databaseUrl }
  const queue = openQueue(location, onError)
  const enqueueMany = async (
    orders: readonly OrderRequest[],
    onAdded: (count: number) => void = () => {},
  ) => {
    const jobs = orders.map(jobOf)
    const ids: string[] = []
    for (let start = 0; start < jobs.length; start += CHUNK) {
      const added = await queue.addBulk(jobs.slice(start, start + CHUNK))
      ids.push(...added.map(({ id }) => id ?? ''))
      onAdded(ids.length)
    }
    return ids
  }
  return {
    enqueue: async (order) => (await enqueueMany([order]))[0] ?? '',
    enqueueMany,
    close: () => queue.close(),
  }
}

/**
 * Checks an order as a worker will, without adding it.
 * @throws InvalidOrderError naming the bad field
 */
export function checkOrder(order: unknown): asserts order is OrderRequest {
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    throw new InvalidOrderError('data', 'must be an object with the fields of the job contract')
  const { kind, ...data } = order as Record<string, unknown>
  parseSubmission(kind, data)
}

/** The job of an order: its name is the kind, its data the other fields. */
function jobOf(order: OrderRequest): { name: string; data: object } {
  checkOrder(order)
  const { kind, ...data } = order
  return { name: kind, data }
}
