import { peakMiB } from '../measure.mjs'

/** Tells the parent where the server listens, and what it has used whenever the parent asks. */
export function serveMeasured(url) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send({ cpuSeconds: (user + system) / 1_000_000, peakMiB: peakMiB() })
  })
  process.on('disconnect', () => process.exit())
  process.send({ url })
}
