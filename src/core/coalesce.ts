/** How calls are combined; see {@link coalesce}. */
export interface Coalescing<Item> {
  /** Items of one key never share a query: the later one is asked about after the earlier one has its result. */
  keyOf?(item: Item): unknown
  /**
   * Whether a failed query certainly did nothing and may have failed because of one item. Each of its items is then asked
   * about alone, so that it does not fail its neighbours.
   */
  mayBeOfOneItem?(error: unknown): boolean
  /** A query that takes longer no longer holds up the calls that came after it. Default: 100 ms; infinite: never. */
  readonly patienceMs?: number
}

interface Call<Item, Result> {
  readonly item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Queries at once, when those before take longer than the patience. */
const MOST_AT_ONCE = 4

/**
 * Combines concurrent calls: calls that arrive while a query runs share the next one. Under load they share a round trip
 * and a commit; a single call does not wait. A query begins after all of its calls, so no result is older than its call.
 * @param most items in one query
 * @param ask returns a result for each item, in their order
 */
export function coalesce<Item, Result>(
  most: number,
  ask: (items: readonly Item[]) => Promise<readonly Result[]>,
  { keyOf, mayBeOfOneItem = () => false, patienceMs = 100 }: Coalescing<Item> = {},
): (item: Item) => Promise<Result> {
  const waiting = waitingCalls<Item, Result>(most, keyOf)
  let running = 0
  let isHeldUp = false
  let isPlanned = false

  const answer = async (calls: readonly Call<Item, Result>[]): Promise<void> => {
    try {
      const results = await ask(calls.map(({ item }) => item))
      if (results.length !== calls.length) throw new Error('an item without a result')
      for (const [position, result] of results.entries()) calls[position]?.resolve(result)
    } catch (error) {
      if (calls.length > 1 && mayBeOfOneItem(error)) for (const call of calls) await answer([call])
      else for (const { reject } of calls) reject(error)
    }
  }

  const begin = async (): Promise<void> => {
    isPlanned = false
    const calls = isHeldUp || running === MOST_AT_ONCE ? [] : waiting.take()
    if (calls.length === 0) return
    running += 1
    isHeldUp = true
    let holdsUp = true
    const letOthersPass = () => {
      if (holdsUp) isHeldUp = false
      holdsUp = false
      plan()
    }
    const impatience = Number.isFinite(patienceMs) ? setTimeout(letOthersPass, patienceMs) : undefined
    await answer(calls)
    clearTimeout(impatience)
    running -= 1
    waiting.release(calls)
    letOthersPass()
  }

  /** After the events that are at hand, whose calls then share the query. */
  const plan = () => {
    if (isPlanned || waiting.isEmpty()) return
    isPlanned = true
    setImmediate(() => void begin())
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.add({ item, resolve, reject })
      plan()
    })
}

/** The calls that wait, in their order. Of each key at most one call is taken and not yet released. */
function waitingCalls<Item, Result>(most: number, keyOf: Coalescing<Item>['keyOf']) {
  let calls: Call<Item, Result>[] = []
  const taken = new Set<unknown>()
  return {
    add: (call: Call<Item, Result>) => void calls.push(call),
    isEmpty: () => calls.length === 0,
    take(): Call<Item, Result>[] {
      if (keyOf === undefined) return calls.splice(0, most)
      const next: Call<Item, Result>[] = []
      calls = calls.filter((call) => {
        const key = keyOf(call.item)
        if (next.length === most || taken.has(key)) return true
        taken.add(key)
        next.push(call)
        return false
      })
      return next
    },
    release(done: readonly Call<Item, Result>[]): void {
      if (keyOf !== undefined) for (const { item } of done) taken.delete(keyOf(item))
    },
  }
}
