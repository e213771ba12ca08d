import { isIP } from 'node:net'
import { z } from 'zod'
import { readPhoneNumber } from '../core/phone-number.ts'
import { POSTGRES_URL, REDIS_URL, urlProblem, WEB_URL } from '../core/service-url.ts'
import { WALLET_POLICIES } from '../core/wallet-policies.ts'

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

/** Whether a text is an IP address or a network such as `10.0.0.0/8`. */
function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Every setting: its variable, what it may be, its default. A test holds `.env.example` and the docs equal to it. */
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
  LANE_DEBITS_DURING_DOUBT: z.enum(['wait', 'continue'], { error: 'wait or continue' }).default('wait'),
  GOLDPRO_OPERATOR_TOKEN: z.string().min(1).optional(),
  BREAKER: z.enum(['true', 'false'], { error: 'true or false' }).default('true'),
  BREAKER_WINDOW_SECONDS: wholeNumber(30, 3_600, 300),
  BREAKER_MIN_CONFIRMS: wholeNumber(1, 100_000, 20),
  BREAKER_UNKNOWN_PERCENT: wholeNumber(0, 100, 20),
  BREAKER_RUPIAH_IN_DOUBT: wholeNumber(0, 1_000_000_000_000, 100_000_000),
  BREAKER_GRAMS_IN_DOUBT: wholeNumber(0, 100_000, 100),
  BREAKER_RUPIAH_PERCENT: wholeNumber(0, 100, 30),
  BREAKER_CONTRADICTION_PERCENT: wholeNumber(0, 100, 5),
  BREAKER_REFUSAL_PERCENT: wholeNumber(0, 100, 90),
  BREAKER_SLOW_MS: wholeNumber(100, 600_000, 10_000),
  BREAKER_SLOW_PERCENT: wholeNumber(0, 100, 50),
  BREAKER_PAUSE_SECONDS: wholeNumber(1, 3_600, 30),
  BREAKER_MAX_PAUSE_SECONDS: wholeNumber(1, 86_400, 900),
  BREAKER_PROBE_RUPIAH: wholeNumber(1, 1_000_000_000, 5_000_000),
  BREAKER_PROBE_GRAMS: wholeNumber(1, 1_000, 1),
  ONE_PERSON: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  RECON_LAG_MINUTES: wholeNumber(0, 10_080, 60),
  RECON_DAILY_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 07:30')
    .default('07:30'),
  STATEMENT_INBOX: z.string().min(1).optional(),
  WALLET_POLICY: z.enum(WALLET_POLICIES, { error: `one of ${WALLET_POLICIES.join(', ')}` }).optional(),
  OVERDUE_DOUBT_HOURS: wholeNumber(0, 720, 4),
  OVERDUE_HELD_HOURS: wholeNumber(0, 720, 4),
  OVERDUE_SWITCH_HOURS: wholeNumber(0, 720, 8),
  OVERDUE_PROCESS_SECONDS: wholeNumber(15, 86_400, 60),
  OPS_WEBHOOK_URL: url({ ...WEB_URL, mayHaveQuery: true, example: 'https://alerts.example/goldpro' }),
  OPS_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'whsec_ and 24 to 64 bytes in base64')
    .optional(),
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  HTTP_PORT: wholeNumber(1, 65_535, 8_080),
  HTTP_METRICS_PORT: wholeNumber(0, 65_535, 9_464),
  HTTP_MAX_CONCURRENT: wholeNumber(1, 100_000, 200),
  HTTP_UPLOAD_LIMIT_MIB: wholeNumber(1, 1_024, 64),
  HTTP_TRUSTED_PROXIES: z
    .string()
    .refine((list) => list.split(',').every(isNetwork), 'addresses or networks, separated by commas')
    .optional(),
  CONSOLE_HOST: z.string().min(1).default('127.0.0.1'),
  CONSOLE_PORT: wholeNumber(1, 65_535, 8_090),
  CONSOLE_ORIGIN: url({ ...WEB_URL, example: 'https://ops.example.id' }),
  CONSOLE_SECRET: z
    .string()
    .min(32, 'at least 32 random characters, such as `openssl rand -base64 32` gives')
    .optional(),
  CONSOLE_OIDC_ONLY: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  CONSOLE_OIDC_ISSUER: url({ ...WEB_URL, example: 'https://login.example.id' }),
  CONSOLE_OIDC_CLIENT_ID: z.string().min(1).optional(),
  CONSOLE_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  METRICS_PORT: wholeNumber(0, 65_535, 0),
  WEBHOOK_ALLOW_LOOPBACK: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  WEBHOOK_KEEP_DAYS: wholeNumber(30, 3_650, 90),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({ ...WEB_URL, example: 'http://127.0.0.1:4318' }),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }).default('info'),
} as const

export type SettingName = keyof typeof SETTINGS

/** The settings that are secrets, or may have one in them: none is ever printed. */
export const SECRET_SETTINGS = [
  'DATABASE_URL',
  'REDIS_URL',
  'GATEWAY_CLIENT_SECRET',
  'GATEWAY_SIGNING_SECRET',
  'GOLDPRO_OPERATOR_TOKEN',
  // The address of a chat's webhook often has its secret in it.
  'OPS_WEBHOOK_URL',
  'OPS_WEBHOOK_SECRET',
  'CONSOLE_SECRET',
  'CONSOLE_OIDC_CLIENT_SECRET',
] as const satisfies readonly SettingName[]

/**
 * What may be the content of a file that `NAME_FILE` names: every secret, and what is kept beside one. OpenTelemetry reads
 * its headers from the environment itself.
 */
export const FILE_SETTINGS = [
  ...SECRET_SETTINGS,
  'GATEWAY_CLIENT_ID',
  'GATEWAY_SIGNING_KEY_ID',
  'CONSOLE_OIDC_CLIENT_ID',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const satisfies readonly (SettingName | 'OTEL_EXPORTER_OTLP_HEADERS')[]

export const environment = z.object(SETTINGS)
/** The settings as the environment has them, each checked and with its default. */
export type Environment = z.infer<typeof environment>
