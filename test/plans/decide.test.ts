import { describe, expect, it } from 'vitest'
import { decideRuns, type PlannedRun, type Policies } from '../../src/plans/decide.ts'
import { nine } from '../support/scenes/plan-scene.ts'

const policies = (overrides: Partial<Policies> = {}): Policies => ({
  ...{ missed: 'run_once', maxAgeMinutes: 60, overlap: 'allow' },
  ...overrides,
})

const due = (minute: number, overrides: Partial<PlannedRun> = {}): PlannedRun => ({
  ...{ dueAt: nine(minute), isWaiting: false, isAsked: false, isSkipped: false },
  ...overrides,
})

/** Decisions at NINE and so many minutes, one word each. */
function decided(
  rules: Policies,
  runs: readonly PlannedRun[],
  at: number,
  {
    isUnderWay = false,
    newest = Math.max(...runs.map(({ dueAt }) => (dueAt.getTime() - nine().getTime()) / 60_000)),
  } = {},
): string[] {
  return decideRuns(rules, runs, { now: nine(at), isUnderWay, newestDueAt: nine(newest) }).map((decision) =>
    decision.is === 'skip' ? decision.reason : decision.is,
  )
}

describe('a run that is found in time', () => {
  it.each(['skip', 'run_once', 'run_all'] as const)(
    'is started, whatever becomes of missed ones: %s',
    (missed) => {
      expect(decided(policies({ missed }), [due(0)], 0)).toEqual(['start'])
      expect(decided(policies({ missed }), [due(0)], 1)).toEqual(['start'])
    },
  )

  it('is left alone before it is due', () => {
    expect(decided(policies(), [due(0), due(1)], 0)).toEqual(['start'])
    expect(decided(policies(), [due(5)], 0)).toEqual([])
  })
})

describe('runs that were missed', () => {
  const three = [due(0), due(10), due(20)]

  it('are left out by skip', () => {
    expect(decided(policies({ missed: 'skip' }), three, 25)).toEqual(['missed', 'missed', 'missed'])
  })

  it('are made up for by the newest with run_once', () => {
    expect(decided(policies({ missed: 'run_once' }), three, 25)).toEqual([
      ...['made_up_by_later', 'made_up_by_later', 'start'],
    ])
  })

  it('are made up for by one that is in time, too', () => {
    expect(decided(policies({ missed: 'run_once' }), three, 20)).toEqual([
      ...['made_up_by_later', 'made_up_by_later', 'start'],
    ])
  })

  it('are made up for by a newer one that this look does not see', () => {
    expect(decided(policies({ missed: 'run_once' }), three, 25, { newest: 24 })).toEqual(
      Array(3).fill('made_up_by_later'),
    )
  })

  it('are all started by run_all', () => {
    expect(decided(policies({ missed: 'run_all' }), three, 25)).toEqual(['start', 'start', 'start'])
  })

  it.each(['skip', 'run_once', 'run_all'] as const)('beyond the maximum age are too old for %s', (missed) => {
    expect(decided(policies({ missed }), [due(0)], 61)).toEqual(['too_old'])
  })

  it('are none that a person asked for, nor those that wait', () => {
    const rules = policies({ missed: 'skip', overlap: 'allow' })
    expect(decided(rules, [due(0, { isAsked: true }), due(1, { isWaiting: true })], 30)).toEqual([
      'start',
      'start',
    ])
  })
})

describe('a run that is due while another is under way', () => {
  it.each([
    ['skip', ['overlap', 'overlap']],
    ['wait', ['wait', 'wait']],
    ['allow', ['start', 'start']],
  ] as const)('by %s', (overlap, expected) => {
    expect(decided(policies({ overlap }), [due(0), due(1)], 1, { isUnderWay: true })).toEqual(expected)
  })

  it.each([
    ['skip', ['start', 'overlap']],
    ['wait', ['start', 'wait']],
    ['allow', ['start', 'start']],
  ] as const)('counts the one started a moment before: %s', (overlap, expected) => {
    expect(decided(policies({ overlap }), [due(0), due(1)], 1)).toEqual(expected)
  })

  it('is too old to go on waiting after the maximum age', () => {
    const rules = policies({ overlap: 'wait' })
    expect(decided(rules, [due(0, { isWaiting: true })], 61, { isUnderWay: true })).toEqual(['too_old'])
  })
})

describe('a run whose date a person skipped', () => {
  it('is skipped for that, whatever else is true of it', () => {
    expect(decided(policies({ overlap: 'skip' }), [due(0, { isSkipped: true }), due(1)], 1)).toEqual([
      'skipped_by_person',
      'start',
    ])
    expect(decided(policies(), [due(0, { isSkipped: true })], 600)).toEqual(['skipped_by_person'])
  })
})
