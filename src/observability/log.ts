import { hostname } from 'node:os'
import { destination, type LevelWithSilent, type Logger, pino, stdSerializers } from 'pino'
import { maskPhoneNumbersIn } from '../core/masking.ts'

export type { Logger }

/** Fields that must never be readable in a log, wherever they stand in the first two levels. */
const SECRET_FIELDS = [
  'phone_number',
  'phoneNumber',
  'recipient',
  'ktp',
  'name',
  'email',
  'address',
  'secret',
  'password',
  'authorization',
  'signature',
]

/**
 * The program's log: one JSON object a line on standard error, standard output being for data.
 * Synchronous, so that the last line before a crash is written. Phone numbers are masked wherever they turn up.
 */
export function createLog(level: LevelWithSilent): Logger {
  return pino(
    {
      level,
      base: { host: hostname(), pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '(masked)' },
      serializers: { err: describeError },
      hooks: { streamWrite: maskPhoneNumbersIn },
    },
    destination({ dest: 2, sync: true }),
  )
}

/** An error without its properties: libraries hang whole requests and rows on theirs. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'unknown error' }
  const { type, message, stack } = stdSerializers.err(error)
  const { code } = error as Error & { code?: unknown }
  return { type, message, stack, ...(typeof code === 'string' ? { code } : {}) }
}
