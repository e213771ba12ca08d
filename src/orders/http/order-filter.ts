import { z } from 'zod'
import { MAX_RUPIAH, parseRupiah } from '../../core/money.ts'
import { inOneForm, phoneNumber, reference } from '../../http/field-schemas.ts'
import { onTheWire } from '../../http/json-schema.ts'
import { paging } from '../../http/paging.ts'
import { ORDER_KINDS } from '../command.ts'
import { FILTER_FIELDS, FILTER_KEYS } from '../filter-fields.ts'
import { ORDER_STATES } from '../lifecycle.ts'
import type { OrderSearch } from '../queries/order-search.ts'

/** The filter of a partner's orders in a query. What each field means and accepts is the definition of all surfaces. */

const { state, kind, phoneNumber: wallet, sessionId, requestId, responseId, from, to } = FILTER_FIELDS

const idOf = ({ read, expected, means }: typeof sessionId) =>
  inOneForm(read, `must be ${expected}`).describe(means).optional()

const timeOf = ({ means }: typeof from) =>
  z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .describe(means)
    .optional()

const amount = onTheWire(
  z
    .string()
    .regex(/^\d{1,13}$/)
    .transform((digits, context) => {
      const rupiah = parseRupiah(digits)
      if (rupiah !== null) return rupiah
      context.addIssue({ code: 'custom', message: `must be at most ${MAX_RUPIAH}` })
      return z.NEVER
    })
    .describe(FILTER_FIELDS.amount.means),
  { type: 'integer', minimum: 0, maximum: MAX_RUPIAH },
)

export const orderFilter = z.strictObject({
  reference: reference.describe(FILTER_FIELDS.reference.means).optional(),
  state: z.enum(ORDER_STATES).describe(state.means).optional(),
  since: timeOf(from),
  until: timeOf(to),
  phone_number: phoneNumber.describe(wallet.means).optional(),
  kind: z.enum(ORDER_KINDS).describe(kind.means).optional(),
  session_id: idOf(sessionId),
  request_id: idOf(requestId),
  response_id: idOf(responseId),
  amount: amount.optional(),
  ...paging('orders'),
})

/** The search of a query, among the caller's own orders. */
export function searchOf(query: z.infer<typeof orderFilter>, partner: string): OrderSearch {
  const given: Readonly<Record<string, unknown>> = query
  const values = FILTER_KEYS.map((key) => {
    const { param } = FILTER_FIELDS[key]
    return [key, param === null ? null : (given[param] ?? null)] as const
  })
  return { ...(Object.fromEntries(values) as unknown as OrderSearch), partner }
}
