import { coalesce } from './coalesce.ts'

/** Another query of the key would only wait for the first one's lock. */
const TAKING_TURNS = { patienceMs: Number.POSITIVE_INFINITY }

/** As `coalesce`, for calls that share a key and take turns. Calls of different keys do not wait for each other. */
export function coalesceByKey<Item, Result>(
  most: number,
  keyOf: (item: Item) => string,
  ask: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  // A key without a call has no entry, so memory is bounded by the calls.
  const lanes = new Map<string, { readonly call: (item: Item) => Promise<Result>; pending: number }>()
  return async (item) => {
    const key = keyOf(item)
    const lane = lanes.get(key) ?? { call: coalesce(most, ask, TAKING_TURNS), pending: 0 }
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
