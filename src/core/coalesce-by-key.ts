import { coalesce } from './coalesce.ts'

/** As `coalesce`, for calls that share a key. Calls of different keys do not wait for each other. */
export function coalesceByKey<Item, Result>(
  most: number,
  keyOf: (item: Item) => string,
  ask: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  // A key without a call has no entry, so memory is bounded by the calls.
  const lanes = new Map<string, { readonly call: (item: Item) => Promise<Result>; pending: number }>()
  return async (item) => {
    const key = keyOf(item)
    const lane = lanes.get(key) ?? { call: coalesce(most, ask), pending: 0 }
    lanes.set(key, lane)
    lane.pending += 1
    try {
      return await lane.call(item)
    } finally {
      lane.pending -= 1
      if (lane.pending === 0) lanes.delete(key)
    }
  }
}
