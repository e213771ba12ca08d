import { z } from 'zod'
import { formatGrams, parseGrams, parseRupiah } from '../core/money.ts'
import { findAmbiguities } from '../core/strict-json.ts'
import type { OrderCommand } from '../orders/command.ts'
import { findUnknownMember } from './refusal-traces.ts'

/** Parses replies as documented and formats requests as inferred. Only this file knows the gateway's field names. */

/** `request_id` is a number in one reply and a string in the others. */
const id = z.union([z.string().regex(/^\S{1,64}$/), z.number().int().nonnegative()]).transform(String)

const sessionId = z.string().regex(/^\S{1,128}$/)

const goldWeight = z.number().transform((grams, context) => {
  const weight = parseGrams(grams)
  if (weight !== null && weight > 0) return weight
  context.addIssue({ code: 'custom', message: 'not a weight of at most four decimals' })
  return z.NEVER
})

const rupiah = z.number().transform((value, context) => {
  const amount = parseRupiah(value)
  if (amount !== null) return amount
  context.addIssue({ code: 'custom', message: 'not whole rupiah' })
  return z.NEVER
})

const envelopeSchema = z.object({
  data: z.unknown().optional(),
  general_response: z.object({
    response_status: z.boolean(),
    response_code: z.number().int(),
    response_message: z.string(),
  }),
})

/** The envelope of every documented reply. */
export interface Envelope {
  readonly isSuccess: boolean
  readonly code: number
  readonly message: string
  readonly data: unknown
  /** The first undocumented member outside of `data` that is not empty; null when there is none. */
  readonly undocumented: string | null
}

const FRAME = ['data', 'general_response']
const RESPONSE = ['response_status', 'response_code', 'response_message', 'response_timestamp']

/** Reads a reply's text; null when it is not the documented envelope. */
export function readEnvelope(text: string): Envelope | null {
  const body = parseJson(text)
  const parsed = envelopeSchema.safeParse(body)
  if (!parsed.success) return null
  const response = (body as { general_response: unknown }).general_response
  const { response_status, response_code, response_message } = parsed.data.general_response
  return {
    isSuccess: response_status,
    code: response_code,
    message: response_message,
    data: parsed.data.data,
    undocumented: findUnknownMember(body, FRAME) ?? findUnknownMember(response, RESPONSE),
  }
}

/** Returns null for JSON that two parsers may read differently. */
function parseJson(text: string): unknown {
  // The document breaks lines inside its strings, which JSON forbids. Outside of strings they have no meaning.
  const json = text.replace(/[\r\n]+/g, ' ')
  try {
    const value: unknown = JSON.parse(json)
    // The fields check digits themselves: ids and amounts are whole, weights have four decimals.
    return findAmbiguities(json).every(({ is }) => is === 'lost_digits') ? value : null
  } catch {
    return null
  }
}

const trade = z.object({ phone_number: z.string(), gold_weight: goldWeight, amount: rupiah, fee: rupiah })
/** Names the recipient of a transfer. Nothing in it is compared for other operations. */
const additional = z.object({ recipient: z.string().optional() }).optional().catch(undefined)
const executedTrade = trade.extend({
  request_id: id,
  response_id: id,
  session_id: sessionId,
  additional,
})

/** The data of each kind of successful reply. */
export const replyData = {
  registration: z.object({
    request_id: id,
    user_id: z.string(),
    name: z.string(),
    email: z.string(),
    phone: z.string(),
  }),
  quote: trade.extend({
    response_id: id,
    additional,
  }),
  executed: executedTrade,
  /** A documented sell reply has neither request_id nor session_id. */
  executedSell: trade.extend({
    request_id: id.optional(),
    response_id: id,
    session_id: sessionId.optional(),
    additional,
  }),
  /** The part of the address reply that a withdrawal needs. */
  addressQuote: z.object({ request_id: id, phone_number: z.string() }),
  address: z.object({
    request_id: id,
    phone_number: z.string(),
    province: z.string(),
    city: z.string(),
    district: z.string(),
    subdistrict: z.string(),
    address: z.string(),
    zip_code: z.string(),
    note: z.string(),
    ktp: z.string(),
  }),
  regions: z.array(z.unknown()),
  chart: z.array(z.object({ date: z.string(), value: rupiah })),
} as const

/** Every gateway field that a command has; `bodyOf` picks those of an endpoint. */
export function fieldsOf(command: OrderCommand): Record<string, unknown> {
  const wallet = { phone_number: command.phoneNumber }
  if (command.kind === 'buy' && command.by === 'rupiah') return { ...wallet, amount: command.amount }
  const weighed = { ...wallet, gold_weight: Number(formatGrams(command.goldWeight)) }
  switch (command.kind) {
    case 'buy':
    case 'sell':
      return weighed
    case 'transfer':
      return { ...weighed, recipient: command.recipient, remarks: command.remarks }
    case 'withdraw': {
      const { zipCode, ...place } = command.address
      return { ...weighed, ...place, zip_code: zipCode, ktp: command.ktp }
    }
  }
}
