import { describe, expect, it } from 'vitest'
import { breaksLimit } from '../../src/domain/limit.ts'
import type { GoldWeight, Rupiah } from '../../src/domain/money.ts'
import { parseSubmission } from '../../src/domain/submission.ts'
import { jobData } from '../support/job-data.ts'

const quote = (amount: number | null, goldWeight = 10_000) => ({
  quoteId: '1',
  goldWeight: goldWeight as GoldWeight,
  amount: amount as Rupiah | null,
  fee: 5_000 as Rupiah,
})
const buy = parseSubmission('buy', jobData.buy({ limit: { max_price_per_gram: 880_000 } })).command
const sell = parseSubmission('sell', jobData.sell({ limit: { min_price_per_gram: 880_000 } })).command

describe('the price limit', () => {
  it.each([
    ['a buy above its limit', buy, 880_001, true],
    ['a buy at its limit, the fee not counted', buy, 880_000, false],
    ['a buy below its limit', buy, 879_999, false],
    ['a sell below its limit', sell, 879_999, true],
    ['a sell at its limit', sell, 880_000, false],
    ['a sell above its limit', sell, 880_001, false],
  ] as const)('%s', (_what, command, amount, breaks) => {
    expect(breaksLimit(command, quote(amount))).toBe(breaks)
  })

  it.each([
    ['buy', jobData.buy()],
    ['sell', jobData.sell()],
    ['transfer', jobData.transfer()],
  ])('does not stop a %s without one', (kind, data) => {
    expect(breaksLimit(parseSubmission(kind, data).command, quote(1))).toBe(false)
  })

  it('does not stop a withdrawal, which has no price', () => {
    expect(breaksLimit(parseSubmission('withdraw', jobData.withdraw()).command, quote(null))).toBe(false)
  })
})
