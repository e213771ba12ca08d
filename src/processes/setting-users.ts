import type { SettingName } from '../config.ts'

/** Every command of the program. */
export const COMMAND_NAMES = [
  'demo',
  'up',
  'migrate',
  'worker',
  'web',
  'console',
  'scheduler',
  'sandbox',
  'enqueue',
  'partner',
  'wallet',
  'orders',
  'plan',
  'holidays',
  'prices',
  'batch',
  'recon',
  'webhook',
  'switch',
  'recover',
  'approvals',
  'operator',
  'login',
  'logout',
  'whoami',
  'status',
  'gateway',
  'doctor',
  'completion',
] as const
export type CommandName = (typeof COMMAND_NAMES)[number]

type Users = readonly CommandName[]

const CALLS_GATEWAY: Users = ['up', 'worker', 'web', 'batch', 'gateway']
const CALLS_GATEWAY_OR_IS_IT: Users = ['up', 'worker', 'web', 'sandbox', 'batch', 'gateway']
const EXECUTES: Users = ['up', 'worker']
/** Workers watch by them; the console shows them. */
const WATCHES: Users = ['up', 'worker', 'console']
const SERVES_PARTNERS: Users = ['up', 'web']
const SERVES_PEOPLE: Users = ['up', 'console']
const SCHEDULES: Users = ['up', 'scheduler']
const DECIDES: Users = ['up', 'console', 'orders', 'batch', 'recon', 'approvals']
/** What the programs do not need, and so must not be able to read. */
const GIVEN_BY_PEOPLE: Users = COMMAND_NAMES.filter(
  (name) =>
    ![
      ...['demo', 'up', 'migrate', 'worker', 'web', 'console', 'scheduler', 'sandbox', 'gateway'],
      ...['doctor', 'completion'],
    ].includes(name),
)
const TRACED: Users = ['up', 'worker', 'web']

type UsedName = SettingName | 'OTEL_EXPORTER_OTLP_HEADERS'

/** Which commands use a setting to do their work. */
const WORKS_WITH: Readonly<Record<UsedName, Users>> = {
  DATABASE_URL: COMMAND_NAMES.filter(
    (name) => !['demo', 'sandbox', 'gateway', 'doctor', 'completion'].includes(name),
  ),
  REDIS_URL: ['up', 'worker', 'web', 'console', 'scheduler', 'enqueue', 'orders', 'plan'],
  GATEWAY_URL: ['up', 'worker', 'web', 'scheduler', 'batch', 'gateway'],
  GATEWAY_CLIENT_ID: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_CLIENT_SECRET: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_TOKEN_PATH: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_SIGNING_KEY_ID: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_SIGNING_SECRET: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_ORIGIN: CALLS_GATEWAY_OR_IS_IT,
  GATEWAY_SELL_PATH: ['up', 'worker', 'sandbox'],
  GATEWAY_429_IS_REFUSAL: CALLS_GATEWAY,
  GATEWAY_TIMEOUT_MS: ['up', 'worker', 'web', 'scheduler', 'batch', 'gateway'],
  GATEWAY_RATE_PER_SECOND: ['up', 'worker', 'web'],
  GATEWAY_CHART_PHONE_NUMBER: EXECUTES,
  WORKER_CONCURRENCY: EXECUTES,
  MAX_REQUOTES: EXECUTES,
  QUOTE_MAX_AGE_MS: EXECUTES,
  QUOTE_MAX_FEE: EXECUTES,
  LANE_DEBITS_DURING_DOUBT: ['up', 'worker', 'orders'],
  GOLDPRO_OPERATOR_TOKEN: GIVEN_BY_PEOPLE,
  BREAKER: WATCHES,
  BREAKER_WINDOW_SECONDS: WATCHES,
  BREAKER_MIN_CONFIRMS: WATCHES,
  BREAKER_UNKNOWN_PERCENT: WATCHES,
  BREAKER_RUPIAH_IN_DOUBT: WATCHES,
  BREAKER_GRAMS_IN_DOUBT: WATCHES,
  BREAKER_RUPIAH_PERCENT: WATCHES,
  BREAKER_CONTRADICTION_PERCENT: WATCHES,
  BREAKER_REFUSAL_PERCENT: WATCHES,
  BREAKER_SLOW_MS: WATCHES,
  BREAKER_SLOW_PERCENT: WATCHES,
  BREAKER_PAUSE_SECONDS: WATCHES,
  BREAKER_MAX_PAUSE_SECONDS: WATCHES,
  BREAKER_PROBE_RUPIAH: WATCHES,
  BREAKER_PROBE_GRAMS: WATCHES,
  ONE_PERSON: DECIDES,
  RECON_LAG_MINUTES: ['up', 'web', 'console', 'scheduler', 'recon'],
  RECON_DAILY_AT: SCHEDULES,
  STATEMENT_INBOX: ['recon'],
  WALLET_POLICY: ['up', 'worker', 'web', 'scheduler', 'partner'],
  OVERDUE_DOUBT_HOURS: SCHEDULES,
  OVERDUE_HELD_HOURS: SCHEDULES,
  OVERDUE_SWITCH_HOURS: SCHEDULES,
  OVERDUE_PROCESS_SECONDS: SCHEDULES,
  OPS_WEBHOOK_URL: SCHEDULES,
  OPS_WEBHOOK_SECRET: SCHEDULES,
  HTTP_HOST: ['up', 'worker', 'web', 'scheduler'],
  HTTP_PORT: SERVES_PARTNERS,
  HTTP_METRICS_PORT: SERVES_PARTNERS,
  HTTP_MAX_CONCURRENT: SERVES_PARTNERS,
  HTTP_UPLOAD_LIMIT_MIB: ['up', 'web', 'console'],
  HTTP_TRUSTED_PROXIES: ['up', 'web', 'console'],
  CONSOLE_HOST: SERVES_PEOPLE,
  CONSOLE_PORT: SERVES_PEOPLE,
  // The address of an invitation.
  CONSOLE_ORIGIN: [...SERVES_PEOPLE, 'operator'],
  // The owner of the tables lets the console in.
  CONSOLE_SECRET: [...SERVES_PEOPLE, 'migrate'],
  CONSOLE_OIDC_ONLY: SERVES_PEOPLE,
  // Accounts are linked at it.
  CONSOLE_OIDC_ISSUER: [...SERVES_PEOPLE, 'operator'],
  CONSOLE_OIDC_CLIENT_ID: SERVES_PEOPLE,
  CONSOLE_OIDC_CLIENT_SECRET: SERVES_PEOPLE,
  METRICS_PORT: ['up', 'worker', 'scheduler'],
  WEBHOOK_ALLOW_LOOPBACK: ['up', 'web', 'scheduler', 'webhook'],
  WEBHOOK_KEEP_DAYS: SCHEDULES,
  OTEL_EXPORTER_OTLP_ENDPOINT: TRACED,
  // Read by OpenTelemetry itself; it often has a key of the receiver.
  OTEL_EXPORTER_OTLP_HEADERS: TRACED,
  LOG_LEVEL: ['demo', 'up', 'worker', 'web', 'console', 'scheduler', 'plan', 'webhook', 'gateway'],
}

/**
 * Which commands use a setting. {@link keepOwnSettings} removes all others from a command's environment before it begins.
 * The scheduler calls URLs of partners, so it must not use a secret of the gateway. `doctor` checks every setting.
 */
export const SETTING_USERS = withDoctor(WORKS_WITH)

function withDoctor<Name extends string>(
  users: Readonly<Record<Name, Users>>,
): Readonly<Record<Name, Users>> {
  const all: Record<Name, Users> = { ...users }
  for (const name in all) all[name] = [...all[name], 'doctor']
  return all
}

/**
 * Removes every setting that the command does not use from an environment, so that neither the command nor a process that
 * it starts can read a secret that it does not need. An unknown command keeps no setting.
 */
export function keepOwnSettings(command: string, env: Record<string, string | undefined>): void {
  for (const [name, users] of Object.entries(SETTING_USERS))
    if (!users.some((user) => user === command)) {
      delete env[name]
      delete env[`${name}_FILE`]
    }
}
