import type { Settings } from '../config.ts'
import { requireQueue } from './context.ts'

/** The queue, to wake orders that a person moved: without it the sweeper brings them back, only later. */
export interface QueueClient {
  wake(orderIds: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Opens the queue. It is loaded here and not before: BullMQ takes half of the time of a command that needs none. */
export async function openQueueClient(settings: Settings): Promise<QueueClient> {
  await requireQueue(settings)
  const [{ openQueue }, { wakeOrders }] = await Promise.all([
    import('../queue/backend.ts'),
    import('../queue/order-worker.ts'),
  ])
  const queue = openQueue(settings, () => {})
  return { wake: (orderIds) => wakeOrders(queue, orderIds, 1_000), close: () => queue.close() }
}
