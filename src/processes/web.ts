import { cacheFor } from '../core/cache.ts'
import { CLOCKS } from '../core/clocks.ts'
import type { Log } from '../core/log.ts'
import { newOrderId } from '../core/new-id.ts'
import { NO_TRACES, type Traces } from '../core/traces.ts'
import { createLongPoll } from '../http/long-poll.ts'
import { readReadiness } from '../http/readiness.ts'
import { createServer, type ServerSettings } from '../http/server.ts'
import { boundedSessions } from '../http/sessions.ts'
import { createUploadSlots } from '../http/uploads.ts'
import { createMetrics } from '../observability/http-metrics.ts'
import { type MetricsServer, startMetricsServer } from '../observability/metrics-server.ts'
import { operatorAuthentication } from '../operators/http/authenticate-operator.ts'
import { measureOrders } from '../orders/queries/order-figures.ts'
import { partnerAuthentication } from '../partners/http/authenticate-request.ts'
import { createQuoteGate } from '../partners/http/quote-gate.ts'
import type { WalletGateway } from '../partners/http/wallet-gateway.ts'
import { type Database, openDatabase } from '../postgres/pool.ts'
import { withSession } from '../postgres/session.ts'
import { type OrderQueue, openQueue } from '../queue/backend.ts'
import { createWaker } from '../queue/waker.ts'
import { DEFAULT_RECON_SETTINGS } from '../reconciliation/settings.ts'
import { readClosedCount } from '../switches/queries.ts'
import { readWebhookLag } from '../webhooks/lag.ts'
import { openPost } from '../webhooks/start-sender.ts'
import { createLoaders } from './loaders.ts'
import { findReady } from './ready-waits.ts'
import { ALL_ROUTES } from './routes.ts'
import type { RunningWorker } from './worker.ts'

/** The configuration and dependencies of a web process. */
export interface WebOptions extends Partial<ServerSettings> {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  /** Null: routes that call the gateway answer 503. */
  readonly gateway: WalletGateway | null
  /** Quotes per second that partners may ask for; null, the default: unlimited. */
  readonly quotesPerSecond?: number | null
  readonly host: string
  /** 0: a free port. */
  readonly port: number
  /** 0: a free port; null: no metrics. */
  readonly metricsPort: number | null
  readonly version: string
  readonly log: Log
  /** Default: none. */
  readonly traces?: Traces
  /** Wraps the database. Tests of crashes stop the process in it. */
  readonly aroundDatabase?: (database: Database) => Database
  readonly maxWaits?: number
  /** Whether webhooks may be sent to this machine. Default: no. */
  readonly webhookAllowLoopback?: boolean
  /** `RECON_LAG_MINUTES`, in milliseconds: statements that arrive are reconciled. */
  readonly reconLagMs?: number
}

export interface RunningWeb extends RunningWorker {
  readonly url: string
  readonly metricsUrl: string | null
}

const DEFAULTS: ServerSettings = {
  maxConcurrent: 200,
  trustedProxies: [],
  bodyLimitBytes: 64 * 1024,
  requestTimeoutMs: 15_000,
  uploadLimitBytes: 64 * 1024 * 1024,
  // Nonces must be remembered for longer than a signed file takes to arrive.
  uploadTimeoutMs: 5 * 60_000,
}
const POOL_SIZE = 12
const MAX_SESSIONS = 8
/** Sessions of one partner, open or waiting. */
const SESSIONS_PER_PARTNER = 4
const MAX_UPLOADS = 6
const UPLOADS_PER_PARTNER = 2
/** Of this process; one partner has half of them. */
const WEBHOOK_TESTS_PER_SECOND = 4
const POLL_EVERY_MS = 200
const MAX_WAITS = 2_000
const WAKE_TTL_MS = 5_000
const PROBE_WITHIN_MS = 2_000
const PROBE_AGAIN_MS = 500

/** Starts the API: partners over HTTP, orders into Postgres, a wake-up into the queue. */
export async function startWeb(parts: WebOptions): Promise<RunningWeb> {
  const { databaseUrl, log, aroundDatabase = (database: Database) => database } = parts
  const onError = (error: Error) => log.warn({ err: error }, 'postgres error')
  const database = aroundDatabase(
    openDatabase({ databaseUrl, maxConnections: POOL_SIZE, plans: 'by_key', onError }),
  )
  const queue = openQueue(parts, (error) => log.warn({ err: error }, 'queue error'))
  const traces = parts.traces ?? NO_TRACES
  const waker = createWaker(queue, WAKE_TTL_MS, {
    onError: (error) => log.warn({ err: error }, 'orders not woken: the sweeper wakes them'),
    carried: () => traces.carried(),
  })
  const longPoll = createLongPoll({
    findReady: (keys) => findReady(database, keys),
    onError: (error) => log.warn({ err: error }, 'long polls not answered yet'),
    everyMs: POLL_EVERY_MS,
    maxWaits: parts.maxWaits ?? MAX_WAITS,
  })
  const queueCounts = () => queue.getJobCounts()
  const metrics = createMetrics({
    measureOrders: () => measureOrders(database),
    measureWebhooks: () => readWebhookLag(database),
    countClosedSwitches: () => readClosedCount(database),
    queueCounts,
    now: CLOCKS.monotonicMs,
  })
  const server = createServer(
    ALL_ROUTES,
    { ...DEFAULTS, ...parts },
    depsOf(parts, { database, queue, waker, longPoll, traces }),
    metrics,
  )
  let metricsServer: MetricsServer | null = null
  const stop = async () => {
    metricsServer?.stop()
    await server.close()
    await waker.stop(PROBE_WITHIN_MS)
    await Promise.all([queue.close(), database.close()])
  }
  try {
    const url = await server.listen({ host: parts.host, port: parts.port })
    if (parts.metricsPort === null) return { url, metricsUrl: null, stop }
    metricsServer = await startMetricsServer(metrics.read, { host: parts.host, port: parts.metricsPort })
    return { url, metricsUrl: `${url.replace(/:\d+$/, '')}:${metricsServer.port}/metrics`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function depsOf(
  {
    databaseUrl,
    gateway,
    log,
    version,
    quotesPerSecond = null,
    webhookAllowLoopback = false,
    reconLagMs = DEFAULT_RECON_SETTINGS.lagMs,
  }: WebOptions,
  made: {
    database: Database
    queue: OrderQueue
    waker: ReturnType<typeof createWaker>
    longPoll: ReturnType<typeof createLongPoll>
    traces: Traces
  },
) {
  const { database, queue, waker, longPoll, traces } = made
  const loaders = createLoaders(database)
  const keys = partnerAuthentication({ database, findKey: loaders.findKey })
  return {
    ...loaders,
    database,
    authentication: { ...keys, ...operatorAuthentication({ database, anonymous: keys.anonymous }) },
    reconLagMs,
    gateway,
    quoteGate: createQuoteGate(quotesPerSecond, CLOCKS.monotonicMs),
    webhooks: {
      allowLoopback: webhookAllowLoopback,
      post: openPost(webhookAllowLoopback),
      tests: createQuoteGate(WEBHOOK_TESTS_PER_SECOND, CLOCKS.monotonicMs),
    },
    wake: (orderId: string) => waker.wake(orderId),
    longPoll,
    sessions: boundedSessions(MAX_SESSIONS, SESSIONS_PER_PARTNER, (work) => withSession(databaseUrl, work)),
    uploadSlots: createUploadSlots(MAX_UPLOADS, UPLOADS_PER_PARTNER),
    readiness: cacheFor(
      () => readReadiness({ database, askQueue: () => queue.getJobCounts(), withinMs: PROBE_WITHIN_MS }),
      PROBE_AGAIN_MS,
      CLOCKS.monotonicMs,
    ),
    newId: newOrderId,
    now: Date.now,
    log,
    traces,
    version,
  }
}
