// graphile-worker: one job an order, which makes the same two calls and one insert, and promises nothing about them.
import { Logger, run, runMigrations } from 'graphile-worker'
import { withClient } from '../servers/postgres.mjs'
import { openCalls } from './calls.mjs'

const logger = new Logger(() => () => {})

const INSERT = 'INSERT INTO bench_results (id, quote_id, session_id) VALUES ($1, $2, $3)'

async function open(settings, place) {
  const { databaseUrl, concurrency } = place
  const { checkout, confirm } = openCalls('undici', place)
  return {
    async run(tally) {
      const order = async ({ id }, helpers) => {
        tally.began(id)
        const quoteId = await checkout()
        const sessionId = await confirm(quoteId)
        await helpers.query({ name: 'insert', text: INSERT, values: [id, quoteId, sessionId] })
        tally.ended(id)
      }
      const runner = await run({
        connectionString: databaseUrl,
        concurrency,
        maxPoolSize: concurrency + 2,
        noHandleSignals: true,
        logger,
        taskList: { order },
        preset: { worker: settings },
      })
      return () => runner.stop()
    },
  }
}

export function graphile(settings) {
  return {
    async prepare({ databaseUrl }) {
      await runMigrations({ connectionString: databaseUrl, logger })
      await withClient(databaseUrl, (client) =>
        client.query('CREATE TABLE bench_results (id int PRIMARY KEY, quote_id text, session_id text)'),
      )
    },
    enqueue: ({ databaseUrl }, { from, count }) =>
      withClient(databaseUrl, (client) =>
        client.query(
          `SELECT graphile_worker.add_job('order', json_build_object('id', id)) FROM generate_series($1::int, $2) AS id`,
          [from, from + count - 1],
        ),
      ),
    open: (place) => open(settings, place),
  }
}
