import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayClient } from '../../src/gateway/client.ts'
import { readEnvelope } from '../../src/gateway/codecs.ts'
import { keptBody } from '../../src/gateway/kept-reply.ts'
import { OUTCOME_TABLE } from '../../src/gateway/outcome-table.ts'
import { COMMAND_NAMES, COMMANDS, executedData, executedOf, quoteFor } from '../support/commands.ts'
import { openTestClient } from '../support/gateway-settings.ts'
import { envelope, replyWith, startServer, type TestServer } from '../support/http-server.ts'

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

type Case = [row: string, status: number, text: string, confirm: object, checkout: object]

/** Every row of the outcome table, by at least one reply that meets it. */
const CASES: Case[] = [
  ['3xx, 408 or 5xx', 302, '', inDoubt('gateway_error'), trouble],
  ['3xx, 408 or 5xx', 307, '', inDoubt('gateway_error'), trouble],
  ['3xx, 408 or 5xx', 408, refusal('Invalid Params'), inDoubt('gateway_error'), trouble],
  ['3xx, 408 or 5xx', 500, refusal('Invalid Params'), inDoubt('gateway_error'), trouble],
  ['3xx, 408 or 5xx', 502, '<html>Bad Gateway</html>', inDoubt('gateway_error'), trouble],
  ['3xx, 408 or 5xx', 503, envelope({}), inDoubt('gateway_error'), trouble],
  ['401 or 403', 401, '', rejected('gateway_unauthorised'), refused('gateway_unauthorised')],
  [
    '401 or 403',
    403,
    refusal('Forbidden'),
    rejected('gateway_unauthorised'),
    refused('gateway_unauthorised'),
  ],
  ['429', 429, refusal('slow down'), inDoubt('gateway_rate_limit_unclear'), trouble],
  ['not the documented envelope', 200, '<html>maintenance</html>', inDoubt('reply_unreadable'), trouble],
  ['not the documented envelope', 200, '', inDoubt('reply_unreadable'), trouble],
  ['not the documented envelope', 200, envelope({}).slice(0, -20), inDoubt('reply_unreadable'), trouble],
  ['not the documented envelope', 200, 'null', inDoubt('reply_unreadable'), trouble],
  [
    'not the documented envelope',
    200,
    '{"general_response":{"response_status":"true"}}',
    inDoubt('reply_unreadable'),
    trouble,
  ],
  ['not the documented envelope', 400, 'Bad Request', inDoubt('reply_unreadable'), trouble],
  ['not the documented envelope', 404, '<html>Not Found</html>', inDoubt('reply_unreadable'), trouble],
  [
    'an envelope with response_code 500 or more',
    200,
    refusal('Invalid Params', 500),
    inDoubt('gateway_error'),
    trouble,
  ],
  [
    'an envelope with response_code 500 or more',
    200,
    envelope({}, 'Success', true, 503),
    inDoubt('gateway_error'),
    trouble,
  ],
  [
    'a refusal that carries a session_id',
    200,
    envelope({ session_id: 'S' }, 'Invalid Params', false),
    inDoubt('reply_contradicts_quote'),
    trouble,
  ],
  [
    'refused: price changed',
    200,
    refusal('Price changes have occurred, Please try again'),
    { is: 'price_changed' },
    { is: 'price_changed' },
  ],
  [
    'refused: price changed',
    400,
    refusal('PRICE CHANGES have\n occurred,  please try again '),
    { is: 'price_changed' },
    { is: 'price_changed' },
  ],
  [
    'refused: insufficient_balance',
    400,
    refusal('wallet balance is insufficient'),
    rejected('insufficient_balance'),
    refused('insufficient_balance'),
  ],
  [
    'refused: user_not_found',
    200,
    refusal('User Not Found'),
    rejected('user_not_found'),
    refused('user_not_found'),
  ],
  [
    'refused: user_not_found',
    404,
    refusal('User not found'),
    rejected('user_not_found'),
    refused('user_not_found'),
  ],
  [
    'refused: invalid_recipient',
    400,
    refusal('Invalid recipient'),
    rejected('invalid_recipient'),
    refused('invalid_recipient'),
  ],
  [
    'refused: not_premium',
    400,
    refusal('Your\r\naccount is not premium yet'),
    rejected('not_premium'),
    refused('not_premium'),
  ],
  [
    'refused: invalid_params',
    400,
    refusal('Invalid Params'),
    rejected('invalid_params'),
    refused('invalid_params'),
  ],
  [
    'refused: field_required',
    400,
    refusal('Field gold_weight is required.'),
    rejected('field_required'),
    refused('field_required'),
  ],
  [
    'refused with an unlisted message',
    400,
    refusal('Service is busy'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  [
    'refused with an unlisted message',
    200,
    refusal('constructor'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  [
    'refused with an unlisted message',
    400,
    refusal('Price changes have occurred'),
    inDoubt('message_unlisted'),
    refused('refused_at_checkout'),
  ],
  ['success that HTTP or response_code contradicts', 400, envelope({}), inDoubt('reply_unreadable'), trouble],
  [
    'success that HTTP or response_code contradicts',
    200,
    envelope({}, 'Success', true, 400),
    inDoubt('reply_unreadable'),
    trouble,
  ],
  ['success', 200, envelope({}), inDoubt('reply_unreadable'), trouble],
  ['success', 200, envelope(undefined), inDoubt('reply_unreadable'), trouble],
]

describe('the outcome table', () => {
  it('has a case for every row', () => {
    const tried = new Set([...CASES.map(([row]) => row), '429, known to be a refusal'])
    expect(tried).toEqual(new Set(OUTCOME_TABLE.map(({ when }) => when)))
  })

  describe.each(COMMAND_NAMES)('for %s', (name) => {
    const command = COMMANDS[name]

    it.each(CASES)('%s (HTTP %i %s)', async (_row, status, text, confirm, checkout) => {
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
      ['gold_weight', { gold_weight: 0.5001 }],
      // A withdrawal is priced at its confirm.
      ...(command.kind === 'withdraw' ? [] : ([['amount', { amount: 441_001 }]] as [string, object][])),
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
  ]

  it.each(contradictions)('of a %s that contradicts the order is not used', async (name, data, field) => {
    answer = { status: 200, text: envelope({ ...trade, ...data }) }
    expect(await client.checkout(COMMANDS[name])).toEqual({
      is: 'trouble',
      message: `the quote contradicts the order: ${field}`,
    })
  })

  it('of a transfer may mask its recipient or leave it out', async () => {
    for (const additional of [{ recipient: 'Budi Misal (08xxxxxxx70)' }, {}, { recipient: 7 }]) {
      answer = { status: 200, text: envelope({ ...trade, additional }) }
      expect(await client.checkout(COMMANDS.transfer)).toMatchObject({ is: 'quoted' })
    }
  })
})
