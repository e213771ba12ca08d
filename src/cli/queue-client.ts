import type { Settings } from '../config.ts'
import { requireQueue } from './context.ts'

/** Wakes orders that a person moved. Without it the sweeper wakes them, only later. */
export interface QueueClient {
  wake(orderIds: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Opens the queue. BullMQ is loaded only here: loading it would double the time of commands that need no queue. */
export async function openQueueClient(settings: Settings): Promise<QueueClient> {
  await requireQueue(settings)
  const [{ openQueue }, { wakeOrders }] = await Promise.all([
    import('../queue/backend.ts'),
    import('../queue/order-worker.ts'),
  ])
  const queue = openQueue(settings, () => {})
  return { wake: (orderIds) => wakeOrders(queue, orderIds, 1_000), close: () => queue.close() }
}
