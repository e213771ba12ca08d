import { hostname } from 'node:os'
import { destination, type LevelWithSilent, type Logger, pino, stdSerializers } from 'pino'
import { maskPhoneNumbersIn } from '../core/masking.ts'

export type { Logger }

/** Fields that are masked in the log, in the first two levels of a line. */
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
 * The program's log: one JSON object per line on standard error; standard output is for data. It is synchronous, so that
 * the last line before a crash is written. Phone numbers are masked anywhere in a line.
 */
export function createLog(level: LevelWithSilent): Logger {
  return pino(
    {
      level,
      formatters: { level: (level) => ({ level }) },
      base: { host: hostname(), pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '(masked)' },
      serializers: { err: describeError },
      hooks: { streamWrite: maskPhoneNumbersIn },
    },
    destination({ dest: 2, sync: true }),
  )
}

/** An error without its properties, in which libraries keep whole requests and rows. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'unknown error' }
  const { type, message, stack } = stdSerializers.err(error)
  const { code } = error as Error & { code?: unknown }
  return { type, message, stack, ...(typeof code === 'string' ? { code } : {}) }
}
