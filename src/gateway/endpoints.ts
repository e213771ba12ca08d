import type { OrderCommand } from '../orders/command.ts'

/**
 * The gateway's operations as data. The document prints replies only, so every request body is inferred from the replies
 * and the error texts. `known` says whether the path is documented. `docs/gateway.md` lists the inferences.
 */
export const PATH_PREFIX = '/v2/gold-pro'

interface EndpointRow {
  /** Under {@link PATH_PREFIX}. */
  readonly path: string
  readonly body: readonly string[]
  readonly known: 'documented' | 'inferred'
  /** The operation moves money or gold: it is sent once, on a new connection. */
  readonly moves?: true
}

const PLACE = ['province', 'city', 'district', 'subdistrict', 'address', 'zip_code', 'note', 'ktp'] as const

export const ENDPOINTS = {
  register: { path: '/register', body: ['phone_number', 'name', 'email'], known: 'documented' },
  checkoutGram: { path: '/checkout/gram', body: ['phone_number', 'gold_weight'], known: 'documented' },
  checkoutRupiah: { path: '/checkout/rupiah', body: ['phone_number', 'amount'], known: 'documented' },
  purchaseGram: {
    path: '/purchase/gram',
    body: ['request_id', 'phone_number', 'gold_weight'],
    known: 'documented',
    moves: true,
  },
  purchaseRupiah: {
    path: '/purchase/rupiah',
    body: ['request_id', 'phone_number', 'amount'],
    known: 'documented',
    moves: true,
  },
  checkoutSell: { path: '/checkout/sell', body: ['phone_number', 'gold_weight'], known: 'documented' },
  // The document prints the checkout's own path; GATEWAY_SELL_PATH overrides it.
  sell: {
    path: '/checkout/sell',
    body: ['request_id', 'phone_number', 'gold_weight'],
    known: 'documented',
    moves: true,
  },
  checkoutTransfer: {
    path: '/transfer/checkout',
    body: ['phone_number', 'gold_weight', 'recipient', 'remarks'],
    known: 'documented',
  },
  transfer: {
    path: '/transfer/confirm',
    body: ['request_id', 'phone_number', 'gold_weight', 'recipient', 'remarks'],
    known: 'documented',
    moves: true,
  },
  setAddress: { path: '/withdraw/address', body: ['phone_number', ...PLACE], known: 'documented' },
  getAddress: { path: '/withdraw/address', body: ['phone_number'], known: 'documented' },
  withdraw: {
    path: '/withdraw/confirm',
    body: ['request_id', 'phone_number', 'gold_weight'],
    known: 'documented',
    moves: true,
  },
  region: { path: '/address/subdistrict', body: ['kecamatan'], known: 'documented' },
  chartBuy: { path: '/chart/buy', body: ['phone_number'], known: 'documented' },
  chartSell: { path: '/chart/sell', body: ['phone_number'], known: 'inferred' },
} as const satisfies Record<string, EndpointRow>

export type Operation = keyof typeof ENDPOINTS

/** Whether an operation moves money or gold. */
export function moves(operation: Operation): boolean {
  return 'moves' in ENDPOINTS[operation]
}

/** The operations of one order command: its checkout and its confirm. */
export function operationsOf(command: OrderCommand): { checkout: Operation; confirm: Operation } {
  switch (command.kind) {
    case 'buy':
      return command.by === 'grams'
        ? { checkout: 'checkoutGram', confirm: 'purchaseGram' }
        : { checkout: 'checkoutRupiah', confirm: 'purchaseRupiah' }
    case 'sell':
      return { checkout: 'checkoutSell', confirm: 'sell' }
    case 'transfer':
      return { checkout: 'checkoutTransfer', confirm: 'transfer' }
    case 'withdraw':
      return { checkout: 'setAddress', confirm: 'withdraw' }
  }
}

/** The full path of an operation, with the configured path of the sell confirm. */
export function pathOf(operation: Operation, sellPath: string): string {
  return PATH_PREFIX + (operation === 'sell' ? sellPath : ENDPOINTS[operation].path)
}

/** The body of an operation: those of the given fields that its row names. */
export function bodyOf(
  operation: Operation,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(ENDPOINTS[operation].body.map((field) => [field, fields[field]]))
}
