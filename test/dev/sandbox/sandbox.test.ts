import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { executes, FAULT_NAMES, FAULTS } from '../../../src/dev/sandbox/faults.ts'
import { KTP, RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import { confirm, KINDS, place, post, quoteId, RICH, type Step, start, trade, wallet } from './requests.ts'

describe('an operation of the sandbox', () => {
  it.each(Object.keys(KINDS))('%s gives a quote and executes it, in the documented shape', async (name) => {
    const sandbox = await start()
    const step = KINDS[name as keyof typeof KINDS] as Step
    const id = await quoteId(sandbox, step)
    const reply = await confirm(sandbox, step, id)
    expect(reply).toMatchObject({
      status: 200,
      general_response: { response_status: true, response_code: 200 },
    })
    expect(reply.general_response.response_timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00$/)
    const [entry] = sandbox.ledger()
    expect(entry).toMatchObject({ requestId: id, phoneNumber: WALLET })
    expect(reply.data.response_id).toBe(entry?.responseId)
    expect(reply.data.session_id).toBe(name === 'sell' ? undefined : entry?.sessionId)
    expect(reply.data.request_id).toBe(name === 'sell' ? undefined : id)
    expect(reply.data.phone_number).toBe(name === 'transfer' ? '08xxxxxxxx001' : WALLET)
  })

  it('executes a quote again when it is confirmed again: nothing forgives a second send', async () => {
    const sandbox = await start()
    const step = KINDS['buy by grams'] as Step
    const id = await quoteId(sandbox, step)
    await confirm(sandbox, step, id)
    await confirm(sandbox, step, id)
    expect(sandbox.ledger().map(({ requestId }) => requestId)).toEqual([id, id])
    expect(sandbox.confirmsReceived()).toHaveLength(2)
  })

  it('lets a quote die when the price moves, but not a withdrawal', async () => {
    const sandbox = await start()
    for (const [name, step] of Object.entries(KINDS)) {
      const id = await quoteId(sandbox, step)
      sandbox.movePrice()
      const { general_response } = await confirm(sandbox, step, id)
      if (name === 'withdraw') expect(general_response.response_status).toBe(true)
      else
        expect(general_response.response_message.replace(/\s/g, ' ')).toBe(
          'Price changes have occurred, Please try again',
        )
    }
  })

  it.each([
    ['an unknown wallet', '/checkout/gram', { ...trade, phone_number: '081200000000' }, /^User not found$/i],
    ['a missing field', '/checkout/gram', wallet, /^Field gold_weight is required\.$/],
    [
      'an account that is not premium',
      '/checkout/gram',
      { ...trade, phone_number: '081200000001' },
      /^Your\saccount is not premium yet$/,
    ],
    ['a weight of five decimals', '/checkout/gram', { ...wallet, gold_weight: 0.00001 }, /^Invalid Params$/],
    ['a confirm of no quote', '/purchase/gram', { ...trade, request_id: '1' }, /^Invalid Params$/],
    ['a region without kecamatan', '/address/subdistrict', {}, /^Field kecamatan is required\.$/],
    [
      'an address without KTP number',
      '/withdraw/address',
      { ...place, ktp: undefined },
      /^Field ktp is required\.$/,
    ],
  ])('refuses %s', async (_what, path, body, message) => {
    const sandbox = await start({ openWallets: null })
    sandbox.openWallet(WALLET, { ...RICH, premium: true })
    sandbox.openWallet('081200000001', { ...RICH, premium: false })
    const reply = await post(sandbox, path, body)
    expect([200, 400]).toContain(reply.status)
    expect(reply.general_response).toMatchObject({ response_status: false, response_code: 400 })
    expect(reply.general_response.response_message).toMatch(message)
    expect(sandbox.ledger()).toEqual([])
  })

  it.each([
    [
      'more rupiah than there are',
      'buy by grams',
      { rupiah: 100, goldWeight: 0 },
      /^wallet balance is insufficient$/,
    ],
    ['more gold than there is', 'sell', { rupiah: 0, goldWeight: 100 }, /^wallet balance is insufficient$/],
    ['an unknown recipient', 'transfer', RICH, /^Invalid recipient$/],
  ])('refuses a confirm of %s', async (_what, name, balances, message) => {
    const sandbox = await start({ openWallets: null })
    sandbox.openWallet(WALLET, { ...balances, premium: true })
    const step = KINDS[name as keyof typeof KINDS] as Step
    const reply = await confirm(sandbox, step, await quoteId(sandbox, step))
    expect(reply.general_response.response_message).toMatch(message)
    expect(sandbox.ledger()).toEqual([])
    expect(sandbox.wallet(WALLET)).toEqual({ ...balances, premium: true })
  })

  it('reads back a withdrawal address, a registration, a region and both charts', async () => {
    const sandbox = await start()
    await post(sandbox, '/withdraw/address', place)
    expect((await post(sandbox, '/withdraw/address', wallet)).data).toMatchObject({
      phone_number: WALLET,
      city: 'C',
      ktp: KTP,
    })
    const registered = await post(sandbox, '/register', {
      ...wallet,
      name: 'Sari Contoh',
      email: 'sari@contoh.example',
    })
    expect(typeof registered.data.request_id).toBe('number')
    expect((await post(sandbox, '/address/subdistrict', { kecamatan: 'Gambir' })).data).toEqual([])
    for (const side of ['buy', 'sell'])
      expect((await post(sandbox, `/chart/${side}`, wallet)).data).toHaveLength(7)
  })
})

describe('the books', () => {
  it('keep every gram and rupiah through any orders', async () => {
    const sandbox = await start({ openWallets: null })
    const wallets = ['081200000001', '081200000002', '081200000003']
    const [buy, sell, transfer] = [KINDS['buy by grams'], KINDS.sell, KINDS.transfer] as [Step, Step, Step]
    const anOrder = fc.record({
      step: fc.constantFrom(buy, sell, transfer),
      from: fc.constantFrom(...wallets),
      to: fc.constantFrom(...wallets),
      units: fc.integer({ min: 1, max: 30_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(anOrder, { maxLength: 8 }), async (orders) => {
        for (const phone of wallets)
          sandbox.openWallet(phone, { rupiah: 2_000_000, goldWeight: 20_000, premium: true })
        const before = sandbox.ledger().length
        for (const { step, from, to, units } of orders) {
          const body = {
            phone_number: from,
            gold_weight: units / 10_000,
            ...(step === transfer ? { recipient: to } : {}),
          }
          const { data } = await post(sandbox, step.checkout[0], body)
          await post(sandbox, step.confirm[0], { ...body, request_id: data.response_id })
        }
        const balances = wallets.map((phone) => sandbox.wallet(phone) ?? { rupiah: -1, goldWeight: -1 })
        const executed = sandbox.ledger().slice(before)
        const sum = (of: (entry: (typeof executed)[number]) => number) =>
          executed.reduce((total, entry) => total + of(entry), 0)
        const gold = sum(({ type, goldWeight }) =>
          type === 'buy' ? goldWeight : type === 'sell' ? -goldWeight : 0,
        )
        const money = sum(({ type, amount, fee }) =>
          type === 'buy' ? -amount - fee : type === 'sell' ? amount - fee : -fee,
        )
        expect(balances.reduce((total, { goldWeight }) => total + goldWeight, 0)).toBe(60_000 + gold)
        expect(balances.reduce((total, { rupiah }) => total + rupiah, 0)).toBe(6_000_000 + money)
        for (const { rupiah, goldWeight } of balances) {
          expect(rupiah).toBeGreaterThanOrEqual(0)
          expect(goldWeight).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('are read over HTTP, and the statement equals the ledger', async () => {
    const sandbox = await start()
    for (const step of Object.values(KINDS)) await confirm(sandbox, step, await quoteId(sandbox, step))
    const text = await (await fetch(`${sandbox.url}/sandbox/statement`)).text()
    const [heading, ...lines] = text.trimEnd().split('\n')
    expect(heading).toBe(
      'session_id,response_id,request_id,type,phone_number,gold_weight,amount,fee,executed_at',
    )
    expect(lines).toEqual(
      sandbox
        .ledger()
        .map((e) =>
          [
            e.sessionId,
            e.responseId,
            e.requestId,
            e.type,
            e.phoneNumber,
            (e.goldWeight / 10_000).toFixed(4),
            e.amount,
            e.fee,
            e.executedAt.toISOString(),
          ].join(','),
        ),
    )
    const ledger = (await (await fetch(`${sandbox.url}/sandbox/ledger`)).json()) as unknown[]
    expect(ledger).toHaveLength(5)
    expect(await (await fetch(`${sandbox.url}/sandbox/wallets/${RECIPIENT}`)).json()).toMatchObject({
      goldWeight: 10_005_000,
    })
  })
})

describe('a fault', () => {
  const step = KINDS['buy by grams'] as Step

  it.each(FAULT_NAMES)('%s executes, or does not, as its row says, and is counted', async (fault) => {
    const sandbox = await start({ faults: { [fault]: { next: 1 } }, slowMs: 20 })
    const id = await quoteId(sandbox, step)
    const [path, body] = step.confirm
    const reply = await fetch(`${sandbox.url}/v2/gold-pro${path}`, {
      method: 'POST',
      redirect: 'manual',
      body: JSON.stringify({ ...body, request_id: id }),
    }).catch(() => null)
    const hangsUp = ['reply_lost', 'request_dropped'].includes(fault)
    expect(reply === null).toBe(hangsUp)
    await reply?.body?.cancel()
    expect(sandbox.ledger()).toHaveLength(executes(fault) ? 1 : 0)
    expect(sandbox.faultLog()).toEqual([
      { fault, phase: 'confirm', type: 'buy', phoneNumber: WALLET, quoteId: id },
    ])
    expect(sandbox.faultCounts()[fault]).toBe(1)
    // Only the next one.
    const second = await quoteId(sandbox, step)
    expect((await confirm(sandbox, step, second)).general_response.response_status).toBe(true)
  })

  it('is set and read over HTTP, and a bad setting is refused by name', async () => {
    const sandbox = await start()
    const set = (fault: string, body: string) =>
      fetch(`${sandbox.url}/sandbox/faults/${fault}`, { method: 'POST', body })
    expect((await set('reply_lost', '{"rate":1}')).status).toBe(200)
    expect(await (await set('reply_lost', '{"rate":2}')).text()).toContain('rate')
    expect(await (await set('nonsense', '{}')).text()).toContain('reply_lost')
    const faults = (await (await fetch(`${sandbox.url}/sandbox/faults`)).json()) as {
      fault: string
      what: string
    }[]
    expect(faults.map(({ fault }) => fault)).toEqual(FAULT_NAMES)
    expect(faults[0]?.what).toBe(FAULTS[FAULT_NAMES[0] as 'price_change'].what)
    await expect(quoteId(sandbox, step).then((id) => confirm(sandbox, step, id))).rejects.toThrow()
  })
})

describe('the same seed', () => {
  it('gives the same prices, ids and faults, and another seed others', async () => {
    const run = async (seed: number) => {
      const sandbox = await start({ seed, priceMoveEvery: 2, faults: { price_change: { rate: 0.3 } } })
      const replies: unknown[] = []
      for (let n = 0; n < 12; n += 1) {
        for (const step of Object.values(KINDS)) {
          const { data, general_response } = await confirm(sandbox, step, await quoteId(sandbox, step))
          replies.push([data, general_response.response_message])
        }
      }
      return replies
    }
    const first = await run(1)
    expect(await run(1)).toEqual(first)
    expect(await run(2)).not.toEqual(first)
  })
})

describe('access', () => {
  const oauth = { clientId: 'id', clientSecret: 'secret', tokenPath: '/oauth/token' }
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it('needs a token where tokens are configured', async () => {
    const sandbox = await start({ oauth })
    const token = (authorization: string) =>
      fetch(`${sandbox.url}/oauth/token`, {
        method: 'POST',
        body: 'grant_type=client_credentials',
        headers: { authorization },
      })
    expect((await token(basic('id:wrong'))).status).toBe(401)
    const { access_token } = (await (await token(basic('id:secret'))).json()) as { access_token: string }
    expect((await post(sandbox, '/checkout/gram', trade)).status).toBe(401)
    expect((await post(sandbox, '/checkout/gram', trade, { Authorization: 'Bearer x' })).status).toBe(401)
    expect(
      (await post(sandbox, '/checkout/gram', trade, { Authorization: `Bearer ${access_token}` })).status,
    ).toBe(200)
  })

  it('needs a signature where signing is configured', async () => {
    const sandbox = await start({ signing: { keyId: 'key', secret: 'hush' } })
    const signed = (date: string, secret: string) => ({
      Date: date,
      Origin: 'o',
      'Partner-Key': 'key',
      'KasPro-Signature': `keyId="key",signature="${createHmac('sha256', secret).update(`(request-target): post /v2/gold-pro/checkout/gram\ndate: ${date}`).digest('base64')}"`,
    })
    const now = new Date().toUTCString()
    // Node's fetch forbids a Date header, so undici's own request is used.
    const { request } = await import('undici')
    const status = async (headers: Record<string, string>) => {
      const { statusCode, body } = await request(`${sandbox.url}/v2/gold-pro/checkout/gram`, {
        method: 'POST',
        body: JSON.stringify(trade),
        headers,
      })
      await body.dump()
      return statusCode
    }
    expect(await status({})).toBe(401)
    expect(await status(signed(now, 'wrong'))).toBe(401)
    expect(await status(signed(new Date(Date.now() - 600_000).toUTCString(), 'hush'))).toBe(401)
    expect(await status(signed(now, 'hush'))).toBe(200)
  })
})
