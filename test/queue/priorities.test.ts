import { afterAll, describe, expect, it } from 'vitest'
import { openQueue, openWorker } from '../../src/queue/backend.ts'
import { wakeOrders } from '../../src/queue/order-worker.ts'
import { eventually } from '../support/eventually.ts'
import { queueBackends, type TestQueue } from '../support/servers/queue-backends.ts'

const idOf = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

describe.each(queueBackends())('with the queue in $name', ({ start, skip }) => {
  if (skip !== undefined) {
    it.skip(`is not tried: ${skip}`)
    return
  }

  const places: TestQueue[] = []
  afterAll(async () => {
    await Promise.all(places.map((place) => place.stop()))
  })

  it('a partner’s order comes before those of a batch that were there first, and before those that were swept', async () => {
    const place = await start()
    places.push(place)
    const queue = openQueue(place, () => {})
    await wakeOrders(queue, [idOf(1), idOf(2)], 60_000, 'batch')
    await wakeOrders(queue, [idOf(3)], 60_000, 'swept')
    await wakeOrders(queue, [idOf(4)], 60_000)
    await queue.addBulk([{ name: 'buy', data: { orderId: idOf(5) } }])
    const taken: unknown[] = []
    const worker = openWorker(
      place,
      async (job) => void taken.push((job.data as { orderId: string }).orderId),
      { concurrency: 1 },
      () => {},
    )
    await eventually(async () => (taken.length === 5 ? true : null))
    await worker.close()
    await queue.close()
    expect(taken).toEqual([4, 5, 3, 1, 2].map(idOf))
  })
})
