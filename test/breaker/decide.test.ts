import { describe, expect, it } from 'vitest'
import { breachOf } from '../../src/breaker/decide.ts'
import { type FigureRow, type Figures, figuresByScope } from '../../src/breaker/figures.ts'
import { nextStep, type ProbeFacts, type TripFacts } from '../../src/breaker/probes.ts'
import { type BreakerRules, pauseMs } from '../../src/breaker/rules.ts'
import { grams, rupiah } from '../support/servers/commands.ts'

const RULES: BreakerRules = {
  windowSeconds: 300,
  minConfirms: 20,
  unknownPercent: 20,
  rupiahInDoubt: rupiah(100_000_000),
  gramsInDoubt: grams(100),
  rupiahPercent: 30,
  contradictionPercent: 5,
  refusalPercent: 90,
  slowMs: 10_000,
  slowPercent: 50,
  pauseSeconds: 30,
  maxPauseSeconds: 900,
  probeRupiah: rupiah(5_000_000),
  probeGrams: grams(1),
}

const HEALTHY: Figures = {
  confirms: 100,
  unknown: 0,
  contradictions: 0,
  refusals: null,
  slow: 0,
  rupiah: 44_100_000n,
  rupiahInDoubt: 0n,
  gramsInDoubt: 0,
}

describe('a breach', () => {
  it.each<[string, Partial<Figures>, string | null]>([
    ['healthy confirms', {}, null],
    ['no confirms at all', { confirms: 0, rupiah: 0n }, null],
    ['one doubt of three', { confirms: 3, unknown: 1, rupiah: 1_323_000n, rupiahInDoubt: 441_000n }, null],
    ['three doubts of three: too few confirms', { confirms: 3, unknown: 3, rupiahInDoubt: 1_323_000n }, null],
    [
      'one doubt of three of a large amount',
      { confirms: 3, unknown: 1, rupiahInDoubt: 100_000_000n },
      'rupiah_in_doubt',
    ],
    ['one rupiah less', { confirms: 3, unknown: 1, rupiahInDoubt: 99_999_999n }, null],
    [
      'a withdrawal of 100 g in doubt',
      { confirms: 1, unknown: 1, gramsInDoubt: 1_000_000 },
      'grams_in_doubt',
    ],
    ['a fifth unknown', { confirms: 20, unknown: 4 }, 'unknown'],
    ['less than a fifth', { confirms: 21, unknown: 4 }, null],
    ['a fifth of 19', { confirms: 19, unknown: 10 }, null],
    [
      'a third of the rupiah in three doubts',
      { unknown: 3, rupiah: 90_000_000n, rupiahInDoubt: 30_000_000n },
      'rupiah_share',
    ],
    [
      'a third of the rupiah in one doubt',
      { unknown: 1, rupiah: 90_000_000n, rupiahInDoubt: 30_000_000n },
      null,
    ],
    ['five of a hundred contradict', { unknown: 5, contradictions: 5 }, 'contradictions'],
    ['one of twenty contradicts', { confirms: 20, unknown: 1, contradictions: 1 }, null],
    ['nine of ten are refused alike', { refusals: { reason: 'invalid_params', count: 90 } }, 'refusals'],
    ['eight of ten are refused alike', { refusals: { reason: 'insufficient_balance', count: 80 } }, null],
    ['half of the replies are slow', { slow: 50 }, 'slow'],
    ['fewer are slow', { slow: 49 }, null],
  ])('of %s', (_what, changed, of) => {
    expect(breachOf({ ...HEALTHY, ...changed }, RULES)?.of ?? null).toBe(of)
  })

  it('tells its figures and the limit', () => {
    expect(breachOf({ ...HEALTHY, confirms: 40, unknown: 12 }, RULES)?.reason).toBe(
      '12 of 40 confirms were unknown outcomes (30 %, limit 20 %) within 300 s',
    )
  })

  it('is never of a threshold of 0', () => {
    const off = {
      ...RULES,
      ...{ unknownPercent: 0, rupiahPercent: 0, contradictionPercent: 0, refusalPercent: 0, slowPercent: 0 },
      ...{ rupiahInDoubt: rupiah(0), gramsInDoubt: grams(0) },
    }
    const worst: Figures = {
      ...{ confirms: 100, unknown: 100, contradictions: 100, slow: 100, rupiah: 10n ** 12n },
      ...{ refusals: { reason: 'x', count: 100 }, rupiahInDoubt: 10n ** 12n, gramsInDoubt: 10 ** 9 },
    }
    expect(breachOf(worst, off)).toBeNull()
    expect(breachOf(worst, RULES)?.of).toBe('rupiah_in_doubt')
  })
})

it('the figures of a scope are the sums of its rows', () => {
  const row = (changed: Partial<FigureRow>): FigureRow => ({
    ...{
      scope: 'kind:buy',
      outcome: 'succeeded',
      reason: 'executed',
      count: 1,
      slow: 0,
      rupiah: 100n,
      grams: 0,
    },
    ...changed,
  })
  const figures = figuresByScope([
    row({ count: 10, rupiah: 1_000n, slow: 2 }),
    row({ outcome: 'in_doubt', reason: 'reply_lost', count: 2, rupiah: 200n, slow: 2 }),
    row({ outcome: 'in_doubt', reason: 'reply_contradicts_quote', count: 1, grams: 5 }),
    row({ outcome: 'rejected', reason: 'insufficient_balance', count: 3 }),
    row({ outcome: 'rejected', reason: 'invalid_params', count: 4 }),
    row({ scope: 'partner:acme' }),
  ])
  expect(figures.get('kind:buy')).toEqual({
    confirms: 20,
    unknown: 3,
    contradictions: 1,
    refusals: { reason: 'invalid_params', count: 4 },
    slow: 4,
    rupiah: 1_500n,
    rupiahInDoubt: 300n,
    gramsInDoubt: 5,
  })
  expect(figures.get('partner:acme')?.confirms).toBe(1)
})

describe('a closing of the breaker', () => {
  const TRIP: TripFacts = { breach: 'unknown', successes: 0, isPaused: false, probe: null }
  const probe = (changed: Partial<ProbeFacts>): ProbeFacts => ({
    ...{ ageMs: 1_000, state: 'accepted', isHeld: false, outcome: null, replyMs: null },
    ...changed,
  })
  const ended = (outcome: string, next: string) => ({ is: 'end_probe', outcome, next })
  const done = (outcome: string, replyMs = 500) =>
    probe({ outcome, replyMs, state: outcome === 'rejected' ? 'rejected' : outcome })

  it.each<[string, Partial<TripFacts>, object]>([
    ['waits for its pause', { isPaused: true }, { is: 'wait' }],
    ['then chooses one order', {}, { is: 'choose' }],
    ['waits for its confirm', { probe: probe({}) }, { is: 'wait' }],
    [
      'waits while the confirm may be out',
      { probe: probe({ outcome: 'intent', state: 'confirming', ageMs: 1e9 }) },
      { is: 'wait' },
    ],
    [
      'gives up an order that is not confirmed',
      { probe: probe({ ageMs: 60_001 }) },
      ended('no_confirm', 'go_on'),
    ],
    ['or that ended without a confirm', { probe: probe({ state: 'expired' }) }, ended('no_confirm', 'go_on')],
    ['or that another switch holds', { probe: probe({ isHeld: true }) }, ended('no_confirm', 'go_on')],
    [
      'but not while its confirm may be out',
      { probe: probe({ isHeld: true, outcome: 'intent', state: 'confirming' }) },
      { is: 'wait' },
    ],
    ['goes on after a new price', { probe: probe({ outcome: 'price_changed' }) }, { is: 'wait' }],
    ['counts a success', { probe: done('succeeded') }, ended('succeeded', 'go_on')],
    ['opens at the second', { successes: 1, probe: done('succeeded') }, ended('succeeded', 'open')],
    ['closes again at a doubt', { successes: 1, probe: done('in_doubt') }, ended('in_doubt', 'pause')],
    ['learns nothing from a refusal', { successes: 1, probe: done('rejected') }, ended('refused', 'go_on')],
    [
      'that is what it closed for',
      { breach: 'refusals', probe: done('rejected') },
      ended('refused', 'pause'),
    ],
    ['takes a slow success', { successes: 1, probe: done('succeeded', 11_000) }, ended('slow', 'open')],
    [
      'unless it closed for slowness',
      { breach: 'slow', successes: 1, probe: done('succeeded', 11_000) },
      ended('slow', 'pause'),
    ],
  ])('%s', (_what, changed, step) => {
    expect(nextStep({ ...TRIP, ...changed }, 10_000)).toEqual(step)
  })

  it('pauses twice as long each time, up to a bound', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 100].map((pauses) => pauseMs(RULES, pauses) / 1_000)).toEqual([
      30, 60, 120, 240, 480, 900, 900, 900,
    ])
  })
})
