import { checkSandbox } from '../../../src/dev/sandbox/check-sandbox.ts'
import { LEDGER_RULES } from '../../../src/dev/sandbox/ledger-check.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { FINAL_STATES } from '../../../src/orders/lifecycle.ts'
import { readOrdersWithAttempts } from '../../../src/orders/queries/checked-orders.ts'
import { overlaps, overtakings } from '../../support/lane-order.ts'
import { sessionDatabase, sql } from '../../support/servers/sessions.ts'
import { type Doubt, type Explanation, incidentsNear } from './doubts.ts'
import type { Incident } from './incidents.ts'
import { PARTNER, type StormOrder } from './orders.ts'

/** What must hold after a storm, beside the rules between orders and ledger. */
export const STORM_RULES = {
  ...LEDGER_RULES,
  wallet_executed_at_most_once: 'the ledger has at most one transaction for each order of a wallet',
  one_at_a_time: 'of the orders of a wallet one is in flight at a time, in the order of acceptance',
  breaker_half_open: 'the breaker closed a switch, and probes opened one',
  nothing_lost:
    'every order that was enqueued is stored or was refused, and an invalid one or one of a foreign wallet is not stored',
  final_is_final: 'no event follows a final state, which stays as it was first seen',
  state_is_last_event: 'the state of an order is that of its last event',
  doubt_was_explained: 'every doubt has a fault, a kill or an outage that explains it',
  doubt_was_settled: 'the statement settles every doubt that is left, and leaves no line and no break',
  workers_live: 'a worker ends only when it is killed or told to stop',
  all_faults_came: 'each fault came at least once',
} as const
export type StormRule = keyof typeof STORM_RULES

export interface Problem {
  readonly rule: StormRule
  readonly what: string
}

/** Orders and their attempts against the ledger, once nothing is in doubt any more. */
export async function checkLedgerAgainstOrders(
  databaseUrl: string,
  sandbox: Sandbox,
  placed: readonly StormOrder[],
): Promise<Problem[]> {
  const orders = await readOrdersWithAttempts(sessionDatabase(databaseUrl), PARTNER)
  return [...checkSandbox(orders, sandbox, () => false), ...walletsExecutedTwice(sandbox, placed)]
}

/** Does not ask Postgres at all: most orders have a wallet of their own. */
function walletsExecutedTwice(sandbox: Sandbox, placed: readonly StormOrder[]): Problem[] {
  const times = new Map<string, number>()
  for (const { phoneNumber } of sandbox.ledger()) times.set(phoneNumber, (times.get(phoneNumber) ?? 0) + 1)
  const orders = new Map<string, number>()
  for (const { wallet } of placed) orders.set(wallet, (orders.get(wallet) ?? 0) + 1)
  const more = [...times].filter(([wallet, count]) => count > (orders.get(wallet) ?? 0))
  const rule = 'wallet_executed_at_most_once' as const
  return more.map(([wallet, count]) => ({
    rule,
    what: `a wallet of ${orders.get(wallet) ?? 0} orders has ${count} transactions`,
  }))
}

const REFERENCES = 'SELECT reference FROM orders WHERE partner = $1'
const REFUSED = 'SELECT DISTINCT reference FROM rejected_jobs WHERE partner = $1'

export async function checkNothingLost(
  databaseUrl: string,
  orders: readonly StormOrder[],
): Promise<Problem[]> {
  const read = async (text: string) => {
    const rows = await sql<{ reference: string }>(databaseUrl, text, [PARTNER])
    return new Set(rows.map(({ reference }) => reference))
  }
  const stored = await read(REFERENCES)
  const refused = await read(REFUSED)
  const rule = 'nothing_lost' as const
  const known = new Set(orders.map(({ reference }) => reference))
  return [
    ...orders
      .filter(({ reference }) => !stored.has(reference) && !refused.has(reference))
      .map(({ reference }) => ({ rule, what: `${reference} is neither stored nor refused` })),
    ...orders
      .filter(({ request, isForeign, reference }) => (request === null || isForeign) && stored.has(reference))
      .map(({ reference }) => ({ rule, what: `${reference} must be refused and is stored` })),
    ...[...stored]
      .filter((reference) => !known.has(reference))
      .map((reference) => ({ rule, what: `${reference} was never enqueued` })),
  ]
}

const finals = FINAL_STATES.map((state) => `'${state}'`).join(', ')
const AFTER_FINAL = `
  SELECT o.reference, e.from_state AS "from", e.to_state AS "to" FROM order_events e JOIN orders o ON o.id = e.order_id
  WHERE e.from_state IN (${finals})`
const TWO_FINALS = `
  SELECT o.reference, 'a final state' AS "from", 'another' AS "to" FROM order_events e JOIN orders o ON o.id = e.order_id
  WHERE e.to_state IN (${finals}) GROUP BY o.reference HAVING count(*) > 1`
const OTHER_STATE = `
  SELECT o.reference, last.to_state AS "from", o.state AS "to" FROM orders o
  LEFT JOIN LATERAL (SELECT to_state FROM order_events e WHERE e.order_id = o.id ORDER BY e.id DESC LIMIT 1) last ON true
  WHERE last.to_state IS DISTINCT FROM o.state`

export async function checkEvents(databaseUrl: string): Promise<Problem[]> {
  const find = async (rule: StormRule, text: string): Promise<Problem[]> => {
    const rows = await sql<{ reference: string; from: string; to: string }>(databaseUrl, text)
    return rows.map(({ reference, from, to }) => ({ rule, what: `${reference}: ${from} to ${to}` }))
  }
  return [
    ...(await find('final_is_final', AFTER_FINAL)),
    ...(await find('final_is_final', TWO_FINALS)),
    ...(await find('state_is_last_event', OTHER_STATE)),
  ]
}

/** Orders that were accepted this long after one another have an order. */
const ACCEPTED_APART_MS = 2_000

export async function checkLanes(databaseUrl: string): Promise<Problem[]> {
  const database = sessionDatabase(databaseUrl)
  const rule = 'one_at_a_time' as const
  const inFlight = (await overlaps(database)).map(() => ({ rule, what: 'two orders of a wallet in flight' }))
  const passed = await overtakings(database, ACCEPTED_APART_MS)
  return [...inFlight, ...passed.map(() => ({ rule, what: 'an order went before an earlier one' }))]
}

/** What is not explained is told with what the storm did at that time. */
export function checkDoubts(
  doubts: readonly (Doubt & { because: Explanation | null })[],
  incidents: readonly Incident[],
): Problem[] {
  const unexplained = doubts.filter(({ because }) => because === null)
  return unexplained.map((doubt) => {
    const { reference, reason, worker, intentAt, doubtedAt } = doubt
    const seconds = (at: number) => ((at - intentAt.getTime()) / 1_000).toFixed(3)
    const near = incidentsNear(doubt, incidents).map(
      ({ is, worker: of, from, to }) => `${is} ${of ?? ''} ${seconds(from)} to ${seconds(to)}`,
    )
    const what = `${reference}: ${reason} by ${worker} after ${seconds(doubtedAt.getTime())} s; ${near.join(', ')}`
    return { rule: 'doubt_was_explained', what }
  })
}
