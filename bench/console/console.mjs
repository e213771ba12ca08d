// The queries of every page of the console beside many orders: how long the slowest takes, and whether it reads a large
// table from end to end.
import { setTimeout as sleep } from 'node:timers/promises'
import { createConsoleServer } from '../../dist/console/http/server.js'
import { ROUTES } from '../../dist/console/routes.js'
import { openDatabase } from '../../dist/postgres/pool.js'
import { withSession } from '../../dist/postgres/session.js'
import { withClient } from '../servers/postgres.mjs'
import { storeOrders } from './orders.mjs'
import { pagesOf } from './pages.mjs'

const LARGE = ['orders', 'attempts', 'order_events']
/** A connection's first five runs of a statement are planned for their values; after that one plan may serve all. */
const ROUNDS = 8
const MOST_MS = 100

/** A database that notes what ran on it. */
function noted(database, seen) {
  const around = (runner) => ({
    async run(statement, values) {
      const startedAt = performance.now()
      const rows = await runner.run(statement, values)
      seen.push({ name: statement.name, ms: performance.now() - startedAt, statement, values })
      return rows
    },
  })
  return {
    ...around(database),
    transaction: (work) => database.transaction((runner) => work(around(runner))),
    close: () => database.close(),
  }
}

const silent = {
  info() {},
  warn() {},
  error(...about) {
    console.error(...about)
  },
  debug() {},
}

function consoleOn(database, databaseUrl) {
  const operator = { name: 'bench', roles: ['viewer', 'maker', 'checker', 'admin'] }
  const settings = { publicOrigin: null, trustedProxies: [], uploadLimitBytes: 1 }
  const signIn = { recall: async () => operator }
  return createConsoleServer(ROUTES, settings, {
    ...{ database, signIn, changeKinds: [], onePersonTeam: false, reconLagMs: 0, log: silent, wake() {} },
    uploads: {},
    // A session's statements are not noted: the time of the page has them.
    inSession: (work) => withSession(databaseUrl, work),
  })
}

/** The tables that a statement reads from end to end, by its plan for these values. */
async function scansOf(database, { statement, values }) {
  if (!/^\s*(select|with)/i.test(statement.text)) return []
  const text = `EXPLAIN (FORMAT JSON) ${statement.text}`
  const plan = JSON.stringify(await database.run({ name: '', text }, values))
  return LARGE.filter((table) => new RegExp(`"Seq Scan"[^{}]*"Relation Name":"${table}"`).test(plan))
}

async function measurePage(server, database, seen, path) {
  const runs = new Map()
  const totals = []
  for (let round = 0; round < ROUNDS; round += 1) {
    seen.length = 0
    const startedAt = performance.now()
    const reply = await server.inject({ url: path, headers: { cookie: 'goldpro-session=bench' } })
    totals.push(performance.now() - startedAt)
    if (reply.statusCode !== 200) throw new Error(`${path}: ${reply.statusCode} ${reply.body.slice(0, 300)}`)
    for (const run of seen) runs.set(run.name, [...(runs.get(run.name) ?? []), run])
    await sleep(1)
  }
  const statements = []
  for (const [name, own] of runs) {
    const times = own.map(({ ms }) => ms).sort((a, b) => a - b)
    const scans = new Set((await Promise.all(own.slice(0, 1).map((each) => scansOf(database, each)))).flat())
    statements.push({ name, ms: times[Math.floor(times.length / 2)], most: times.at(-1), scans: [...scans] })
  }
  statements.sort((a, b) => b.ms - a.ms)
  return { total: totals.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)], statements }
}

export async function runConsole({ postgres }, { orders, tell }) {
  const databaseUrl = await postgres.createDatabase({ migrated: true })
  await withClient(databaseUrl, (client) => storeOrders(client, orders, tell))
  await postgres.checkpoint()
  const plain = openDatabase({ databaseUrl, maxConnections: 1, onError() {} })
  const seen = []
  const server = consoleOn(noted(plain, seen), databaseUrl)
  const rows = []
  const slow = []
  try {
    for (const [name, path] of await withClient(databaseUrl, (client) => pagesOf(client, orders))) {
      const { total, statements } = await measurePage(server, plain, seen, path)
      const [slowest] = statements
      tell(`${name}: ${total.toFixed(0)} ms, ${statements.length} statements`)
      for (const each of statements)
        if (each.ms > MOST_MS || each.scans.length > 0)
          slow.push(
            `${name}: ${each.name} ${each.ms.toFixed(0)} ms${each.scans.length > 0 ? `, reads all of ${each.scans}` : ''}`,
          )
      const figures = { pageMs: total, slowestMs: slowest?.ms ?? 0, statements: statements.length }
      rows.push({ name: `${name}: ${slowest?.name ?? 'none'}`, ratios: {}, figures })
    }
  } finally {
    await server.close()
    await plain.close()
    await postgres.dropDatabase(databaseUrl)
  }
  const worst = Math.max(...rows.map(({ figures }) => figures.slowestMs))
  return {
    conditions: `${orders.toLocaleString('en-US')} orders, median of ${ROUNDS} on one connection; the slowest query of each page is named`,
    rows,
    targets: [{ what: 'ms of the slowest query of all pages', value: worst, atMost: MOST_MS }],
    notes: slow,
  }
}
