// Orders per second of the real worker on both queue backends, against a gateway that answers at once, beside bare loops
// and beside the engines that a user would pick instead.
import { CONTESTANTS } from '../contestants/contestants.mjs'
import { runContestant } from '../contestants/run-contestant.mjs'
import { medians, ratio, runRounds } from '../rounds.mjs'
import { NO_REDIS } from '../servers/redis.mjs'

/** One round: a database of its own, and an empty Redis, so that no round begins with what another has left. */
async function measure(name, servers, { orders, concurrency }) {
  const { postgres, redis, gatewayUrl } = servers
  const { needs, isMigrated = false, load } = CONTESTANTS[name]
  const { prepare } = await load()
  const databaseUrl = await postgres.createDatabase({ migrated: isMigrated })
  await redis?.empty()
  const redisUrl = needs === 'redis' ? redis.redisUrl : null
  const place = { databaseUrl, redisUrl, gatewayUrl, concurrency }
  try {
    await prepare(place)
    return await runContestant(name, place, servers, { orders })
  } finally {
    await postgres.dropDatabase(databaseUrl)
  }
}

/** graphile-worker by whichever of its two settings was faster. */
function fasterGraphile(rounds) {
  const [first, second] = ['graphile', 'graphile-batched']
  const isSecondFaster = (ratio(rounds, second, first) ?? 0) > 1
  return isSecondFaster || !rounds.has(first) ? second : first
}

function rowOf(name, rounds) {
  const backend = /redis|naive/.test(name) ? 'redis' : 'postgres'
  const hasQueue = name.startsWith('goldpro')
  const isNoop = name.startsWith('noop')
  return {
    name: CONTESTANTS[name].title,
    ratios: {
      '÷ undici': ratio(rounds, name, 'undici'),
      '÷ axios': ratio(rounds, name, 'axios'),
      '÷ fresh': ratio(rounds, name, 'fresh'),
      '÷ graphile': ratio(rounds, name, fasterGraphile(rounds)),
      '÷ its no-op': hasQueue ? ratio(rounds, name, `noop-${backend}`) : null,
      'all CPU ÷ undici': isNoop ? null : ratio(rounds, name, 'undici', 'allCpuMicros'),
      'PG CPU ÷ undici': isNoop ? null : ratio(rounds, name, 'undici', 'postgresCpuMicros'),
    },
    figures: medians(rounds.get(name)),
  }
}

/** The rate at which a floor's order and a no-op job, one after the other, would be done on the same cores. */
function floorWithNoop(rounds, backend) {
  const [floor, noop] = ['undici', `noop-${backend}`].map((name) =>
    rounds.has(name) ? medians(rounds.get(name)).perSecond : null,
  )
  if (floor === null || noop === null) return null
  return 1 / (1 / floor + 1 / noop)
}

function targetsOf(rounds) {
  const ours = (backend) => `goldpro-${backend}`
  const allowed = floorWithNoop(rounds, 'postgres')
  const ownRate = rounds.has(ours('postgres')) ? medians(rounds.get(ours('postgres'))).perSecond : null
  return [
    { what: 'queue in Redis ÷ bare undici', value: ratio(rounds, ours('redis'), 'undici'), atLeast: 0.9 },
    {
      what: 'queue in Postgres ÷ bare undici',
      value: ratio(rounds, ours('postgres'), 'undici'),
      atLeast: 0.45,
    },
    {
      what: 'queue in Postgres ÷ no-op jobs on Postgres',
      value: ratio(rounds, ours('postgres'), 'noop-postgres'),
      atLeast: 0.8,
    },
    {
      what: 'queue in Postgres ÷ (bare undici and a no-op job, one after the other)',
      value: allowed === null || ownRate === null ? null : ownRate / allowed,
    },
    ...['redis', 'postgres'].flatMap((backend) => [
      {
        what: `queue in ${backend === 'redis' ? 'Redis' : 'Postgres'} ÷ the faster graphile-worker`,
        value: ratio(rounds, ours(backend), fasterGraphile(rounds)),
        atLeast: 1,
      },
      {
        what: `CPU of PostgreSQL, queue in ${backend === 'redis' ? 'Redis' : 'Postgres'} ÷ three plain writes`,
        value: ratio(rounds, ours(backend), 'undici', 'postgresCpuMicros'),
        atMost: 3,
      },
    ]),
  ]
}

export async function runEngine(servers, options) {
  const { only, repeat, orders, concurrency, tell } = options
  const wanted = Object.keys(CONTESTANTS).filter((name) => only === null || only.includes(name))
  const names = wanted.filter((name) => CONTESTANTS[name].needs !== 'redis' || servers.redis !== null)
  const measurements = names.map((name) => [name, () => measure(name, servers, { orders, concurrency })])
  const rounds = await runRounds(Object.fromEntries(measurements), { repeat, tell })
  return {
    conditions: `${orders} buys, ${concurrency} at once, median of ${repeat}`,
    rows: names.map((name) => rowOf(name, rounds)),
    targets: targetsOf(rounds),
    notes: names.length < wanted.length ? [NO_REDIS] : [],
  }
}
