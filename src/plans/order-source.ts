import type { FieldProblem } from '../core/field-problems.ts'
import { maskPhoneNumber, maskPhoneNumbersIn } from '../core/masking.ts'
import type { OrderCommand } from '../orders/command.ts'
import { describeContent } from '../orders/describe-content.ts'
import { InvalidOrderError, invalidOrder, parseSubmission, type Submission } from '../orders/submission.ts'
import type { OrderSource, PlanSource } from './source.ts'

/** Fields that each run sets. An order that names them is refused. */
const GIVEN_BY_PLAN = ['reference', 'deadline']

/** The order of a plan, parsed once: its limits are checked on the command. */
export interface ParsedOrder {
  readonly partner: string
  readonly command: OrderCommand
  readonly source: OrderSource
}

/**
 * Reads the order of a plan: a job of the contract plus its `kind`, without reference and deadline.
 * @returns the order as the plan stores it, and the parsed command
 * @throws InvalidOrderError with every problem
 */
export function parseOrderSource(order: unknown): ParsedOrder {
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    throw new InvalidOrderError('data', 'must be an object')
  const given = GIVEN_BY_PLAN.filter((field) => Object.hasOwn(order, field)).map((field) => ({
    field,
    problem: 'must be left out: each run of a plan gets its own',
  }))
  const { partner, command, content } = parseBeside(given, () => {
    const { kind, reference, deadline, ...data } = order as Record<string, unknown>
    // The contract requires a reference. Each run has its own, and this one is not used.
    return parseSubmission(kind, { ...data, reference: 'plan' })
  })
  return {
    partner,
    command,
    source: { is: 'order', kind: command.kind, phone_number: command.phoneNumber, content },
  }
}

/** Parses an order. @throws InvalidOrderError with the known problems and all that parsing finds */
function parseBeside(known: readonly FieldProblem[], read: () => Submission): Submission {
  let found: readonly FieldProblem[] = []
  try {
    const submission = read()
    if (known.length === 0) return submission
  } catch (error) {
    if (!(error instanceof InvalidOrderError)) throw error
    found = error.problems
  }
  throw invalidOrder([...known, ...found])
}

/** A source as operators may see it: phone numbers masked, a withdrawal's KTP number and address left out. */
export function shownSource(source: PlanSource): PlanSource {
  return source.is === 'order' ? shownOrder(source) : source
}

function shownOrder({ is, kind, phone_number, content }: OrderSource): OrderSource {
  const { ktp, address, recipient, remarks, ...shown } = content
  return {
    is,
    kind,
    phone_number: maskPhoneNumber(phone_number),
    content: {
      ...shown,
      ...(typeof recipient === 'string' ? { recipient: maskPhoneNumber(recipient) } : {}),
      ...(typeof remarks === 'string' ? { remarks: maskPhoneNumbersIn(remarks) } : {}),
    },
  }
}

/** A source in one line. */
export function describeSource(source: PlanSource): string {
  if (source.is === 'order') return describeOrder(source)
  const { batch_id, rate_per_second, stop_after_failures } = source
  const stop = stop_after_failures === null ? '' : `, each pauses after ${stop_after_failures} failures`
  return `copies of batch ${batch_id}, ${rate_per_second} rows a second${stop}`
}

function describeOrder({ kind, phone_number, content }: OrderSource): string {
  const { ktp, address, ...shown } = content
  const hidden =
    ktp === undefined && address === undefined ? '' : ', KTP number and address stored, not shown'
  return `${kind} for ${maskPhoneNumber(phone_number)}: ${describeContent(shown)}${hidden}`
}
