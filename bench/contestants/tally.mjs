/** Notes when orders begin and end. `done` settles once so many have ended, or when it is told to stop counting. */
export function createTally(count) {
  const began = new Map()
  const latenciesMs = []
  let finish
  const done = new Promise((resolve) => {
    finish = resolve
  })
  return {
    began(key, at = performance.now()) {
      began.set(key, at)
    },
    /** What did not begin here is not counted: a batch's waiting orders beside the measured ones. */
    ended(key) {
      const at = began.get(key)
      if (at === undefined) return
      began.delete(key)
      latenciesMs.push(performance.now() - at)
      if (latenciesMs.length === count) finish()
    },
    finish,
    done,
    latenciesMs,
  }
}
