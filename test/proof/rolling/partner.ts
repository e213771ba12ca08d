import { setTimeout as wait } from 'node:timers/promises'

export const PARTNER = 'roller'

/** A partner's program that places orders over HTTP. */
export interface Partner {
  /** Places that many further orders, some at once, and returns once each was accepted. */
  place(count: number): Promise<void>
  /** The references that were answered with 202. */
  accepted(): ReadonlySet<string>
  /** Answers that a partner must never get in a rolling deploy. */
  problems(): readonly string[]
}

interface PartnerSettings {
  readonly key: string
  /** Where the API is now, as a proxy knows it: changes while orders are placed. */
  readonly urls: readonly string[]
  readonly seed: number
  readonly tries: number
}

const AT_ONCE = 4
const PAUSE_MS = 200
const KINDS = ['buy', 'sell', 'transfer'] as const

/** Each order has a wallet of its own, so that the ledger counts it. */
function orderOf(n: number) {
  const kind = KINDS[n % KINDS.length]
  const order = { kind, reference: `rolling-${n}`, phone_number: `0815${String(n).padStart(8, '0')}` }
  return { ...order, gold_weight: '0.1', ...(kind === 'transfer' ? { recipient: '081699990000' } : {}) }
}

/** Starts a partner's program, which repeats a request that was not answered: the same reference is the same order. */
export function startPartner({ key, urls, seed, tries }: PartnerSettings): Partner {
  const accepted = new Set<string>()
  const problems: string[] = []
  let next = seed * 10_000

  const placeOne = async (n: number) => {
    const order = orderOf(n)
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const status = await post(urls[n % urls.length] ?? '', key, order)
      if (status === 202) return void accepted.add(order.reference)
      if (status !== null && status !== 503) {
        problems.push(`${order.reference} was answered with ${status}`)
        return
      }
      await wait(PAUSE_MS * attempt)
    }
    problems.push(`${order.reference} was never accepted`)
  }
  return {
    async place(count) {
      const last = next + count
      const one = async () => {
        while (next < last) {
          next += 1
          await placeOne(next - 1)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, one))
    },
    accepted: () => accepted,
    problems: () => problems,
  }
}

/** @returns the status; null: no answer came */
async function post(url: string, key: string, order: object): Promise<number | null> {
  try {
    const response = await fetch(`${url}/v1/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(60_000),
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return null
  }
}
