import type { OrderRequest } from '../../queue/order-request.ts'

/** A wallet the demo opens in its sandbox. */
export interface DemoWallet {
  readonly phoneNumber: string
  readonly rupiah: number
  /** Integer count of 0.0001 g. */
  readonly goldWeight: number
  readonly premium: boolean
}

const WELL_FUNDED = 40

/** Invented wallets: most well funded, one without money, one that is not premium. */
export function demoWallets(): DemoWallet[] {
  const funded = Array.from({ length: WELL_FUNDED }, (_, n) => ({
    phoneNumber: walletNumber(n),
    rupiah: 1_000_000_000,
    goldWeight: 20_000_000,
    premium: true,
  }))
  return [
    ...funded,
    { phoneNumber: POOR, rupiah: 1_000, goldWeight: 0, premium: true },
    { phoneNumber: NOT_PREMIUM, rupiah: 1_000_000_000, goldWeight: 20_000_000, premium: false },
  ]
}

const POOR = '081200009001'
const NOT_PREMIUM = '081200009002'
const UNKNOWN = '081200009003'

function walletNumber(n: number): string {
  return `0812000${String(n).padStart(5, '0')}`
}

/** Orders of every kind and of everything a gateway refuses, the same for the same count. */
export function demoOrders(count: number, deadline: Date): OrderRequest[] {
  return Array.from({ length: count }, (_, n) => demoOrder(n, deadline.toISOString()))
}

function demoOrder(n: number, deadline: string): OrderRequest {
  const common = {
    partner: 'demo',
    reference: `D-${String(n + 1).padStart(4, '0')}`,
    phone_number: walletOf(n),
    deadline,
  }
  switch (n % 5) {
    case 0:
      // Every 35th asks for a price that nobody sells at: the limit refuses the quote.
      return {
        ...common,
        kind: 'buy',
        gold_weight: grams(n),
        ...(n % 35 === 0 ? { limit: { max_price_per_gram: 1 } } : {}),
      }
    case 1:
      return { ...common, kind: 'buy', amount: 50_000 + n * 1_000 }
    case 2:
      return { ...common, kind: 'sell', gold_weight: grams(n) }
    case 3: {
      const recipient = n % 25 === 3 ? UNKNOWN : walletNumber((n + 1) % WELL_FUNDED)
      return { ...common, kind: 'transfer', gold_weight: grams(n), recipient, remarks: `gift ${n}` }
    }
    default:
      return {
        ...common,
        kind: 'withdraw',
        gold_weight: [1, 2, 5][n % 3] ?? 1,
        ktp: '3174999901010001',
        address: ADDRESS,
      }
  }
}

function walletOf(n: number): string {
  if (n % 31 === 30) return POOR
  if (n % 37 === 36) return NOT_PREMIUM
  if (n % 41 === 40) return UNKNOWN
  return walletNumber(n % WELL_FUNDED)
}

function grams(n: number): string {
  return `0.${String((n % 40) + 1).padStart(4, '0')}`
}

const ADDRESS = {
  province: 'DKI Jakarta',
  city: 'Jakarta Pusat',
  district: 'Gambir',
  subdistrict: 'Duri Pulo',
  address: 'Jl. Contoh 1',
  zip_code: '10140',
} as const
