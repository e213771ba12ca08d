import { formatTime, NOTHING, type ShownZone } from '../../core/format.ts'
import { count, formatSpan } from './format.ts'
import type { Report, RunChanges, Work } from './report.ts'
import type { Cell, Sheet } from './sheet.ts'

type Counts = Readonly<Record<string, number | undefined>>

/** The last run beside the run before it, and what was done since. */
export function changeSheet({ changes: { last, before, sinceLast } }: Report, zone: ShownZone): Sheet {
  const runs = [before, last]
  return {
    title: 'What changed',
    note: 'The last run beside the run before it. Each column counts what was done since the column on its left.',
    headings: ['what', 'run before', 'last run', 'since then'],
    groups:
      last === null
        ? []
        : [aboutRuns(runs, zone), doneByRuns(runs), doneByPeople([...runs, sinceLast]), left(runs)],
    whenEmpty: 'There is no run yet.',
  }
}

type Runs = readonly (RunChanges | null)[]

const ofRuns = (what: string, runs: Runs, cellOf: (run: RunChanges) => Cell) => ({
  cells: [what, ...runs.map((run) => (run === null ? NOTHING : cellOf(run))), NOTHING],
})

const aboutRuns = (runs: Runs, zone: ShownZone) => [
  ofRuns('ended', runs, ({ finishedAt }) => formatTime(finishedAt, zone)),
  ofRuns('about', runs, ({ period }) => formatSpan(period, zone)),
  ofRuns('by', runs, ({ actor }) => actor),
]

const doneByRuns = (runs: Runs) => [
  ...perName('matched by', runs, ({ counts }) => counts.matched),
  ofRuns('doubts settled as succeeded', runs, ({ counts }) => count(counts.settled.succeeded)),
  ofRuns('doubts settled as not executed', runs, ({ counts }) => count(counts.settled.rejected)),
  ...perName('opened', runs, ({ counts }) => counts.opened),
  ofRuns('breaks reopened', runs, ({ counts }) => count(counts.reopened)),
  ofRuns('breaks explained', runs, ({ counts }) => count(counts.explained)),
]

function doneByPeople(work: readonly (Work | null)[]) {
  const row = (what: string, countOf: (work: Work) => number) => ({
    cells: [what, ...work.map((each) => count(each === null ? null : countOf(each)))],
  })
  return [
    row('breaks written off by two people', ({ writtenOff }) => writtenOff),
    row('doubts settled otherwise as succeeded', ({ settledOtherwise: { succeeded } }) => succeeded),
    row('doubts settled otherwise as rejected', ({ settledOtherwise: { rejected } }) => rejected),
  ]
}

const left = (runs: Runs) => [
  ...perName('still in doubt:', runs, ({ counts }) => counts.stayInDoubt),
  ofRuns('lines left unmatched', runs, ({ counts }) => count(counts.unmatchedLines)),
  ofRuns('breaks left open', runs, ({ counts }) => count(counts.openBreaks)),
]

/** One row per name that any of the runs counted. */
function perName(what: string, runs: Runs, countsOf: (run: RunChanges) => Counts) {
  const names = new Set(runs.flatMap((run) => (run === null ? [] : Object.keys(countsOf(run)))))
  return [...names].map((name) => ofRuns(`${what} ${name}`, runs, (run) => count(countsOf(run)[name] ?? 0)))
}
