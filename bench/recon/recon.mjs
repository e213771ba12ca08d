// Reconciliation of as many orders as statement lines, 0.1 % of them different, beside the floor: a bare COPY of the
// same file into a table without indexes, plus one hash join with the orders. In the same run, as a ratio.
import { fork } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { timed } from '../measure.mjs'
import { firstMessage } from '../process.mjs'
import { withClient } from '../servers/postgres.mjs'

const DAY = { from: '2026-02-08T17:00:00Z', to: '2026-02-09T17:00:00Z' }

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
      at + interval '15 minutes', NULL, at + interval '1 second' FROM ${rows}`)
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
  return firstMessage(child)
}

async function measure(count, { postgres, folder }, tell) {
  const databaseUrl = await postgres.createDatabase({ migrated: true })
  const file = join(folder, `statement-${count}.csv`)
  try {
    return await withClient(databaseUrl, async (client) => {
      tell(`${count} orders`)
      await fill(client, count)
      await writeStatement(client, file, count)
      tell(`${count} lines: floor, import and run, floor`)
      const before = await runFloor(client, file)
      const cpuBefore = postgres.cpuSeconds()
      const ours = await runOurs(databaseUrl, file)
      const cpu = cpuBefore === null ? null : postgres.cpuSeconds() - cpuBefore
      return { count, before, ours, cpu, after: await runFloor(client, file) }
    })
  } finally {
    await postgres.dropDatabase(databaseUrl)
    await rm(file, { force: true })
  }
}

function rowsOf({ count, before, ours, cpu, after }) {
  const floor = (before.seconds + after.seconds) / 2
  const seconds = ours.importSeconds + ours.runSeconds
  const lines = `${count.toLocaleString('en-US')} lines`
  return [
    {
      name: `${lines}: COPY and one hash join`,
      ratios: { '÷ floor': 1 },
      figures: { seconds: floor, linesPerSecond: count / floor },
    },
    {
      name: `${lines}: goldpro, import and run`,
      ratios: { '÷ floor': seconds / floor },
      figures: {
        ...{ seconds, linesPerSecond: count / seconds },
        ...{ importSeconds: ours.importSeconds, runSeconds: ours.runSeconds },
        ...{ postgresCpuMicros: cpu === null ? null : (cpu / count) * 1_000_000, peakMiB: ours.peakMiB },
      },
    },
  ]
}

export async function runRecon(servers, { lines, tell }) {
  const results = []
  for (const count of lines) results.push(await measure(count, servers, tell))
  const most = results.at(-1)
  const rows = results.flatMap(rowsOf)
  return {
    conditions:
      'one amount, one missing line and one strange line in a thousand; the floor is the mean of before and after',
    rows,
    targets: [
      {
        what: `${most.count.toLocaleString('en-US')} lines ÷ (COPY + hash join)`,
        value: rows.at(-1).ratios['÷ floor'],
        atMost: 2,
      },
      { what: 'MiB of the process', value: most.ours.peakMiB, atMost: 190.7 },
    ],
    notes: results.map(({ count, ours }) => `${count} lines: ${JSON.stringify(ours.counts)}`),
  }
}
