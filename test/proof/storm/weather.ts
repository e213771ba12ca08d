import { FAULT_NAMES, type FaultName, type FaultSetting } from '../../../src/dev/sandbox/faults.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'

/** What a gateway is like for a while. */
export const WEATHERS = ['unsettled', 'replies_lost', 'prices_move', 'outage'] as const
export type Weather = (typeof WEATHERS)[number]

const BOTH = 'both' as const
const CONFIRM = 'confirm' as const

/** Every fault strikes all the time, at a rate at which most orders get through. */
const UNSETTLED: Readonly<Record<FaultName, FaultSetting>> = {
  price_change: { rate: 0.05, on: CONFIRM },
  reply_lost: { rate: 0.008, on: BOTH },
  request_dropped: { rate: 0.008, on: BOTH },
  // Each of these two costs a whole time-out.
  slow_reply: { rate: 0.001, on: CONFIRM },
  trickling_reply: { rate: 0.001, on: CONFIRM },
  bad_gateway_html: { rate: 0.006, on: BOTH },
  bad_gateway_after_executing: { rate: 0.006, on: CONFIRM },
  truncated_json: { rate: 0.006, on: BOTH },
  // At a checkout it would be a true difference between quote and statement, which is a break.
  contradicting_reply: { rate: 0.006, on: CONFIRM },
  connection_closed_between_requests: { rate: 0.01, on: BOTH },
  server_error_envelope: { rate: 0.006, on: BOTH },
  redirect_307: { rate: 0.004, on: CONFIRM },
  unauthorised_401: { rate: 0.004, on: BOTH },
  too_many_requests_429: { rate: 0.004, on: CONFIRM },
  insufficient_balance: { rate: 0.003, on: BOTH },
  user_not_found: { rate: 0.003, on: CONFIRM },
  invalid_recipient: { rate: 0.003, on: CONFIRM },
  not_premium: { rate: 0.003, on: CONFIRM },
  invalid_params: { rate: 0.003, on: CONFIRM },
  field_required: { rate: 0.003, on: CONFIRM },
  unlisted_message: { rate: 0.006, on: CONFIRM },
}

const CHANGES: Readonly<Record<Weather, Partial<Record<FaultName, FaultSetting>>>> = {
  unsettled: {},
  replies_lost: {
    reply_lost: { rate: 0.1, on: BOTH },
    request_dropped: { rate: 0.05, on: BOTH },
    contradicting_reply: { rate: 0.05, on: CONFIRM },
    slow_reply: { rate: 0.01, on: CONFIRM },
  },
  prices_move: { price_change: { rate: 0.5, on: CONFIRM } },
  outage: {
    bad_gateway_html: { rate: 0.3, on: BOTH },
    bad_gateway_after_executing: { rate: 0.2, on: CONFIRM },
    server_error_envelope: { rate: 0.2, on: BOTH },
  },
}

/** Changes the sandbox's faults; null ends them all. */
export function setWeather(sandbox: Sandbox, weather: Weather | null): void {
  for (const fault of FAULT_NAMES)
    sandbox.setFault(fault, weather === null ? {} : (CHANGES[weather][fault] ?? UNSETTLED[fault]))
}
