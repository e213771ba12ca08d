// How soon the kill switch holds: three worker processes under load, and everything is closed.
import { setTimeout as wait } from 'node:timers/promises'
import { declareIdentity } from '../../dist/operators/identity.js'
import { withSession } from '../../dist/postgres/session.js'
import { closeSwitch } from '../../dist/switches/commands.js'
import { CONTESTANTS } from '../contestants/contestants.mjs'
import { openContestant } from '../contestants/run-contestant.mjs'
import { timed } from '../measure.mjs'
import { medians, runRounds } from '../rounds.mjs'
import { withClient } from '../servers/postgres.mjs'
import { NO_REDIS } from '../servers/redis.mjs'

const TITLES = { postgres: 'queue in Postgres', redis: 'queue in Redis' }
const PERSON = { by: 'bench', note: 'how soon it holds' }
/** Orders that are executed before the switch is closed: the workers are in full swing. */
const BEFORE = 200
const ASK_EVERY_MS = 20
/** So long nothing may be committed after the closing. */
const WATCH_MS = 2_000

const COUNTS = `SELECT count(*)::int AS intents, (count(*) FILTER (WHERE outcome = 'succeeded'))::int AS executed,
  (count(*) FILTER (WHERE outcome = 'intent'))::int AS out FROM attempts`

async function counted(client, is) {
  for (;;) {
    const counts = (await client.query(COUNTS)).rows[0]
    if (is(counts)) return counts
    await wait(ASK_EVERY_MS)
  }
}

async function measure(client, databaseUrl) {
  await counted(client, ({ executed }) => executed >= BEFORE)
  const startedAt = performance.now()
  const { seconds } = await timed(() =>
    withSession(databaseUrl, (session) =>
      closeSwitch(session, PERSON, { of: 'everything' }, { extendsDeadlines: false }),
    ),
  )
  const atClosing = (await client.query(COUNTS)).rows[0]
  await counted(client, ({ out }) => out === 0)
  const lastReplyMs = performance.now() - startedAt
  await wait(WATCH_MS)
  const after = (await client.query(COUNTS)).rows[0]
  return {
    closedMs: seconds * 1_000,
    lastReplyMs,
    confirmsOut: atClosing.out,
    intentsAfter: after.intents - atClosing.intents,
  }
}

async function runOnce(backend, servers, { orders, concurrency, processCount }) {
  const { postgres, redis, gatewayUrl } = servers
  const databaseUrl = await postgres.createDatabase({ migrated: true })
  await withSession(databaseUrl, declareIdentity)
  const redisUrl = backend === 'redis' ? redis.redisUrl : null
  const place = { databaseUrl, redisUrl, gatewayUrl, concurrency }
  await redis?.empty()
  const name = `goldpro-${backend}`
  const processes = await Promise.all(Array.from({ length: processCount }, () => openContestant(name, place)))
  try {
    const { enqueue } = await CONTESTANTS[name].load()
    await enqueue(place, { from: 0, count: orders })
    const working = Promise.all(processes.map((each) => each.work({})))
    const figures = await withClient(databaseUrl, (client) => measure(client, databaseUrl))
    for (const { child } of processes) child.send({ is: 'finish' })
    await working
    await Promise.all(processes.map((each) => each.rest()))
    return figures
  } finally {
    await Promise.all(processes.map((each) => each.close()))
    await postgres.dropDatabase(databaseUrl)
  }
}

export async function runSwitch(servers, options) {
  const { repeat, orders, concurrency, processCount, tell } = options
  const backends = servers.redis === null ? ['postgres'] : ['redis', 'postgres']
  const measurements = backends.map((each) => [TITLES[each], () => runOnce(each, servers, options)])
  const rounds = await runRounds(Object.fromEntries(measurements), { repeat, tell })
  const rows = backends.map((each) => ({
    name: TITLES[each],
    ratios: {},
    figures: medians(rounds.get(TITLES[each])),
  }))
  return {
    conditions: `${processCount} workers, ${concurrency} orders at once each, ${orders} orders; everything is closed once ${BEFORE} are executed, median of ${repeat}`,
    rows,
    targets: rows.flatMap(({ name, figures }) => [
      { what: `${name}: ms from the command to its commit`, value: figures.closedMs, atMost: 1_000 },
      { what: `${name}: intents committed after it`, value: figures.intentsAfter, atMost: 0 },
    ]),
    notes: servers.redis === null ? [NO_REDIS] : [],
  }
}
