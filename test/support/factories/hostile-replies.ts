import { envelope } from '../servers/http-server.ts'

/** What a confirm is answered with. `cut`: the connection breaks after so many characters of the text. */
export interface Written {
  readonly status: number
  readonly text: string
  readonly type?: string
  readonly cut?: number
}

/** What a reply is made of: the data of the transaction as the document prints them, and of its quote. */
export interface Material {
  readonly executed: Readonly<Record<string, unknown>>
  readonly quote: Readonly<Record<string, unknown>>
}

/** A reply of a gateway that contradicts itself, and where the order must end. */
export interface HostileReply {
  /** Whether the gateway executes before it answers. Where it does, the order must not end as "not executed". */
  readonly executes: boolean
  readonly ends: 'in_doubt' | 'succeeded' | 'rejected'
  readonly write: (material: Material) => Written
}

const REFUSALS = {
  price_changed: 'Price changes have occurred, Please try again',
  insufficient: 'wallet balance is insufficient',
  user_not_found: 'User Not Found',
  invalid_params: 'Invalid Params',
} as const

/** What of an execution a refusal carries along. */
const TRACES: Record<string, (material: Material) => unknown> = {
  the_transaction: ({ executed }) => executed,
  a_session_id: () => ({ session_id: 'A0000000000000000000000000000001' }),
  a_response_id: ({ executed }) => ({ response_id: executed.response_id }),
  another_weight: () => ({ gold_weight: 77.7 }),
  an_unasked_amount: () => ({ amount: 123_456_789 }),
  a_nested_session: () => ({ result: { session_id: 'A2' } }),
  a_list: ({ executed }) => [executed],
}

const executedDoubt = (write: HostileReply['write']): HostileReply => ({
  executes: true,
  ends: 'in_doubt',
  write,
})

const refusal = (message: string, data?: unknown, code = 400) => envelope(data, message, false, code)

function contradictedRefusals(): Record<string, HostileReply> {
  const replies: Record<string, HostileReply> = {}
  for (const [name, message] of Object.entries(REFUSALS)) {
    for (const [trace, dataOf] of Object.entries(TRACES))
      replies[`${name}_with_${trace}`] = executedDoubt((material) => ({
        status: 400,
        text: refusal(message, dataOf(material)),
      }))
    replies[`${name}_with_code_200`] = executedDoubt(() => ({
      status: 200,
      text: refusal(message, undefined, 200),
    }))
    replies[`${name}_with_code_200_and_the_transaction`] = executedDoubt(({ executed }) => ({
      status: 200,
      text: refusal(message, executed, 200),
    }))
    replies[`${name}_with_http_201`] = executedDoubt(() => ({ status: 201, text: refusal(message) }))
    replies[`${name}_with_http_500`] = executedDoubt(() => ({ status: 500, text: refusal(message) }))
    replies[`${name}_that_is_a_success`] = executedDoubt(({ executed }) => ({
      status: 200,
      text: envelope(executed, message),
    }))
  }
  return replies
}

const body = (material: Material, changes: object) => envelope({ ...material.executed, ...changes })
const contradicting = (changes: object): HostileReply =>
  executedDoubt((material) => ({ status: 200, text: body(material, changes) }))

/** A member beside the documented ones, outside of `data`. */
const beside = (text: string, member: object) => JSON.stringify({ ...JSON.parse(text), ...member })

const CONTRADICTED_SUCCESSES: Record<string, HostileReply> = {
  success_of_another_wallet: contradicting({ phone_number: '081234599999' }),
  success_of_no_wallet: contradicting({ phone_number: 'N/A' }),
  success_of_a_wholly_masked_wallet: contradicting({ phone_number: 'xxxxxxxxxxxx' }),
  success_of_another_request: contradicting({ request_id: '1' }),
  success_of_another_weight: contradicting({ gold_weight: 88.8888 }),
  success_without_response_id: contradicting({ response_id: undefined }),
  success_with_a_negative_fee: contradicting({ fee: -1 }),
  success_with_a_weight_in_words: contradicting({ gold_weight: 'half' }),
  success_without_data: executedDoubt(() => ({ status: 200, text: envelope(undefined) })),
  success_with_http_400: executedDoubt(({ executed }) => ({ status: 400, text: envelope(executed) })),
  success_with_http_409: executedDoubt(({ executed }) => ({ status: 409, text: envelope(executed) })),
  success_with_code_400: executedDoubt(({ executed }) => ({
    status: 200,
    text: envelope(executed, 'Success', true, 400),
  })),
  success_with_code_500: executedDoubt(({ executed }) => ({
    status: 200,
    text: envelope(executed, 'Success', true, 500),
  })),
}

const UNAUTHORISED: Record<string, HostileReply> = {
  unauthorised_without_a_body: executedDoubt(() => ({ status: 401, text: '' })),
  unauthorised_with_success: executedDoubt(({ executed }) => ({ status: 401, text: envelope(executed) })),
  unauthorised_with_ids: executedDoubt(({ executed }) => ({
    status: 401,
    text: refusal('Unauthorized', { response_id: executed.response_id }, 401),
  })),
  unauthorised_refusal_with_ids: executedDoubt(({ executed }) => ({
    status: 401,
    text: refusal(REFUSALS.insufficient, executed),
  })),
  forbidden_page: executedDoubt(() => ({ status: 403, text: '<html>Forbidden</html>', type: 'text/html' })),
  forbidden_unlisted: executedDoubt(() => ({ status: 403, text: refusal('Forbidden', undefined, 403) })),
}

const UNREADABLE: Record<string, HostileReply> = {
  session_beside_data: executedDoubt(() => ({
    status: 400,
    text: beside(refusal(REFUSALS.price_changed), { session_id: 'A3' }),
  })),
  session_in_the_response: executedDoubt(() => ({
    status: 400,
    text: refusal(REFUSALS.price_changed).replace('"response_status"', '"session_id":"A4","response_status"'),
  })),
  page: executedDoubt(() => ({ status: 200, text: '<html>thank you</html>', type: 'text/html' })),
  empty: executedDoubt(() => ({ status: 200, text: '' })),
  no_content: executedDoubt(() => ({ status: 204, text: '' })),
  a_number: executedDoubt(() => ({ status: 200, text: '42' })),
  half_a_success: executedDoubt(({ executed }) => ({ status: 200, text: envelope(executed).slice(0, 60) })),
  cut_off: executedDoubt(({ executed }) => ({ status: 200, text: envelope(executed), cut: 40 })),
  hang_up: executedDoubt(() => ({ status: 200, text: '', cut: 0 })),
  too_long: executedDoubt(() => ({ status: 200, text: ' '.repeat(300_000) })),
  redirect: executedDoubt(() => ({ status: 307, text: '' })),
  moved: executedDoubt(() => ({ status: 301, text: refusal(REFUSALS.price_changed) })),
  time_out: executedDoubt(() => ({ status: 408, text: refusal(REFUSALS.price_changed) })),
  time_out_in_the_envelope: executedDoubt(() => ({
    status: 200,
    text: refusal(REFUSALS.price_changed, undefined, 408),
  })),
  too_many: executedDoubt(() => ({ status: 429, text: '' })),
  too_many_in_the_envelope: executedDoubt(() => ({
    status: 200,
    text: refusal(REFUSALS.price_changed, undefined, 429),
  })),
  bad_gateway: executedDoubt(() => ({ status: 502, text: '<html>Bad Gateway</html>' })),
  status_in_words: executedDoubt(() => ({
    status: 200,
    text: refusal(REFUSALS.price_changed).replace('false', '"false"'),
  })),
  code_in_words: executedDoubt(() => ({
    status: 200,
    text: refusal(REFUSALS.price_changed).replace('400', '"400"'),
  })),
  unlisted: executedDoubt(() => ({ status: 400, text: refusal('Please wait') })),
  nearly_listed: executedDoubt(() => ({ status: 400, text: refusal('Price changes have occurred') })),
}

const HONEST: Record<string, HostileReply> = {
  documented_success: {
    executes: true,
    ends: 'succeeded',
    write: ({ executed }) => ({ status: 200, text: envelope(executed) }),
  },
  ...Object.fromEntries(
    Object.entries(REFUSALS)
      .filter(([name]) => name !== 'price_changed')
      .map(([name, message]): [string, HostileReply] => [
        `documented_${name}`,
        { executes: false, ends: 'rejected', write: () => ({ status: 400, text: refusal(message) }) },
      ]),
  ),
  insufficient_with_zero_data: {
    executes: false,
    ends: 'rejected',
    write: () => ({
      status: 200,
      text: refusal(REFUSALS.insufficient, { session_id: '', response_id: null, amount: 0, additional: {} }),
    }),
  },
}

/** Every reply by its name. */
export const HOSTILE_REPLIES: Readonly<Record<string, HostileReply>> = {
  ...contradictedRefusals(),
  ...CONTRADICTED_SUCCESSES,
  ...UNAUTHORISED,
  ...UNREADABLE,
  ...HONEST,
}
