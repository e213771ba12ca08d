// Reconciliation of as many orders as statement lines, 0.1 % of them different, beside the floor: a bare COPY of the
// same file into a table without indexes, plus one hash join with the orders. In the same run, as a ratio.
// BENCH_LINES=20000,200000,1000000 npm run bench:recon
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { startLocalPostgres } from '../dist/dev/embedded-postgres/postgres.js'
import { migrateDatabase } from '../dist/postgres/migrate.js'

const COUNTS = (process.env.BENCH_LINES ?? '20000,200000,1000000').split(',').map(Number)
const DAY = { from: '2026-02-08T17:00:00Z', to: '2026-02-09T17:00:00Z' }

const tell = (text) => console.error(text)

async function timed(work) {
  const startedAt = performance.now()
  const result = await work()
  return { seconds: (performance.now() - startedAt) / 1_000, result }
}

/** Orders of one day as they lie in Postgres after their lives, with ids that begin with the time. */
async function fill(client, count) {
  // The rows are what legal moves would leave; walking a million orders through their lives would take an hour.
  await client.query('SET session_replication_role = replica')
  const rows = `
    generate_series(0, ${count - 1}) AS i,
    LATERAL (SELECT timestamptz '2026-02-09T00:00:00Z' + i * interval '57600 seconds' / ${count} AS at) AS t,
    LATERAL (SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5('o' || i), 1, 3)
      || '8' || substr(md5('o' || i), 5, 15))::uuid AS id) AS o,
    LATERAL (SELECT '0812' || lpad((i % 200000)::text, 8, '0') AS wallet) AS w`
  await client.query(`
    INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor,
      accepted_at, deadline_at, wake_at, settled_at)
    SELECT id, 'bench', 'B-' || i, 'buy', wallet, '{}', 'hash', 'succeeded', 'executed', 'bench', at,
      at + interval '15 minutes', at, at + interval '1 second' FROM ${rows}`)
  await client.query(`
    INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight,
      quoted_amount, quoted_fee, intent_at, worker, ended_at, request_id, response_id, session_id, gold_weight, amount, fee)
    SELECT id, 1, md5('i' || i)::uuid, 'succeeded', 'buy', wallet, (1612853773 + i)::text, 0.5, 441690, 5000, at, 'bench',
      at + interval '1 second', (1612853773 + i)::text, (1082102090000000 + i)::text, upper(md5('s' || i)), 0.5, 441690,
      5000 FROM ${rows}`)
  await client.query('SET session_replication_role = origin')
  await client.query('VACUUM ANALYZE orders, attempts')
}

/** The gateway's statement of them: in turn one amount in a thousand lines differs, one line is missing, one is strange. */
async function writeStatement(client, file, count) {
  const lines = `
    SELECT CASE WHEN n % 3000 = 2000 THEN 'STRANGE' || n ELSE session_id END AS session_id,
      CASE WHEN n % 3000 = 2000 THEN 'STRANGE' || n ELSE response_id END AS response_id,
      CASE WHEN n % 3000 = 2000 THEN 'STRANGE' || n ELSE request_id END AS request_id, kind AS type, phone_number,
      gold_weight, CASE WHEN n % 3000 = 0 THEN amount + 1 ELSE amount END AS amount, fee,
      to_char(intent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS executed_at
    FROM (SELECT *, row_number() OVER (ORDER BY order_id) AS n FROM attempts) AS a
    WHERE n <= ${count} AND n % 3000 <> 1000 ORDER BY n`
  await pipeline(client.query(copyTo(`COPY (${lines}) TO STDOUT CSV HEADER`)), createWriteStream(file))
}

/** What `psql \copy` does, and one hash join. */
async function runFloor(client, file) {
  await client.query(`
    CREATE TABLE floor_lines (session_id text, response_id text, request_id text, type text, phone_number text,
      gold_weight numeric(14, 4), amount bigint, fee bigint, executed_at timestamptz)`)
  const copy = await timed(() =>
    pipeline(createReadStream(file), client.query(copyFrom('COPY floor_lines FROM STDIN CSV HEADER'))),
  )
  const join = await timed(() =>
    client.query('SELECT count(*) FROM floor_lines l JOIN attempts a ON a.session_id = l.session_id'),
  )
  await client.query('DROP TABLE floor_lines')
  return { copySeconds: copy.seconds, joinSeconds: join.seconds, seconds: copy.seconds + join.seconds }
}

async function runOurs(databaseUrl, file) {
  const child = fork(fileURLToPath(new URL('recon-process.mjs', import.meta.url)), [
    JSON.stringify({ databaseUrl, file, period: DAY }),
  ])
  const [result] = await once(child, 'message')
  return result
}

async function bench(count, folder) {
  const postgres = await startLocalPostgres({ dataDir: join(folder, `postgres-${count}`), keepData: false })
  const client = new pg.Client(postgres.databaseUrl)
  try {
    await migrateDatabase(postgres.databaseUrl)
    await client.connect()
    tell(`${count} orders …`)
    await fill(client, count)
    const file = join(folder, `statement-${count}.csv`)
    await writeStatement(client, file, count)
    tell('floor …')
    const before = await runFloor(client, file)
    tell('import and run …')
    const ours = await runOurs(postgres.databaseUrl, file)
    const after = await runFloor(client, file)
    return { count, before, ours, after }
  } finally {
    await client.end()
    await postgres.stop()
  }
}

function print(results) {
  const cell = (value, width) => value.toFixed(1).padStart(width)
  console.log('throw-away PostgreSQL without fsync; floor before and after, seconds')
  console.log('    lines  floor (copy + join)         import    run   ours ÷ floor  peak MB of our process')
  for (const { count, before, ours, after } of results) {
    const floor = (before.seconds + after.seconds) / 2
    const both = [before, after].map((each) => `${cell(each.copySeconds, 4)} +${cell(each.joinSeconds, 4)}`)
    const ratio = (ours.importSeconds + ours.runSeconds) / floor
    console.log(
      `${String(count).padStart(9)}  ${both.join(' | ')}  ${cell(ours.importSeconds, 8)} ${cell(ours.runSeconds, 6)}  ${ratio.toFixed(2).padStart(12)}  ${ours.peakMegabytes.toFixed(0).padStart(8)}`,
    )
    console.log(`           ${JSON.stringify(ours.counts)}`)
  }
}

/** Measures each count of lines in a server of its own. */
export async function benchReconciliation(counts) {
  const folder = await mkdtemp(join(tmpdir(), 'goldpro-bench-recon-'))
  try {
    const results = []
    for (const count of counts) results.push(await bench(count, folder))
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) print(await benchReconciliation(COUNTS))
