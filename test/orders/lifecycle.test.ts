import { describe, expect, it } from 'vitest'
import { FINAL_STATES, isFinal, ORDER_STATES, pickUp, TRANSITIONS } from '../../src/orders/lifecycle.ts'

describe('the life of an order', () => {
  it('leads nowhere from a final state', () => {
    const leaving = Object.values(TRANSITIONS).map(({ from }) => from)
    for (const state of FINAL_STATES) expect(leaving).not.toContain(state)
  })

  it('lets every order that is not final reach a final state', () => {
    const reaches = (state: string, seen: Set<string>): boolean =>
      (FINAL_STATES as readonly string[]).includes(state) ||
      Object.values(TRANSITIONS).some(
        ({ from, to }) => from === state && !seen.has(to) && reaches(to, new Set([...seen, to])),
      )
    for (const state of ORDER_STATES) expect(reaches(state, new Set([state])), state).toBe(true)
  })

  it('lets only evidence lead out of doubt', () => {
    const out = Object.values(TRANSITIONS).filter(({ from }) => from === 'in_doubt')
    expect(out.flatMap(({ reasons }) => [...reasons])).toEqual(
      expect.arrayContaining(['late_reply', 'resolved_by_person']),
    )
    expect(out.map(({ to }) => to).sort()).toEqual(['rejected', 'succeeded'])
  })
})

describe('a worker that picks an order up', () => {
  it.each([
    ['accepted', null, 'run'],
    ['confirming', 100, 'leave'],
    ['confirming', 1_000, 'leave'],
    ['confirming', 1_001, 'mark_overdue'],
    // The intent ended between the two reads: the next look will tell.
    ['confirming', null, 'leave'],
    ['in_doubt', null, 'nothing_to_do'],
    ['held', null, 'nothing_to_do'],
    ['succeeded', null, 'nothing_to_do'],
    ['rejected', null, 'nothing_to_do'],
    ['expired', null, 'nothing_to_do'],
    ['cancelled', null, 'nothing_to_do'],
  ] as const)('in state %s with an intent of age %s: %s', (state, ageMs, expected) => {
    expect(pickUp(state, ageMs, 1_000)).toBe(expected)
  })

  it('knows every state', () => {
    for (const state of ORDER_STATES) expect(pickUp(state, null, 1_000)).toBeDefined()
    expect(ORDER_STATES.filter(isFinal)).toEqual([...FINAL_STATES])
  })
})
