import { checkSandbox } from '../../../src/dev/sandbox/check-sandbox.ts'
import { executes, FAULTS } from '../../../src/dev/sandbox/faults.ts'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { readOrdersWithAttempts } from '../../../src/orders/queries/checked-orders.ts'
import { eventually } from '../../support/eventually.ts'
import { runAlone } from '../../support/servers/command.ts'
import { sessionDatabase, sql } from '../../support/servers/sessions.ts'
import { type Generation, startGeneration } from './generation.ts'
import { PARTNER, type Partner, startPartner } from './partner.ts'

/** What is rolled out, and where. The database is new and empty. */
export interface RollOut {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  readonly oldMain: string
  readonly newMain: string
  readonly orders: number
  readonly seed: number
  /** How often the partner repeats a request before it gives up. */
  readonly tries?: number
}

/** Faults whose doubts are explained, and refusals of the gateway: a rolling deploy meets both. */
const WEATHER = {
  reply_lost: { rate: 0.02 },
  request_dropped: { rate: 0.01 },
  price_change: { rate: 0.1 },
  insufficient_balance: { rate: 0.03 },
}
const PHASES = 5
const TRIES = 20

/** What happened, and every rule that was broken. */
export interface RolledOut {
  readonly problems: readonly string[]
  readonly states: Readonly<Record<string, number>>
  /** Confirms by the release that sent them; of the old one also those after the migration. */
  readonly confirms: { readonly old: number; readonly oldOnNewTables: number; readonly new: number }
}

/** Rolls a release out while a partner places orders over HTTP: migrate, new processes beside old ones, old ones end. */
export async function rollOut(given: RollOut): Promise<RolledOut> {
  const { databaseUrl, oldMain, newMain, orders } = given
  const sandbox = await startSandbox({
    ...{ seed: given.seed, faults: WEATHER },
    openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 },
  })
  const running: Generation[] = []
  try {
    await migrate(oldMain, databaseUrl)
    const key = await addPartner(oldMain, databaseUrl)
    const old = await startGeneration(oldMain, given, sandbox.url)
    running.push(old)
    const urls = [old.url]
    const partner = startPartner({ key, urls, seed: given.seed, tries: given.tries ?? TRIES })
    const each = Math.ceil(orders / PHASES)
    await partner.place(each)
    const [migratedAt] = await Promise.all([migrate(newMain, databaseUrl), partner.place(each)])
    // Now the old release alone works on the tables of the new one.
    await partner.place(each)
    const [fresh] = await Promise.all([startGeneration(newMain, given, sandbox.url), partner.place(each)])
    running.push(fresh)
    urls.push(fresh.url)
    // As a proxy does: it takes a process out of its turn, then the process ends.
    urls.shift()
    const [ofOld] = await Promise.all([old.stop(), partner.place(each)])
    await untilAllEnded(databaseUrl, partner)
    const problems = [...ofOld, ...(await fresh.stop()), ...(await check(databaseUrl, sandbox, partner))]
    const confirms = await countConfirms(databaseUrl, { old, fresh, migratedAt })
    return {
      problems: [...problems, ...unusedGenerations(confirms)],
      states: await countStates(databaseUrl),
      confirms,
    }
  } finally {
    for (const generation of running) await generation.stop()
    await sandbox.stop()
  }
}

/** @returns when the migration was done, by the database's clock */
async function migrate(main: string, databaseUrl: string): Promise<string> {
  const { code, err } = await runAlone(['migrate'], { main, env: { DATABASE_URL: databaseUrl } })
  if (code !== 0) throw new Error(`migrate ended with ${code}: ${err}`)
  const [row] = await sql<{ now: string }>(databaseUrl, 'SELECT clock_timestamp()::text AS now')
  return row?.now ?? ''
}

async function addPartner(main: string, databaseUrl: string): Promise<string> {
  const run = async (args: string[], env = {}) => {
    const { code, out, err } = await runAlone(args, {
      main,
      env: { DATABASE_URL: databaseUrl, WALLET_POLICY: 'open', ...env },
    })
    if (code !== 0) throw new Error(`goldpro ${args.join(' ')} ended with ${code}: ${err}`)
    return out
  }
  const printed = await run(['operator', 'bootstrap', 'roller', '--roles', 'admin'])
  const token = /gpo_\S+/.exec(printed)?.[0] ?? ''
  const added = await run(['partner', 'add', PARTNER, '--json'], { GOLDPRO_OPERATOR_TOKEN: token })
  return (JSON.parse(added) as { key: string }).key
}

const OPEN = `SELECT count(*)::int AS open FROM orders WHERE state IN ('accepted', 'confirming')`

async function untilAllEnded(databaseUrl: string, partner: Partner): Promise<void> {
  await eventually(async () => {
    const [row] = await sql<{ open: number }>(databaseUrl, OPEN)
    return row?.open === 0 && partner.accepted().size > 0 ? true : null
  })
}

/** Nothing lost, nothing executed twice, nothing refused but by the gateway, no doubt without a fault. */
async function check(databaseUrl: string, sandbox: Sandbox, partner: Partner): Promise<string[]> {
  const orders = await readOrdersWithAttempts(sessionDatabase(databaseUrl), PARTNER)
  const violations = checkSandbox(orders, sandbox).map(({ rule, what }) => `${rule}: ${what}`)
  const rows = await sql<{ reference: string }>(databaseUrl, 'SELECT reference FROM orders')
  const stored = new Set(rows.map(({ reference }) => reference))
  const lost = [...partner.accepted()].filter((reference) => !stored.has(reference))
  const refused = new Set(
    sandbox
      .faultLog()
      .filter(({ fault }) => !executes(fault) && FAULTS[fault].spoil.is === 'refuse')
      .map(({ phoneNumber }) => phoneNumber),
  )
  const failed = orders.filter(({ state }) => ['rejected', 'expired', 'cancelled', 'held'].includes(state))
  return [
    ...violations,
    ...lost.map((reference) => `lost: ${reference} was accepted and is not stored`),
    ...failed
      .filter(({ phoneNumber, state }) => state !== 'rejected' || !refused.has(phoneNumber))
      .map(({ state, reason }) => `failed without the gateway's refusal: ${state} (${reason})`),
    ...partner.problems(),
  ]
}

async function countConfirms(
  databaseUrl: string,
  { old, fresh, migratedAt }: { old: Generation; fresh: Generation; migratedAt: string },
): Promise<RolledOut['confirms']> {
  const count = async (generation: Generation, since: string) => {
    const text = `SELECT count(*)::int AS count FROM attempts WHERE worker LIKE $1 AND intent_at > $2`
    const values = [`%-${generation.worker.child.pid}`, since]
    return (await sql<{ count: number }>(databaseUrl, text, values))[0]?.count ?? 0
  }
  return {
    old: await count(old, '-infinity'),
    oldOnNewTables: await count(old, migratedAt),
    new: await count(fresh, '-infinity'),
  }
}

/** A proof in which one release had nothing to do proves nothing. */
function unusedGenerations(confirms: RolledOut['confirms']): string[] {
  return Object.entries(confirms).flatMap(([who, count]) =>
    count > 0 ? [] : [`nothing was confirmed: ${who}`],
  )
}

async function countStates(databaseUrl: string): Promise<Record<string, number>> {
  const text = 'SELECT state, count(*)::int AS count FROM orders GROUP BY state ORDER BY state'
  const rows = await sql<{ state: string; count: number }>(databaseUrl, text)
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}
