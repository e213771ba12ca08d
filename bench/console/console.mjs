// The queries of every page of the console beside many orders: how long the slowest takes, and whether it reads a large
// table from end to end.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../dist/postgres/pool.js'
import { withClient } from '../servers/postgres.mjs'
import { notedDatabase, notedSession, pidOf } from './noted.mjs'
import { storeOrders } from './orders.mjs'
import { pagesOf } from './pages.mjs'
import { GROWN } from './rooms.mjs'
import { consoleOn } from './server.mjs'

const LARGE = [
  ...['orders', 'attempts', 'order_events', 'webhook_events', 'webhook_deliveries', 'console_events'],
  ...GROWN,
]
/** A connection's first five runs of a statement are planned for their values; after that one plan may serve all. */
const ROUNDS = 8
const MOST_MS = 100

const isRead = ({ text }) => /^\s*(select|with)/i.test(text)

/** The large tables that a statement reads from end to end: by its plan for these values, and by the one for all values. */
async function scansOf(database, { statement, values }) {
  if (!isRead(statement)) return []
  const asked = [
    ['', 'FORMAT JSON', values],
    [' with a plan for all values', 'FORMAT JSON, GENERIC_PLAN', []],
  ]
  const scans = []
  for (const [when, options, given] of asked) {
    const text = `EXPLAIN (${options}) ${statement.text}`
    const plan = JSON.stringify(await database.run({ name: '', text }, given))
    for (const table of LARGE)
      if (new RegExp(`"Seq Scan"[^{}]*"Relation Name":"${table}"`).test(plan)) scans.push(`${table}${when}`)
  }
  return scans
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** The statements of a page, the slowest first: the median of their times, and what they read from end to end. */
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
    if (!isRead(own[0].statement)) continue
    const [ms, cpu] = [median(own.map((run) => run.ms)), median(own.map((run) => run.cpu))]
    statements.push({ name, ms, cpu, scans: await scansOf(database, own[0]) })
  }
  return { total: median(totals), statements: statements.sort((a, b) => b.ms - a.ms) }
}

/** One row a statement, with its times on the first and on a deep page. */
function rowsOf(name, { first, deep }) {
  const names = new Set([...first.statements, ...(deep?.statements ?? [])].map((each) => each.name))
  const rows = [...names].map((statement) => {
    const [on, onDeep] = [first, deep].map((page) => page?.statements.find((each) => each.name === statement))
    const figures = {
      ...(on && { firstMs: on.ms, firstCpuMs: on.cpu }),
      ...(onDeep && { deepMs: onDeep.ms, deepCpuMs: onDeep.cpu }),
    }
    return { name: `  ${statement}`, ratios: {}, figures }
  })
  const whole = { pageMs: first.total, ...(deep && { deepPageMs: deep.total }) }
  return [{ name, ratios: {}, figures: whole }, ...rows]
}

const notesOf = (name, { statements }) =>
  statements
    .filter(({ ms, scans }) => ms > MOST_MS || scans.length > 0)
    .map((each) => {
      const scans = each.scans.length > 0 ? `, reads all of ${each.scans.join(', ')}` : ''
      return `${name}: ${each.name} ${each.ms.toFixed(0)} ms, ${each.cpu.toFixed(0)} ms of a core${scans}`
    })

/** Measures the pages on a database that has these orders. */
export async function measureConsole(databaseUrl, { orders, tell }) {
  const plain = openDatabase({ databaseUrl, maxConnections: 1, onError() {} })
  const seen = []
  const server = consoleOn(notedDatabase(plain, await pidOf(plain), seen), notedSession(databaseUrl, seen))
  const [rows, notes, all] = [[], [], []]
  try {
    const pages = await withClient(databaseUrl, (client) => pagesOf(client, orders))
    for (const { name, first, deep } of pages) {
      const measured = { first: await measurePage(server, plain, seen, first) }
      if (deep !== undefined) measured.deep = await measurePage(server, plain, seen, deep)
      rows.push(...rowsOf(name, measured))
      notes.push(
        ...notesOf(name, measured.first),
        ...notesOf(`${name}, deep`, measured.deep ?? { statements: [] }),
      )
      for (const page of Object.values(measured)) all.push(...page.statements)
      tell(`${name}: ${measured.first.total.toFixed(0)} ms`)
    }
  } finally {
    await server.close()
    await plain.close()
  }
  const most = (key) => Math.max(...all.map((each) => each[key]).filter(Number.isFinite))
  return {
    conditions: `${orders.toLocaleString('en-US')} orders, median of ${ROUNDS} on one connection; CPU is of the backend`,
    rows,
    targets: [
      { what: 'ms of the slowest query of all pages', value: most('ms'), atMost: MOST_MS },
      { what: 'ms of a core of the dearest query', value: most('cpu'), atMost: MOST_MS },
      {
        what: 'queries that read a large table from end to end',
        value: all.filter(({ scans }) => scans.length > 0).length,
        atMost: 0,
      },
    ],
    notes,
  }
}

export async function runConsole({ postgres }, { orders, tell }) {
  const databaseUrl = await postgres.createDatabase({ migrated: true })
  try {
    await withClient(databaseUrl, (client) => storeOrders(client, orders, tell))
    await postgres.checkpoint()
    return await measureConsole(databaseUrl, { orders, tell })
  } finally {
    await postgres.dropDatabase(databaseUrl)
  }
}
