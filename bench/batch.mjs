// Rows per second and peak memory of checking a batch file, storing it and writing its results, each in a process of its
// own, beside a bare COPY of the same rows into a table without and with the same indexes; then of the copy that a due
// time of a plan makes, beside a bare INSERT … SELECT of the same rows. Read the ratios, not the figures: machines
// differ, and this one is shared.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { approveBatch } from '../dist/batches/commands.js'
import { copyBatch } from '../dist/batches/copy.js'
import { createBatch } from '../dist/batches/create.js'
import { checkFile } from '../dist/batches/file/check.js'
import { writeResults } from '../dist/batches/results.js'
import { startLocalPostgres } from '../dist/dev/embedded-postgres/postgres.js'
import { addBatchPlan } from '../dist/plans/batch-source.js'
import { databaseClock } from '../dist/postgres/clock.js'
import { migrateDatabase } from '../dist/postgres/migrate.js'
import { withSession } from '../dist/postgres/session.js'

const ROWS = Number(process.env.BENCH_ROWS ?? 100_000)
const COLUMNS =
  'batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash, deadline_at'

async function withClient(databaseUrl, use) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const copyInto =
  (table) =>
  (databaseUrl, { copied }) =>
    withClient(databaseUrl, (client) =>
      pipeline(createReadStream(copied), client.query(copyFrom(`COPY ${table} (${COLUMNS}) FROM STDIN`))),
    )

const selectInto = (table) => (databaseUrl) =>
  withClient(databaseUrl, (client) =>
    client.query(
      `INSERT INTO ${table} (${COLUMNS}) SELECT ${COLUMNS} FROM batch_rows WHERE batch_id = 1 ORDER BY row_number`,
    ),
  )

/** Gives the stored batch to a plan. */
function makeOriginal(databaseUrl) {
  return withSession(databaseUrl, async (session) => {
    await approveBatch(session, 1, { by: 'another', note: null }, false)
    const answer = await addBatchPlan(
      session,
      {
        ...{
          name: 'bench',
          owner: null,
          schedule: { is: 'cron', pattern: '0 9 25 * *' },
          timeZone: 'Asia/Jakarta',
        },
        ...{ startsAt: null, endsAt: null, maxCount: null },
        ...{ missed: 'run_once', maxAgeMinutes: 1_440, overlap: 'skip' },
      },
      { batchId: 1, ratePerSecond: 20, stopAfter: null },
      { who: 'person', by: 'bench', note: null, clock: databaseClock },
    )
    if (answer.is === 'refused') throw new Error(answer.message)
  })
}

const WORK = {
  check: (_databaseUrl, { csv }) => checkFile(createReadStream(csv), { partner: 'acme' }, async () => {}),
  create: (databaseUrl, { csv }) =>
    withSession(databaseUrl, (session) =>
      createBatch(session, createReadStream(csv), { fileName: 'bench.csv', partner: 'acme', by: 'bench' }),
    ),
  bare: copyInto('bare_rows'),
  indexed: copyInto('indexed_rows'),
  selected: selectInto('bare_rows'),
  selected_indexed: selectInto('indexed_rows'),
  copy: (databaseUrl) =>
    withSession(databaseUrl, (session) =>
      session.transaction(async () => {
        const run = { ratePerSecond: 20, stopAfterFailures: null, actor: 'bench' }
        const copied = await copyBatch(session, { originalId: 1, referenceSuffix: '@bench', ...run })
        if (copied.is !== 'running') throw new Error(copied.is)
      }),
    ),
  results: (databaseUrl, { results }) => {
    const output = createWriteStream(results)
    return withSession(databaseUrl, (session) =>
      writeResults(session, 1, async (text) => {
        if (!output.write(text)) await once(output, 'drain')
      }),
    )
  },
}

async function measure(name, databaseUrl, files) {
  const child = fork(fileURLToPath(import.meta.url), [name, databaseUrl, JSON.stringify(files)])
  const [figures] = await once(child, 'message')
  await once(child, 'exit')
  return figures
}

function* csvRows() {
  yield 'kind,reference,phone_number,gold_weight,amount,recipient,remarks,max_price_per_gram\n'
  let text = ''
  for (let n = 0; n < ROWS; n += 1) {
    const wallet = `0812${String(n % 50_000).padStart(8, '0')}`
    if (n % 10 === 9) text += `transfer,PAYROLL-${n},${wallet},0.1,,081299999999,happy birthday,\n`
    else if (n % 2 === 0) text += `buy,PAYROLL-${n},${wallet},0.5,,,,2000000\n`
    else text += `buy,PAYROLL-${n},${wallet},,250000,,,\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'goldpro-bench-'))
  const files = {
    csv: join(folder, 'rows.csv'),
    copied: join(folder, 'rows.copy'),
    results: join(folder, 'results.csv'),
  }
  const postgres = await startLocalPostgres({ dataDir: join(folder, 'postgres'), keepData: false })
  const { databaseUrl } = postgres
  try {
    await pipeline(Readable.from(csvRows()), createWriteStream(files.csv))
    await migrateDatabase(databaseUrl)
    const rows = []
    for (const name of ['check', 'create']) rows.push([name, await measure(name, databaseUrl, files)])
    await withClient(databaseUrl, async (client) => {
      const source = `COPY (SELECT ${COLUMNS} FROM batch_rows ORDER BY row_number) TO STDOUT`
      await pipeline(client.query(copyTo(source)), createWriteStream(files.copied))
      await client.query('CREATE TABLE bare_rows (LIKE batch_rows INCLUDING DEFAULTS)')
      await client.query(
        'CREATE TABLE indexed_rows (LIKE batch_rows INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING CONSTRAINTS)',
      )
    })
    for (const name of ['bare', 'indexed', 'results'])
      rows.push([name, await measure(name, databaseUrl, files)])
    print(`${ROWS} rows, throw-away PostgreSQL without fsync`, 'bare', rows)
    await makeOriginal(databaseUrl)
    const copies = []
    for (const name of ['selected', 'selected_indexed', 'copy']) {
      await withClient(databaseUrl, (client) => client.query('TRUNCATE bare_rows, indexed_rows'))
      copies.push([name, await measure(name, databaseUrl, files)])
    }
    print('\nthe copy of one due time: a plan is locked for as long', 'selected', copies)
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const TITLES = {
  check: 'batch check',
  create: 'batch create',
  bare: 'bare COPY, no index',
  indexed: 'bare COPY, same indexes',
  results: 'batch results',
  selected: 'bare INSERT … SELECT',
  selected_indexed: 'the same, same indexes',
  copy: "a plan's copy",
}

function print(title, bareName, rows) {
  const bare = rows.find(([name]) => name === bareName)[1]
  const cells = rows.map(([name, { seconds, peakMiB }]) => [
    ...[TITLES[name], seconds.toFixed(1), (ROWS / seconds).toFixed(0), peakMiB.toFixed(0)],
    (bare.seconds / seconds).toFixed(2),
  ])
  const lines = [['', 's', 'rows/s', 'peak MiB', '÷ bare'], ...cells].map(([name, ...figures]) =>
    [name.padEnd(24), ...figures.map((figure) => figure.padStart(10))].join(' '),
  )
  console.log([title, ...lines].join('\n'))
}

const [, , name, databaseUrl, files] = process.argv
if (name === undefined) await main()
else {
  const startedAt = performance.now()
  await WORK[name](databaseUrl, JSON.parse(files))
  const seconds = (performance.now() - startedAt) / 1_000
  process.send({ seconds, peakMiB: process.resourceUsage().maxRSS / 1_024 })
  process.disconnect()
}
