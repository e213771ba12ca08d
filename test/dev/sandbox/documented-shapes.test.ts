import { describe, expect, it } from 'vitest'
import { GOLD_UNITS_PER_GRAM } from '../../../src/core/money.ts'
import { dayOfChart } from '../../../src/prices/chart-day.ts'
import { RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import {
  confirm,
  gift,
  KINDS,
  place,
  post,
  quoteId,
  RICH,
  type Step,
  start,
  trade,
  wallet,
} from './requests.ts'

const digits = expect.stringMatching(/^\d+$/)
const sessionId = expect.stringMatching(/^[0-9A-F]{32}$/)
const rupiah = expect.toSatisfy(Number.isSafeInteger)
const product = 'Emas Logam Mulia 99.99%'

const quote = {
  response_id: digits,
  phone_number: WALLET,
  gold_weight: 0.5,
  amount: rupiah,
  fee: 0,
  additional: {},
}
const executed = { ...quote, request_id: digits, session_id: sessionId }

/** The data of each reply as the document prints them: these fields and no others. */
const SHAPES: Record<keyof typeof KINDS, { checkout: object; confirm: object }> = {
  'buy by grams': { checkout: { ...quote, fee: 5_000 }, confirm: { ...executed, fee: 5_000 } },
  'buy by rupiah': {
    checkout: { ...quote, fee: 5_000, amount: 100_000, gold_weight: expect.any(Number) },
    confirm: { ...executed, fee: 5_000, amount: 100_000, gold_weight: expect.any(Number) },
  },
  sell: { checkout: quote, confirm: quote },
  transfer: {
    checkout: { ...quote, additional: { product, recipient: ` (${RECIPIENT})`, remarks: 'gift' } },
    confirm: {
      ...executed,
      phone_number: '08xxxxxxxx001',
      additional: { product, recipient: expect.stringMatching(/^[\w ]+ \(08xxxxxxx02\)$/), remarks: 'gift' },
    },
  },
  withdraw: {
    checkout: { ...place, request_id: digits },
    confirm: {
      ...executed,
      gold_weight: 2,
      amount: 147_975,
      additional: {
        product: 'LM Antam 99.99% (2 gram)',
        shipping: expect.any(String),
        estimation_product: rupiah,
        shipping_cost: 47_975,
        certificate_fee: 100_000,
        grand_total: 147_975,
      },
    },
  },
}

describe('the data of a reply', () => {
  it.each(Object.entries(KINDS))(
    'to a %s are the documented fields and no others',
    async (name, step: Step) => {
      const sandbox = await start()
      const { checkout: checkoutShape, confirm: confirmShape } = SHAPES[name as keyof typeof KINDS]
      expect((await post(sandbox, ...step.checkout)).data).toEqual(checkoutShape)
      expect((await confirm(sandbox, step, await quoteId(sandbox, step))).data).toEqual(confirmShape)
    },
  )

  it('to a registration, an address and a chart are the documented fields and no others', async () => {
    const sandbox = await start()
    const person = { ...wallet, name: 'Sari Contoh', email: 'sari@contoh.example' }
    expect((await post(sandbox, '/register', person)).data).toEqual({
      request_id: rupiah,
      user_id: WALLET,
      name: 'Sari Contoh',
      email: 'sari@contoh.example',
      phone: WALLET,
    })
    await post(sandbox, '/withdraw/address', place)
    expect((await post(sandbox, '/withdraw/address', wallet)).data).toEqual({ ...place, request_id: digits })
    const { data } = await post(sandbox, '/chart/buy', wallet)
    expect(Object.values(data)).toEqual(
      Array.from({ length: 7 }, () => ({
        date: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
        value: rupiah,
      })),
    )
  })
})

describe('a chart', () => {
  it('ends with today in Jakarta, whose offset the replies carry', async () => {
    const sandbox = await start()
    const jakarta = () => new Date().toLocaleDateString('en-CA', { timeZone: 'Asia/Jakarta' })
    const before = jakarta()
    const chart = Object.values((await post(sandbox, '/chart/sell', wallet)).data) as { date: string }[]
    expect([before, jakarta()]).toContain(dayOfChart(chart.at(-1)?.date ?? ''))
  })
})

describe('a registration', () => {
  it('activates an empty wallet that was not known', async () => {
    const sandbox = await start({ openWallets: null })
    expect((await post(sandbox, '/checkout/gram', trade)).general_response.response_message).toMatch(
      /^User not found$/i,
    )
    await post(sandbox, '/register', { ...wallet, name: 'Sari Contoh', email: 'sari@contoh.example' })
    expect(sandbox.wallet(WALLET)).toEqual({ rupiah: 0, goldWeight: 0, premium: true })
    expect((await post(sandbox, '/checkout/gram', trade)).status).toBe(200)
  })

  it('leaves a wallet that is known as it is', async () => {
    const sandbox = await start()
    await post(sandbox, '/register', { ...wallet, name: 'Sari Contoh', email: 'sari@contoh.example' })
    expect(sandbox.wallet(WALLET)).toEqual({ ...RICH, premium: true })
  })
})

describe('balances', () => {
  it.each(Object.entries(KINDS))('change by exactly what a %s moved', async (_name, step: Step) => {
    const sandbox = await start()
    await confirm(sandbox, step, await quoteId(sandbox, step))
    const [entry] = sandbox.ledger()
    const { amount, fee, goldWeight, type } = entry ?? { amount: 0, fee: 0, goldWeight: 0, type: 'none' }
    expect(goldWeight).toBeGreaterThan(0)
    const moved = {
      buy: { rupiah: -amount - fee, goldWeight },
      sell: { rupiah: amount - fee, goldWeight: -goldWeight },
      transfer: { rupiah: 0 - fee, goldWeight: -goldWeight },
      withdraw: { rupiah: -amount - fee, goldWeight: -goldWeight },
      none: { rupiah: 0, goldWeight: 0 },
    }[type]
    const movedIn = (phoneNumber: string) => {
      const found = sandbox.wallet(phoneNumber)
      return {
        rupiah: (found?.rupiah ?? 0) - RICH.rupiah,
        goldWeight: (found?.goldWeight ?? 0) - RICH.goldWeight,
      }
    }
    expect(movedIn(WALLET)).toEqual(moved)
    expect(movedIn(RECIPIENT)).toEqual({ rupiah: 0, goldWeight: type === 'transfer' ? goldWeight : 0 })
  })

  it('buy no more gold than the rupiah pay for', async () => {
    const sandbox = await start()
    const { data } = await post(sandbox, '/checkout/rupiah', { ...wallet, amount: 100_000 })
    const chart = Object.values((await post(sandbox, '/chart/buy', wallet)).data) as { value: number }[]
    const price = chart.at(-1)?.value ?? 0
    const units = Math.round(Number(data.gold_weight) * GOLD_UNITS_PER_GRAM)
    expect(units * price).toBeLessThanOrEqual(100_000 * GOLD_UNITS_PER_GRAM)
    expect((units + 1) * price).toBeGreaterThan(100_000 * GOLD_UNITS_PER_GRAM)
  })

  it('refuse a transfer to oneself', async () => {
    const sandbox = await start()
    const own = { ...gift, recipient: WALLET }
    const { data } = await post(sandbox, '/transfer/checkout', own)
    const reply = await post(sandbox, '/transfer/confirm', { ...own, request_id: data.response_id })
    expect(reply.general_response.response_message).toBe('Invalid recipient')
    expect(sandbox.ledger()).toEqual([])
  })
})
