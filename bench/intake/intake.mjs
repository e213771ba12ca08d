// Accepted orders per second and latency of POST /v1/orders, with and without limits, beside a bare Fastify route that
// inserts one row.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { addPartnerWithKey } from '../../dist/partners/commands.js'
import { setLimits } from '../../dist/partners/store/partners.js'
import { openDatabase } from '../../dist/postgres/pool.js'
import { decideFirstPolicy } from '../../dist/wallets/policy.js'
import { quantile, timed } from '../measure.mjs'
import { endProcess, firstMessage } from '../process.mjs'
import { medians, ratio, runRounds } from '../rounds.mjs'

const WARM_UP = 500

const LIMITS = { orders_per_minute: 9_999_999, rupiah_per_day: '1000000000000', wallets_per_day: 9_999_999 }

const CASES = {
  bare: { title: 'bare Fastify, one insert', program: 'bare-process.mjs', limits: null },
  free: { title: 'goldpro, no limits', program: 'web-process.mjs', limits: {}, atLeast: 0.7 },
  limited: {
    title: 'goldpro, one limited partner',
    program: 'web-process.mjs',
    limits: LIMITS,
    atLeast: 0.5,
  },
}

async function addKey(databaseUrl, limits) {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError() {} })
  // Wallets are looked up for each order, and no operator has to link them.
  await decideFirstPolicy(database, 'first_use', 'bench')
  const deps = { database, random: randomBytes, actor: 'person:bench' }
  const { key } = await addPartnerWithKey('bench', { scopes: ['orders:write'], isSigned: false }, deps)
  await setLimits(database, 'bench', limits, 'person:bench')
  await database.close()
  return key.key
}

/** Places orders at a server: run(count) returns how long each took. */
function openClient(url, key, concurrency) {
  const pool = new Pool(url, { connections: concurrency })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  let next = 0
  const place = async () => {
    const startedAt = performance.now()
    const order = { kind: 'buy', reference: `R-${next++}`, phone_number: '081234500001', amount: 100_000 }
    const body = JSON.stringify(order)
    const reply = await pool.request({ method: 'POST', path: '/v1/orders', headers, body })
    const text = await reply.body.text()
    if (reply.statusCode !== 202) throw new Error(`the server replied ${reply.statusCode}: ${text}`)
    return performance.now() - startedAt
  }
  const run = async (count) => {
    const latenciesMs = []
    const until = next + count
    const lane = async () => {
      while (next < until) latenciesMs.push(await place())
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
    return latenciesMs
  }
  return { run, close: () => pool.close() }
}

async function usedBy(child, postgres) {
  child.send('tell')
  return { ...(await firstMessage(child)), postgresCpuSeconds: postgres.cpuSeconds() }
}

async function measureServer(child, client, postgres, orders) {
  await client.run(WARM_UP)
  await postgres.checkpoint()
  const before = await usedBy(child, postgres)
  const { seconds, result } = await timed(() => client.run(orders))
  const after = await usedBy(child, postgres)
  const sorted = result.sort((a, b) => a - b)
  const perOrder = (key) =>
    before[key] === null ? null : ((after[key] - before[key]) / sorted.length) * 1_000_000
  return {
    perSecond: sorted.length / seconds,
    workerCpuMicros: perOrder('cpuSeconds'),
    postgresCpuMicros: perOrder('postgresCpuSeconds'),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    peakMiB: after.peakMiB,
  }
}

async function measure({ program, limits }, { postgres }, { orders, concurrency }) {
  const databaseUrl = await postgres.createDatabase({ migrated: limits !== null })
  const key = limits === null ? 'none' : await addKey(databaseUrl, limits)
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify({ databaseUrl })])
  try {
    const client = openClient((await firstMessage(child)).url, key, concurrency)
    const figures = await measureServer(child, client, postgres, orders)
    await client.close()
    return figures
  } finally {
    await endProcess(child)
    await postgres.dropDatabase(databaseUrl)
  }
}

export async function runIntake(servers, options) {
  const { orders, concurrency, repeat } = options
  const measurements = Object.entries(CASES).map(([name, each]) => [
    name,
    () => measure(each, servers, options),
  ])
  const rounds = await runRounds(Object.fromEntries(measurements), options)
  return {
    conditions: `${orders} orders, ${concurrency} at once, queue in Postgres, no worker, median of ${repeat}`,
    rows: Object.entries(CASES).map(([name, { title }]) => ({
      name: title,
      ratios: {
        '÷ bare': ratio(rounds, name, 'bare'),
        'PG CPU ÷ bare': ratio(rounds, name, 'bare', 'postgresCpuMicros'),
      },
      figures: medians(rounds.get(name)),
    })),
    targets: Object.entries(CASES).flatMap(([name, { title, atLeast }]) =>
      atLeast === undefined
        ? []
        : [{ what: `${title} ÷ bare Fastify`, value: ratio(rounds, name, 'bare'), atLeast }],
    ),
  }
}
