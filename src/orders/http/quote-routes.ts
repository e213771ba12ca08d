import { z } from 'zod'
import { type AnyRoute, route } from '../../http/route.ts'
import { QUOTE, QUOTE_BODIES } from './order-examples.ts'
import { quoteAnswer, quoteBody } from './quote-schemas.ts'
import { takeQuote } from './take-quote.ts'

export const QUOTE_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'takeQuote',
    method: 'POST',
    path: '/v1/quotes',
    summary: 'Ask for the price of an order; nothing is stored and nothing moves',
    description: `Refused for what an order of the same content would be refused for now; it uses none of your limits up. An order
takes a quote of its own, so its price may differ: give it a \`limit\`.`,
    scope: 'orders:write',
    query: z.strictObject({}),
    body: quoteBody as z.ZodType<unknown>,
    readsBody: true,
    bodyExamples: QUOTE_BODIES,
    answers: { 200: { description: 'The price now', schema: quoteAnswer, example: QUOTE } },
    problems: [
      'wallet_refused',
      'kind_not_allowed',
      'rupiah_unbounded',
      'rupiah_per_order',
      'orders_per_minute',
      'rupiah_per_day',
      'wallets_per_day',
      'gateway_refused',
      'gateway_trouble',
      'gateway_missing',
    ],
    handle: ({ body }, call) => takeQuote(body, call),
  }),
]
