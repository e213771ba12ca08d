import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  describeProblems,
  type FieldProblem,
  MOST_PROBLEMS,
  type ReadFields,
  readFields,
} from '../core/field-problems.ts'
import {
  formatGrams,
  GOLD_UNITS_PER_GRAM,
  MAX_RUPIAH,
  parseGrams,
  parseRupiah,
  type Rupiah,
} from '../core/money.ts'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, plainTextExpected, readReference } from '../core/plain-text.ts'
import { didYouMean } from '../core/suggestions.ts'
import { findUnfitValues } from '../core/unfit-values.ts'
import { BAR_GRAMS, ORDER_KINDS, type OrderCommand, type OrderKind } from './command.ts'

/** Everything that is wrong with an order from outside. Names fields and what they may be, never their values. */
export class InvalidOrderError extends Error {
  override name = 'InvalidOrderError'
  /** The first of the problems: its field, and what is expected, without the field. */
  readonly field: string
  readonly problem: string
  readonly problems: readonly FieldProblem[]

  constructor(field: string, problem: string, others: readonly FieldProblem[] = []) {
    const problems = [{ field, problem }, ...others].slice(0, MOST_PROBLEMS)
    super(describeProblems(problems))
    this.field = field
    this.problem = problem
    this.problems = problems
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

const FEE = `must be whole rupiah from 0 to ${MAX_RUPIAH}`
const fee = z.number({ error: FEE }).transform((value, context) => {
  const parsed = parseRupiah(value)
  if (parsed !== null) return parsed
  context.addIssue({ code: 'custom', message: FEE })
  return z.NEVER
})

const NO_OBJECT = 'must be an object with the fields of the job contract and no others'
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
/** Far outside of them Postgres would refuse the time, and the order with it, for ever. */
const DEADLINE_YEARS = { first: 2000, last: 2999 }
const deadlineTime = z.iso.datetime({ offset: true, error: DEADLINE }).transform((text, context) => {
  const time = new Date(text)
  const year = time.getUTCFullYear()
  if (year >= DEADLINE_YEARS.first && year <= DEADLINE_YEARS.last) return time
  context.addIssue({ code: 'custom', message: DEADLINE })
  return z.NEVER
})

/** Said of a new order only: the same order again is found again however late it is. */
export const DEADLINE_PASSED = 'must be a time to come: it has passed, and no new order is accepted for it'

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

const kinds = {
  buy: z.strictObject(
    {
      ...everyKind,
      gold_weight: goldWeight.optional(),
      amount: rupiah.optional(),
      limit: limitOn({ max_price_per_gram: rupiah.optional() }).optional(),
    },
    OBJECT,
  ),
  sell: z.strictObject(
    {
      ...everyKind,
      gold_weight: goldWeight,
      limit: limitOn({ min_price_per_gram: rupiah.optional() }).optional(),
    },
    OBJECT,
  ),
  transfer: z.strictObject(
    {
      ...everyKind,
      gold_weight: goldWeight,
      recipient: phoneNumber,
      remarks: printable(200).optional(),
      limit: limitOn({}).optional(),
    },
    OBJECT,
  ),
  withdraw: z.strictObject(
    { ...everyKind, gold_weight: barWeight, ktp: matching(/^\d{16}$/, 'must be 16 digits'), address },
    OBJECT,
  ),
} as const

/**
 * Validates an order from outside: job name and job data, a line of a file, an HTTP body.
 * @throws InvalidOrderError with all that is wrong
 */
export function parseSubmission(kind: unknown, data: unknown): Submission {
  const unfit = findUnfitValues(data)
  if (unfit.length > 0) throw invalidOrder(unfit)
  if (!isOrderKind(kind)) throw invalidOrder([unknownKind(kind), ...problemsOf(everyOrder, data)])
  const command = parseCommand(kind, data)
  const { partner, reference, deadline } = everyOrder.parse(data)
  const content = contentOf(command)
  const hashed = JSON.stringify([kind, command.phoneNumber, content, deadline?.toISOString() ?? null])
  const contentHash = createHash('sha256').update(hashed).digest('hex')
  return { partner, reference, deadline: deadline ?? null, command, content, contentHash }
}

function unknownKind(kind: unknown): FieldProblem {
  const expected = `must be one of ${ORDER_KINDS.join(', ')}`
  return { field: 'kind', problem: expected + didYouMean(kind, ORDER_KINDS) }
}

function isOrderKind(kind: unknown): kind is OrderKind {
  return ORDER_KINDS.some((known) => known === kind)
}

/** Built once: building it for each order cost more than the order's own check. */
const everyOrder = z.object(everyKind, OBJECT)

const problemsOf = (schema: z.ZodType, data: unknown) => {
  const read = readFields(schema, data, 'data')
  return read.is === 'read' ? [] : read.problems
}

/** The error of at least one problem. */
export function invalidOrder([first, ...others]: readonly FieldProblem[]): InvalidOrderError {
  const { field, problem } = first ?? { field: 'data', problem: NO_OBJECT }
  return new InvalidOrderError(field, problem, others)
}

/** What was read of an order, or an error with all that is wrong. */
function ofOrder<T>(read: ReadFields<T>, others: readonly FieldProblem[] = []): T {
  if (read.is === 'refused') throw invalidOrder([...read.problems, ...others])
  if (others.length > 0) throw invalidOrder(others)
  return read.data
}

/** A buy is by weight or by amount. Asked of the data as it came, so that it is told beside whatever else is wrong. */
function measureProblem(data: unknown): FieldProblem[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return []
  const { gold_weight, amount } = data as Record<string, unknown>
  return (gold_weight === undefined) === (amount === undefined)
    ? [{ field: 'gold_weight', problem: ONE_MEASURE }]
    : []
}

const ONE_MEASURE = 'a buy needs exactly one of gold_weight and amount'

function parseCommand(kind: OrderKind, data: unknown): OrderCommand {
  switch (kind) {
    case 'buy': {
      const { phone_number, gold_weight, amount, limit } = ofOrder(
        readFields(kinds.buy, data, 'data'),
        measureProblem(data),
      )
      const common = {
        kind,
        phoneNumber: phone_number,
        maxPricePerGram: limit?.max_price_per_gram ?? null,
        maxFee: limit?.max_fee ?? null,
      } as const
      if (gold_weight !== undefined) return { ...common, by: 'grams', goldWeight: gold_weight }
      if (amount !== undefined) return { ...common, by: 'rupiah', amount }
      throw new InvalidOrderError('gold_weight', ONE_MEASURE)
    }
    case 'sell': {
      const { phone_number, gold_weight, limit } = ofOrder(readFields(kinds.sell, data, 'data'))
      const minPricePerGram = limit?.min_price_per_gram ?? null
      const maxFee = limit?.max_fee ?? null
      return { kind, phoneNumber: phone_number, goldWeight: gold_weight, minPricePerGram, maxFee }
    }
    case 'transfer': {
      const { phone_number, gold_weight, recipient, remarks, limit } = ofOrder(
        readFields(kinds.transfer, data, 'data'),
      )
      const wallets = { phoneNumber: phone_number, recipient }
      const maxFee = limit?.max_fee ?? null
      return { kind, ...wallets, goldWeight: gold_weight, remarks: remarks ?? '', maxFee }
    }
    case 'withdraw': {
      const {
        phone_number,
        gold_weight,
        ktp,
        address: at,
      } = ofOrder(readFields(kinds.withdraw, data, 'data'))
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
        ...limitOf({ max_price_per_gram: command.maxPricePerGram, max_fee: command.maxFee }),
      }
    case 'sell':
      return {
        gold_weight: formatGrams(command.goldWeight),
        ...limitOf({ min_price_per_gram: command.minPricePerGram, max_fee: command.maxFee }),
      }
    case 'transfer':
      return {
        gold_weight: formatGrams(command.goldWeight),
        recipient: command.recipient,
        ...(command.remarks === '' ? {} : { remarks: command.remarks }),
        ...limitOf({ max_fee: command.maxFee }),
      }
    case 'withdraw': {
      const { zipCode, note, ...place } = command.address
      const postalAddress = { ...place, zip_code: zipCode, ...(note === '' ? {} : { note }) }
      return { gold_weight: formatGrams(command.goldWeight), ktp: command.ktp, address: postalAddress }
    }
  }
}

/** The limits that were asked for; nothing when there are none, so that an empty limit is the same order as none. */
function limitOf(limits: Readonly<Record<string, Rupiah | null>>): { limit?: Record<string, Rupiah> } {
  const asked = Object.entries(limits).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
  return asked.length === 0 ? {} : { limit: Object.fromEntries(asked) }
}

/** The command again from what {@link contentOf} wrote. An erased withdrawal cannot be read back. */
export function commandFrom(kind: OrderKind, phone: string, content: OrderContent): OrderCommand {
  return parseCommand(kind, { ...content, phone_number: phone, partner: 'stored', reference: 'stored' })
}
