import { setTimeout as wait } from 'node:timers/promises'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { sql } from '../../support/servers/sessions.ts'
import { type SilentProxy, startSilentProxy } from '../../support/servers/silent-proxy.ts'
import { type BreakerFacts, checkHalfOpen, readBreakerFacts, STORM_BREAKER } from './breaker.ts'
import {
  checkDoubts,
  checkEvents,
  checkLanes,
  checkLedgerAgainstOrders,
  checkNothingLost,
  type Problem,
} from './checks.ts'
import { type Doubt, doubtExplainer, type Explanation, readDoubts } from './doubts.ts'
import { DECKS, type Deck, makeFaults, type Targets } from './faults.ts'
import { createIncidents, type Incident } from './incidents.ts'
import { type StormOrder, stormOrders } from './orders.ts'
import { createPartner, type Partner, type Seen } from './partner.ts'
import { type Backend, startPlace } from './place.ts'
import { type Settled, settleByStatement } from './settle.ts'
import { ownWallets } from './wallets.ts'
import { setWeather } from './weather.ts'
import { startWorkers } from './workers.ts'

export interface StormOptions {
  readonly backend: Backend
  readonly orders: number
  readonly seed: number
  /** The safety that is taken out of the workers. Default: none. */
  readonly mutant?: string
  /** Default: every fault of the backend. */
  readonly deck?: Deck
  /** Wall-clock deadline of one call to the gateway. */
  readonly callTimeoutMs?: number
  readonly signal: AbortSignal
  readonly onProgress?: (line: string) => void
}

export interface StormResult {
  readonly options: StormOptions
  readonly seconds: number
  readonly seen: Seen
  readonly incidents: readonly Incident[]
  readonly sandboxFaults: number
  readonly executed: number
  /** Orders by final state and reason. */
  readonly ends: readonly { readonly state: string; readonly reason: string; readonly count: number }[]
  readonly doubts: readonly (Doubt & { readonly because: Explanation | null })[]
  readonly settled: Settled
  readonly breaker: BreakerFacts
  readonly workerErrors: ReadonlyMap<string, number>
  readonly problems: readonly Problem[]
}

const WORKERS = 3
const CONCURRENCY = 8
const CALL_TIMEOUT_MS = 6_000
/** The storm ends once so many orders are at rest; the last ones end in calm. */
const STORM_UNTIL = 0.97
const PROGRESS_EVERY_MS = 5_000
/** Processes that are killed before they have started prove nothing, and are never done. */
const STRIKE_AT_THE_LATEST_MS = 15_000
const ORDERS_PER_FAULT = 10

/** One storm from the first order to the last settled doubt, and everything that is wrong afterwards. */
export async function runStorm(options: StormOptions): Promise<StormResult> {
  const { backend, seed, callTimeoutMs = CALL_TIMEOUT_MS, mutant = null } = options
  const toStop: (() => unknown)[] = []
  try {
    const place = await startPlace(backend)
    toStop.push(() => place.stop())
    const sandbox = await startSandbox({
      ...{ seed, slowMs: callTimeoutMs * 3, priceMoveEvery: 200 },
      openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 },
    })
    toStop.push(() => sandbox.stop())
    const proxies = {
      postgres: await startSilentProxy(place.databaseUrl),
      gateway: await startSilentProxy(sandbox.url),
      redis: place.redisUrl === null ? null : await startSilentProxy(place.redisUrl),
    }
    toStop.push(() => Promise.all(Object.values(proxies).map((proxy) => proxy?.stop())))
    const incidents = createIncidents()
    const settings = {
      ...urlsOf(proxies),
      callTimeoutMs,
      concurrency: CONCURRENCY,
      mutant,
      breaker: STORM_BREAKER,
    }
    const workers = startWorkers(WORKERS, settings, incidents)
    toStop.push(() => workers.end())
    return await weather({ place, sandbox, workers, proxies, incidents }, options)
  } finally {
    for (const stop of toStop.reverse()) await stop()
  }
}

function urlsOf({ postgres, gateway, redis }: Targets['proxies']) {
  return {
    databaseUrl: postgres.url,
    gatewayUrl: plain(gateway),
    redisUrl: redis === null ? null : redis.url,
  }
}

/** Without the slash that a URL ends with. */
const plain = ({ url }: SilentProxy) => url.replace(/\/$/, '')

/** The storm itself, the calm after it, and what the checks find. */
async function weather(targets: Targets, options: StormOptions): Promise<StormResult> {
  const { place, sandbox, workers } = targets
  const { seed, backend, signal, deck = DECKS[backend] } = options
  const startedAt = Date.now()
  const orders = stormOrders(seed, options.orders)
  const { databaseUrl, redisUrl } = place
  await ownWallets(databaseUrl, orders)
  const partner = createPartner(databaseUrl, { databaseUrl, redisUrl }, orders)
  const showing = setInterval(
    () => options.onProgress?.(lineOf(partner.seen(), targets, startedAt)),
    PROGRESS_EVERY_MS,
  )
  const over = new AbortController()
  try {
    setWeather(sandbox, 'unsettled')
    const faults = makeFaults(
      targets,
      { seed, deck, signal, moved: () => movedOf(partner, orders.length, signal) },
      () => over.signal.aborted || partner.seen().done >= STORM_UNTIL * orders.length,
    ).then(() => {
      workers.thaw()
      setWeather(sandbox, null)
      options.onProgress?.('calm')
    })
    const placing = partner.run(signal).finally(() => over.abort())
    await Promise.all([faults, placing])
    signal.throwIfAborted()
    await workers.stop()
    return await look(targets, { options, orders, partner, startedAt, deck })
  } finally {
    clearInterval(showing)
  }
}

/** Waits until some orders have come to rest since the last fault: on a busy machine faults come more slowly. */
async function movedOf(partner: Partner, orders: number, signal: AbortSignal): Promise<void> {
  const { done } = partner.seen()
  const wanted = Math.min(done + ORDERS_PER_FAULT, STORM_UNTIL * orders)
  const giveUpAt = Date.now() + STRIKE_AT_THE_LATEST_MS
  while (partner.seen().done < wanted && Date.now() < giveUpAt && !signal.aborted) await wait(50)
}

interface Passed {
  readonly options: StormOptions
  readonly orders: readonly StormOrder[]
  readonly partner: Partner
  readonly startedAt: number
  readonly deck: Deck
}

const ENDS =
  'SELECT state, reason, count(*)::int AS count FROM orders GROUP BY state, reason ORDER BY count(*) DESC'

async function look(targets: Targets, passed: Passed): Promise<StormResult> {
  const { place, sandbox, workers, incidents } = targets
  const { options, orders, partner, startedAt, deck } = passed
  const { databaseUrl } = place
  const explain = doubtExplainer(incidents.all(), sandbox.faultLog())
  const doubts = (await readDoubts(databaseUrl)).map((doubt) => ({ ...doubt, because: explain(doubt) }))
  const settled = await settleByStatement(databaseUrl, sandbox, startedAt)
  const breaker = await readBreakerFacts(databaseUrl)
  const came = new Set(incidents.all().map(({ is }) => is))
  const problems: Problem[] = [
    ...(await checkLedgerAgainstOrders(databaseUrl, sandbox, orders)),
    ...(await checkNothingLost(databaseUrl, orders)),
    ...(await checkEvents(databaseUrl)),
    ...(await checkLanes(databaseUrl)),
    ...checkHalfOpen(breaker, orders.length),
    ...partner.seen().problems.map((what) => ({ rule: 'final_is_final', what }) as const),
    ...checkDoubts(doubts, incidents.all()),
    ...settled.problems,
    ...workers.ended().map((what) => ({ rule: 'workers_live', what }) as const),
    ...deck.filter((card) => !came.has(card)).map((what) => ({ rule: 'all_faults_came', what }) as const),
  ]
  return {
    ...{ options, seen: partner.seen(), incidents: incidents.all(), doubts, settled, breaker, problems },
    seconds: (Date.now() - startedAt) / 1_000,
    sandboxFaults: sandbox.faultLog().length,
    executed: sandbox.ledger().length,
    ends: await sql(databaseUrl, ENDS),
    workerErrors: workers.errors(),
  }
}

function lineOf(
  seen: Seen,
  { incidents, sandbox }: { incidents: Targets['incidents']; sandbox: Sandbox },
  startedAt: number,
) {
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  const { placed, stored, atRest, refused, sentAgain } = seen
  return `${seconds} s: ${placed} placed, ${sentAgain} sent again, ${stored} stored, ${atRest} at rest, ${refused} refused; ${incidents.all().length} faults by us, ${sandbox.faultLog().length} by the gateway, ${sandbox.ledger().length} executed`
}
