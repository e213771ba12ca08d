import { describe, expect, it } from 'vitest'
import type { GoldWeight, Rupiah } from '../../src/core/money.ts'
import { brokenLimit } from '../../src/orders/limit.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { jobData } from '../support/factories/job-data.ts'
import { rupiah } from '../support/servers/commands.ts'

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
    expect(brokenLimit(command, quote(amount), null)).toBe(breaks ? 'price_limit' : null)
  })

  it.each([
    ['buy', jobData.buy()],
    ['sell', jobData.sell()],
    ['transfer', jobData.transfer()],
  ])('does not stop a %s without one', (kind, data) => {
    expect(brokenLimit(parseSubmission(kind, data).command, quote(1), null)).toBeNull()
  })

  it('does not stop a withdrawal, which has no price', () => {
    expect(brokenLimit(parseSubmission('withdraw', jobData.withdraw()).command, quote(null), null)).toBeNull()
  })
})

describe('the fee limit', () => {
  const limited = (max_fee: number) => ({ limit: { max_fee } })
  const commandOf = (kind: 'buy' | 'sell' | 'transfer', max_fee: number) =>
    parseSubmission(kind, jobData[kind](limited(max_fee))).command

  it.each(['buy', 'sell', 'transfer'] as const)('of a %s counts the fee of the quote', (kind) => {
    expect(brokenLimit(commandOf(kind, 4_999), quote(1), null)).toBe('fee_limit')
    expect(brokenLimit(commandOf(kind, 5_000), quote(1), null)).toBeNull()
    expect(brokenLimit(commandOf(kind, 0), quote(1), null)).toBe('fee_limit')
  })

  it.each(['buy', 'sell', 'transfer'] as const)('of the installation bounds every %s', (kind) => {
    const { command } = parseSubmission(kind, jobData[kind]())
    expect(brokenLimit(command, quote(1), rupiah(4_999))).toBe('fee_limit')
    expect(brokenLimit(command, quote(1), rupiah(5_000))).toBeNull()
    expect(brokenLimit(commandOf(kind, 10_000), quote(1), rupiah(4_999))).toBe('fee_limit')
  })

  it('comes after the price limit, which says more', () => {
    expect(brokenLimit(buy, quote(880_001), rupiah(0))).toBe('price_limit')
  })

  it('cannot bound a withdrawal, whose fee is first known at its confirm', () => {
    const { command } = parseSubmission('withdraw', jobData.withdraw())
    expect(brokenLimit(command, { ...quote(null), fee: null }, rupiah(0))).toBeNull()
    expect(() => parseSubmission('withdraw', jobData.withdraw(limited(1)))).toThrow('limit')
  })

  it.each([{ max_fee: -1 }, { max_fee: 0.5 }, { max_fee: '5000' }, {}])('refuses %j', (limit) => {
    expect(() => parseSubmission('buy', jobData.buy({ limit }))).toThrow('limit')
  })
})
