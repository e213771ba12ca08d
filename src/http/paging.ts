import { z } from 'zod'
import { onTheWire } from './json-schema.ts'
import { Problem } from './problems.ts'

/** A whole number in a query. */
export const wholeNumber = (min: number, max: number, meaning: string) =>
  onTheWire(
    z
      .string()
      .regex(/^\d{1,3}$/)
      .refine((digits) => Number(digits) >= min && Number(digits) <= max, `must be from ${min} to ${max}`)
      .transform(Number)
      .describe(`${meaning}, ${min} to ${max}`),
    { type: 'integer', minimum: min, maximum: max },
  )

const MAX_PAGE = 500
export const PAGE = 100

/** The paging parameters of every list. */
export const paging = (of: string) => ({
  limit: wholeNumber(1, MAX_PAGE, `${of} on a page, default ${PAGE},`).optional(),
  cursor: z.string().max(200).describe('`next` of the page before, with the same filters').optional(),
})

/** The cursor of every page. */
export const nextPage = z.string().nullable().describe('the cursor of the next page; null on the last')

/** Encodes a place in a list as an opaque cursor. */
export function writePlace(place: string): string {
  return Buffer.from(place).toString('base64url')
}

/** Decodes a cursor of {@link writePlace}. @throws Problem for anything else */
export function readPlace(
  cursor: string | undefined,
  isPlace: (text: string) => boolean,
  field = 'cursor',
): string | null {
  if (cursor === undefined) return null
  const place = Buffer.from(cursor, 'base64url').toString()
  if (isPlace(place)) return place
  throw new Problem('invalid_request', { errors: [{ field, problem: 'must be `next` of a page' }] })
}

/** Cuts rows that were read with one more than the limit into a page, with the cursor of the next one. */
export function pageOf<Row>(found: readonly Row[], limit: number, placeOf: (row: Row) => string) {
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return { page, next: found.length > limit && last !== undefined ? writePlace(placeOf(last)) : null }
}
