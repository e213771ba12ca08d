// What a first draft looks like: a BullMQ worker on Redis that makes the two calls and one insert.
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { withClient } from '../servers/postgres.mjs'
import { openCalls } from './calls.mjs'

const QUEUE = 'naive'
const INSERT = 'INSERT INTO bench_results (id, quote_id, session_id) VALUES ($1, $2, $3)'

async function enqueue({ redisUrl }, { from, count }) {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(QUEUE, { connection })
  const jobs = Array.from({ length: count }, (_, n) => ({ name: 'buy', data: { id: from + n } }))
  for (let start = 0; start < count; start += 500) await queue.addBulk(jobs.slice(start, start + 500))
  await queue.close()
  connection.disconnect()
}

async function open(place) {
  const { databaseUrl, redisUrl, concurrency } = place
  const pool = new pg.Pool({ connectionString: databaseUrl, max: Math.min(concurrency + 2, 20) })
  const { checkout, confirm } = openCalls('undici', place)
  return {
    async run(tally) {
      const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
      const order = async ({ data: { id } }) => {
        tally.began(id)
        const quoteId = await checkout()
        const sessionId = await confirm(quoteId)
        await pool.query({ name: 'insert', text: INSERT, values: [id, quoteId, sessionId] })
        tally.ended(id)
      }
      const worker = new Worker(QUEUE, order, { connection, concurrency, removeOnComplete: { count: 1_000 } })
      return async () => {
        await worker.close()
        connection.disconnect()
      }
    },
  }
}

export const naiveBullmq = {
  prepare: ({ databaseUrl }) =>
    withClient(databaseUrl, (client) =>
      client.query('CREATE TABLE bench_results (id int PRIMARY KEY, quote_id text, session_id text)'),
    ),
  enqueue,
  open,
}
