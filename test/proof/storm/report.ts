import { STORM_RULES, type StormRule } from './checks.ts'
import { EXPLANATIONS } from './doubts.ts'
import { INCIDENT_NAMES, INCIDENTS } from './incidents.ts'
import type { StormResult } from './storm.ts'

type Row = readonly [string, string | number]

/** How many problems of one rule are printed. */
const MOST_PRINTED = 5

/** The counts of a storm as a table, and its problems. */
export function reportOf(result: StormResult): string {
  const { options, seconds } = result
  const title = `Storm on the ${options.backend} queue: ${options.orders} orders, seed ${options.seed}, ${Math.round(seconds)} s`
  const rows = [...incidentRows(result), ...orderRows(result), ...breakerRows(result), ...doubtRows(result)]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return [title, ...lines, ...errorLines(result), ...problemLines(result), ''].join('\n')
}

function incidentRows({ incidents, sandboxFaults }: StormResult): Row[] {
  const rows = INCIDENT_NAMES.map((name): Row => {
    const all = incidents.filter(({ is }) => is === name)
    const count = all.reduce((sum, each) => sum + each.count, 0)
    return [INCIDENTS[name], count === all.length ? count : `${count} in ${all.length} blows`]
  })
  return [...rows.filter(([, count]) => count !== 0), ['faults of the gateway', sandboxFaults]]
}

function orderRows({ seen, ends, executed }: StormResult): Row[] {
  const states = [...new Set(ends.map(({ state }) => state))]
  const count = (wanted: string) =>
    ends.filter(({ state }) => state === wanted).reduce((sum, each) => sum + each.count, 0)
  return [
    ['orders placed', seen.placed],
    ['orders sent again by the partner', seen.sentAgain],
    ['orders stored', seen.stored],
    ['orders refused before they were stored', seen.refused],
    ...states.map((state): Row => [`orders ${state}`, count(state)]),
    ['transactions in the ledger', executed],
  ]
}

function breakerRows({ breaker: { closed, opened, probes } }: StormResult): Row[] {
  return [
    ['switches closed by the breaker', closed],
    ['  opened by its probes', opened],
    ...probes.map(({ outcome, count }): Row => [`  probes: ${outcome}`, count]),
  ]
}

function doubtRows({ doubts, settled, ends }: StormResult): Row[] {
  const late = ends.filter(({ reason }) => reason === 'late_reply').reduce((sum, each) => sum + each.count, 0)
  const { succeeded, rejected } = settled.counts.settled
  return [
    ['doubts', doubts.length],
    ...EXPLANATIONS.map(
      (each): Row => [`  explained by ${each}`, doubts.filter(({ because }) => because === each).length],
    ),
    ['  not explained', doubts.filter(({ because }) => because === null).length],
    ['  settled by a late reply', late],
    ['  settled by the statement as succeeded', succeeded],
    ['  settled by the statement as rejected', rejected],
    ['  left', settled.left - succeeded - rejected],
  ]
}

function errorLines({ workerErrors }: StormResult): string[] {
  const errors = [...workerErrors].sort(([, a], [, b]) => b - a).slice(0, MOST_PRINTED)
  return errors.map(([message, count]) => `  logged by workers ${count} times: ${message}`)
}

function problemLines({ problems }: StormResult): string[] {
  if (problems.length === 0) return ['  Every assertion holds.']
  return brokenRules(problems).flatMap((rule) => {
    const broken = problems.filter((problem) => problem.rule === rule)
    const some = broken.slice(0, MOST_PRINTED).map(({ what }) => `    ${what}`)
    return [`  FAILED ${rule} (${STORM_RULES[rule]}): ${broken.length}`, ...some]
  })
}

/** The rules that were broken, each once. */
export function brokenRules(problems: StormResult['problems']): StormRule[] {
  return [...new Set(problems.map(({ rule }) => rule))]
}
