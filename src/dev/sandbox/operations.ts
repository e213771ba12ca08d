import type { OrderKind } from '../../orders/command.ts'
import { type Fields, PLACE } from './fields.ts'
import {
  checkoutBuy,
  checkoutSell,
  checkoutTransfer,
  confirmQuote,
  confirmWithdrawal,
  getAddress,
  register,
  setAddress,
} from './handlers.ts'
import { type Answer, refused } from './replies.ts'
import type { SandboxState } from './state.ts'

/** One operation: its path, its phase of an order, its required fields and its handler. */
export interface OperationRow {
  readonly path: string
  readonly phase: 'checkout' | 'confirm' | 'other'
  readonly type: OrderKind | null
  /** Distinguishes operations that share a path. */
  readonly when?: (fields: Fields) => boolean
  readonly required: readonly string[]
  readonly answer: (state: SandboxState, fields: Fields) => Answer
}

const CHECKOUT_SELL = '/checkout/sell'

const hasRequestId = (fields: Fields) => fields.request_id !== undefined
const hasPlace = (fields: Fields) => PLACE.some((field) => fields[field] !== undefined)

/** The documented operations but the confirm of a sale, and the inferred sell chart. */
const OPERATIONS: readonly OperationRow[] = [
  {
    path: '/register',
    phase: 'other',
    type: null,
    required: ['phone_number', 'name', 'email'],
    answer: register,
  },
  {
    path: '/checkout/gram',
    phase: 'checkout',
    type: 'buy',
    required: ['phone_number', 'gold_weight'],
    answer: checkoutBuy,
  },
  {
    path: '/checkout/rupiah',
    phase: 'checkout',
    type: 'buy',
    required: ['phone_number', 'amount'],
    answer: checkoutBuy,
  },
  {
    path: '/purchase/gram',
    phase: 'confirm',
    type: 'buy',
    required: ['request_id', 'phone_number', 'gold_weight'],
    answer: confirmQuote('buy'),
  },
  {
    path: '/purchase/rupiah',
    phase: 'confirm',
    type: 'buy',
    required: ['request_id', 'phone_number', 'amount'],
    answer: confirmQuote('buy'),
  },
  {
    path: CHECKOUT_SELL,
    phase: 'checkout',
    type: 'sell',
    required: ['phone_number', 'gold_weight'],
    answer: checkoutSell,
  },
  {
    path: '/transfer/checkout',
    phase: 'checkout',
    type: 'transfer',
    required: ['phone_number', 'gold_weight', 'recipient'],
    answer: checkoutTransfer,
  },
  {
    path: '/transfer/confirm',
    phase: 'confirm',
    type: 'transfer',
    required: ['request_id', 'phone_number', 'gold_weight', 'recipient'],
    answer: confirmQuote('transfer'),
  },
  {
    path: '/withdraw/address',
    when: hasPlace,
    phase: 'checkout',
    type: 'withdraw',
    required: ['phone_number', 'province', 'city', 'district', 'subdistrict', 'address', 'zip_code', 'ktp'],
    answer: setAddress,
  },
  { path: '/withdraw/address', phase: 'other', type: null, required: ['phone_number'], answer: getAddress },
  {
    path: '/withdraw/confirm',
    phase: 'confirm',
    type: 'withdraw',
    required: ['request_id', 'phone_number', 'gold_weight'],
    answer: confirmWithdrawal,
  },
  {
    path: '/address/subdistrict',
    phase: 'other',
    type: null,
    required: ['kecamatan'],
    answer: () => ({ is: 'done', data: [] }),
  },
  {
    path: '/chart/buy',
    phase: 'other',
    type: null,
    required: ['phone_number'],
    answer: (state) => chart(state, state.prices.buy()),
  },
  {
    path: '/chart/sell',
    phase: 'other',
    type: null,
    required: ['phone_number'],
    answer: (state) => chart(state, state.prices.sell()),
  },
]

/** The confirm of a sale. At the documented path only the request_id tells it from a checkout. */
const confirmSale = (sellPath: string): OperationRow => ({
  path: sellPath,
  when: (fields) => sellPath !== CHECKOUT_SELL || hasRequestId(fields),
  phase: 'confirm',
  type: 'sell',
  required: ['request_id', 'phone_number', 'gold_weight'],
  answer: confirmQuote('sell'),
})

/** The 14 documented operations, and the inferred sell chart. The first row that a request fits answers it. */
export const operations = (sellPath: string): readonly OperationRow[] => [
  confirmSale(sellPath),
  ...OPERATIONS,
]

/** Checks required fields and the wallet, then calls the row's handler. */
export function answerOperation(row: OperationRow, state: SandboxState, fields: Fields): Answer {
  const missing = row.required.find((field) => fields[field] === undefined || fields[field] === '')
  if (missing !== undefined) return { is: 'field_missing', field: missing }
  const { phone_number: phoneNumber } = fields
  if (phoneNumber === undefined) return row.answer(state, fields)
  if (typeof phoneNumber !== 'string' || !/^\+?\d{9,15}$/.test(phoneNumber)) return refused('invalid_params')
  const isNew = row.path === '/register'
  const wallet = state.ledger.wallet(phoneNumber)
  if (wallet === null && !isNew) return refused('user_not_found')
  if (wallet !== null && !wallet.premium) return refused('not_premium')
  return row.answer(state, fields)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000
const JAKARTA_OFFSET_MS = 7 * 3_600_000

/** A chart of seven days that all have the current price. */
function chart({ now }: SandboxState, price: number): Answer {
  const data = Array.from({ length: 7 }, (_, day) => {
    // Days are those of Jakarta, as in the gateway's timestamps.
    const at = new Date(now() + JAKARTA_OFFSET_MS - (6 - day) * DAY_MS)
    const date = `${String(at.getUTCDate()).padStart(2, '0')} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`
    return { date, value: price }
  })
  return { is: 'done', data }
}
