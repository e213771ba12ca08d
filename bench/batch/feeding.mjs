// Feeding a running batch, alone or with the worker that executes its orders.
import { setTimeout as wait } from 'node:timers/promises'
import { feedBatches, prepareFeeding } from '../../dist/batches/feed.js'
import { newOrderId } from '../../dist/core/new-id.js'
import { withSession } from '../../dist/postgres/session.js'
import { startBatchFeeder } from '../../dist/processes/scheduler/batch-feeder.js'
import { goldpro } from '../contestants/goldpro.mjs'
import { withClient } from '../servers/postgres.mjs'

const log = { debug() {}, info() {}, warn() {}, error: console.error }

const NOT_TALLIED = { began() {}, ended() {} }

async function batchIs(client) {
  const { rows } = await client.query(
    'SELECT state, fed_count, ended_count, row_count FROM batches WHERE id = 1',
  )
  return rows[0]
}

/** Stores the orders of all rows, turn after turn. Nobody is woken. */
export function feed({ databaseUrl }) {
  const deps = { newId: newOrderId, wake: async () => {}, actor: 'feeder:bench', log, mostInFlight: Infinity }
  return withClient(databaseUrl, (client) =>
    withSession(databaseUrl, async (session) => {
      await prepareFeeding(session)
      for (;;) {
        await feedBatches(session, deps)
        const { state, fed_count, row_count } = await batchIs(client)
        if (state !== 'running') throw new Error(`the batch is ${state}`)
        if (fed_count === row_count) return
      }
    }),
  )
}

/** The scheduler's feeder and one worker, until the batch has finished. */
export async function drain(place) {
  const feeder = startBatchFeeder({ ...place, name: 'bench', log })
  const rest = await (await goldpro.open(place)).run(NOT_TALLIED)
  await withClient(place.databaseUrl, async (client) => {
    for (;;) {
      const { state, ended_count } = await batchIs(client)
      if (state === 'finished') return
      if (state !== 'running') throw new Error(`the batch is ${state} after ${ended_count} rows`)
      await wait(100)
    }
  })
  return async () => {
    await feeder.stop()
    await rest()
  }
}
