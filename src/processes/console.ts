import type { BreakerRules } from '../breaker/rules.ts'
import { type DemoPerson, demoPeople } from '../console/demo-people.ts'
import { createEnrolment } from '../console/enrolment.ts'
import { createConsoleServer } from '../console/http/server.ts'
import { createConsoleKeys } from '../console/keys.ts'
import { createProvider, type ProviderSettings } from '../console/oidc/provider.ts'
import { operatorPeople } from '../console/operator-people.ts'
import { ROUTES } from '../console/routes.ts'
import { createSignIn } from '../console/sign-in.ts'
import { createUploads } from '../console/uploads.ts'
import type { Log } from '../core/log.ts'
import { type Database, openDatabase } from '../postgres/pool.ts'
import { withSession } from '../postgres/session.ts'
import { openQueue } from '../queue/backend.ts'
import { createWaker } from '../queue/waker.ts'
import { CHANGE_KINDS } from './change-kinds.ts'
import type { RunningWorker } from './worker.ts'

/** Who signs in at the console, and how. */
export type Door =
  | { readonly is: 'declared'; readonly people: readonly DemoPerson[] }
  /** The operators of the installation. */
  | {
      readonly is: 'proven'
      readonly secret: string
      readonly hasPasswords: boolean
      readonly provider: ProviderSettings | null
      /** The cost of scrypt; unset: that of the product. */
      readonly passwordCost?: string
    }

/** The configuration and dependencies of a console process. */
export interface ConsoleOptions {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  readonly host: string
  /** 0: a free port. */
  readonly port: number
  readonly publicOrigin: string | null
  readonly trustedProxies: readonly string[]
  readonly uploadLimitBytes: number
  readonly door: Door
  /** `ONE_PERSON` */
  readonly onePersonTeam: boolean
  readonly reconLagMs: number
  /** The `BREAKER_` settings of the workers; unset or null: the breaker is off. */
  readonly breaker?: BreakerRules | null
  readonly log: Log
}

export interface RunningConsole extends RunningWorker {
  readonly url: string
}

const POOL_SIZE = 6
const WAKE_TTL_MS = 5_000
const STOP_WITHIN_MS = 2_000

/** How people sign in by the settings. */
function openDoor(database: Database, door: Door, log: Log) {
  if (door.is === 'declared')
    return {
      signIn: createSignIn(database, demoPeople(database, door.people)),
      enrolment: null,
      provider: null,
    }
  const keys = createConsoleKeys(door.secret)
  const signIn = createSignIn(database, operatorPeople(database, keys, door.passwordCost), door.hasPasswords)
  const provider = door.provider === null ? null : createProvider(door.provider, keys, log)
  return { signIn, provider, enrolment: createEnrolment(database, keys, door.passwordCost) }
}

/** Starts the console: pages for operators, by their own sign-in. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { databaseUrl, log, door, host, port, uploadLimitBytes } = options
  const onError = (error: Error) => log.warn({ err: error }, 'postgres error')
  const database = openDatabase({ databaseUrl, maxConnections: POOL_SIZE, onError })
  const queue = openQueue(options, (error) => log.warn({ err: error }, 'queue error'))
  const waker = createWaker(queue, WAKE_TTL_MS, {
    onError: (error) => log.warn({ err: error }, 'order not woken: the sweeper wakes it'),
    carried: () => null,
  })
  const uploads = createUploads(uploadLimitBytes)
  const server = createConsoleServer(ROUTES, options, {
    database,
    inSession: (work) => withSession(databaseUrl, work),
    ...openDoor(database, door, log),
    changeKinds: CHANGE_KINDS,
    onePersonTeam: options.onePersonTeam,
    reconLagMs: options.reconLagMs,
    breaker: options.breaker ?? null,
    wake: (orderId) => waker.wake(orderId),
    uploads,
    log,
  })
  const stop = async () => {
    await server.close()
    await uploads.close()
    await waker.stop(STOP_WITHIN_MS)
    await Promise.all([queue.close(), database.close()])
  }
  try {
    return { url: await server.listen({ host, port }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
