// What is measured of batches: ours, and what Postgres alone takes for the same rows.
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { approveBatch, runBatch } from '../../dist/batches/commands.js'
import { copyBatch } from '../../dist/batches/copy.js'
import { createBatch } from '../../dist/batches/create.js'
import { checkFile } from '../../dist/batches/file/check.js'
import { writeResults } from '../../dist/batches/results.js'
import { addBatchPlan } from '../../dist/plans/batch-source.js'
import { databaseClock } from '../../dist/postgres/clock.js'
import { withSession } from '../../dist/postgres/session.js'
import { withClient } from '../servers/postgres.mjs'
import { drain, feed } from './feeding.mjs'

export const COLUMNS =
  'batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash, deadline_at'

/** Rates are bounded for people, who share workers; here the feeder shall never wait. */
const RATE_PER_SECOND = 20_000

const copyInto =
  (table) =>
  ({ databaseUrl, copied }) =>
    withClient(databaseUrl, (client) =>
      pipeline(createReadStream(copied), client.query(copyFrom(`COPY ${table} (${COLUMNS}) FROM STDIN`))),
    )

const selectInto =
  (table) =>
  ({ databaseUrl }) =>
    withClient(databaseUrl, (client) =>
      client.query(
        `INSERT INTO ${table} (${COLUMNS}) SELECT ${COLUMNS} FROM batch_rows WHERE batch_id = 1 ORDER BY row_number`,
      ),
    )

/** Approves the only batch. */
export function approve(databaseUrl) {
  return withSession(databaseUrl, (session) => approveBatch(session, 1, { by: 'another', note: null }, false))
}

export function start(databaseUrl) {
  const settings = { at: null, ratePerSecond: RATE_PER_SECOND, stopAfter: null }
  return withSession(databaseUrl, (session) => runBatch(session, 1, settings, { by: 'another', note: null }))
}

/** Gives the stored batch to a plan. */
export function makeOriginal(databaseUrl) {
  const plan = {
    name: 'bench',
    owner: null,
    schedule: { is: 'cron', pattern: '0 9 25 * *' },
    timeZone: 'Asia/Jakarta',
    ...{ startsAt: null, endsAt: null, maxCount: null },
    ...{ missed: 'run_once', maxAgeMinutes: 1_440, overlap: 'skip' },
  }
  const person = { who: 'person', by: 'bench', note: null, clock: databaseClock }
  return withSession(databaseUrl, async (session) => {
    const source = { batchId: 1, ratePerSecond: 20, stopAfter: null }
    const answer = await addBatchPlan(session, plan, source, person)
    if (answer.is === 'refused') throw new Error(answer.message)
  })
}

export const WORK = {
  check: ({ csv }) => checkFile(createReadStream(csv), { partner: 'acme' }, async () => {}),
  create: ({ databaseUrl, csv }) =>
    withSession(databaseUrl, (session) =>
      createBatch(session, createReadStream(csv), { fileName: 'bench.csv', partner: 'acme', by: 'bench' }),
    ),
  bare: copyInto('bare_rows'),
  indexed: copyInto('indexed_rows'),
  selected: selectInto('bare_rows'),
  selectedIndexed: selectInto('indexed_rows'),
  copy: ({ databaseUrl }) =>
    withSession(databaseUrl, (session) =>
      session.transaction(async () => {
        const run = { ratePerSecond: 20, stopAfterFailures: null, actor: 'bench' }
        const copied = await copyBatch(session, { originalId: 1, referenceSuffix: '@bench', ...run })
        if (copied.is !== 'running') throw new Error(copied.is)
      }),
    ),
  results({ databaseUrl, results }) {
    const output = createWriteStream(results)
    return withSession(databaseUrl, (session) =>
      writeResults(session, 1, async (text) => {
        if (!output.write(text)) await once(output, 'drain')
      }),
    )
  },
  feed,
  drain,
}
