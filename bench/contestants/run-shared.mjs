// Several processes of one contestant that share a queue, timed together.
import { timed } from '../measure.mjs'
import { CONTESTANTS } from './contestants.mjs'
import { openContestant } from './run-contestant.mjs'

const WARM_UP = 500

/** Settles once the processes together have ended so many orders. */
function untilTogether(processes, count) {
  const counts = processes.map(() => 0)
  return new Promise((resolve) => {
    const listeners = processes.map((_, position) => (message) => {
      if (message.is !== 'count') return
      counts[position] = message.count
      if (counts.reduce((sum, each) => sum + each, 0) < count) return
      for (const [each, { child }] of processes.entries()) child.off('message', listeners[each])
      resolve()
    })
    for (const [position, { child }] of processes.entries()) child.on('message', listeners[position])
  })
}

async function workTogether(processes, count) {
  const results = Promise.all(processes.map((each) => each.work({})))
  const { seconds } = await timed(() => Promise.race([untilTogether(processes, count), results]))
  for (const { child } of processes) child.send({ is: 'finish' })
  await results
  await Promise.all(processes.map((each) => each.rest()))
  return { seconds, results: await results }
}

/** @param firstId as for `runContestant` */
export async function runShared(name, place, servers, { orders, processCount, firstId }) {
  const { enqueue } = await CONTESTANTS[name].load()
  const processes = await Promise.all(Array.from({ length: processCount }, () => openContestant(name, place)))
  try {
    await enqueue(place, { from: firstId, count: WARM_UP })
    await workTogether(processes, WARM_UP)
    await enqueue(place, { from: firstId + WARM_UP, count: orders })
    await servers.postgres.checkpoint()
    const { seconds, results } = await workTogether(processes, orders)
    const workerCpuSeconds = results.reduce((sum, each) => sum + each.workerCpuSeconds, 0)
    return {
      perSecond: orders / seconds,
      workerCpuMicros: (workerCpuSeconds / orders) * 1_000_000,
      peakMiB: Math.max(...results.map(({ peakMiB }) => peakMiB)),
    }
  } finally {
    await Promise.all(processes.map((each) => each.close()))
  }
}
