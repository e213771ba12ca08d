import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEnvelope } from '../../src/gateway/codecs.ts'
import { confirmOutcome } from '../../src/gateway/confirm.ts'
import type { OrderCommand } from '../../src/orders/command.ts'
import type { ConfirmOutcome } from '../../src/orders/outcomes.ts'
import { COMMAND_NAMES, COMMANDS, executedData, quoteFor } from '../support/servers/commands.ts'

/**
 * Every combination of what a reply consists of, with the outcome of each. The expectation is written in terms of the
 * parts, not of the program's tables: a yes needs all parts of a yes, a no all parts of a no, the rest is a doubt.
 */

const STATUSES = [200, 201, 302, 400, 401, 404, 408, 409, 429, 503]
const CODES = [0, 200, 302, 400, 403, 404, 408, 429, 500]

const MESSAGES = {
  success: 'Success',
  price_changed: 'Price changes have occurred, Please try again',
  insufficient_balance: 'wallet balance is insufficient',
  user_not_found: 'User Not Found',
  invalid_recipient: 'Invalid recipient',
  not_premium: 'Your account is not premium yet',
  invalid_params: 'Invalid Params',
  field_required: 'Field gold_weight is required.',
  unlisted: 'Service is busy',
  empty: '',
} as const
type MessageName = keyof typeof MESSAGES

const DATA = {
  absent: () => undefined,
  null: () => null,
  empty: () => ({}),
  zeroes: () => ({ response_id: '', session_id: null, gold_weight: 0, amount: 0, fee: 0, additional: {} }),
  echo: (command: OrderCommand) => ({
    request_id: quoteFor(command).quoteId,
    phone_number: command.phoneNumber,
  }),
  executed: executedData,
  session: () => ({ session_id: '764FC70DD96B9E07713D95A9AD004702' }),
  response_id: () => ({ response_id: '1082102090000011' }),
  weight: () => ({ gold_weight: 0.4999 }),
  nested: () => ({ result: { transaction: { session_id: 'S' } } }),
  list: () => [{ response_id: '7' }],
  text: () => 'executed',
} as const satisfies Record<string, (command: OrderCommand) => unknown>
type DataName = keyof typeof DATA

/** Data that say nothing of an execution. */
const SILENT: readonly DataName[] = ['absent', 'null', 'empty', 'zeroes', 'echo']

interface Cell {
  readonly status: number
  readonly isSuccess: boolean
  readonly code: number
  readonly message: MessageName
  readonly data: DataName
}

function* everyCell(): Generator<Cell> {
  const data = Object.keys(DATA) as DataName[]
  const messages = Object.keys(MESSAGES) as MessageName[]
  for (const status of STATUSES)
    for (const isSuccess of [true, false])
      for (const code of CODES)
        for (const message of messages)
          for (const each of data) yield { status, isSuccess, code, message, data: each }
}

const isListed = (message: MessageName) => !['success', 'unlisted', 'empty'].includes(message)
const isOk = (code: number) => code >= 200 && code < 300
/** Classes of HTTP status and response_code in which a refusal is believed. 408 and 429 are none of them. */
const isRefusing = (code: number) => code >= 400 && code < 500 && code !== 408 && code !== 429

function expectedOf({ status, isSuccess, code, message, data }: Cell): string {
  if (isSuccess) {
    const agrees = isOk(status) && isOk(code) && !isListed(message) && data === 'executed'
    return agrees ? 'succeeded' : 'in_doubt'
  }
  const agrees = (status === 200 || isRefusing(status)) && isRefusing(code) && SILENT.includes(data)
  if (!agrees || !isListed(message)) return 'in_doubt'
  return message === 'price_changed' ? 'price_changed' : `rejected ${message}`
}

function textOf(command: OrderCommand, { isSuccess, code, message, data }: Cell): string {
  const given = DATA[data](command)
  return JSON.stringify({
    ...(given === undefined ? {} : { data: given }),
    general_response: {
      response_status: isSuccess,
      response_code: code,
      response_message: MESSAGES[message],
      response_timestamp: '2026-02-09T12:52:06+07:00',
    },
  })
}

function outcomeOf(
  command: OrderCommand,
  status: number,
  text: string,
  is429Refusal = false,
): ConfirmOutcome {
  const result = { is: 'reply', status, text, envelope: readEnvelope(text) } as const
  return confirmOutcome(command, quoteFor(command), result, { is429Refusal, sellHasOwnPath: false })
}

const spell = (outcome: ConfirmOutcome) =>
  outcome.is === 'rejected' ? `rejected ${outcome.reason}` : outcome.is

describe.each(COMMAND_NAMES)('the reply to a confirmed %s', (name) => {
  const command = COMMANDS[name]

  it('means what every one of its parts agrees on, and else nothing', () => {
    const wrong: object[] = []
    const seen = new Map<string, number>()
    for (const cell of everyCell()) {
      const means = spell(outcomeOf(command, cell.status, textOf(command, cell)))
      seen.set(means, (seen.get(means) ?? 0) + 1)
      if (means !== expectedOf(cell)) wrong.push({ ...cell, means, expected: expectedOf(cell) })
    }
    expect(wrong).toEqual([])
    // Of 21,600 cells few are more than a doubt, and each outcome occurs.
    expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(21_600)
    expect([...seen.keys()].sort()).toEqual([
      'in_doubt',
      'price_changed',
      'rejected field_required',
      'rejected insufficient_balance',
      'rejected invalid_params',
      'rejected invalid_recipient',
      'rejected not_premium',
      'rejected user_not_found',
      'succeeded',
    ])
  })

  it('with 429 known to be a refusal is one only when nothing in it speaks of an execution', () => {
    for (const cell of everyCell()) {
      if (cell.status !== 429) continue
      const { is } = outcomeOf(command, 429, textOf(command, cell), true)
      const isPlain =
        !cell.isSuccess &&
        cell.code >= 400 &&
        cell.code < 500 &&
        SILENT.includes(cell.data) &&
        cell.message !== 'success'
      expect(is, JSON.stringify(cell)).toBe(isPlain ? 'rejected' : 'in_doubt')
    }
  })
})

describe('a reply any part of which speaks of an execution', () => {
  const anywhere = fc.constantFrom<((body: Body, evidence: Evidence) => unknown)[]>(
    (body, evidence) => ({ ...body, data: evidence }),
    (body, evidence) => ({ ...body, data: [evidence] }),
    (body, evidence) => ({ ...body, data: { result: evidence } }),
    (body, evidence) => ({ ...body, ...evidence }),
    (body, evidence) => ({ ...body, result: { deep: [evidence] } }),
    (body, evidence) => ({ ...body, general_response: { ...body.general_response, ...evidence } }),
    (body, evidence) => ({ ...body, general_response: { ...body.general_response, detail: evidence } }),
  )
  type Evidence = Record<string, string | number>
  interface Body {
    readonly general_response: Record<string, unknown>
  }
  const id = fc.stringMatching(/^[0-9A-F]{1,32}$/)
  const evidence: fc.Arbitrary<Evidence> = fc.oneof(
    fc.record({ session_id: id }),
    fc.record({ response_id: id }),
    fc.record({ transaction_id: id }),
    fc.record({ response_id: fc.integer({ min: 1 }) }),
    // Another weight, amount or id than what was sent.
    fc.record({ gold_weight: fc.integer({ min: 3, max: 99 }) }),
    fc.record({ amount: fc.integer({ min: 441_001, max: 10 ** 9 }) }),
    fc.record({ request_id: fc.integer({ min: 1, max: 999 }).map(String) }),
  )

  it('is never a refusal, whatever the rest of it says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...COMMAND_NAMES),
        fc.constantFrom(...STATUSES),
        fc.constantFrom(...CODES),
        fc.constantFrom(...Object.values(MESSAGES)),
        fc.boolean(),
        evidence,
        anywhere,
        (name, status, code, message, is429Refusal, found, place) => {
          const body = {
            general_response: { response_status: false, response_code: code, response_message: message },
          }
          const { is } = outcomeOf(COMMANDS[name], status, JSON.stringify(place(body, found)), is429Refusal)
          expect(is).toBe('in_doubt')
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('nested without end is a doubt and costs no stack', () => {
    const deep = `{"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)},"general_response":{"response_status":false,"response_code":400,"response_message":"Invalid Params"}}`
    expect(outcomeOf(COMMANDS.sell, 400, deep)).toMatchObject({ is: 'in_doubt' })
  })
})

describe('an echo of the request in a refusal', () => {
  it.each([
    ['buyGrams', { gold_weight: 0.5, request_id: 1_612_853_774 }, 'price_changed'],
    ['buyGrams', { gold_weight: 0.5, amount: 441_000 }, 'in_doubt'],
    ['buyRupiah', { amount: 441_000 }, 'price_changed'],
    ['buyRupiah', { amount: 441_000, gold_weight: 0.5 }, 'in_doubt'],
    ['sell', { phone_number: '6281234500001' }, 'price_changed'],
    ['sell', { phone_number: '081234500009' }, 'in_doubt'],
    ['transfer', { recipient: '08xxxxxxx002', remarks: 'gift' }, 'price_changed'],
    ['transfer', { recipient: '08xxxxxxx003' }, 'in_doubt'],
    ['withdraw', { gold_weight: 2 }, 'price_changed'],
    ['withdraw', { gold_weight: 2, amount: 147_975 }, 'in_doubt'],
  ] as const)('of a %s with %j is %3$s', (name, data, is) => {
    const cell = { isSuccess: false, code: 400, message: 'price_changed' } as const
    const text = JSON.stringify({
      ...JSON.parse(textOf(COMMANDS[name], { ...cell, status: 400, data: 'absent' })),
      data,
    })
    expect(outcomeOf(COMMANDS[name], 400, text).is).toBe(is)
  })
})
