import { z } from 'zod'
import { count as countOf, grams as gramsOf, maskedWallet } from '../../http/field-schemas.ts'
import { orderKind } from '../../orders/http/order-answer-schemas.ts'
import { batchAnswer, batchNumber, batchState, contentHash } from './batch-answer-schemas.ts'

const rupiahDigits = (meaning: string) =>
  z
    .string()
    .regex(/^\d+$/)
    .describe(`${meaning}: whole rupiah as text, for a sum may have more digits than a number holds`)
const rupiahSum = z.strictObject({
  stated: rupiahDigits('what the rows state'),
  estimated: rupiahDigits('what their weights come to at the price').nullable(),
  total: rupiahDigits('both together; null when the price is not known').nullable(),
})

const previewTotal = z
  .strictObject({
    to_pay: rupiahSum.describe('what its buys pay'),
    to_receive: rupiahSum.describe('what its sells yield'),
    moved_grams: gramsOf('the gold that transfers and withdrawals take out of wallets'),
    moved_worth: rupiahDigits('what this gold would cost to buy').nullable(),
  })
  .describe('one total for whoever approves. Fees are not in it: they are not known before the checkout')

export const previewAnswer = z
  .strictObject({
    id: batchNumber,
    state: batchState,
    rows: countOf('rows of the file'),
    content_hash: contentHash,
    price_per_gram: z
      .strictObject({
        buy: z.int().nullable().describe('what a customer pays, whole rupiah'),
        sell: z.int().nullable().describe('what a customer gets, whole rupiah'),
      })
      .describe('null when it is not known'),
    price_of_day: z
      .strictObject({
        buy: z.iso.date().nullable().describe('the day of the buying price'),
        sell: z.iso.date().nullable().describe('the day of the selling price'),
      })
      .describe(
        "the day of a captured price; null for a price of the gateway's current chart, or when it is not known",
      ),
    kinds: z
      .array(
        z.strictObject({
          kind: orderKind,
          rows: countOf('rows of this kind'),
          grams: gramsOf('the sum of the weights in the rows'),
          estimated_grams: gramsOf('what the rupiah in the rows would buy').nullable(),
          rupiah: rupiahDigits('the sum of the amounts in the rows'),
          estimated_rupiah: rupiahDigits(
            'what the grams in the rows would cost or yield, without fees',
          ).nullable(),
          worth_rupiah: rupiahDigits(
            'what the gold of transfers or withdrawals would cost to buy; null for other kinds, or without a price',
          ).nullable(),
        }),
      )
      .describe('sums of each kind of order'),
    total: previewTotal,
    known_orders: countOf('references that are orders with the same content, which are not sent again'),
    conflicts: countOf('references that are orders with other content'),
    overdue: countOf('rows whose deadline has passed'),
    repeated_wallets: countOf('wallets that more than one row has'),
    top_wallets: z
      .array(z.strictObject({ phone_number: maskedWallet, rows: countOf('its rows') }))
      .describe('the wallets with the most rows'),
    largest: z
      .array(
        z.strictObject({
          row: z.int().min(1).describe('the number of the row, from 1'),
          reference: z.string().describe('your own id of the order'),
          kind: orderKind,
          grams: z.string().nullable().describe('the weight in the row'),
          rupiah: rupiahDigits('the amount in the row').nullable(),
          estimated_rupiah: rupiahDigits('what its weight would cost, yield or be worth').nullable(),
        }),
      )
      .describe('the ten rows with the most rupiah, stated or estimated'),
  })
  .meta({ id: 'BatchPreview', description: 'What a batch would do' })

/** An approved batch in an answer, with what its approver let go out. */
export const approvedBatchAnswer = batchAnswer
  .extend({ total: previewTotal })
  .meta({ id: 'ApprovedBatch', description: 'A batch that was approved, and its total' })
