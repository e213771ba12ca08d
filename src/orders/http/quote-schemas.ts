import { z } from 'zod'
import { grams, maskedWallet, rupiah } from '../../http/field-schemas.ts'
import { open } from '../../http/json-schema.ts'
import { orderKind } from './order-answer-schemas.ts'
import { planOrderBody } from './order-body-schemas.ts'

const [buy, sell, transfer] = planOrderBody.options

/** Bodies of POST /v1/quotes: an order without reference and deadline. The gateway prices no withdrawal. */
export const quoteBody = z.union([buy, sell, transfer]).meta({
  id: 'QuoteRequest',
  description: 'An order without reference and deadline; a withdrawal has no price',
  discriminator: { propertyName: 'kind' },
})

export const quoteAnswer = z
  .strictObject({
    kind: orderKind,
    phone_number: maskedWallet,
    gold_weight: grams('the weight that would be moved'),
    amount: rupiah("the gateway's price of the weight, without the fee").nullable(),
    fee: rupiah("the gateway's fee").nullable(),
    price_per_gram: rupiah('amount ÷ gold_weight, rounded down').nullable(),
    breaks: open(
      z.enum(['price_limit', 'fee_limit']),
      'the limit of the request that this quote breaks, for which an order would be rejected',
    ).nullable(),
  })
  .meta({ id: 'Quote', description: 'What the gateway asks now. An order takes a quote of its own' })
export type QuoteAnswer = z.infer<typeof quoteAnswer>
