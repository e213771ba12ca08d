import { array, assert, bigInt, option, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawPrices, spreadOf } from '../../src/prices/draw-prices.ts'

describe('a chart of prices', () => {
  it('has a line a day on one scale, the spread between the sides', () => {
    const days = [
      { sell: 100n, buy: 104n },
      { sell: 102n, buy: 106n },
      { sell: 104n, buy: 110n },
    ]
    expect(drawPrices(days, 11)).toEqual(['s───b      ', '  s───b    ', '    s─────b'])
  })

  it('shows one side where the other is not known, and both in one place where they are equal', () => {
    const days = [
      { sell: null, buy: 110n },
      { sell: 100n, buy: null },
      { sell: 105n, buy: 105n },
      { sell: null, buy: null },
    ]
    expect(drawPrices(days, 11)).toEqual(['          b', 's          ', '     *     ', '           '])
  })

  it('stands at the left when there is one price only, and nowhere when there is none', () => {
    expect(drawPrices([{ sell: 5n, buy: 5n }], 3)).toEqual(['*  '])
    expect(drawPrices([], 3)).toEqual([])
  })

  it('never leaves its width, whatever the prices', () => {
    const price = option(bigInt({ min: 1n, max: 10n ** 12n }))
    assert(
      property(array(record({ buy: price, sell: price })), (days) => {
        for (const line of drawPrices(days, 40)) expect(line).toHaveLength(40)
      }),
    )
  })
})

describe('a spread', () => {
  it('is exact in rupiah, and in tenths of a percent of what a customer pays', () => {
    expect(spreadOf({ buy: 883_380n, sell: 848_044n })).toEqual({ rupiah: 35_336n, perMille: 40n })
  })

  it('needs both sides', () => {
    expect(spreadOf({ buy: 883_380n, sell: null })).toBeNull()
    expect(spreadOf({ buy: null, sell: 848_044n })).toBeNull()
  })
})
