/** The document's messages of each refusal, in every form that it prints. */
export const MESSAGES = {
  price_changed: [
    'Price changes have occurred, Please try again',
    'Price changes have\noccurred, Please try again',
  ],
  insufficient_balance: ['wallet balance is insufficient'],
  user_not_found: ['User not found', 'User Not Found'],
  invalid_recipient: ['Invalid recipient'],
  not_premium: ['Your account is not premium yet', 'Your\naccount is not premium yet'],
  invalid_params: ['Invalid Params'],
  field_required: ['Field gold_weight is required.'],
  unlisted_message: ['The service is under maintenance'],
} as const satisfies Record<string, readonly string[]>

export type RefusalName = keyof typeof MESSAGES

/** The answer of an operation, before a fault may spoil its reply. */
export type Answer =
  | { readonly is: 'done'; readonly data: unknown }
  | { readonly is: 'refused'; readonly refusal: RefusalName }
  | { readonly is: 'field_missing'; readonly field: string }

export const refused = (refusal: RefusalName): Answer => ({ is: 'refused', refusal })

/** A reply as bytes. */
export interface SandboxReply {
  readonly status: number
  readonly text: string
}

/**
 * Puts an answer into the document's envelope. The document does not say which HTTP status a refusal has, and prints some
 * messages in two forms: `chance` decides.
 * @param chance from 0 up to 1
 */
export function reply(answer: Answer, chance: number, at: Date): SandboxReply {
  if (answer.is === 'done') return { status: 200, text: envelope(answer.data, 'Success', 200, at) }
  const message =
    answer.is === 'field_missing'
      ? `Field ${answer.field} is required.`
      : pick(MESSAGES[answer.refusal], (chance * 2) % 1)
  return { status: chance < 0.5 ? 400 : 200, text: envelope(undefined, message, 400, at) }
}

function pick(messages: readonly string[], chance: number): string {
  return messages[Math.floor(chance * messages.length)] ?? ''
}

/** The envelope of every documented reply. A refusal has no `data`. */
export function envelope(data: unknown, message: string, code: number, at: Date): string {
  return JSON.stringify({
    ...(data === undefined ? {} : { data }),
    general_response: {
      response_status: code < 400,
      response_code: code,
      response_message: message,
      response_timestamp: jakartaTime(at),
    },
  })
}

/** "2021-02-09T12:52:06+07:00": Jakarta has no summer time. */
function jakartaTime(at: Date): string {
  return `${new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 19)}+07:00`
}
