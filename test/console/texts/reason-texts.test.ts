import { describe, expect, it } from 'vitest'
import { BATCH_TRANSITIONS } from '../../../src/batches/lifecycle.ts'
import { REASON_TEXTS } from '../../../src/console/texts/reason-texts.ts'
import { isTextKey, TEXTS, textsIn } from '../../../src/console/texts/texts.ts'
import { TRANSITIONS } from '../../../src/orders/lifecycle.ts'
import { PLAN_TRANSITIONS } from '../../../src/plans/lifecycle.ts'
import { BREAK_REASONS } from '../../../src/reconciliation/enums.ts'

const REASONS = [
  ...[TRANSITIONS, BATCH_TRANSITIONS, PLAN_TRANSITIONS].flatMap((each) =>
    Object.values<{ readonly reasons: readonly string[] }>(each).flatMap(({ reasons }) => reasons),
  ),
  ...BREAK_REASONS,
]

describe('the words of reasons', () => {
  it('exist for every reason of orders, batches, plans and breaks, and for no other', () => {
    for (const reason of REASONS) expect(isTextKey(`reason.${reason}`), reason).toBe(true)
    for (const key of Object.keys(REASON_TEXTS)) expect(REASONS).toContain(key.slice('reason.'.length))
  })
})

describe('every text', () => {
  it('has the same values in both languages', () => {
    const valuesOf = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
    for (const [key, [indonesian, english]] of Object.entries(TEXTS))
      expect(valuesOf(indonesian), key).toEqual(valuesOf(english))
  })

  it('is Indonesian where Indonesian is chosen', () => {
    expect(textsIn('id')('stay.awaiting_statement')).toMatch(/^belum ada laporan lengkap/)
    expect(textsIn('id')('reason.reply_lost')).toBe('jawaban gateway tidak sampai')
  })
})
