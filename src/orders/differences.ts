import { isFinal } from './lifecycle.ts'
import type { StoredOrder } from './ports.ts'
import type { OrderContent, Submission } from './submission.ts'

/**
 * Which fields of a submission are not those of the order that has its reference. Names them, never their values.
 * What was erased of a final withdrawal can no longer be compared: then `content` stands for it.
 */
export function differingFields(order: StoredOrder, submission: Submission): string[] {
  const { command, deadline } = submission
  if (order.kind !== command.kind) return ['kind']
  const isErased = order.kind === 'withdraw' && isFinal(order.state)
  const fields = isErased
    ? differingKeys(withoutErased(order.content), withoutErased(submission.content))
    : differingKeys(order.content, submission.content)
  if (order.phoneNumber !== command.phoneNumber) fields.push('phone_number')
  if (deadline !== null && deadline.getTime() !== order.deadlineAt.getTime()) fields.push('deadline')
  if (fields.length > 0) return fields
  // Nothing else is in the hash: either what was erased differs, or one of the two has the default deadline.
  return [isErased ? 'content' : 'deadline']
}

/** The keys, dotted where objects are nested, whose values are not the same in both. */
export function differingKeys(ours: object, theirs: object): string[] {
  const [left, right] = [flat(ours), flat(theirs)]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    (field) => left[field] !== right[field],
  )
}

function withoutErased(content: OrderContent): OrderContent {
  const { ktp: _ktp, address: _address, ...kept } = content
  return kept
}

function flat(content: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).flatMap(([field, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flat(value, `${prefix}${field}.`))
        : [[prefix + field, value] as const],
    ),
  )
}
