import type { FieldProblem } from '../core/field-problems.ts'
import { maskPhoneNumber, maskPhoneNumbersIn } from '../core/masking.ts'
import { InvalidOrderError, invalidOrder, parseSubmission, type Submission } from '../orders/submission.ts'
import type { OrderSource, PlanSource } from './plan.ts'

/** What a plan's orders get from the plan: an order that names them itself is refused. */
const GIVEN_BY_PLAN = ['reference', 'deadline']

/**
 * Reads the order of a plan: a job of the contract plus its `kind`, without reference and deadline.
 * @throws InvalidOrderError with all that is wrong
 */
export function parseOrderSource(order: unknown): { partner: string; source: OrderSource } {
  if (typeof order !== 'object' || order === null || Array.isArray(order))
    throw new InvalidOrderError('data', 'must be an object')
  const given = GIVEN_BY_PLAN.filter((field) => Object.hasOwn(order, field)).map((field) => ({
    field,
    problem: 'must be left out: each run of a plan gets its own',
  }))
  const { partner, command, content } = besides(given, () => {
    const { kind, reference, deadline, ...data } = order as Record<string, unknown>
    return parseSubmission(kind, { ...data, reference: 'plan' })
  })
  return {
    partner,
    source: { is: 'order', kind: command.kind, phone_number: command.phoneNumber, content },
  }
}

/** Reads an order. @throws InvalidOrderError with what is known to be wrong and all that is found beside it */
function besides(known: readonly FieldProblem[], read: () => Submission): Submission {
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

/** A source as people may see it: phone numbers masked, a withdrawal's KTP number and address left out. */
export function shownSource(source: PlanSource): PlanSource {
  return source.is === 'order' ? shownOrder(source) : source
}

function shownOrder({ is, kind, phone_number, content }: OrderSource): OrderSource {
  const { ktp, address, recipient, remarks, ...shown } = content
  return {
    ...{ is, kind, phone_number: maskPhoneNumber(phone_number) },
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

function describeOrder(source: OrderSource): string {
  const { kind, phone_number, content } = shownOrder(source)
  const fields = Object.entries(content).map(
    ([field, value]) => `${field} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  const hidden = 'ktp' in source.content ? ['KTP number and address kept, not shown'] : []
  return `${kind} for ${phone_number}: ${[...fields, ...hidden].join(', ')}`
}
