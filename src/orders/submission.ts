import { hash } from 'node:crypto'
import type { z } from 'zod'
import {
  describeProblems,
  type FieldProblem,
  MOST_PROBLEMS,
  type ReadFields,
  readFields,
} from '../core/field-problems.ts'
import { didYouMean } from '../core/suggestions.ts'
import { findUnfitValues } from '../core/unfit-values.ts'
import { ORDER_KINDS, type OrderCommand, type OrderKind } from './command.ts'
import { COMMAND_FIELDS, EVERY_ORDER, NO_OBJECT, ORDER_FIELDS } from './command-fields.ts'
import { contentOf } from './content.ts'
import { type PlainOrder, readPlainOrder } from './plain-order.ts'

/** Every problem of an order from outside. Names fields and what they may be, never their values. */
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

/** A validated order from outside. */
export interface Submission {
  readonly partner: string
  readonly reference: string
  /** Null: 15 minutes after acceptance. */
  readonly deadline: Date | null
  readonly command: OrderCommand
  readonly content: OrderContent
  /** SHA-256 over kind, wallet, content and deadline: see `hasSameContent`. */
  readonly contentHash: string
}

/** The problem of a new order only: a repeated order is found again, however late it is. */
export const DEADLINE_PASSED = 'must be a time to come: it has passed, and no new order is accepted for it'

/** The problem of a wallet that is not the partner's. Never says whose it is, nor whether it is anybody's. */
export const WALLET_REFUSED = 'must be a wallet of this partner: register it, or ask an operator to link it'

/**
 * Validates an order from outside: job name and job data, a line of a file, an HTTP body.
 * @throws InvalidOrderError with every problem
 */
export function parseSubmission(kind: unknown, data: unknown): Submission {
  const plain = readPlainOrder(kind, data)
  return plain === null ? parseBySchema(kind, data) : withContent(plain, null)
}

/** As {@link parseSubmission}, by the schema alone. */
export function parseBySchema(kind: unknown, data: unknown): Submission {
  const unfit = findUnfitValues(data)
  if (unfit.length > 0) throw invalidOrder(unfit)
  if (!isOrderKind(kind)) throw invalidOrder([unknownKind(kind), ...problemsOf(EVERY_ORDER, data)])
  const { command, read } = parseCommand(kind, data, ORDER_FIELDS)
  // The fields of every kind are among ORDER_FIELDS of each.
  const { partner, reference, deadline } = read as z.output<typeof EVERY_ORDER>
  return withContent({ partner, reference, command }, deadline ?? null)
}

function withContent({ partner, reference, command }: PlainOrder, deadline: Date | null): Submission {
  const content = contentOf(command)
  const hashed = JSON.stringify([command.kind, command.phoneNumber, content, deadline?.toISOString() ?? null])
  return { partner, reference, deadline, command, content, contentHash: hash('sha256', hashed) }
}

function unknownKind(kind: unknown): FieldProblem {
  const expected = `must be one of ${ORDER_KINDS.join(', ')}`
  return { field: 'kind', problem: expected + didYouMean(kind, ORDER_KINDS) }
}

function isOrderKind(kind: unknown): kind is OrderKind {
  return ORDER_KINDS.some((known) => known === kind)
}

const problemsOf = (schema: z.ZodType, data: unknown) => {
  const read = readFields(schema, data, 'data')
  return read.is === 'read' ? [] : read.problems
}

/** The error with these problems; there must be at least one. */
export function invalidOrder([first, ...others]: readonly FieldProblem[]): InvalidOrderError {
  const { field, problem } = first ?? { field: 'data', problem: NO_OBJECT }
  return new InvalidOrderError(field, problem, others)
}

/** The fields that were read. @throws InvalidOrderError with every problem */
function requireRead<T>(read: ReadFields<T>, others: readonly FieldProblem[] = []): T {
  if (read.is === 'refused') throw invalidOrder([...read.problems, ...others])
  if (others.length > 0) throw invalidOrder(others)
  return read.data
}

/** A buy is by weight or by amount. Checked on the unparsed data, so that it is listed with every other problem. */
function measureProblem(data: unknown): FieldProblem[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return []
  const { gold_weight, amount } = data as Record<string, unknown>
  return (gold_weight === undefined) === (amount === undefined)
    ? [{ field: 'gold_weight', problem: ONE_MEASURE }]
    : []
}

const ONE_MEASURE = 'a buy needs exactly one of gold_weight and amount'

function parseCommand(
  kind: OrderKind,
  data: unknown,
  fields: typeof ORDER_FIELDS | typeof COMMAND_FIELDS,
): { readonly command: OrderCommand; readonly read: object } {
  switch (kind) {
    case 'buy': {
      const read = requireRead(readFields(fields.buy, data, 'data'), measureProblem(data))
      const { phone_number, gold_weight, amount, limit } = read
      const common = {
        kind,
        phoneNumber: phone_number,
        maxPricePerGram: limit?.max_price_per_gram ?? null,
        maxFee: limit?.max_fee ?? null,
      } as const
      if (gold_weight !== undefined)
        return { command: { ...common, by: 'grams', goldWeight: gold_weight }, read }
      if (amount !== undefined) return { command: { ...common, by: 'rupiah', amount }, read }
      throw new InvalidOrderError('gold_weight', ONE_MEASURE)
    }
    case 'sell': {
      const read = requireRead(readFields(fields.sell, data, 'data'))
      const { phone_number, gold_weight, limit } = read
      const minPricePerGram = limit?.min_price_per_gram ?? null
      const maxFee = limit?.max_fee ?? null
      const command = { kind, phoneNumber: phone_number, goldWeight: gold_weight, minPricePerGram, maxFee }
      return { command, read }
    }
    case 'transfer': {
      const read = requireRead(readFields(fields.transfer, data, 'data'))
      const { phone_number, gold_weight, recipient, remarks, limit } = read
      const wallets = { phoneNumber: phone_number, recipient }
      const maxFee = limit?.max_fee ?? null
      const command = { kind, ...wallets, goldWeight: gold_weight, remarks: remarks ?? '', maxFee }
      return { command, read }
    }
    case 'withdraw': {
      const read = requireRead(readFields(fields.withdraw, data, 'data'))
      const { phone_number, gold_weight, ktp, address: at } = read
      const { zip_code: zipCode, note, ...place } = at
      const postalAddress = { ...place, zipCode, note: note ?? '' }
      const wallet = { kind, phoneNumber: phone_number }
      return { command: { ...wallet, goldWeight: gold_weight, ktp, address: postalAddress }, read }
    }
  }
}

/**
 * The command of a stored order, from what {@link contentOf} wrote.
 * @throws InvalidOrderError for a withdrawal whose personal data was erased
 */
export function commandFrom(kind: OrderKind, phoneNumber: string, content: OrderContent): OrderCommand {
  return parseCommand(kind, { ...content, phone_number: phoneNumber }, COMMAND_FIELDS).command
}
