import { table } from '../../cli/table.ts'
import { formatDecimal, formatWeight } from '../../core/format.ts'
import { formatGrams, formatRupiah, type GoldWeight, type Rupiah } from '../../core/money.ts'
import { LEDGER_RULES, type LedgerRule, type Violation } from '../../dev/sandbox/ledger-check.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { ORDER_STATES, type OrderState } from '../../orders/lifecycle.ts'
import type { OrderWithAttempts } from '../../orders/queries/checked-orders.ts'

/** How many orders of each kind ended in each state; states without orders are left out. */
export function printCounts(orders: readonly OrderWithAttempts[]): string {
  const states = ORDER_STATES.filter((state) => orders.some((order) => order.state === state))
  const count = (of: readonly OrderWithAttempts[], state: OrderState) =>
    String(of.filter((order) => order.state === state).length)
  const row = (heading: string, of: readonly OrderWithAttempts[]) => [
    heading,
    ...states.map((state) => count(of, state)),
    String(of.length),
  ]
  const rows = ORDER_KINDS.map((kind) =>
    row(
      kind,
      orders.filter((order) => order.kind === kind),
    ),
  )
  return table(['kind', ...states, 'orders'], [...rows, row('all', orders)], [...states, 'orders'])
}

/** New quotes taken after a price change, and why orders were not executed. */
export function printReasons(orders: readonly OrderWithAttempts[]): string {
  const requotes = orders
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome === 'price_changed').length
  const reasons = new Map<string, number>()
  for (const { state, reason } of orders)
    if (state !== 'succeeded') reasons.set(`${state} ${reason}`, (reasons.get(`${state} ${reason}`) ?? 0) + 1)
  const lines = [...reasons]
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `  ${String(count).padStart(4)}  ${reason}`)
  return [
    `requotes: ${requotes} confirms met a price change and took a new quote`,
    'not executed, by reason:',
    ...lines,
  ].join('\n')
}

/** What is at stake in orders whose confirm's outcome is unknown. */
export function printDoubts(orders: readonly OrderWithAttempts[]): string {
  const doubts = orders.filter(({ state }) => state === 'in_doubt')
  const quotes = doubts.flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'in_doubt'))
  const rupiah = quotes.reduce((sum, { quotedAmount }) => sum + (quotedAmount ?? 0), 0) as Rupiah
  // A withdrawal has no price before its confirm: what is at stake is the bar.
  const bars = quotes.filter(({ quotedAmount }) => quotedAmount === null)
  const gold = bars.reduce((sum, { quotedGoldWeight }) => sum + (quotedGoldWeight ?? 0), 0) as GoldWeight
  const withdrawals =
    bars.length === 0 ? '' : `, and ${formatWeight(formatGrams(gold))} in ${bars.length} withdrawals`
  return `doubts: ${doubts.length} orders in doubt, ${formatRupiah(rupiah)} at risk${withdrawals}`
}

/** A few executed orders with the ids that reconciliation uses. */
export function printResults(orders: readonly OrderWithAttempts[], count: number): string {
  const succeeded = orders.filter(({ state }) => state === 'succeeded')
  const firstOfEach = ORDER_KINDS.flatMap((kind) => succeeded.find((order) => order.kind === kind) ?? [])
  // After one of each kind those with a session_id: a sell has none to show.
  const others = succeeded.filter(({ kind }) => kind !== 'sell')
  const shown = [...new Set([...firstOfEach, ...others, ...succeeded])].slice(0, count)
  const rows = shown.map((order) => {
    const execution = order.attempts.find(({ outcome }) => outcome === 'succeeded')
    return [
      order.kind,
      execution?.goldWeight == null ? '' : formatDecimal(formatGrams(execution.goldWeight)),
      execution?.amount == null ? '' : formatRupiah(execution.amount),
      execution?.fee == null ? '' : formatRupiah(execution.fee),
      execution?.responseId ?? '',
      execution?.sessionId ?? '(a sell reply has none)',
    ]
  })
  return table(['kind', 'grams', 'amount', 'fee', 'response_id', 'session_id'], rows, [
    'grams',
    'amount',
    'fee',
  ])
}

/** The check of the orders against the gateway's ledger, rule by rule. */
export function printCheck(violations: readonly Violation[]): string {
  const lines = (Object.keys(LEDGER_RULES) as LedgerRule[]).flatMap((rule) => {
    const broken = violations.filter((violation) => violation.rule === rule)
    if (broken.length === 0) return [`  ✓ ${LEDGER_RULES[rule]}`]
    return [
      `  ✗ ${LEDGER_RULES[rule]}: ${broken.length} violations`,
      ...broken.slice(0, 5).map(({ orderId, what }) => `      order ${orderId ?? '–'}: ${what}`),
    ]
  })
  return ["check against the sandbox's ledger:", ...lines].join('\n')
}
