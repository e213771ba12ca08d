// Rounds of the same measurements, one after the other (A B C, A B C): what else the machine does meets everybody alike.
import { median } from './measure.mjs'

/**
 * @param measurements name → measures once, and returns figures
 * @returns name → its figures, one of each round
 */
export async function runRounds(measurements, { repeat, tell }) {
  const figures = new Map(Object.keys(measurements).map((name) => [name, []]))
  for (let round = 1; round <= repeat; round += 1)
    for (const [name, measure] of Object.entries(measurements)) {
      tell(`round ${round} of ${repeat}: ${name}`)
      figures.get(name).push(await measure(round))
    }
  return figures
}

/** The median of each figure. */
export function medians(rounds) {
  const keys = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(keys.map((key) => [key, median(rounds.map((figures) => figures[key] ?? null))]))
}

/** The median over the rounds of a figure divided by another one's of the same round; null when one was not measured. */
export function ratio(rounds, name, base, key = 'perSecond') {
  const [ours, theirs] = [rounds.get(name), rounds.get(base)]
  if (ours === undefined || theirs === undefined) return null
  return median(
    ours.map((figures, round) => {
      const [value, divisor] = [figures[key] ?? null, theirs[round]?.[key] ?? null]
      return value === null || divisor === null ? null : value / divisor
    }),
  )
}
