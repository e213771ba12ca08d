import { ConfigurationError } from '../config.ts'
import { maskPhoneNumbersIn } from '../core/masking.ts'

/** 0: done. 1: the work found a problem. 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** The failure of a command, in one line: what is wrong and what to do. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exitCode: ExitCode

  constructor(exitCode: 1 | 2, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** One line for standard error, and the code to end with. No stack trace: the line says what to do. */
export function describeFailure(error: unknown): { line: string; exitCode: ExitCode } {
  if (error instanceof Failure) return { line: error.message, exitCode: error.exitCode }
  if (error instanceof ConfigurationError) return { line: error.message, exitCode: 2 }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { line: maskPhoneNumbersIn(message.replace(/\s+/g, ' ').trim()), exitCode: 1 }
}

/** The code of a socket or Postgres error, such as "ECONNREFUSED" or "28P01"; its message where it has no code. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0])
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as Error & { code?: unknown }
  return typeof code === 'string' ? code : error.message.slice(0, 120)
}
