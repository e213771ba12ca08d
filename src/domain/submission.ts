import { createHash } from 'node:crypto'
import { z } from 'zod'
import { BAR_GRAMS, ORDER_KINDS, type OrderCommand, type OrderKind } from './command.ts'
import { formatGrams, GOLD_UNITS_PER_GRAM, MAX_RUPIAH, parseGrams, parseRupiah } from './money.ts'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from './phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, plainTextExpected, readReference } from './plain-text.ts'

/** What is wrong with an order from outside. Names the field and what it may be, never its value. */
export class InvalidOrderError extends Error {
  override name = 'InvalidOrderError'
  readonly field: string
  /** What is expected, without the field. */
  readonly problem: string

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`)
    this.field = field
    this.problem = problem
  }
}

/** The kind's own fields in the job contract's spelling, with weights as four-decimal strings. */
export type OrderContent = Readonly<Record<string, unknown>>

/** An order from outside, validated: who asks, under which reference, for what, until when. */
export interface Submission {
  readonly partner: string
  readonly reference: string
  /** Null: 15 minutes after acceptance. */
  readonly deadline: Date | null
  readonly command: OrderCommand
  readonly content: OrderContent
  /** SHA-256 over kind, wallet, content and deadline: the same reference with another hash is a conflict. */
  readonly contentHash: string
}

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

/** A value that is kept in one form, whatever form it comes in. */
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

const OBJECT = 'must be an object with the fields of the job contract and no others'
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
  { error: objectError },
)

const DEADLINE = 'must be an ISO 8601 time with a zone, such as 2027-01-31T09:00:00+07:00'
/** Far outside of them Postgres would refuse the time, and the order with it, for ever. */
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

const kinds = {
  buy: z
    .strictObject(
      {
        ...everyKind,
        gold_weight: goldWeight.optional(),
        amount: rupiah.optional(),
        limit: z.strictObject({ max_price_per_gram: rupiah }, { error: objectError }).optional(),
      },
      { error: objectError },
    )
    .refine((buy) => (buy.gold_weight === undefined) !== (buy.amount === undefined), {
      path: ['gold_weight'],
      error: 'a buy needs exactly one of gold_weight and amount',
    }),
  sell: z.strictObject(
    {
      ...everyKind,
      gold_weight: goldWeight,
      limit: z.strictObject({ min_price_per_gram: rupiah }, { error: objectError }).optional(),
    },
    { error: objectError },
  ),
  transfer: z.strictObject(
    { ...everyKind, gold_weight: goldWeight, recipient: phoneNumber, remarks: printable(200).optional() },
    { error: objectError },
  ),
  withdraw: z.strictObject(
    { ...everyKind, gold_weight: barWeight, ktp: matching(/^\d{16}$/, 'must be 16 digits'), address },
    { error: objectError },
  ),
} as const

function objectError(issue: { code?: string | undefined; keys?: unknown }): string {
  return issue.code === 'unrecognized_keys' ? 'is not a field of this kind' : OBJECT
}

/**
 * Validates an order from outside: job name and job data, a line of a file, later an HTTP body.
 * @throws InvalidOrderError naming the first bad field.
 */
export function parseSubmission(kind: unknown, data: unknown): Submission {
  if (!isOrderKind(kind)) throw unknownKind()
  const command = parseCommand(kind, data)
  const { partner, reference, deadline } = everyOrder.parse(data)
  const content = contentOf(command)
  const hashed = JSON.stringify([kind, command.phoneNumber, content, deadline?.toISOString() ?? null])
  const contentHash = createHash('sha256').update(hashed).digest('hex')
  return { partner, reference, deadline: deadline ?? null, command, content, contentHash }
}

const unknownKind = () => new InvalidOrderError('kind', `must be one of ${ORDER_KINDS.join(', ')}`)

function isOrderKind(kind: unknown): kind is OrderKind {
  return ORDER_KINDS.some((known) => known === kind)
}

/** Built once: building it for each order cost more than the order's own check. */
const everyOrder = z.object(everyKind)

/**
 * Everything that is wrong with an order from outside, for whoever mends it; empty when nothing is.
 * Never throws: {@link parseSubmission} does, with the first of these.
 */
export function findProblems(kind: unknown, data: unknown): readonly InvalidOrderError[] {
  if (!isOrderKind(kind)) return [unknownKind()]
  const parsed = kinds[kind].safeParse(data)
  return parsed.success ? [] : problemsIn(parsed.error)
}

function problemsIn(error: z.ZodError): InvalidOrderError[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => problemAt([...issue.path, key], issue.message))
      : [problemAt(issue.path, issue.message)],
  )
}

function problemAt(path: readonly PropertyKey[], message: string): InvalidOrderError {
  // A field's name comes from outside too: an unknown one may be anything, a phone number included.
  const field = path
    .map((part) => String(part).replace(/[^A-Za-z_.]/g, '?'))
    .join('.')
    .slice(0, 80)
  return new InvalidOrderError(field || 'data', message)
}

function refuse(error: z.ZodError): never {
  throw problemsIn(error)[0] ?? new InvalidOrderError('data', OBJECT)
}

function parseCommand(kind: OrderKind, data: unknown): OrderCommand {
  switch (kind) {
    case 'buy': {
      const parsed = kinds.buy.safeParse(data)
      if (!parsed.success) return refuse(parsed.error)
      const { phone_number, gold_weight, amount, limit } = parsed.data
      const common = {
        kind,
        phoneNumber: phone_number,
        maxPricePerGram: limit?.max_price_per_gram ?? null,
      } as const
      if (gold_weight !== undefined) return { ...common, by: 'grams', goldWeight: gold_weight }
      if (amount !== undefined) return { ...common, by: 'rupiah', amount }
      throw new InvalidOrderError('gold_weight', 'a buy needs exactly one of gold_weight and amount')
    }
    case 'sell': {
      const parsed = kinds.sell.safeParse(data)
      if (!parsed.success) return refuse(parsed.error)
      const { phone_number, gold_weight, limit } = parsed.data
      const minPricePerGram = limit?.min_price_per_gram ?? null
      return { kind, phoneNumber: phone_number, goldWeight: gold_weight, minPricePerGram }
    }
    case 'transfer': {
      const parsed = kinds.transfer.safeParse(data)
      if (!parsed.success) return refuse(parsed.error)
      const { phone_number, gold_weight, recipient, remarks } = parsed.data
      return { kind, phoneNumber: phone_number, goldWeight: gold_weight, recipient, remarks: remarks ?? '' }
    }
    case 'withdraw': {
      const parsed = kinds.withdraw.safeParse(data)
      if (!parsed.success) return refuse(parsed.error)
      const { phone_number, gold_weight, ktp, address: at } = parsed.data
      const { zip_code: zipCode, note, ...place } = at
      const postalAddress = { ...place, zipCode, note: note ?? '' }
      return { kind, phoneNumber: phone_number, goldWeight: gold_weight, ktp, address: postalAddress }
    }
  }
}

/** The command in the job contract's spelling, without wallet, partner and reference: what Postgres keeps. */
export function contentOf(command: OrderCommand): OrderContent {
  switch (command.kind) {
    case 'buy':
      return {
        ...(command.by === 'grams'
          ? { gold_weight: formatGrams(command.goldWeight) }
          : { amount: command.amount }),
        ...(command.maxPricePerGram === null
          ? {}
          : { limit: { max_price_per_gram: command.maxPricePerGram } }),
      }
    case 'sell':
      return {
        gold_weight: formatGrams(command.goldWeight),
        ...(command.minPricePerGram === null
          ? {}
          : { limit: { min_price_per_gram: command.minPricePerGram } }),
      }
    case 'transfer':
      return {
        gold_weight: formatGrams(command.goldWeight),
        recipient: command.recipient,
        ...(command.remarks === '' ? {} : { remarks: command.remarks }),
      }
    case 'withdraw': {
      const { zipCode, note, ...place } = command.address
      const postalAddress = { ...place, zip_code: zipCode, ...(note === '' ? {} : { note }) }
      return { gold_weight: formatGrams(command.goldWeight), ktp: command.ktp, address: postalAddress }
    }
  }
}

/** The command again from what {@link contentOf} wrote. An erased withdrawal cannot be read back. */
export function commandFrom(kind: OrderKind, phone: string, content: OrderContent): OrderCommand {
  return parseCommand(kind, { ...content, phone_number: phone, partner: 'stored', reference: 'stored' })
}
