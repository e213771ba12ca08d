import { isIP } from 'node:net'
import { z } from 'zod'
import { readFields } from './core/field-problems.ts'
import { readPhoneNumber } from './core/phone-number.ts'
import { POSTGRES_URL, REDIS_URL, urlProblem, WEB_URL } from './core/service-url.ts'

/** A setting that is missing or malformed. Its message names the variable and what it may be. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

const wholeNumber = (min: number, max: number, fallback: number) =>
  z.coerce
    .number({ error: `a whole number from ${min} to ${max}` })
    .int(`a whole number from ${min} to ${max}`)
    .min(min, `a whole number from ${min} to ${max}`)
    .max(max, `a whole number from ${min} to ${max}`)
    .default(fallback)

const url = (rules: Parameters<typeof urlProblem>[1]) =>
  z
    .string()
    .superRefine((text, context) => {
      const problem = urlProblem(text, rules)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem })
    })
    .optional()

/** Whether a text is an IP address, or a network as `10.0.0.0/8`. */
function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Every setting: its variable, what it may be, its default. `.env.example` and the docs are held equal by a test. */
export const SETTINGS = {
  DATABASE_URL: url(POSTGRES_URL),
  REDIS_URL: url(REDIS_URL),
  GATEWAY_URL: url(WEB_URL),
  GATEWAY_CLIENT_ID: z.string().min(1).optional(),
  GATEWAY_CLIENT_SECRET: z.string().min(1).optional(),
  GATEWAY_TOKEN_PATH: z.string().startsWith('/', 'a path that starts with /').default('/oauth/token'),
  GATEWAY_SIGNING_KEY_ID: z.string().min(1).optional(),
  GATEWAY_SIGNING_SECRET: z.string().min(1).optional(),
  GATEWAY_ORIGIN: z.string().min(1).default('goldpro-worker'),
  GATEWAY_SELL_PATH: z.string().startsWith('/', 'a path that starts with /').default('/checkout/sell'),
  GATEWAY_429_IS_REFUSAL: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  GATEWAY_TIMEOUT_MS: wholeNumber(100, 600_000, 15_000),
  GATEWAY_RATE_PER_SECOND: wholeNumber(0, 100_000, 0),
  GATEWAY_CHART_PHONE_NUMBER: z
    .string()
    .transform((written, context) => {
      const phoneNumber = readPhoneNumber(written)
      if (phoneNumber !== null) return phoneNumber
      context.addIssue({ code: 'custom', message: 'an Indonesian mobile number such as 081234567890' })
      return z.NEVER
    })
    .optional(),
  WORKER_CONCURRENCY: wholeNumber(1, 1_000, 16),
  MAX_REQUOTES: wholeNumber(0, 100, 5),
  QUOTE_MAX_AGE_MS: wholeNumber(100, 3_600_000, 60_000),
  QUOTE_MAX_FEE: z
    .string()
    .regex(/^\d{1,12}$/, 'whole rupiah from 0 to 999999999999')
    .optional(),
  RECON_ONE_PERSON: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  RECON_LAG_MINUTES: wholeNumber(0, 10_080, 60),
  RECON_DAILY_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 07:30')
    .default('07:30'),
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  HTTP_PORT: wholeNumber(1, 65_535, 8_080),
  HTTP_METRICS_PORT: wholeNumber(0, 65_535, 9_464),
  HTTP_MAX_CONCURRENT: wholeNumber(1, 100_000, 200),
  HTTP_UPLOAD_LIMIT_MIB: wholeNumber(1, 1_024, 64),
  HTTP_TRUSTED_PROXIES: z
    .string()
    .refine((list) => list.split(',').every(isNetwork), 'addresses or networks, separated by commas')
    .optional(),
  METRICS_PORT: wholeNumber(0, 65_535, 0),
  WEBHOOK_ALLOW_LOOPBACK: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  WEBHOOK_KEEP_DAYS: wholeNumber(30, 3_650, 90),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({ ...WEB_URL, example: 'http://127.0.0.1:4318' }),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }).default('info'),
} as const

export type SettingName = keyof typeof SETTINGS

const environment = z.object(SETTINGS)
type Environment = z.infer<typeof environment>

/** How the gateway is reached and what a call may take. Everything the client needs to know. */
export interface GatewaySettings {
  /** Scheme, host and port; paths under `/v2/gold-pro` are appended. */
  readonly baseUrl: string
  /** Wall-clock deadline of one call, milliseconds. */
  readonly timeoutMs: number
  /** Path of the sell confirm under `/v2/gold-pro`. */
  readonly sellPath: string
  readonly is429Refusal: boolean
  readonly oauth: {
    readonly clientId: string
    readonly clientSecret: string
    readonly tokenPath: string
  } | null
  readonly signing: { readonly keyId: string; readonly secret: string; readonly origin: string } | null
}

/** The whole configuration, parsed once at start and frozen. */
export interface Settings {
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** Null when `GATEWAY_URL` is unset: `demo` and `up` then start the sandbox, `worker` refuses to start. */
  readonly gateway: GatewaySettings | null
  /** Orders started per second over all workers; null when unlimited. */
  readonly ratePerSecond: number | null
  /** The wallet that the gateway's price chart is asked for with; null: prices are not captured. */
  readonly chartPhoneNumber: string | null
  readonly concurrency: number
  readonly maxRequotes: number
  readonly quoteMaxAgeMs: number
  /** A quote with a larger fee is not confirmed, rupiah; null: no bound. */
  readonly maxQuoteFee: number | null
  /** A team of one: the same person may propose and approve, and the audit says so. */
  readonly onePersonTeam: boolean
  /** How long after an attempt ended the gateway may still execute it. */
  readonly reconLagMs: number
  /** From when on the scheduler reconciles yesterday, `HH:MM` in Asia/Jakarta. */
  readonly reconDailyAt: string
  readonly http: HttpSettings
  /** Where a worker or a scheduler serves its own metrics; null: nowhere. */
  readonly metricsPort: number | null
  /** Webhooks may go to this machine, by http too: for development. */
  readonly webhookAllowLoopback: boolean
  /** Deliveries that ended longer ago are deleted. */
  readonly webhookKeepDays: number
  /** The receiver of traces; null: there are none. */
  readonly tracesEndpoint: string | null
  readonly logLevel: Environment['LOG_LEVEL']
}

/** Where `goldpro web` listens, and how much it takes on. */
export interface HttpSettings {
  readonly host: string
  readonly port: number
  /** Null: no metrics are served. */
  readonly metricsPort: number | null
  /** Requests under way at once, waits not counted; more are answered with 503. */
  readonly maxConcurrent: number
  /** The largest batch file that is taken. */
  readonly uploadLimitBytes: number
  /** Whose `X-Forwarded-For` is believed. */
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
    // A setting's own words leave "must be" out; those for what it says nothing about do not.
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
    onePersonTeam: env.RECON_ONE_PERSON === 'true',
    reconLagMs: env.RECON_LAG_MINUTES * 60_000,
    reconDailyAt: env.RECON_DAILY_AT,
    http: Object.freeze({
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      metricsPort: env.HTTP_METRICS_PORT === 0 ? null : env.HTTP_METRICS_PORT,
      maxConcurrent: env.HTTP_MAX_CONCURRENT,
      uploadLimitBytes: env.HTTP_UPLOAD_LIMIT_MIB * 1024 * 1024,
      trustedProxies: env.HTTP_TRUSTED_PROXIES?.split(',') ?? [],
    }),
    metricsPort: env.METRICS_PORT === 0 ? null : env.METRICS_PORT,
    webhookAllowLoopback: env.WEBHOOK_ALLOW_LOOPBACK === 'true',
    webhookKeepDays: env.WEBHOOK_KEEP_DAYS,
    tracesEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    logLevel: env.LOG_LEVEL,
  }
}

function gatewaySettings(env: Environment, baseUrl: string): GatewaySettings {
  return Object.freeze({
    baseUrl: baseUrl.replace(/\/+$/, ''),
    timeoutMs: env.GATEWAY_TIMEOUT_MS,
    sellPath: env.GATEWAY_SELL_PATH,
    is429Refusal: env.GATEWAY_429_IS_REFUSAL === 'true',
    oauth: together(
      'GATEWAY_CLIENT_ID',
      env.GATEWAY_CLIENT_ID,
      'GATEWAY_CLIENT_SECRET',
      env.GATEWAY_CLIENT_SECRET,
      (clientId, clientSecret) => ({
        clientId,
        clientSecret,
        tokenPath: env.GATEWAY_TOKEN_PATH,
      }),
    ),
    signing: together(
      'GATEWAY_SIGNING_KEY_ID',
      env.GATEWAY_SIGNING_KEY_ID,
      'GATEWAY_SIGNING_SECRET',
      env.GATEWAY_SIGNING_SECRET,
      (keyId, secret) => ({
        keyId,
        secret,
        origin: env.GATEWAY_ORIGIN,
      }),
    ),
  })
}

/** A key without its secret would silently send unsigned requests: both or neither. */
function together<T>(
  firstName: string,
  first: string | undefined,
  secondName: string,
  second: string | undefined,
  build: (first: string, second: string) => T,
): T | null {
  if (first === undefined && second === undefined) return null
  if (first === undefined) throw new ConfigurationError(`${firstName} must be set when ${secondName} is`)
  if (second === undefined) throw new ConfigurationError(`${secondName} must be set when ${firstName} is`)
  return build(first, second)
}
