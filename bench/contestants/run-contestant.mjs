// Runs one contestant once: a process, a warm-up, then the measured orders, whose jobs lie ready before its time begins.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { quantile } from '../measure.mjs'
import { endProcess, firstMessage } from '../process.mjs'
import { CONTESTANTS } from './contestants.mjs'

const PROGRAM = fileURLToPath(new URL('contestant-process.mjs', import.meta.url))
/** Connections and compiled code first. */
const WARM_UP = 500

const isNamed = (name) => (message) => message.is === name

/** A contestant's process that is ready to work. */
export async function openContestant(name, place) {
  const child = fork(PROGRAM, [JSON.stringify({ contestant: name, place })])
  await firstMessage(child, isNamed('open'))
  return {
    child,
    /** @returns its own figures, while its connections are still open */
    work(range) {
      const figures = firstMessage(child, isNamed('figures'))
      child.send({ is: 'run', range })
      return figures
    },
    async rest() {
      const rested = firstMessage(child, isNamed('rested'))
      child.send({ is: 'rest' })
      await rested
    },
    close: () => endProcess(child),
  }
}

/** Runs work, and says what CPU the servers used meanwhile. */
async function withServerCpu({ postgres, redis }, work) {
  const read = () => [postgres.cpuSeconds(), redis?.cpuSeconds() ?? null]
  const before = read()
  const result = await work()
  const [postgresCpu, redisCpu] = read().map((seconds, n) =>
    seconds === null || before[n] === null ? null : seconds - before[n],
  )
  return { result, postgresCpu, redisCpu }
}

const perOrder = (seconds, count) => (seconds === null ? null : (seconds / count) * 1_000_000)

/**
 * The figures of one contestant in one round.
 * @param firstId ids of orders begin here: a database that is used again has those before
 * @param beside lays something beside the measured orders, after the warm-up
 */
export async function runContestant(name, place, servers, { orders, firstId = 0, beside = async () => {} }) {
  const { isNoop = false, repeats = 1, load } = CONTESTANTS[name]
  const { enqueue } = await load()
  const count = orders * repeats
  const warmUp = { from: firstId, count: Math.min(orders, WARM_UP) }
  const measured = { from: firstId + warmUp.count, count }
  const process = await openContestant(name, place)
  try {
    await enqueue(place, warmUp)
    await process.work(warmUp)
    await process.rest()
    await beside()
    await enqueue(place, measured)
    await servers.postgres.checkpoint()
    const { result, postgresCpu, redisCpu } = await withServerCpu(servers, () => process.work(measured))
    await process.rest()
    const ownRedisCpu = place.redisUrl === null ? null : redisCpu
    const figures = figuresOf(result, { postgresCpu, redisCpu: ownRedisCpu, count })
    return { ...figures, ...(isNoop ? { p50Ms: null, p99Ms: null } : {}) }
  } finally {
    await process.close()
  }
}

function figuresOf(result, { postgresCpu, redisCpu, count }) {
  const { workerCpuSeconds } = result
  const sorted = [...result.latenciesMs].sort((a, b) => a - b)
  return {
    perSecond: count / result.seconds,
    allCpuMicros: perOrder(
      postgresCpu === null ? null : workerCpuSeconds + postgresCpu + (redisCpu ?? 0),
      count,
    ),
    workerCpuMicros: perOrder(workerCpuSeconds, count),
    postgresCpuMicros: perOrder(postgresCpu, count),
    redisCpuMicros: perOrder(redisCpu, count),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    peakMiB: result.peakMiB,
  }
}
