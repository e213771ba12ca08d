// The worker's rate while many orders wait, with jobs of their own or without, and of two workers beside one.
import { runContestant } from '../contestants/run-contestant.mjs'
import { runShared } from '../contestants/run-shared.mjs'
import { medians, ratio, runRounds } from '../rounds.mjs'
import { NO_REDIS } from '../servers/redis.mjs'
import { addWaitingJobs, storeWaitingOrders } from './waiting.mjs'

const TITLES = { postgres: 'queue in Postgres', redis: 'queue in Redis' }
/** Ids of one measurement begin so far after those of the one before. */
const IDS_OF_A_RUN = 1_000_000

const shown = (count) => count.toLocaleString('en-US')

/** What is measured: so many orders, with or without their jobs, by so many processes. */
function casesOf({ sizes, jobSizes }, backends) {
  const beside = [
    ...sizes.map((size) => ({ size, hasJobs: false, processCount: null })),
    ...jobSizes.map((size) => ({ size, hasJobs: true, processCount: null })),
    ...[1, 2].map((processCount) => ({ size: sizes[0], hasJobs: false, processCount })),
  ]
  return backends.flatMap((backend) => beside.map((each) => ({ ...each, backend })))
}

function titleOf({ backend, size, hasJobs, processCount }) {
  if (processCount !== null)
    return `${TITLES[backend]}, ${processCount} process${processCount === 1 ? '' : 'es'}`
  return `${TITLES[backend]}, ${shown(size)} orders${hasJobs ? ' and jobs' : ''} wait`
}

/**
 * A database for each number of waiting orders, and one more where their jobs wait too: those of one queue would delay
 * the others.
 */
async function prepare(cases, servers, tell) {
  const { postgres, redis } = servers
  const databases = new Map()
  const places = []
  await redis?.empty()
  for (const [position, { backend, size, hasJobs, processCount }] of cases.entries()) {
    const key = hasJobs ? `${backend} ${size} jobs` : String(size)
    if (!databases.has(key)) {
      tell(`storing ${shown(size)} orders`)
      const databaseUrl = await postgres.createDatabase({ migrated: true })
      await storeWaitingOrders(databaseUrl, size)
      databases.set(key, databaseUrl)
    }
    // Redis has 16 databases; each case with jobs of its own gets one.
    const redisUrl = backend === 'redis' ? `${redis.redisUrl}/${hasJobs ? 1 + (position % 15) : 0}` : null
    const place = { databaseUrl: databases.get(key), redisUrl, gatewayUrl: servers.gatewayUrl }
    places.push({ place, hasJobs, processCount, name: `goldpro-${backend}` })
  }
  await postgres.checkpoint()
  return { places, databases }
}

/** Measures a case in one of its rounds. Waiting jobs are added once, after the first warm-up. */
function measurementOf({ place, hasJobs, processCount, name }, nextId, servers, options) {
  const { orders, concurrency, tell } = options
  const whole = { ...place, concurrency }
  return (round) => {
    const firstId = nextId()
    if (processCount !== null) return runShared(name, whole, servers, { orders, processCount, firstId })
    const beside = hasJobs && round === 1 ? () => addWaitingJobs(whole, tell) : async () => {}
    return runContestant(name, whole, servers, { orders, firstId, beside })
  }
}

function rowOf(each, cases, rounds) {
  const { backend, processCount } = each
  const first = cases.find((other) => other.backend === backend && other.processCount === null)
  const single = cases.find((other) => other.backend === backend && other.processCount === 1)
  return {
    name: titleOf(each),
    ratios: {
      [`÷ ${shown(first.size)} waiting`]:
        processCount === null ? ratio(rounds, titleOf(each), titleOf(first)) : null,
      '÷ 1 process': processCount === null ? null : ratio(rounds, titleOf(each), titleOf(single)),
      [`PG CPU ÷ ${shown(first.size)}`]:
        processCount === null ? ratio(rounds, titleOf(each), titleOf(first), 'postgresCpuMicros') : null,
    },
    figures: medians(rounds.get(titleOf(each))),
  }
}

function targetsOf(cases, rounds, backends) {
  return backends.flatMap((backend) => {
    const own = cases.filter(
      (each) => each.backend === backend && each.processCount === null && !each.hasJobs,
    )
    const [least, most] = [own[0], own.at(-1)]
    const { peakMiB } = medians(rounds.get(titleOf(most)))
    return [
      {
        what: `${TITLES[backend]}: ${shown(most.size)} waiting ÷ ${shown(least.size)} waiting`,
        value: ratio(rounds, titleOf(most), titleOf(least)),
        atLeast: 0.9,
      },
      {
        what: `${TITLES[backend]}: MiB of the worker with ${shown(most.size)} waiting`,
        value: peakMiB,
        atMost: 190.7,
      },
    ]
  })
}

export async function runGrowth(servers, options) {
  const { sizes, repeat, orders, concurrency, tell } = options
  const backends = servers.redis === null ? ['postgres'] : ['redis', 'postgres']
  const cases = casesOf({ ...options, sizes: [...sizes].sort((a, b) => a - b) }, backends)
  const { places, databases } = await prepare(cases, servers, tell)
  let runs = 0
  const nextId = () => IDS_OF_A_RUN * runs++
  const measurements = cases.map((each, position) => [
    titleOf(each),
    measurementOf(places[position], nextId, servers, options),
  ])
  try {
    const rounds = await runRounds(Object.fromEntries(measurements), { repeat, tell })
    return {
      conditions: `${shown(orders)} orders measured beside those that wait, ${concurrency} at once, median of ${repeat}`,
      rows: cases.map((each) => rowOf(each, cases, rounds)),
      targets: targetsOf(cases, rounds, backends),
      notes: servers.redis === null ? [NO_REDIS] : [],
    }
  } finally {
    for (const databaseUrl of databases.values()) await servers.postgres.dropDatabase(databaseUrl)
  }
}
