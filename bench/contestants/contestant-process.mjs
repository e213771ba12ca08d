// One contestant in a process of its own, so that its CPU and its memory are nobody else's.
import { peakMiB } from '../measure.mjs'
import { CONTESTANTS } from './contestants.mjs'
import { createTally } from './tally.mjs'

/** How often a process that shares its work with another says how far it is. */
const TELL_EVERY_MS = 20
/** An order that ends otherwise than succeeded would be waited for without end. */
const STUCK_AFTER_MS = 120_000

// Errors of HTTP clients print whole agents with all their sockets.
process.on('unhandledRejection', (error) => {
  console.error(error.stack)
  process.exit(1)
})

const { contestant, place } = JSON.parse(process.argv[2])
const { open } = await CONTESTANTS[contestant].load()
const opened = await open(place)
let tally = null
let allowRest = () => {}

function watchProgress() {
  let seen = -1
  return setInterval(() => {
    const { length } = tally.latenciesMs
    if (length === seen) {
      console.error(`${contestant}: no order has ended for ${STUCK_AFTER_MS / 1_000} s, after ${length}`)
      process.exit(1)
    }
    seen = length
  }, STUCK_AFTER_MS)
}

/** @param range the orders; without `count` it goes on until the parent says `finish` */
async function run(range) {
  tally = createTally(range.count)
  const mayRest = new Promise((resolve) => {
    allowRest = resolve
  })
  const counting =
    range.count === undefined &&
    setInterval(() => process.send({ is: 'count', count: tally.latenciesMs.length }), TELL_EVERY_MS)
  const watching = watchProgress()
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const rest = await opened.run(tally, range)
  await tally.done
  const seconds = (performance.now() - startedAt) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  clearInterval(counting)
  clearInterval(watching)
  const { latenciesMs } = tally
  process.send({
    is: 'figures',
    ...{ seconds, workerCpuSeconds: (cpu.user + cpu.system) / 1_000_000, latenciesMs, peakMiB: peakMiB() },
  })
  // Connections that close take CPU of the servers with them: the parent reads it first.
  await mayRest
  await rest()
  process.send({ is: 'rested' })
}

process.on('message', (message) => {
  if (message.is === 'run') void run(message.range)
  if (message.is === 'finish') tally.finish()
  if (message.is === 'rest') allowRest()
})
process.on('disconnect', () => process.exit())
process.send({ is: 'open' })
