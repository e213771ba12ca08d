import type { StatementRunner } from '../postgres/pool.ts'
import { type OverdueStatement, readOverdueStatements } from '../reconciliation/daily.ts'
import type { ProcessKind, Risk } from './enums.ts'
import { readOverdueRules } from './overdue-rules.ts'
import {
  selectBatches,
  selectEndpoints,
  selectFirstDue,
  selectNow,
  selectProcesses,
  sumRisks,
} from './queries.ts'

/** The state of everything that somebody may have to act on. Sums are text as Postgres prints them. */
export interface Status {
  readonly at: Date
  readonly risks: readonly RiskSums[]
  /** What is due first, waiting orders left aside: there may be many, and they end by themselves. */
  readonly firstDue: readonly DueRisk[]
  readonly overdueStatements: readonly OverdueStatement[]
  /** Endpoints that get nothing until a person resumes them. */
  readonly pausedEndpoints: readonly PausedEndpoint[]
  readonly batches: readonly BatchUnderWay[]
  readonly processes: readonly SeenProcess[]
}

export interface RiskSums {
  readonly what: Risk
  readonly count: number
  readonly overdue: number
  readonly rupiah: string
  readonly grams: string
  readonly oldest: Date
  /** Null when none has a due time. */
  readonly nextDueAt: Date | null
}

export interface DueRisk {
  readonly what: Risk
  readonly id: string
  readonly partner: string | null
  readonly reference: string | null
  readonly reason: string
  readonly rupiah: string
  readonly grams: string
  readonly since: Date
  readonly owner: string | null
  readonly dueAt: Date | null
  readonly overdue: boolean
  readonly settledBy: string
}

export interface PausedEndpoint {
  readonly endpointId: number
  readonly partner: string
  readonly because: 'person' | 'failing' | 'gone' | null
  readonly since: Date
  readonly pending: number
}

export interface BatchUnderWay {
  readonly batchId: number
  readonly state: string
  readonly rows: number
  readonly ended: number
  readonly failed: number
}

export interface SeenProcess {
  readonly kind: ProcessKind
  readonly name: string
  readonly seenAt: Date
  readonly silent: boolean
}

/** How many things, endpoints and batches are listed one by one. */
const LISTED = 10

/** Reads the status. Each part reads an index of what has not ended, however many orders there were. */
export async function readStatus(runner: StatementRunner): Promise<Status> {
  const [clock] = await selectNow(runner, {})
  const [rules] = await readOverdueRules(runner, {})
  if (clock === undefined || rules === undefined) throw new Error('a database without a clock or rules')
  const dailyAt = rules.dailyAt.slice(0, 5)
  return {
    at: clock.now,
    risks: await sumRisks(runner, {}),
    firstDue: await selectFirstDue(runner, { limit: LISTED }),
    overdueStatements: await readOverdueStatements(runner, { now: clock.now, dailyAt }),
    pausedEndpoints: await selectEndpoints(runner, {}),
    batches: await selectBatches(runner, { limit: LISTED }),
    processes: await selectProcesses(runner, {}),
  }
}

/** What is overdue, as sentences. Empty: nobody has to act now. The only place that decides it. */
export function overdueIn(status: Status): string[] {
  const { risks, overdueStatements, pausedEndpoints, processes } = status
  const things = risks
    .filter(({ overdue }) => overdue > 0)
    .map(({ what, overdue }) => `${overdue} ${NAMES[what]}`)
  // A person who paused an endpoint knows about it.
  const endpoints = pausedEndpoints.filter(({ because }) => because !== 'person').length
  const silent = processes.filter((each) => each.silent).length
  return [
    ...things,
    ...counted(overdueStatements.length, 'statement'),
    ...counted(endpoints, 'paused endpoint'),
    ...counted(silent, 'silent process', 'silent processes'),
  ]
}

const NAMES: Readonly<Record<Risk, string>> = {
  doubt: 'in doubt',
  break: 'open break(s)',
  switch: 'closed switch(es)',
  in_flight: 'confirm(s) without an end',
  held: 'held',
  waiting: 'waiting beyond their deadline',
}

const counted = (count: number, one: string, many = `${one}s`) =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
