import { type BreakerSettings, breakerSettings } from './config/breaker-settings.ts'
import { bothOrNeither, ConfigurationError } from './config/configuration-error.ts'
import { type ConsoleSignIn, consoleSignIn } from './config/console-sign-in.ts'
import { type GatewaySettings, gatewaySettings } from './config/gateway-settings.ts'
import { type Environment, environment } from './config/table.ts'
import { readFields } from './core/field-problems.ts'
import type { WalletPolicy } from './core/wallet-policies.ts'

export { ConfigurationError } from './config/configuration-error.ts'
export type { GatewaySettings } from './config/gateway-settings.ts'
export { FILE_SETTINGS, SECRET_SETTINGS, SETTINGS, type SettingName } from './config/table.ts'

/** The whole configuration, parsed once at start and frozen. */
export interface Settings {
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** Null when `GATEWAY_URL` is unset: `demo` and `up` then start the sandbox, `worker` refuses to start. */
  readonly gateway: GatewaySettings | null
  /** Orders started per second over all workers; null when unlimited. */
  readonly ratePerSecond: number | null
  /** The wallet whose phone number price charts are requested with; null: prices are not captured. */
  readonly chartPhoneNumber: string | null
  readonly concurrency: number
  readonly maxRequotes: number
  readonly quoteMaxAgeMs: number
  /** The largest fee of a quote that is confirmed, rupiah; null: no bound. */
  readonly maxQuoteFee: number | null
  /** Whether debits of a wallet wait while an order of it is in doubt. */
  readonly debitsDuringDoubt: 'wait' | 'continue'
  /** Proves who gives a command; null: the token that `goldpro login` has stored. */
  readonly operatorToken: string | null
  /** The person who proposed a decision may approve it; the audit then says so. */
  readonly onePersonTeam: boolean
  /** How long after an attempt ended the gateway may still execute it. */
  readonly reconLagMs: number
  /** When the scheduler begins to reconcile yesterday, `HH:MM` in Asia/Jakarta. */
  readonly reconDailyAt: string
  /** The folder whose statements `goldpro recon inbox` imports; null: it must be named. */
  readonly statementInbox: string | null
  /** By which wallets orders are accepted; null: as the database says. */
  readonly walletPolicy: WalletPolicy | null
  /** When workers close a switch by themselves; null: never. */
  readonly breaker: BreakerSettings | null
  /** When something that waits for somebody is overdue. */
  readonly overdue: OverdueSettings
  /** Where operations are told what they must know; null: nowhere. */
  readonly opsWebhook: { readonly url: string; readonly secret: string } | null
  readonly http: HttpSettings
  readonly console: ConsoleAddress
  readonly consoleSignIn: ConsoleSignIn
  /** The port where a worker or a scheduler serves its own metrics; null: no metrics. */
  readonly metricsPort: number | null
  /** Webhooks may be sent to this machine, also by http: for development only. */
  readonly webhookAllowLoopback: boolean
  /** Deliveries that ended more days ago are deleted. */
  readonly webhookKeepDays: number
  /** The receiver of traces; null: no traces. */
  readonly tracesEndpoint: string | null
  readonly logLevel: Environment['LOG_LEVEL']
}

/** When a doubt, a held order, a closed switch or a silent process is overdue. */
export interface OverdueSettings {
  readonly doubtHours: number
  readonly heldHours: number
  readonly switchHours: number
  readonly processSeconds: number
}

/** Where `goldpro console` listens, and the address that browsers know it by; null: the one that it listens at. */
export interface ConsoleAddress {
  readonly host: string
  readonly port: number
  readonly publicOrigin: string | null
}

/** Where `goldpro web` listens, and how much it accepts. */
export interface HttpSettings {
  readonly host: string
  readonly port: number
  /** Null: no metrics are served. */
  readonly metricsPort: number | null
  /** Requests in flight at once, those that wait for an order not counted; more are answered with 503. */
  readonly maxConcurrent: number
  /** The largest batch file that is accepted. */
  readonly uploadLimitBytes: number
  /** Addresses and networks whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[]
}

/**
 * Parses the environment.
 * @throws ConfigurationError that names each bad variable and what it may be; never prints a value.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const read = readFields(environment, present, 'environment')
  if (read.is === 'refused') {
    // A setting's own text leaves "must be" out; the generic texts have it.
    const problems = read.problems.map(
      ({ field, problem }) => `${field} must be ${problem.replace(/^must be /, '')}`,
    )
    throw new ConfigurationError(problems.join('; '))
  }
  return Object.freeze(toSettings(read.data))
}

function toSettings(env: Environment): Settings {
  return {
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    gateway: env.GATEWAY_URL === undefined ? null : gatewaySettings(env, env.GATEWAY_URL),
    ratePerSecond: env.GATEWAY_RATE_PER_SECOND === 0 ? null : env.GATEWAY_RATE_PER_SECOND,
    chartPhoneNumber: env.GATEWAY_CHART_PHONE_NUMBER ?? null,
    concurrency: env.WORKER_CONCURRENCY,
    maxRequotes: env.MAX_REQUOTES,
    quoteMaxAgeMs: env.QUOTE_MAX_AGE_MS,
    maxQuoteFee: env.QUOTE_MAX_FEE === undefined ? null : Number(env.QUOTE_MAX_FEE),
    debitsDuringDoubt: env.LANE_DEBITS_DURING_DOUBT,
    operatorToken: env.GOLDPRO_OPERATOR_TOKEN ?? null,
    onePersonTeam: env.ONE_PERSON === 'true',
    reconLagMs: env.RECON_LAG_MINUTES * 60_000,
    reconDailyAt: env.RECON_DAILY_AT,
    statementInbox: env.STATEMENT_INBOX ?? null,
    walletPolicy: env.WALLET_POLICY ?? null,
    breaker: env.BREAKER === 'true' ? breakerSettings(env) : null,
    overdue: Object.freeze({
      doubtHours: env.OVERDUE_DOUBT_HOURS,
      heldHours: env.OVERDUE_HELD_HOURS,
      switchHours: env.OVERDUE_SWITCH_HOURS,
      processSeconds: env.OVERDUE_PROCESS_SECONDS,
    }),
    opsWebhook: bothOrNeither(
      'OPS_WEBHOOK_URL',
      env.OPS_WEBHOOK_URL,
      'OPS_WEBHOOK_SECRET',
      env.OPS_WEBHOOK_SECRET,
      (url, secret) => ({ url, secret }),
    ),
    http: Object.freeze({
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      metricsPort: env.HTTP_METRICS_PORT === 0 ? null : env.HTTP_METRICS_PORT,
      maxConcurrent: env.HTTP_MAX_CONCURRENT,
      uploadLimitBytes: env.HTTP_UPLOAD_LIMIT_MIB * 1024 * 1024,
      trustedProxies: env.HTTP_TRUSTED_PROXIES?.split(',') ?? [],
    }),
    console: Object.freeze({
      host: env.CONSOLE_HOST,
      port: env.CONSOLE_PORT,
      publicOrigin: env.CONSOLE_ORIGIN === undefined ? null : new URL(env.CONSOLE_ORIGIN).origin,
    }),
    consoleSignIn: consoleSignIn(env),
    metricsPort: env.METRICS_PORT === 0 ? null : env.METRICS_PORT,
    webhookAllowLoopback: env.WEBHOOK_ALLOW_LOOPBACK === 'true',
    webhookKeepDays: env.WEBHOOK_KEEP_DAYS,
    tracesEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    logLevel: env.LOG_LEVEL,
  }
}
