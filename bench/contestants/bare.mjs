// The floor: checkout, confirm and three writes an order, with the same Postgres and an HTTP client, without our code.
import pg from 'pg'
import { withClient } from '../servers/postgres.mjs'
import { openCalls } from './calls.mjs'

const INSERT = 'INSERT INTO bench_floor (id, state) VALUES ($1, $2)'
const SET_QUOTE = 'UPDATE bench_floor SET state = $2, quote_id = $3 WHERE id = $1'
const SET_SESSION = 'UPDATE bench_floor SET state = $2, session_id = $3 WHERE id = $1'

async function open(client, place) {
  const { databaseUrl, concurrency } = place
  const pool = new pg.Pool({ connectionString: databaseUrl, max: Math.min(concurrency + 2, 20) })
  const { checkout, confirm } = openCalls(client, place)
  const write = (name, text, values) => pool.query({ name, text, values })
  const placeOrder = async (id, tally) => {
    tally.began(id)
    await write('a', INSERT, [id, 'accepted'])
    const quoteId = await checkout()
    await write('b', SET_QUOTE, [id, 'confirming', quoteId])
    const sessionId = await confirm(quoteId)
    await write('c', SET_SESSION, [id, 'succeeded', sessionId])
    tally.ended(id)
  }
  return {
    async run(tally, { from, count }) {
      let next = from
      const lane = async () => {
        while (next < from + count) await placeOrder(next++, tally)
      }
      const lanes = Promise.all(Array.from({ length: concurrency }, lane))
      return () => lanes
    },
  }
}

export function bare(client) {
  return {
    prepare: ({ databaseUrl }) =>
      withClient(databaseUrl, (session) =>
        session.query(
          'CREATE TABLE bench_floor (id int PRIMARY KEY, state text NOT NULL, quote_id text, session_id text)',
        ),
      ),
    async enqueue() {},
    open: (place) => open(client, place),
  }
}
