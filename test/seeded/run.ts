import { randomUUID } from 'node:crypto'
import { CLOCKS } from '../../src/core/clocks.ts'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import { FAULT_NAMES, type FaultName, type FaultSetting } from '../../src/dev/sandbox/faults.ts'
import type { Violation } from '../../src/dev/sandbox/ledger-check.ts'
import { draw } from '../../src/dev/sandbox/random.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import type { OrderDeps } from '../../src/orders/deps.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import { isFinal } from '../../src/orders/lifecycle.ts'
import { type OrderWithAttempts, readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { parseSubmission, type Submission } from '../../src/orders/submission.ts'
import { submitOrders } from '../../src/orders/submit.ts'
import { StorageError } from '../../src/postgres/pool.ts'
import { testEffects } from '../support/deps.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData, postalAddress } from '../support/factories/job-data.ts'
import { type openStores, passDeadlines } from '../support/factories/stored-orders.ts'
import { unnamed } from '../support/unnamed.ts'
import { DEATHS, Died, mortal } from './mortal.ts'

type Stores = ReturnType<typeof openStores>

/** Changes what a worker is made of: how a test shows that the proof can fail. */
export type Mutation = (deps: OrderDeps) => OrderDeps

export interface SeededRun {
  readonly violations: readonly Violation[]
  readonly orders: readonly OrderWithAttempts[]
  readonly deaths: number
}

const WORKERS = 3
const ROUNDS = 12
/** Far longer than a good reply takes on a busy machine: only faults run into it. */
const CALL_TIMEOUT_MS = 8_000

/** One run: orders of every kind, repeated and at once, by workers that die, against a gateway that misbehaves. */
export async function runSeed(
  seed: number,
  stores: Stores,
  mutate: Mutation | null = null,
): Promise<SeededRun> {
  const play = { seed, stores, mutate, faults: seededFaults(seed), callTimeoutMs: CALL_TIMEOUT_MS }
  return await playSeed(play, check)
}

export interface Play {
  readonly seed: number
  readonly stores: Stores
  readonly mutate: Mutation | null
  readonly faults: Partial<Record<FaultName, FaultSetting>>
  readonly callTimeoutMs: number
}

/** What stands when every order has ended: the orders in Postgres, and the sandbox still running. */
export interface Played {
  readonly seed: number
  readonly stores: Stores
  readonly sandbox: Sandbox
  /** Orders whose worker died on them. */
  readonly died: ReadonlySet<string>
}

/** Brings the orders of a seed to their ends, looks at what came of them, and stops the sandbox. */
export async function playSeed<T>(play: Play, look: (played: Played) => Promise<T>): Promise<T> {
  const { seed, stores, mutate, faults, callTimeoutMs } = play
  const sandbox = await startSandbox({
    seed,
    openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 },
    priceMoveEvery: 6,
    slowMs: 60_000,
    faults,
  })
  const client = openTestClient(sandbox.url, { timeoutMs: callTimeoutMs })
  try {
    const deps = testEffects(stores.store, client, { ...CLOCKS, pause: async () => {} })
    const world = { seed, stores, deps: mutate?.(deps) ?? deps, isMutant: mutate !== null }
    const submissions = seededSubmissions(seed)
    const died = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      // In the first rounds orders that have ended are picked up again, too.
      const picked = round < 3 ? submissions : await openOnes(world, submissions)
      await runRound(world, picked, round, died)
    }
    await endRest(world, submissions)
    return await look({ seed, stores, sandbox, died })
  } finally {
    client.close()
    await sandbox.stop()
  }
}

interface World {
  readonly seed: number
  readonly stores: Stores
  readonly deps: OrderDeps
  readonly isMutant: boolean
}

/** A mutant gets into states that Postgres refuses to go on from. What counts is what it sent by then. */
async function unlessMutant({ isMutant }: World, step: () => Promise<unknown>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!isMutant || !(error instanceof StorageError)) throw error
  }
}

/** Whose orders a seed's are. */
export const partnerOf = (seed: number) => `seed-${seed}`

/** Each fault at a rate of its own; the slow ones in few runs, for each costs a whole time-out. */
function seededFaults(seed: number): Partial<Record<FaultName, FaultSetting>> {
  const faults: Partial<Record<FaultName, FaultSetting>> = {}
  for (const fault of FAULT_NAMES) {
    const isSlow = fault === 'slow_reply' || fault === 'trickling_reply'
    if (draw(seed, 'has', fault) > (isSlow ? 0.02 : 0.4)) continue
    const on = draw(seed, 'on', fault) < 0.7 ? 'confirm' : 'both'
    if (isSlow) {
      faults[fault] = { next: 1, on }
      continue
    }
    faults[fault] = { rate: draw(seed, 'rate', fault) * (fault === 'price_change' ? 0.5 : 0.15), on }
  }
  return faults
}

function seededSubmissions(seed: number): Submission[] {
  const count = 6 + Math.floor(draw(seed, 'orders') * 7)
  return Array.from({ length: count }, (_, n) => {
    const names = Object.keys(jobData) as (keyof typeof jobData)[]
    const name = names[Math.floor(draw(seed, 'kind', n) * names.length)] ?? 'buy'
    const wallet = (label: string) =>
      `0812${String(seed % 1_000_000).padStart(6, '0')}${Math.floor(draw(seed, label, n) * 3)}`
    const data = {
      ...jobData[name](),
      partner: partnerOf(seed),
      reference: `order-${n}`,
      phone_number: wallet('wallet'),
      ...(name === 'transfer' ? { recipient: `0813${String(seed % 1_000_000).padStart(6, '0')}0` } : {}),
      ...(name === 'withdraw' ? { address: postalAddress() } : {}),
    }
    return parseSubmission(name === 'buyRupiah' ? 'buy' : name, data)
  })
}

/** Every open order is picked up once or more, by several workers at once; some of them die. */
async function runRound(world: World, submissions: readonly Submission[], round: number, died: Set<string>) {
  const { seed, stores } = world
  const picks = submissions.flatMap((submission, n) =>
    Array.from({ length: 1 + Math.floor(draw(seed, 'repeat', round, n) * 3) }, () => submission),
  )
  const order = (pick: number) => draw(seed, 'shuffle', round, pick)
  const shuffled = picks
    .map((submission, pick) => ({ submission, pick }))
    .sort((a, b) => order(a.pick) - order(b.pick))
  const lanes = Array.from({ length: WORKERS }, (_, lane) =>
    shuffled.filter((_, position) => position % WORKERS === lane),
  )
  await Promise.all(lanes.map((lane) => runLane(world, lane, round, died)))
  // Nobody of this round lives on, so every intent that is left is a dead worker's.
  await unlessMutant(world, () => stores.sweeps.doubtOverdueIntents(0, 'sweeper:test', 1_000))
}

async function runLane(
  world: World,
  lane: readonly { submission: Submission; pick: number }[],
  round: number,
  died: Set<string>,
) {
  for (const { submission, pick } of lane) {
    const isFatal = draw(world.seed, 'fatal', round, pick) < 0.06
    const death = isFatal
      ? (DEATHS[Math.floor(draw(world.seed, 'death', round, pick) * DEATHS.length)] ?? null)
      : null
    const order = await submitted(world, submission)
    try {
      await unlessMutant(world, () => executeOrder(order, mortal(world.deps, death)))
    } catch (error) {
      if (!(error instanceof Died)) throw error
      died.add(order.orderId)
    }
  }
}

async function submitted({ stores, seed }: World, submission: Submission) {
  const deps = { store: stores.store, newId: randomUUID, actor: `partner:${partnerOf(seed)}` }
  const [answer] = await submitOrders([submission], deps)
  if (answer?.is !== 'stored') throw new Error('the same content is the same order')
  return answer.order
}

async function openOnes(world: World, submissions: readonly Submission[]): Promise<Submission[]> {
  const orders = await readOrdersWithAttempts(world.stores.database, partnerOf(world.seed))
  const rest = await world.stores.store.load(
    orders.filter(({ state }) => state === 'accepted').map(({ orderId }) => orderId),
  )
  const open = new Set(rest.map(({ contentHash }) => contentHash))
  return submissions.filter(({ contentHash }) => open.has(contentHash))
}

/** The deadline passes for whatever the rounds did not bring to an end. */
async function endRest(world: World, submissions: readonly Submission[]) {
  await passDeadlines(world.stores.database, { partner: partnerOf(world.seed) })
  for (const submission of submissions)
    await unlessMutant(world, async () => executeOrder(await submitted(world, submission), world.deps))
}

async function check({ seed, stores, sandbox, died }: Played): Promise<SeededRun> {
  const orders = await readOrdersWithAttempts(stores.database, partnerOf(seed))
  const violations = checkSandbox(
    orders,
    sandbox,
    ({ orderId, reason }) => reason === 'intent_overdue' && died.has(orderId),
  )
  const moves = await stores.database.run<{ order_id: string; from_state: string; to_state: string }>(
    unnamed(
      `SELECT e.order_id::text, e.from_state, e.to_state FROM order_events e JOIN orders o ON o.id = e.order_id WHERE o.partner = $1`,
    ),
    [partnerOf(seed)],
  )
  const unsettled = moves.filter(({ from_state }) => from_state !== null && isFinal(from_state as never))
  const changed = unsettled.map(({ order_id, from_state, to_state }) => ({
    rule: 'success_was_executed' as const,
    orderId: order_id,
    what: `a final state changed: ${from_state} to ${to_state}`,
  }))
  return { violations: [...violations, ...changed], orders, deaths: died.size }
}
