/**
 * Combines concurrent calls: calls that arrive while an earlier query runs share the next one. Under load they share a round
 * trip and a commit; a single call does not wait. A query begins after all of its calls, so no result is older than its call.
 * @param ask returns a result for each item, in their order
 */
export function coalesce<Item, Result>(
  most: number,
  ask: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  const waiting: { item: Item; resolve(result: Result): void; reject(error: unknown): void }[] = []
  let isAsking = false

  const askAll = async () => {
    isAsking = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const results = await ask(batch.map(({ item }) => item))
        if (results.length !== batch.length) throw new Error('an item without a result')
        for (const [position, result] of results.entries()) batch[position]?.resolve(result)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isAsking = false
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!isAsking) void askAll()
    })
}
