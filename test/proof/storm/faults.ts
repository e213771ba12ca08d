import { setTimeout as wait } from 'node:timers/promises'
import { draw } from '../../../src/dev/sandbox/random.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { sql } from '../../support/servers/sessions.ts'
import type { SilentProxy } from '../../support/servers/silent-proxy.ts'
import type { IncidentName, Incidents } from './incidents.ts'
import type { Place } from './place.ts'
import { setWeather, WEATHERS, type Weather } from './weather.ts'
import type { Workers } from './workers.ts'

/** Everything that a fault is done to. */
export interface Targets {
  readonly place: Place
  readonly sandbox: Sandbox
  readonly workers: Workers
  readonly proxies: {
    readonly postgres: SilentProxy
    readonly gateway: SilentProxy
    readonly redis: SilentProxy | null
  }
  readonly incidents: Incidents
}

/** Faults in the shares in which they come. */
export type Deck = readonly IncidentName[]

const times = (count: number, name: IncidentName) => Array.from({ length: count }, () => name)

/** Each fault comes once before any comes more often than these say. */
const EVERY_BACKEND: Deck = [
  ...times(4, 'kill'),
  ...times(3, 'freeze'),
  ...times(2, 'terminate_sessions'),
  ...times(2, 'cut_postgres'),
  ...times(3, 'cut_gateway'),
  ...times(3, 'weather'),
  'restart_postgres_fast',
  'restart_postgres_immediate',
]
export const DECKS: Readonly<Record<'postgres' | 'redis', Deck>> = {
  postgres: EVERY_BACKEND,
  redis: [...EVERY_BACKEND, 'restart_redis', 'flush_redis', 'cut_redis'],
}

interface FaultPlan {
  readonly seed: number
  readonly deck: Deck
  readonly signal: AbortSignal
  /** Waits until orders have moved since the last fault: processes that have not started cannot fail. */
  readonly moved: () => Promise<void>
}

const SHORTEST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 1_800
/** From a blink to longer than the send deadline, and than the time after which a job is given to another worker. */
const LONGEST_FREEZE_MS = 15_000

/**
 * Does one fault after the other until it is told to stop, and at least a whole deck of them. What comes, to whom and
 * when, depends on the seed alone.
 */
export async function makeFaults(
  targets: Targets,
  { seed, deck, signal, moved }: FaultPlan,
  isOver: () => boolean,
): Promise<void> {
  const nextWeather = weathers(seed)
  for (let n = 0; !signal.aborted && (n < deck.length || !isOver()); n += 1) {
    await moved()
    await wait(SHORTEST_PAUSE_MS + draw(seed, 'pause', n) * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS))
    const round = Math.floor(n / deck.length)
    const card = shuffled(deck, seed, round)[n % deck.length] as IncidentName
    await doFault(card, targets, (what) => draw(seed, what, n), nextWeather)
  }
}

/** Each weather comes once before any comes again: a small storm too has one that is bad. */
function weathers(seed: number): () => Weather {
  let n = 0
  return () => {
    const next = shuffled(WEATHERS, seed, -1 - Math.floor(n / WEATHERS.length))[n % WEATHERS.length]
    n += 1
    return next ?? 'unsettled'
  }
}

function shuffled<Card>(deck: readonly Card[], seed: number, round: number): Card[] {
  const at = (index: number) => draw(seed, 'shuffle', round, index)
  return deck
    .map((card, index) => ({ card, place: at(index) }))
    .sort((a, b) => a.place - b.place)
    .map(({ card }) => card)
}

type Random = (what: string) => number

async function doFault(
  card: IncidentName,
  targets: Targets,
  random: Random,
  nextWeather: () => Weather,
): Promise<void> {
  const { place, sandbox, workers, proxies, incidents } = targets
  const slot = Math.floor(random('slot') * 1_000)
  switch (card) {
    case 'kill':
      return await workers.kill(slot, random('gap') * 800)
    case 'freeze':
      // Squared: most are short.
      return workers.freeze(slot, 200 + random('freeze') ** 2 * LONGEST_FREEZE_MS)
    case 'restart_postgres_fast':
    case 'restart_postgres_immediate':
      return await lasting(card, incidents, () =>
        place.restartPostgres(card === 'restart_postgres_fast' ? 'fast' : 'immediate'),
      )
    case 'terminate_sessions':
      return incidents.note(card, null, await terminateSessions(place.databaseUrl, random('share')))
    case 'cut_postgres':
      return incidents.note(card, null, reset(proxies.postgres, random('share')))
    case 'cut_gateway':
      return incidents.note(card, null, reset(proxies.gateway, random('share')))
    case 'cut_redis':
      return incidents.note(card, null, proxies.redis === null ? 0 : reset(proxies.redis, random('share')))
    case 'restart_redis':
      return await lasting(card, incidents, place.restartRedis)
    case 'flush_redis':
      return await lasting(card, incidents, place.flushRedis)
    case 'weather': {
      setWeather(sandbox, nextWeather())
      sandbox.movePrice()
      return incidents.note(card)
    }
  }
}

async function lasting(is: IncidentName, incidents: Incidents, work: () => Promise<void>): Promise<void> {
  const end = incidents.begin(is)
  await work()
  end()
}

/** Which connections there are depends on the moment, so these are not drawn from the seed. */
const reset = (proxy: SilentProxy, share: number) => proxy.reset(() => Math.random() < share)

const TERMINATE = `SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'goldpro%' AND random() < $1`

async function terminateSessions(databaseUrl: string, share: number): Promise<number> {
  const [row] = await sql<{ count: number }>(databaseUrl, TERMINATE, [share])
  return row?.count ?? 0
}
