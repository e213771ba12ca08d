// Orders per second of the real worker against a gateway that answers at once, on both queue backends, beside two
// loops of the same HTTP clients and Postgres without our code, in the same run. Read the ratios, not the figures:
// machines differ, and this one is shared.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startLocalPostgres } from '../dist/dev/embedded-postgres/postgres.js'
import { migrateDatabase } from '../dist/postgres/migrate.js'
import { migrateQueue } from '../dist/queue/probe.js'
import { createProducer } from '../dist/queue/producer.js'

const COUNT = Number(process.env.BENCH_ORDERS ?? 4_000)
const CONCURRENCY = Number(process.env.BENCH_CONCURRENCY ?? 32)
const WARM_UP = 300

const file = (name) => fileURLToPath(new URL(name, import.meta.url))
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

function figures(name, { count, seconds, cpuMicros, latenciesMs }) {
  const sorted = [...latenciesMs].sort((a, b) => a - b)
  return {
    name,
    perSecond: count / seconds,
    cpuMicros: cpuMicros / count,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
  }
}

async function runFloor(client, place) {
  const child = fork(file('floor.mjs'), [
    JSON.stringify({ client, ...place, count: COUNT, concurrency: CONCURRENCY }),
  ])
  const [result] = await once(child, 'message')
  return figures(`bare ${client} + pg`, result)
}

async function runWorker(name, place) {
  const producer = createProducer(
    place.redisUrl === null ? { databaseUrl: place.databaseUrl } : { redisUrl: place.redisUrl },
  )
  const client = new pg.Client(place.databaseUrl)
  await client.connect()
  const child = fork(file('worker.mjs'), [JSON.stringify({ ...place, concurrency: CONCURRENCY })])
  try {
    await settle(producer, client, `${name}-warm`, WARM_UP)
    // The jobs lie ready before the worker's time begins, as a batch run leaves them.
    child.send('measure')
    const run = await settle(producer, client, `${name}-measured`, COUNT)
    child.send('stop')
    const [{ cpuMicros }] = await once(child, 'message')
    return figures(`goldpro, queue in ${name}`, { ...run, cpuMicros, count: COUNT })
  } finally {
    if (child.exitCode === null) {
      const exited = once(child, 'exit')
      await Promise.race([exited, wait(10_000)])
      child.kill('SIGKILL')
    }
    await client.end()
    await producer.close()
  }
}

async function settle(producer, client, run, count) {
  const orders = Array.from({ length: count }, (_, n) => ({
    kind: 'buy',
    partner: 'bench',
    reference: `${run}-${n}`,
    phone_number: '081234500001',
    gold_weight: 0.5,
  }))
  const enqueuing = producer.enqueueMany(orders)
  for (;;) {
    const { rows } = await client.query(
      `SELECT count(*)::int AS settled FROM orders WHERE reference LIKE $1 AND state = 'succeeded'`,
      [`${run}-%`],
    )
    if (rows[0].settled === count) break
    await wait(200)
  }
  await enqueuing
  const { rows } = await client.query(
    `SELECT extract(epoch FROM max(e.at) - min(o.accepted_at))::float8 AS seconds,
       array_agg(extract(epoch FROM e.at - o.accepted_at)::float8 * 1000) AS latencies
     FROM orders o JOIN order_events e ON e.order_id = o.id AND e.to_state = 'succeeded' WHERE o.reference LIKE $1`,
    [`${run}-%`],
  )
  return { seconds: rows[0].seconds, latenciesMs: rows[0].latencies }
}

async function startRedis(folder) {
  if (spawnSync('redis-server', ['--version']).status !== 0) return null
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  const child = spawn('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'yes',
    '--dir',
    folder,
  ])
  await new Promise((ready) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('Ready to accept')) ready()
    })
  })
  return { redisUrl: `redis://127.0.0.1:${port}`, stop: () => child.kill('SIGKILL') }
}

function print(rows) {
  const [undici, axios] = rows
  const lines = rows.map(({ name, perSecond, cpuMicros, p50, p99 }) =>
    [
      name.padEnd(28),
      perSecond.toFixed(0).padStart(8),
      cpuMicros.toFixed(0).padStart(10),
      p50.toFixed(1).padStart(8),
      p99.toFixed(1).padStart(8),
      (perSecond / undici.perSecond).toFixed(2).padStart(9),
      (perSecond / axios.perSecond).toFixed(2).padStart(8),
    ].join(' '),
  )
  const heading = `${''.padEnd(28)} ${'orders/s'.padStart(8)} ${'CPU µs/ord'.padStart(10)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)} ${'÷ undici'.padStart(9)} ${'÷ axios'.padStart(8)}`
  console.log(
    [
      `${COUNT} buys, ${CONCURRENCY} at once, instant gateway, throw-away PostgreSQL without fsync`,
      heading,
      ...lines,
    ].join('\n'),
  )
}

const folder = await mkdtemp(join(tmpdir(), 'goldpro-bench-'))
const postgres = await startLocalPostgres({ dataDir: join(folder, 'postgres'), keepData: false })
const gateway = fork(file('instant-gateway.mjs'))
const listening = once(gateway, 'message')
const redis = await startRedis(folder)
try {
  const [{ url: gatewayUrl }] = await listening
  const { databaseUrl } = postgres
  await migrateDatabase(databaseUrl)
  await migrateQueue(databaseUrl)
  const rows = []
  for (const client of ['undici', 'axios']) rows.push(await runFloor(client, { databaseUrl, gatewayUrl }))
  rows.push(await runWorker('postgres', { databaseUrl, gatewayUrl, redisUrl: null }))
  if (redis === null) console.log('Redis is not tried: there is no redis-server on the PATH')
  else rows.push(await runWorker('redis', { databaseUrl, gatewayUrl, redisUrl: redis.redisUrl }))
  print(rows)
} finally {
  gateway.disconnect()
  redis?.stop()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}
