/**
 * Asks for many things in one go: what is asked for while an earlier question is under way waits for the next one. Under
 * load concurrent requests then share a round trip and a commit; alone, a request waits for nothing. A question is begun
 * after everything in it was asked for, so no answer is older than its request.
 * @param ask gives a result for each item, in their order
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
