// BullMQ with jobs that do nothing: the rate that no worker on it can exceed.
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const QUEUE = 'noop'
/** As many connections as the product gives BullMQ. */
const MOST_CONNECTIONS = 21
/** Ended jobs that are kept, as the product keeps them. On Postgres a number of jobs would be sorted at every end. */
const KEPT_IN_REDIS = { count: 1_000, age: 3_600 }
const KEPT_IN_POSTGRES = { age: 60 }

/** What BullMQ's constructors take besides the queue's name and its options, and how to close it. */
function connect({ databaseUrl, redisUrl, concurrency }) {
  if (redisUrl === null) {
    const max = Math.min(concurrency + 3, MOST_CONNECTIONS)
    const connection = { connectionString: databaseUrl, max }
    return { connection, backend: [createPostgresBackend], close() {} }
  }
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  return { connection, backend: [], close: () => connection.disconnect() }
}

async function enqueue(place, { from, count }) {
  const { connection, backend, close } = connect(place)
  const queue = new Queue(QUEUE, { connection }, ...backend)
  const jobs = Array.from({ length: count }, (_, n) => ({ name: 'noop', data: { id: from + n } }))
  for (let start = 0; start < count; start += 500) await queue.addBulk(jobs.slice(start, start + 500))
  await queue.close()
  close()
}

async function open(place) {
  return {
    async run(tally) {
      const { connection, backend, close } = connect(place)
      const nothing = async ({ data: { id } }) => {
        tally.began(id)
        tally.ended(id)
      }
      const options = {
        connection,
        concurrency: place.concurrency,
        removeOnComplete: place.redisUrl === null ? KEPT_IN_POSTGRES : KEPT_IN_REDIS,
      }
      const worker = new Worker(QUEUE, nothing, options, ...backend)
      return async () => {
        await worker.close()
        close()
      }
    },
  }
}

export const noop = { async prepare() {}, enqueue, open }
