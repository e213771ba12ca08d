import { describe, expect, it } from 'vitest'
import { WALLET } from '../../support/factories/job-data.ts'
import { KINDS, place, post, quoteId, type Step, start, trade } from './requests.ts'

const evil = { toString: 1 }

describe('a malformed request', () => {
  it.each([
    ['cut JSON', '/checkout/gram', '{"phone_number":'],
    ['an empty body', '/checkout/gram', ''],
    ['a list', '/checkout/gram', '[]'],
    ['null', '/checkout/gram', 'null'],
    ['a phone number that is an object', '/checkout/gram', { ...trade, phone_number: evil }],
    ['a request_id that is an object', '/purchase/gram', { ...trade, request_id: evil }],
    ['a weight that is an object', '/checkout/gram', { ...trade, gold_weight: evil }],
    ['a negative weight', '/checkout/gram', { ...trade, gold_weight: -1 }],
    ['a weight of nothing', '/checkout/sell', { ...trade, gold_weight: 0 }],
    ['an amount with a fraction', '/checkout/rupiah', { phone_number: WALLET, amount: 1.5 }],
    ['a province that is an object', '/withdraw/address', { ...place, province: evil }],
    ['a KTP number of five digits', '/withdraw/address', { ...place, ktp: '12345' }],
    ['a recipient that is a number', '/transfer/checkout', { ...trade, recipient: 5 }],
  ])('with %s is refused as Invalid Params', async (_what, path, body) => {
    const sandbox = await start()
    const { general_response } = await post(sandbox, path, body)
    expect(general_response).toMatchObject({ response_status: false, response_message: 'Invalid Params' })
    expect(sandbox.ledger()).toEqual([])
  })

  it('with half an address is no question for the stored one', async () => {
    const sandbox = await start()
    await post(sandbox, '/withdraw/address', place)
    const { general_response } = await post(sandbox, '/withdraw/address', { phone_number: WALLET, city: 'C' })
    expect(general_response.response_message).toBe('Field province is required.')
  })

  it('with more than 64 KB is not read', async () => {
    const sandbox = await start()
    expect((await post(sandbox, '/checkout/gram', { ...trade, filler: 'x'.repeat(65_536) })).status).toBe(413)
  })

  it.each([
    ['of another wallet', { phone_number: '081234500009' }],
    ['of another weight', { gold_weight: 0.6 }],
    ['of another kind', {}],
  ])('that confirms a quote %s executes nothing', async (what, change) => {
    const sandbox = await start()
    const id = await quoteId(sandbox, KINDS['buy by grams'] as Step)
    const path = what === 'of another kind' ? '/checkout/sell' : '/purchase/gram'
    const { general_response } = await post(sandbox, path, { ...trade, ...change, request_id: id })
    expect(general_response.response_message).toBe('Invalid Params')
    expect(sandbox.ledger()).toEqual([])
  })
})

describe('a sell at a path of its own', () => {
  it('is a confirm there, and only there', async () => {
    const sandbox = await start({ sellPath: '/sell' })
    const id = await quoteId(sandbox, KINDS.sell as Step)
    expect((await post(sandbox, '/sell', trade)).general_response.response_message).toBe(
      'Field request_id is required.',
    )
    await post(sandbox, '/checkout/sell', { ...trade, request_id: id })
    expect(sandbox.ledger()).toEqual([])
    expect((await post(sandbox, '/sell', { ...trade, request_id: id })).status).toBe(200)
    expect(sandbox.ledger()).toHaveLength(1)
  })
})
