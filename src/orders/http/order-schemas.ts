import { z } from 'zod'
import { MAX_RUPIAH, parseGrams } from '../../core/money.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, readReference } from '../../core/plain-text.ts'
import { BAR_GRAMS, ORDER_KINDS } from '../command.ts'
import { ORDER_STATES } from '../lifecycle.ts'

/**
 * Orders over HTTP. `parseSubmission` validates a body, as it validates a job; these schemas describe the same rules in
 * OpenAPI, and a test holds that both accept the same bodies.
 */
const text = (max: number, meaning: string) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => /^\P{Cc}*$/u.test(value) && value.isWellFormed())
    .describe(`${meaning}; without control characters`)
const phoneNumber = z
  .string()
  .refine((written) => readPhoneNumber(written) !== null)
  .meta({ examples: ['081234500001', '+62 812-3450-0001'] })
  .describe('an Indonesian mobile number: 0…, 62…, +62…, 0062…; spaces and dashes are allowed')
const goldWeight = z
  .union([z.string().regex(/^\d{1,9}(\.\d{1,4}0*)?$/), z.number().positive().max(100_000)])
  .refine((grams) => (parseGrams(grams) ?? 0) > 0)
  .describe('grams above 0 and at most 100000, at most four decimals')
const rupiah = z.int().min(1).max(MAX_RUPIAH).describe('whole rupiah')
const fee = z.int().min(0).max(MAX_RUPIAH).describe('whole rupiah; a quote with a larger fee is refused')
const isSomeLimit = (limit: object) => Object.values(limit).some((value) => value !== undefined)

const everyKind = {
  reference: z
    .string()
    .refine((written) => readReference(written) !== null)
    .describe(
      `your own id of the order, unique for all time: at most ${MOST_REFERENCE_CHARACTERS} characters, none of them invisible; surrounding white space is removed`,
    ),
  phone_number: phoneNumber.describe('the wallet'),
  deadline: z.iso
    .datetime({ offset: true })
    .refine((value) => Math.floor(new Date(value).getUTCFullYear() / 1_000) === 2)
    .describe('no quote is confirmed after it; default 15 minutes after acceptance')
    .optional(),
}
const maxPrice = z
  .strictObject({ max_price_per_gram: rupiah.optional(), max_fee: fee.optional() })
  .refine(isSomeLimit)
  .describe('compared with amount ÷ gold_weight of every quote, fee not included, and with its fee')
const minPrice = z
  .strictObject({ min_price_per_gram: rupiah.optional(), max_fee: fee.optional() })
  .refine(isSomeLimit)
const feeOnly = z
  .strictObject({ max_fee: fee.optional() })
  .refine(isSomeLimit)
  .describe('compared with the fee of every quote')
const bar = goldWeight
  .refine((grams) => BAR_GRAMS.some((each) => parseGrams(each) === parseGrams(grams)))
  .describe(`a whole bar: ${BAR_GRAMS.join(', ')} g`)

/** Bodies of POST /v1/orders, one alternative per kind of order. */
export const orderBody = z.union([
  z
    .strictObject({
      kind: z.literal('buy'),
      ...everyKind,
      gold_weight: goldWeight,
      limit: maxPrice.optional(),
    })
    .describe('buy by weight'),
  z
    .strictObject({ kind: z.literal('buy'), ...everyKind, amount: rupiah, limit: maxPrice.optional() })
    .describe('buy by amount'),
  z.strictObject({
    kind: z.literal('sell'),
    ...everyKind,
    gold_weight: goldWeight,
    limit: minPrice.optional(),
  }),
  z.strictObject({
    kind: z.literal('transfer'),
    ...everyKind,
    gold_weight: goldWeight,
    recipient: phoneNumber.describe("the receiving wallet's phone number"),
    remarks: text(200, 'shown to the recipient').optional(),
    limit: feeOnly.optional(),
  }),
  z.strictObject({
    kind: z.literal('withdraw'),
    ...everyKind,
    gold_weight: bar,
    ktp: z
      .string()
      .regex(/^\d{16}$/)
      .describe('erased once the order is final'),
    address: z
      .strictObject({
        province: text(100, 'province'),
        city: text(100, 'city'),
        district: text(100, 'district'),
        subdistrict: text(100, 'subdistrict'),
        address: text(300, 'street and number'),
        zip_code: z.string().regex(/^\d{5}$/),
        note: text(300, 'for the courier').optional(),
      })
      .describe('erased once the order is final'),
  }),
])

const time = z.iso.datetime()
const gramsOut = z.string().regex(/^\d+\.\d{4}$/)
const rupiahOut = z.int().min(0)

/** The fields of an order, as they are answered. */
export const requestAnswer = z
  .strictObject({
    gold_weight: gramsOut.optional(),
    amount: rupiahOut.optional(),
    limit: z
      .strictObject({
        max_price_per_gram: rupiahOut.optional(),
        min_price_per_gram: rupiahOut.optional(),
        max_fee: rupiahOut.optional(),
      })
      .optional(),
    recipient: z.string().describe('masked').optional(),
  })
  .describe('the fields of the order, without personal data')

const [byWeight, byAmount, sell, transfer, withdraw] = orderBody.options
const GIVEN_BY_PLAN = { reference: true, deadline: true } as const

/** The order of a plan: each run gives it a reference and a deadline. */
export const planOrderBody = z.union([
  byWeight.omit(GIVEN_BY_PLAN).describe('buy by weight'),
  byAmount.omit(GIVEN_BY_PLAN).describe('buy by amount'),
  sell.omit(GIVEN_BY_PLAN),
  transfer.omit(GIVEN_BY_PLAN),
  withdraw.omit(GIVEN_BY_PLAN),
])

/** An order as it is answered. */
export const orderAnswer = z.strictObject({
  id: z.guid(),
  reference: z.string(),
  kind: z.enum(ORDER_KINDS),
  phone_number: z.string().describe('the wallet, masked'),
  request: requestAnswer,
  state: z.enum(ORDER_STATES),
  reason: z.string().describe('the code of the last change of state: docs/lifecycle.md'),
  attempts: z.int().min(0).describe('quotes for which a confirm was intended'),
  executed: z
    .strictObject({
      request_id: z.string().nullable(),
      response_id: z.string().nullable(),
      session_id: z.string().nullable().describe("the gateway's id of the transaction"),
      gold_weight: gramsOut,
      amount: rupiahOut,
      fee: rupiahOut,
    })
    .nullable()
    .describe('the executed transaction; null until one is known'),
  accepted_at: time,
  deadline: time,
  settled_at: time.nullable(),
})
export type OrderAnswer = z.infer<typeof orderAnswer>

export const ordersAnswer = z.strictObject({
  orders: z.array(orderAnswer),
  next: z.string().nullable().describe('the cursor of the next page; null on the last'),
})

export const eventsAnswer = z.strictObject({
  events: z.array(
    z.strictObject({
      at: time,
      from: z.enum(ORDER_STATES).nullable(),
      to: z.enum(ORDER_STATES),
      reason: z.string(),
      by: z.string().describe('partner, worker, sweeper, batch, plan or person'),
    }),
  ),
})
