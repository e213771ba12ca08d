import { z } from 'zod'
import { GOLD_UNITS_PER_GRAM, MAX_RUPIAH, parseGrams, parseRupiah } from '../core/money.ts'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, plainTextExpected, readReference } from '../core/plain-text.ts'
import { BAR_GRAMS } from './command.ts'

// Control characters would reach logs and terminals, and NUL cannot be stored in Postgres.
const printable = (max: number) => {
  const expected = `must be a text of 1 to ${max} characters without control characters`
  return z
    .string({ error: expected })
    .min(1, expected)
    .max(max, expected)
    .regex(/^\P{Cc}*$/u, expected)
    .refine((text) => text.isWellFormed(), expected)
}

const matching = (pattern: RegExp, expected: string) => z.string({ error: expected }).regex(pattern, expected)

/** A value that is stored in one form, in whatever form it is sent. */
const inOneForm = (read: (written: unknown) => string | null, expected: string) =>
  z.string({ error: expected }).transform((written, context) => {
    const value = read(written)
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })

const phoneNumber = inOneForm(readPhoneNumber, PHONE_NUMBER_EXPECTED)
const reference = inOneForm(readReference, plainTextExpected(MOST_REFERENCE_CHARACTERS))

const GRAMS =
  'must be grams above 0 and at most 100000, with at most four decimals, as a number or a decimal string'
const goldWeight = z.union([z.string(), z.number()], { error: GRAMS }).transform((grams, context) => {
  const weight = parseGrams(grams)
  if (weight !== null && weight > 0) return weight
  context.addIssue({ code: 'custom', message: GRAMS })
  return z.NEVER
})

const BAR = `must be a whole bar: ${BAR_GRAMS.join(', ')} g`
const barWeight = goldWeight.refine(
  (weight) => (BAR_GRAMS as readonly number[]).includes(weight / GOLD_UNITS_PER_GRAM),
  BAR,
)

const WHOLE_RUPIAH = `must be whole rupiah from 1 to ${MAX_RUPIAH}`
const rupiah = z.number({ error: WHOLE_RUPIAH }).transform((value, context) => {
  const amount = parseRupiah(value)
  if (amount !== null && amount > 0) return amount
  context.addIssue({ code: 'custom', message: WHOLE_RUPIAH })
  return z.NEVER
})

const FEE = `must be whole rupiah from 0 to ${MAX_RUPIAH}`
const fee = z.number({ error: FEE }).transform((value, context) => {
  const parsed = parseRupiah(value)
  if (parsed !== null) return parsed
  context.addIssue({ code: 'custom', message: FEE })
  return z.NEVER
})

export const NO_OBJECT = 'must be an object with the fields of the job contract and no others'
const OBJECT = { error: NO_OBJECT }
const address = z.strictObject(
  {
    province: printable(100),
    city: printable(100),
    district: printable(100),
    subdistrict: printable(100),
    address: printable(300),
    zip_code: matching(/^\d{5}$/, 'must be five digits'),
    note: printable(300).optional(),
  },
  OBJECT,
)

const DEADLINE = 'must be an ISO 8601 time with a zone, such as 2027-01-31T09:00:00+07:00'
/** Postgres refuses times far outside of these years, and would refuse the order at every attempt. */
const DEADLINE_YEARS = { first: 2000, last: 2999 }
const deadlineTime = z.iso.datetime({ offset: true, error: DEADLINE }).transform((text, context) => {
  const time = new Date(text)
  const year = time.getUTCFullYear()
  if (year >= DEADLINE_YEARS.first && year <= DEADLINE_YEARS.last) return time
  context.addIssue({ code: 'custom', message: DEADLINE })
  return z.NEVER
})

const everyKind = {
  partner: matching(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 letters, digits, dots, dashes or underscores',
  ),
  reference,
  phone_number: phoneNumber,
  deadline: deadlineTime.optional(),
}

/** The limits of a kind: its own, and the fee that every quote may have. An empty limit is a mistake. */
const limitOn = <Own extends z.ZodRawShape>(own: Own) =>
  z
    .strictObject({ ...own, max_fee: fee.optional() }, OBJECT)
    .refine((limit) => Object.values(limit).some((value) => value !== undefined), {
      error: 'must name a limit',
      when: ({ issues }) => issues.length === 0,
    })

/** The fields of each kind besides those of every kind. */
const ownFields = {
  buy: {
    gold_weight: goldWeight.optional(),
    amount: rupiah.optional(),
    limit: limitOn({ max_price_per_gram: rupiah.optional() }).optional(),
  },
  sell: {
    gold_weight: goldWeight,
    limit: limitOn({ min_price_per_gram: rupiah.optional() }).optional(),
  },
  transfer: {
    gold_weight: goldWeight,
    recipient: phoneNumber,
    remarks: printable(200).optional(),
    limit: limitOn({}).optional(),
  },
  withdraw: {
    gold_weight: barWeight,
    ktp: matching(/^\d{16}$/, 'must be 16 digits'),
    address,
  },
}

// Schemas are built once: building one for each order cost more than checking the order.

/** What an order from outside may have, by kind. */
export const ORDER_FIELDS = {
  buy: z.strictObject({ ...everyKind, ...ownFields.buy }, OBJECT),
  sell: z.strictObject({ ...everyKind, ...ownFields.sell }, OBJECT),
  transfer: z.strictObject({ ...everyKind, ...ownFields.transfer }, OBJECT),
  withdraw: z.strictObject({ ...everyKind, ...ownFields.withdraw }, OBJECT),
} as const

/** What a stored command has, by kind: an order without partner, reference and deadline. */
export const COMMAND_FIELDS = {
  buy: z.strictObject({ phone_number: phoneNumber, ...ownFields.buy }, OBJECT),
  sell: z.strictObject({ phone_number: phoneNumber, ...ownFields.sell }, OBJECT),
  transfer: z.strictObject({ phone_number: phoneNumber, ...ownFields.transfer }, OBJECT),
  withdraw: z.strictObject({ phone_number: phoneNumber, ...ownFields.withdraw }, OBJECT),
} as const

/** What orders of all kinds have. */
export const EVERY_ORDER = z.object(everyKind, OBJECT)
