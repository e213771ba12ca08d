import { z } from 'zod'
import { MAX_RUPIAH, parseGrams } from '../../core/money.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, readReference } from '../../core/plain-text.ts'
import { BAR_GRAMS } from '../command.ts'

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
  .strictObject({
    max_price_per_gram: rupiah.describe('the highest price per gram, whole rupiah').optional(),
    max_fee: fee.optional(),
  })
  .refine(isSomeLimit)
  .describe('compared with amount ÷ gold_weight of every quote, fee not included, and with its fee')
const minPrice = z
  .strictObject({
    min_price_per_gram: rupiah.describe('the lowest price per gram, whole rupiah').optional(),
    max_fee: fee.optional(),
  })
  .refine(isSomeLimit)
  .describe('compared with amount ÷ gold_weight of every quote, fee not included, and with its fee')
const feeOnly = z
  .strictObject({ max_fee: fee.optional() })
  .refine(isSomeLimit)
  .describe('compared with the fee of every quote')
const bar = goldWeight
  .refine((grams) => BAR_GRAMS.some((each) => parseGrams(each) === parseGrams(grams)))
  .describe(`a whole bar: ${BAR_GRAMS.join(', ')} g`)

const ktp = z
  .string()
  .regex(/^\d{16}$/)
  .describe("the customer's KTP number; erased once the order is final")
const address = z
  .strictObject({
    province: text(100, 'province'),
    city: text(100, 'city'),
    district: text(100, 'district'),
    subdistrict: text(100, 'subdistrict'),
    address: text(300, 'street and number'),
    zip_code: z
      .string()
      .regex(/^\d{5}$/)
      .describe('five digits'),
    note: text(300, 'for the courier').optional(),
  })
  .describe('where the bar is sent; erased once the order is final')

const byWeight = z.strictObject({
  kind: z.literal('buy').describe('buy'),
  ...everyKind,
  gold_weight: goldWeight,
  limit: maxPrice.optional(),
})
const byAmount = z.strictObject({
  kind: z.literal('buy').describe('buy'),
  ...everyKind,
  amount: rupiah,
  limit: maxPrice.optional(),
})
const sell = z.strictObject({
  kind: z.literal('sell').describe('sell'),
  ...everyKind,
  gold_weight: goldWeight,
  limit: minPrice.optional(),
})
const transfer = z.strictObject({
  kind: z.literal('transfer').describe('transfer'),
  ...everyKind,
  gold_weight: goldWeight,
  recipient: phoneNumber.describe("the receiving wallet's phone number"),
  remarks: text(200, 'shown to the recipient').optional(),
  limit: feeOnly.optional(),
})
const withdraw = z.strictObject({
  kind: z.literal('withdraw').describe('withdraw'),
  ...everyKind,
  gold_weight: bar,
  ktp,
  address,
})

const BY_KIND = { discriminator: { propertyName: 'kind' } }

/** Bodies of POST /v1/orders, one alternative per kind of order. */
export const orderBody = z
  .union([
    z
      .union([
        byWeight.meta({ id: 'BuyByWeight', description: 'buy by weight' }),
        byAmount.meta({ id: 'BuyByAmount', description: 'buy by amount' }),
      ])
      .meta({ id: 'BuyRequest', description: 'A buy, by weight or by amount' }),
    sell.meta({ id: 'SellRequest', description: 'A sale' }),
    transfer.meta({ id: 'TransferRequest', description: 'A transfer to another wallet' }),
    withdraw.meta({ id: 'WithdrawRequest', description: 'A withdrawal of one bar' }),
  ])
  .meta({ id: 'OrderRequest', description: 'An order of one of the kinds', ...BY_KIND })

const GIVEN_BY_PLAN = { reference: true, deadline: true } as const

/** The order of a plan: each run gives it a reference and a deadline. */
export const planOrderBody = z
  .union([
    z
      .union([
        byWeight.omit(GIVEN_BY_PLAN).meta({ id: 'PlannedBuyByWeight', description: 'buy by weight' }),
        byAmount.omit(GIVEN_BY_PLAN).meta({ id: 'PlannedBuyByAmount', description: 'buy by amount' }),
      ])
      .meta({ id: 'PlannedBuy', description: 'A buy, by weight or by amount' }),
    sell.omit(GIVEN_BY_PLAN).meta({ id: 'PlannedSell', description: 'A sale' }),
    transfer.omit(GIVEN_BY_PLAN).meta({ id: 'PlannedTransfer', description: 'A transfer to another wallet' }),
    withdraw.omit(GIVEN_BY_PLAN).meta({ id: 'PlannedWithdraw', description: 'A withdrawal of one bar' }),
  ])
  .meta({ id: 'PlannedOrder', description: 'An order without reference and deadline', ...BY_KIND })
