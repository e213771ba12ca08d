import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayClient } from '../../src/gateway/client.ts'
import { readEnvelope } from '../../src/gateway/codecs.ts'
import { keptBody } from '../../src/gateway/kept-reply.ts'
import { CHECKOUT_TABLE, CONFIRM_TABLE } from '../../src/gateway/outcome-table.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { COMMAND_NAMES, COMMANDS, executedData, executedOf, quoteFor } from '../support/servers/commands.ts'
import { envelope, replyWith, startServer, type TestServer } from '../support/servers/http-server.ts'

let server: TestServer
let client: GatewayClient
let lenient: GatewayClient
let answer: { status: number; text: string }

beforeAll(async () => {
  server = await startServer((_request, response) => {
    if (answer.status >= 300 && answer.status < 400) response.setHeader('Location', `${server.url}/elsewhere`)
    replyWith(response, answer.status, answer.text)
  })
  client = openTestClient(server.url)
  lenient = openTestClient(server.url, { is429Refusal: true })
})

afterAll(async () => {
  client?.close()
  lenient?.close()
  await server?.stop()
})

const refusal = (message: string, code = 400) => envelope(undefined, message, false, code)
const inDoubt = (doubt: string) => ({ is: 'in_doubt', doubt })
const rejected = (reason: string) => ({ is: 'rejected', reason })
const trouble = { is: 'trouble' }
const refused = (reason: string) => ({ is: 'refused', reason })

const itself = inDoubt('reply_contradicts_itself')
const SESSION = '764FC70DD96B9E07713D95A9AD004702'
const PRICE_CHANGED = 'Price changes have occurred, Please try again'

type Case = [what: string, status: number, text: string, confirm: object, checkout: object]

/** Replies of every row of both tables, and what they mean. */
const CASES: Case[] = [
  ['a redirect', 302, '', inDoubt('gateway_error'), trouble],
  ['a redirect that would repeat the body', 307, '', inDoubt('gateway_error'), trouble],
  ['a time-out of the gateway', 408, refusal('Invalid Params'), inDoubt('gateway_error'), trouble],
  ['a server error', 500, refusal('Invalid Params'), inDoubt('gateway_error'), trouble],
  ['a bad gateway', 502, '<html>Bad Gateway</html>', inDoubt('gateway_error'), trouble],
  ['a server error beside success', 503, envelope({}), inDoubt('gateway_error'), trouble],
  ['401 without a body', 401, '', inDoubt('gateway_unauthorised'), trouble],
  ['403 with an unlisted message', 403, refusal('Forbidden'), inDoubt('gateway_unauthorised'), trouble],
  ['401 beside success', 401, envelope({}), inDoubt('gateway_unauthorised'), trouble],
  [
    '401 beside an execution',
    401,
    envelope({ session_id: SESSION }, 'Unauthorized', false, 401),
    inDoubt('gateway_unauthorised'),
    { is: 'executed' },
  ],
  ['401 in the envelope alone', 200, refusal('Unauthorized', 401), inDoubt('gateway_unauthorised'), trouble],
  [
    '401 with a consistent refusal',
    401,
    refusal('wallet balance is insufficient', 401),
    rejected('insufficient_balance'),
    trouble,
  ],
  ['429', 429, refusal('slow down'), inDoubt('gateway_rate_limit_unclear'), trouble],
  [
    '429 in the envelope alone',
    200,
    refusal('slow down', 429),
    inDoubt('gateway_rate_limit_unclear'),
    trouble,
  ],
  ['a page of HTML', 200, '<html>maintenance</html>', inDoubt('reply_unreadable'), trouble],
  ['an empty body', 200, '', inDoubt('reply_unreadable'), trouble],
  ['half of an envelope', 200, envelope({}).slice(0, -20), inDoubt('reply_unreadable'), trouble],
  ['null', 200, 'null', inDoubt('reply_unreadable'), trouble],
  [
    'a status that is text',
    200,
    '{"general_response":{"response_status":"true"}}',
    inDoubt('reply_unreadable'),
    trouble,
  ],
  ['400 without an envelope', 400, 'Bad Request', inDoubt('reply_unreadable'), trouble],
  ['404 without an envelope', 404, '<html>Not Found</html>', inDoubt('reply_unreadable'), trouble],
  ['response_code 500', 200, refusal('Invalid Params', 500), inDoubt('gateway_error'), trouble],
  ['response_code 408', 200, refusal('Invalid Params', 408), inDoubt('gateway_error'), trouble],
  [
    'response_code 503 of a success',
    200,
    envelope({}, 'Success', true, 503),
    inDoubt('gateway_error'),
    trouble,
  ],
  [
    'a refusal with a session_id',
    200,
    envelope({ session_id: 'S' }, 'Invalid Params', false),
    itself,
    { is: 'executed' },
  ],
  [
    'a refusal with a response_id',
    400,
    envelope({ response_id: '7' }, PRICE_CHANGED, false),
    itself,
    trouble,
  ],
  ['a refusal with an amount', 400, envelope({ amount: 441 }, PRICE_CHANGED, false), itself, trouble],
  ['a refusal with response_code 200', 200, refusal(PRICE_CHANGED, 200), itself, trouble],
  ['a refusal with response_code 0', 200, refusal(PRICE_CHANGED, 0), itself, trouble],
  ['a refusal with HTTP 201', 201, refusal(PRICE_CHANGED), itself, trouble],
  ["a success with a refusal's message", 200, envelope({}, PRICE_CHANGED), itself, trouble],
  ['a success with HTTP 400', 400, envelope({}), itself, trouble],
  ['a success with response_code 400', 200, envelope({}, 'Success', true, 400), itself, trouble],
  ['a price change', 200, refusal(PRICE_CHANGED), { is: 'price_changed' }, { is: 'price_changed' }],
  [
    'a price change in other letters',
    400,
    refusal('PRICE CHANGES have\n occurred,  please try again '),
    { is: 'price_changed' },
    { is: 'price_changed' },
  ],
  ...(
    [
      ['insufficient_balance', 400, 'wallet balance is insufficient'],
      ['user_not_found', 200, 'User Not Found'],
      ['user_not_found', 404, 'User not found'],
      ['invalid_recipient', 400, 'Invalid recipient'],
      ['not_premium', 400, 'Your\r\naccount is not premium yet'],
      ['invalid_params', 400, 'Invalid Params'],
      ['field_required', 400, 'Field gold_weight is required.'],
    ] as const
  ).map(([reason, status, message]): Case => {
    return [reason, status, refusal(message), rejected(reason), refused(reason)]
  }),
  [
    'an unlisted message',
    400,
    refusal('Service is busy'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  [
    'a message like a key',
    200,
    refusal('constructor'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  [
    'a part of a listed message',
    400,
    refusal('Price changes have occurred'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  ['a success without data', 200, envelope(undefined), inDoubt('reply_unreadable'), trouble],
  ['a success with empty data', 200, envelope({}), inDoubt('reply_unreadable'), trouble],
]

describe('the outcome tables', () => {
  it('are met by the cases in every row', () => {
    const met = { confirm: new Set<string>(), checkout: new Set<string>() }
    for (const [, status, text] of CASES) {
      const facts = { status, text, envelope: readEnvelope(text), sent: {}, is429Refusal: false }
      met.confirm.add(CONFIRM_TABLE.find(({ matches }) => matches(facts))?.when ?? '')
      met.checkout.add(CHECKOUT_TABLE.find(({ matches }) => matches(facts))?.when ?? '')
    }
    const known429 = '429, known to be a refusal, and nothing in it speaks of an execution'
    expect(met.confirm.add(known429)).toEqual(new Set(CONFIRM_TABLE.map(({ when }) => when)))
    expect(met.checkout).toEqual(new Set(CHECKOUT_TABLE.map(({ when }) => when)))
  })

  describe.each(COMMAND_NAMES)('for %s', (name) => {
    const command = COMMANDS[name]

    it.each(CASES)('%s (HTTP %i %s)', async (_what, status, text, confirm, checkout) => {
      answer = { status, text }
      const before = server.requests.length
      expect(await client.confirm(command, quoteFor(command))).toMatchObject(confirm)
      expect(server.requests.length - before, 'sends').toBe(1)
      expect(await client.checkout(command)).toMatchObject(checkout)
    })

    it('429 is a refusal once that is known', async () => {
      answer = { status: 429, text: '' }
      expect(await lenient.confirm(command, quoteFor(command))).toMatchObject(
        rejected('gateway_rate_limited'),
      )
      expect(await lenient.checkout(command)).toMatchObject(trouble)
      answer = { status: 429, text: refusal('slow down', 429) }
      expect(await lenient.confirm(command, quoteFor(command))).toMatchObject(
        rejected('gateway_rate_limited'),
      )
    })

    it.each([
      envelope({ session_id: SESSION }, 'slow down', false, 429),
      envelope(executedData(command)),
      refusal('slow down', 200),
      refusal('Success', 429),
      `session ${SESSION} accepted`,
      '{"response_id":"1082102090000011"}',
      'Transaction executed, too many requests',
    ])('429 is no refusal when something in it speaks of an execution: %s', async (text) => {
      answer = { status: 429, text }
      expect(await lenient.confirm(command, quoteFor(command))).toMatchObject(
        inDoubt('gateway_rate_limit_unclear'),
      )
    })

    it('a success that agrees with the quote is one, with everything kept', async () => {
      answer = { status: 200, text: envelope(executedData(command)) }
      expect(await client.confirm(command, quoteFor(command))).toEqual({
        is: 'succeeded',
        executed: executedOf(command),
        reply: {
          httpStatus: 200,
          body: keptBody(answer.text, readEnvelope(answer.text)),
          message: 'Success',
        },
      })
    })

    it('takes a request_id that is a number', async () => {
      const data = executedData(command)
      answer = {
        status: 201,
        text: envelope({ ...data, ...('request_id' in data ? { request_id: Number(data.request_id) } : {}) }),
      }
      expect(await client.confirm(command, quoteFor(command))).toMatchObject({
        is: 'succeeded',
        executed: executedOf(command),
      })
    })

    const contradictions: [field: string, data: object][] = [
      ['request_id', { request_id: '999' }],
      ['phone_number', { phone_number: '081234500999' }],
      ['phone_number', { phone_number: '08xxxxxxx999' }],
      ['phone_number', { phone_number: 'xxxxxxxxxxxx' }],
      ['phone_number', { phone_number: '' }],
      ['phone_number', { phone_number: 'unknown' }],
      ['gold_weight', { gold_weight: 0.5001 }],
      // A withdrawal is priced at its confirm.
      ...(command.kind === 'withdraw'
        ? []
        : ([
            ['amount', { amount: 441_001 }],
            ['fee', { fee: 5_001 }],
            ['fee', { fee: 0 }],
          ] as [string, object][])),
      ...(command.kind === 'transfer'
        ? ([
            ['recipient', { additional: { recipient: 'Dewi Misal (081234500999)' } }],
            ['recipient', { additional: { recipient: 'Dewi Misal (08xxxxxxx70)' } }],
            ['recipient', { additional: { recipient: '6281234500999' } }],
          ] as [string, object][])
        : []),
    ]

    it.each(contradictions)('a success whose %s contradicts the quote is a doubt', async (field, data) => {
      answer = { status: 200, text: envelope({ ...executedData(command), ...data }) }
      const outcome = await client.confirm(command, quoteFor(command))
      expect(outcome).toMatchObject(inDoubt('reply_contradicts_quote'))
      expect(outcome.reply.message).toContain(field)
    })

    const unreadable: [what: string, data: object][] = [
      ['no response_id', { response_id: undefined }],
      ['a weight of five decimals', { gold_weight: 0.50001 }],
      ['a weight that is text', { gold_weight: '0.5' }],
      ['a negative amount', { amount: -1 }],
      ['an amount with a fraction', { amount: 441_000.5 }],
      ['no fee', { fee: null }],
      ['a session_id that is a number', { session_id: 7 }],
      ['an empty session_id', { session_id: '' }],
      ['an id beyond the exact integers', { response_id: 2 ** 60 }],
    ]

    it.each(unreadable)('a success with %s is a doubt', async (_what, data) => {
      answer = { status: 200, text: envelope({ ...executedData(command), ...data }) }
      expect(await client.confirm(command, quoteFor(command))).toMatchObject(inDoubt('reply_unreadable'))
    })
  })

  it.each(COMMAND_NAMES.filter((name) => name !== 'sell'))(
    'a %s without session_id is a doubt',
    async (name) => {
      const command = COMMANDS[name]
      answer = { status: 200, text: envelope({ ...executedData(command), session_id: undefined }) }
      expect(await client.confirm(command, quoteFor(command))).toMatchObject(inDoubt('reply_unreadable'))
    },
  )

  it('reads a session_id and request_id where a sell has them', async () => {
    const data = { ...executedData(COMMANDS.sell), request_id: '1612853774', session_id: 'ABC' }
    answer = { status: 200, text: envelope(data) }
    expect(await client.confirm(COMMANDS.sell, quoteFor(COMMANDS.sell))).toMatchObject({
      executed: { requestId: '1612853774', sessionId: 'ABC' },
    })
  })
})

describe("a transfer's reply", () => {
  it.each(['Dewi Misal (08xxxxxxx02)', ' (081234500002)', '+62 812-3450-0002', 'Dewi Misal', ''])(
    'may name its recipient as %j',
    async (recipient) => {
      const command = COMMANDS.transfer
      answer = { status: 200, text: envelope({ ...executedData(command), additional: { recipient } }) }
      expect(await client.confirm(command, quoteFor(command))).toMatchObject({ is: 'succeeded' })
    },
  )
})

describe("a sell's reply", () => {
  const command = COMMANDS.sell
  const quote = quoteFor(command)
  const confirmed = async (data: object, by = client) => {
    answer = { status: 200, text: envelope({ ...executedData(command), ...data }) }
    return await by.confirm(command, quote)
  }

  it.each(['1612853775', '1612853773', '16128537740', '999999999'])(
    'that may be a second quote, %s, is a doubt',
    async (response_id) => {
      expect(await confirmed({ response_id })).toMatchObject(inDoubt('reply_may_be_a_quote'))
    },
  )

  it.each([
    ["has the confirmed quote's own id, as the document prints it", { response_id: quote.quoteId }],
    ['has a session_id', { response_id: '1612853775', session_id: SESSION }],
    ['has the request_id', { response_id: '1612853775', request_id: quote.quoteId }],
    ["has an id that is not of the quotes' form", { response_id: '1082102090000011' }],
  ])('is an execution when it %s', async (_what, data) => {
    expect(await confirmed(data)).toMatchObject({ is: 'succeeded' })
  })

  it('is an execution when sells are confirmed at a path of their own', async () => {
    const own = openTestClient(server.url, { sellPath: '/sell/confirm' })
    expect(await confirmed({ response_id: '1612853775' }, own)).toMatchObject({ is: 'succeeded' })
    own.close()
  })
})

describe('a quote', () => {
  const trade = {
    response_id: '1',
    phone_number: COMMANDS.sell.phoneNumber,
    gold_weight: 0.5,
    amount: 441_000,
    fee: 0,
    additional: {},
  }
  const contradictions: [name: keyof typeof COMMANDS, data: object, field: string][] = [
    ['buyGrams', { gold_weight: 0.6 }, 'gold_weight'],
    ['buyRupiah', { amount: 441_001 }, 'amount'],
    ['sell', { phone_number: '081234500999' }, 'phone_number'],
    ['transfer', { additional: { recipient: 'Budi Misal (081234500999)' } }, 'recipient'],
    ['transfer', { additional: { recipient: 'Budi Misal (08xxxxxxx70)' } }, 'recipient'],
    ['buyGrams', { phone_number: 'xxxxxxxx' }, 'phone_number'],
  ]

  it.each(contradictions)('of a %s that contradicts the order is not used', async (name, data, field) => {
    answer = { status: 200, text: envelope({ ...trade, ...data }) }
    expect(await client.checkout(COMMANDS[name])).toEqual({
      is: 'trouble',
      message: `the quote contradicts the order: ${field}`,
    })
  })

  it('of a transfer may mask its recipient or leave it out', async () => {
    for (const additional of [{ recipient: 'Budi Misal (08xxxxxxx02)' }, {}, { recipient: 7 }]) {
      answer = { status: 200, text: envelope({ ...trade, additional }) }
      expect(await client.checkout(COMMANDS.transfer)).toMatchObject({ is: 'quoted' })
    }
  })
})
