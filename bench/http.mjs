// Accepted orders per second and latency of POST /v1/orders, with and without limits, beside a bare Fastify route that
// inserts one row, in the same run. Read the ratios, not the figures: machines differ, and this one is shared.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { startLocalPostgres } from '../dist/dev/embedded-postgres/postgres.js'
import { addPartnerWithKey } from '../dist/partners/commands.js'
import { setLimits } from '../dist/partners/store/partners.js'
import { migrateDatabase } from '../dist/postgres/migrate.js'
import { openDatabase } from '../dist/postgres/pool.js'
import { migrateQueue } from '../dist/queue/probe.js'

const COUNT = Number(process.env.BENCH_ORDERS ?? 6_000)
const CONCURRENCY = Number(process.env.BENCH_CONCURRENCY ?? 32)
const WARM_UP = 500

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

async function measure(name, program, databaseUrl, key) {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify({ databaseUrl })])
  const [{ url }] = await once(child, 'message')
  const pool = new Pool(url, { connections: CONCURRENCY })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  let next = 0
  const place = async () => {
    const startedAt = performance.now()
    const body = {
      kind: 'buy',
      reference: `${name}-${next++}`,
      phone_number: '081234500001',
      amount: 100_000,
    }
    const reply = await pool.request({
      method: 'POST',
      path: '/v1/orders',
      headers,
      body: JSON.stringify(body),
    })
    await reply.body.text()
    if (reply.statusCode !== 202) throw new Error(`${name}: ${reply.statusCode}`)
    return performance.now() - startedAt
  }
  const run = async (total) => {
    const latenciesMs = []
    const until = next + total
    const lane = async () => {
      while (next < until) latenciesMs.push(await place())
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, lane))
    return latenciesMs
  }
  try {
    await run(WARM_UP)
    const startedAt = performance.now()
    const sorted = (await run(COUNT)).sort((a, b) => a - b)
    const perSecond = sorted.length / ((performance.now() - startedAt) / 1_000)
    return { name, perSecond, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
  } finally {
    await pool.close()
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
}

async function addKey(databaseUrl, name, limits) {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError() {} })
  const deps = { database, random: randomBytes, actor: 'person:bench' }
  const { key } = await addPartnerWithKey(name, { scopes: ['orders:write'], isSigned: false }, deps)
  await setLimits(database, name, limits, 'person:bench')
  await database.close()
  return key.key
}

const folder = await mkdtemp(join(tmpdir(), 'goldpro-bench-'))
const postgres = await startLocalPostgres({ dataDir: join(folder, 'postgres'), keepData: false })
try {
  const { databaseUrl } = postgres
  await migrateDatabase(databaseUrl)
  await migrateQueue(databaseUrl)
  const free = await addKey(databaseUrl, 'free', {})
  const limits = { orders_per_minute: 9_999_999, rupiah_per_day: '1000000000000', wallets_per_day: 9_999_999 }
  const limited = await addKey(databaseUrl, 'limited', limits)
  const rows = [
    await measure('bare Fastify, one insert', 'http-bare.mjs', databaseUrl, free),
    await measure('goldpro, no limits', 'http-web.mjs', databaseUrl, free),
    await measure('goldpro, one limited partner', 'http-web.mjs', databaseUrl, limited),
  ]
  console.log(
    `${COUNT} orders, ${CONCURRENCY} at once, queue in Postgres, throw-away PostgreSQL without fsync, no worker`,
  )
  console.log(
    `${''.padEnd(30)} ${'orders/s'.padStart(9)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)} ${'÷ bare'.padStart(7)}`,
  )
  for (const { name, perSecond, p50, p99 } of rows)
    console.log(
      `${name.padEnd(30)} ${perSecond.toFixed(0).padStart(9)} ${p50.toFixed(1).padStart(8)} ${p99.toFixed(1).padStart(8)} ${(perSecond / rows[0].perSecond).toFixed(2).padStart(7)}`,
    )
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}
