import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayClient } from '../../src/gateway/client.ts'
import type { OrderCommand } from '../../src/orders/command.ts'
import type { Quote } from '../../src/orders/outcomes.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { COMMANDS, grams, rupiah } from '../support/servers/commands.ts'
import { replyWith, startServer, type TestServer } from '../support/servers/http-server.ts'

/** Every reply the gateway's document prints, letter by letter, but for the persons, who are invented. */
const REPLIES: readonly { title: string; path: string; reply: 'success' | 'failure'; text: string }[] =
  JSON.parse(readFileSync(new URL('document-replies.json', import.meta.url), 'utf8'))

const WALLET = '081234500084'
const buyGrams: OrderCommand = { ...COMMANDS.buyGrams, phoneNumber: WALLET, goldWeight: grams(0.0005) }
const buyRupiah: OrderCommand = { ...COMMANDS.buyRupiah, phoneNumber: WALLET, amount: rupiah(10_000) }
const sell: OrderCommand = { ...COMMANDS.sell, phoneNumber: WALLET, goldWeight: grams(0.0005) }
const transfer: OrderCommand = { ...COMMANDS.transfer, phoneNumber: WALLET, recipient: '081234500070' }
const withdraw: OrderCommand = { ...COMMANDS.withdraw, phoneNumber: WALLET }

const quote = (quoteId: string, weight: number, amount: number | null, fee: number | null): Quote => ({
  quoteId,
  goldWeight: grams(weight),
  amount: amount === null ? null : rupiah(amount),
  fee: fee === null ? null : rupiah(fee),
})
const buyGramsQuote = quote('1612853774', 0.0005, 441, 5_000)
const buyRupiahQuote = quote('1612854864', 0.0113, 10_000, 5_000)
const sellQuote = quote('1612856463', 0.0005, 423, 0)
const transferQuote = quote('1613022031', 0.5, 423_250, 0)

const executed = (
  requestId: string | null,
  responseId: string,
  sessionId: string | null,
  from: Quote,
  amount = from.amount,
) => ({
  is: 'succeeded',
  executed: { requestId, responseId, sessionId, goldWeight: from.goldWeight, amount, fee: from.fee ?? 0 },
})

type Call = (client: GatewayClient) => Promise<unknown>
const PRICE_CHANGED = 'Price changes have occurred, Please try again'

/** The document's operations in its own order: how each is called, and what each printed reply means. */
const OPERATIONS: Record<string, { call: Call; success: object; failure?: object }> = {
  'GoldPro Registration': {
    call: (client) =>
      client.register({ phone_number: WALLET, name: 'Sari Contoh', email: 'sari@contoh.example' }),
    success: {
      is: 'answered',
      data: {
        request_id: '4084',
        user_id: WALLET,
        name: 'Sari Contoh',
        email: 'sari@contoh.example',
        phone: WALLET,
      },
    },
    failure: { is: 'refused', message: 'Your account is not premium yet' },
  },
  'GoldPro Buy Gram': {
    call: (client) => client.confirm(buyGrams, buyGramsQuote),
    success: executed('1612853774', '1082102090000011', '764FC70DD96B9E07713D95A9AD004702', buyGramsQuote),
    failure: { is: 'price_changed' },
  },
  'GoldPro Buy Rupiah': {
    call: (client) => client.confirm(buyRupiah, buyRupiahQuote),
    success: executed('1612854864', '1082102090000012', '4368992F975487B918AF66083ADEC857', buyRupiahQuote),
    failure: { is: 'rejected', reason: 'insufficient_balance' },
  },
  'GoldPro Sell Gram': {
    call: (client) => client.confirm(sell, sellQuote),
    success: executed(null, '1612856463', null, sellQuote),
    failure: { is: 'price_changed' },
  },
  'GoldPro Get Wilayah': {
    call: (client) => client.region('Gambir'),
    success: { is: 'answered', data: [] },
    failure: { is: 'refused', message: 'Field kecamatan is required.' },
  },
  'GoldPro Get Address': {
    call: (client) => client.getAddress(WALLET),
    success: {
      is: 'answered',
      data: {
        request_id: '4118',
        phone_number: WALLET,
        zip_code: '10140',
        note: 'tes',
        ktp: '3174999901010007',
      },
    },
  },
  'GoldPro Transfer Check Out': {
    call: (client) => client.checkout(transfer),
    success: { is: 'quoted', quote: transferQuote },
  },
  'GoldPro Check Out Gram': {
    call: (client) => client.checkout(buyGrams),
    success: { is: 'quoted', quote: buyGramsQuote },
    failure: { is: 'refused', reason: 'user_not_found', message: 'User not found' },
  },
  'GoldPro Check Out Rupiah': {
    call: (client) => client.checkout(buyRupiah),
    success: { is: 'quoted', quote: buyRupiahQuote },
    failure: { is: 'refused', reason: 'user_not_found', message: 'User not found' },
  },
  'GoldPro Check Out Sell Gram': {
    call: (client) => client.checkout(sell),
    success: { is: 'quoted', quote: sellQuote },
    failure: { is: 'price_changed', message: PRICE_CHANGED },
  },
  'GoldPro Get Chart': {
    call: (client) => client.chart('buy', WALLET),
    success: {
      is: 'answered',
      data: [883_380, 883_380, 878_335, 878_335, 878_335, 880_859, 880_859].map((value, day) => ({
        date: `0${day + 3} Feb 2021`,
        value,
      })),
    },
    failure: { is: 'refused', message: 'Invalid Params' },
  },
  'GoldPro Withdraw Address': {
    call: (client) => client.checkout(withdraw),
    success: { is: 'quoted', quote: quote('4118', 2, null, null) },
    failure: { is: 'refused', reason: 'user_not_found', message: 'User Not Found' },
  },
  'GoldPro Withdraw Confirmation': {
    call: (client) => client.confirm(withdraw, quote('1613018314', 2, null, null)),
    success: executed(
      '1613018314',
      '10821021106',
      'D780E36D125EDA2CEB0FCCCEB552B5AA',
      quote('1613018314', 2, null, null),
      rupiah(147_975),
    ),
  },
  'GoldPro Transfer Confirmation': {
    call: (client) => client.confirm(transfer, transferQuote),
    success: executed('1613022031', '9674', '5B1DB2793E21B5E6908D75BF96F3C3FA', transferQuote),
    failure: { is: 'rejected', reason: 'invalid_recipient' },
  },
}

let server: TestServer
let client: GatewayClient
let answer = { status: 200, text: '' }

beforeAll(async () => {
  server = await startServer((_request, response) => replyWith(response, answer.status, answer.text))
  client = openTestClient(server.url)
})

afterAll(async () => {
  client?.close()
  await server?.stop()
})

describe('the document', () => {
  it('has 14 operations and every printed reply has an expected meaning', () => {
    expect(new Set(REPLIES.map(({ title }) => title))).toEqual(new Set(Object.keys(OPERATIONS)))
    expect(Object.keys(OPERATIONS)).toHaveLength(14)
    for (const [title, { failure }] of Object.entries(OPERATIONS)) {
      const printed = REPLIES.filter((reply) => reply.title === title).map(({ reply }) => reply)
      expect(printed).toEqual(failure === undefined ? ['success'] : ['success', 'failure'])
    }
  })

  // Nothing says which HTTP status carries a refusal.
  const cases = REPLIES.flatMap((reply) =>
    (reply.reply === 'success' ? [200] : [200, 400]).map((status) => ({ ...reply, status })),
  )

  it.each(cases)(
    '$title: $reply with HTTP $status means what it says',
    async ({ title, path, reply, text, status }) => {
      answer = { status, text }
      const operation = OPERATIONS[title]
      expect(await operation?.call(client)).toMatchObject(operation?.[reply] ?? {})
      expect(server.requests.at(-1)?.path).toBe(path)
    },
  )
})
