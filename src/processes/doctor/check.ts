import { setTimeout as pause } from 'node:timers/promises'
import { describeFailure } from '../../cli/failure.ts'

/** What a check found, and what to do about it. */
export interface Finding {
  readonly is: 'ok' | 'warning' | 'failed'
  readonly about: string
  /** A command, or what to change; null where nothing is to be done. */
  readonly remedy: string | null
}

export interface Check {
  readonly name: string
  /** Without this other check it can find nothing. */
  readonly needs?: string
  readonly find: () => Promise<Finding>
}

export interface Checked extends Finding {
  readonly check: string
}

export const ok = (about: string): Finding => ({ is: 'ok', about, remedy: null })
export const warning = (about: string, remedy: string): Finding => ({ is: 'warning', about, remedy })
export const failed = (about: string, remedy: string | null): Finding => ({ is: 'failed', about, remedy })

/** For what hangs: connections and statements have shorter limits of their own. */
const WITHIN_MS = 60_000

/** Runs the checks one after the other. One that throws, or does not answer, is a failed one: the others go on. */
export async function runChecks(
  checks: readonly Check[],
  onChecked: (checked: Checked) => void,
  withinMs = WITHIN_MS,
): Promise<Checked[]> {
  const done: Checked[] = []
  const unusable = new Set<string>()
  for (const { name, needs, find } of checks) {
    const isUsable = needs === undefined || !unusable.has(needs)
    const finding = isUsable ? await foundWithin(withinMs, find) : notChecked(needs)
    const checked = { check: name, ...finding }
    if (!isUsable || finding.is === 'failed') unusable.add(name)
    done.push(checked)
    onChecked(checked)
  }
  return done
}

/** What could not be looked at has not failed itself. */
const notChecked = (needed: string): Finding => ({
  is: 'warning',
  about: `not checked: see ${needed}`,
  remedy: null,
})

async function foundWithin(withinMs: number, find: () => Promise<Finding>): Promise<Finding> {
  const over = new AbortController()
  const late = pause(withinMs, failed(`no answer within ${withinMs / 1_000} s`, null), {
    signal: over.signal,
  })
  late.catch(() => {})
  try {
    return await Promise.race([find(), late])
  } catch (error) {
    return failedBy(error)
  } finally {
    over.abort()
  }
}

/** Failures of commands end with what to do, behind a colon. */
function failedBy(error: unknown): Finding {
  const { line } = describeFailure(error)
  const colon = line.lastIndexOf(': ')
  return colon === -1 ? failed(line, null) : failed(line.slice(0, colon), line.slice(colon + 2))
}
