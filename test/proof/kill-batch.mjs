// A batch during which schedulers and workers are killed and frozen at random, and what is left of it afterwards.
// Plain JavaScript against dist/, for real processes: a small one runs in the tests, a large one by `npm run proof:batch`.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { approveBatch, runBatch } from '../../dist/batches/commands.js'
import { createBatch } from '../../dist/batches/create.js'
import { readProgress } from '../../dist/batches/queries.js'
import { writeResults } from '../../dist/batches/results.js'
import { checkSandbox } from '../../dist/dev/sandbox/check-sandbox.js'
import { startSandbox } from '../../dist/dev/sandbox/sandbox.js'
import { readOrdersWithAttempts } from '../../dist/orders/queries/checked-orders.js'
import { openDatabase } from '../../dist/postgres/pool.js'
import { withSession } from '../../dist/postgres/session.js'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const WORKER = fileURLToPath(new URL('../crash/dying-worker.mjs', import.meta.url))

/** Numbers from 0 up to 1 that a seed repeats. */
function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function startScheduler({ databaseUrl, redisUrl }) {
  const env = { DATABASE_URL: databaseUrl, ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }) }
  return spawn(process.execPath, [MAIN, 'scheduler'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', LOG_LEVEL: 'silent', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

function startWorker(place) {
  return fork(WORKER, [JSON.stringify({ ...place, dieAt: null })])
}

async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Frozen for longer than a turn takes, and woken into whatever has happened since. */
async function freeze(child, ms) {
  child.kill('SIGSTOP')
  await wait(ms)
  child.kill('SIGCONT')
}

async function prepare(databaseUrl, rows, ratePerSecond) {
  const lines = Array.from(
    { length: rows },
    (_, n) => `buy,acme,K-${n + 1},0812345${String(n % 1_000).padStart(5, '0')},0.5\n`,
  )
  const file = Readable.from([
    Buffer.from(`kind,partner,reference,phone_number,gold_weight\n${lines.join('')}`),
  ])
  return await withSession(databaseUrl, async (session) => {
    const created = await createBatch(session, file, { fileName: 'killed.csv', partner: null, by: 'ani' })
    const { batchId } = created
    await approveBatch(session, batchId, { by: 'budi', note: null }, false)
    await runBatch(session, batchId, { at: null, ratePerSecond, stopAfter: null }, { by: 'ani', note: null })
    return batchId
  })
}

/** A machine whose processes are killed before they have started proves nothing, and is never done. */
const STRIKE_AT_THE_LATEST_MS = 15_000

/** Waits until rows have moved since the last blow. */
async function moved(readMoves) {
  const before = await readMoves()
  const giveUpAt = Date.now() + STRIKE_AT_THE_LATEST_MS
  while ((await readMoves()) === before && Date.now() < giveUpAt) await wait(50)
}

/** Kills or freezes one process after the other until the batch has finished; the dead are followed by new ones. */
async function disturb(place, random, { isFinished, readMoves }) {
  const starts = [startScheduler, startScheduler, startWorker, startWorker]
  const children = starts.map((start) => start(place))
  let kills = 0
  let freezes = 0
  try {
    while (!(await isFinished())) {
      await moved(readMoves)
      await wait(100 + random() * 900)
      const at = Math.floor(random() * starts.length)
      if (random() < 0.25) {
        await freeze(children[at], 300 + random() * 1_500)
        freezes += 1
      } else {
        await kill(children[at])
        kills += 1
        // For a while nobody may be there at all.
        await wait(random() * 400)
        children[at] = starts[at](place)
      }
    }
  } finally {
    await Promise.all(children.map(kill))
  }
  return { kills, freezes }
}

/** @returns what the batch came to, and everything that contradicts "each row once" */
export async function killBatch({ databaseUrl, redisUrl, rows, seed, ratePerSecond }) {
  const sandbox = await startSandbox({
    seed,
    openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 },
    priceMoveEvery: 50,
  })
  const database = openDatabase({ databaseUrl, maxConnections: 2, onError: () => {} })
  try {
    const batchId = await prepare(databaseUrl, rows, ratePerSecond)
    const startedAt = Date.now()
    const isFinished = async () => (await readProgress(database, batchId)).state === 'finished'
    const readMoves = async () => {
      const { fed, ended, state } = await readProgress(database, batchId)
      return `${fed} ${ended} ${state}`
    }
    const place = { databaseUrl, redisUrl, gatewayUrl: sandbox.url }
    const disturbed = await disturb(place, seeded(seed), { isFinished, readMoves })
    const { outcomes, fed, ended } = await readProgress(database, batchId)
    const orders = await readOrdersWithAttempts(database)
    const problems = checkSandbox(orders, sandbox, ({ reason }) => reason === 'intent_overdue').map(String)
    let results = ''
    await withSession(databaseUrl, (session) =>
      writeResults(session, batchId, async (text) => {
        results += text
      }),
    )
    const lines = results.trimEnd().split('\n').slice(1)
    const unended = lines.filter((line) => /,(waiting|accepted|confirming|not_sent|conflict),/.test(line))
    const references = new Set(lines.map((line) => line.split(',')[3]))
    if (orders.length !== rows) problems.push(`${orders.length} orders of ${rows} rows`)
    if (references.size !== rows) problems.push(`${references.size} rows in the results of ${rows}`)
    if (unended.length > 0) problems.push(`${unended.length} rows of a finished batch have not ended`)
    if (fed !== rows || ended !== rows) problems.push(`counted ${fed} fed and ${ended} ended of ${rows}`)
    const seconds = (Date.now() - startedAt) / 1_000
    return { ...disturbed, seconds, outcomes, executed: sandbox.ledger().length, problems }
  } finally {
    await database.close()
    await sandbox.stop()
  }
}
