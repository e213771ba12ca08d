import { formatRupiah } from '../core/money.ts'
import type { OrderCommand } from '../orders/command.ts'
import { type Breach, breachByItself, type PartnerLimits } from '../partners/limits.ts'
import type { RowRule } from './file/read-row.ts'
import type { RowOptions } from './file/read-rows.ts'

/** The partner that sends a batch over HTTP. */
export interface BatchOwner {
  readonly partner: string
  readonly limits: PartnerLimits
}

/** Bounds a partner's file: reading it takes time of other requests. */
const MOST_ROWS = 200_000

/**
 * How the rows of a partner's file are read: they must name no other partner, and none may break a limit that it would
 * break at any time.
 */
export function ownerRowOptions(owner: BatchOwner): RowOptions {
  return { partner: owner.partner, rule: ownerRule(owner), mostRows: MOST_ROWS }
}

function ownerRule({ partner, limits }: BatchOwner): RowRule {
  return (submission) => {
    if (submission.partner !== partner)
      return {
        field: 'partner',
        problem: 'must be left out or your own: you cannot place orders of other partners',
      }
    const breach = breachByItself(limits, submission.command)
    return breach === null ? null : breachProblem(breach, limits, submission.command)
  }
}

function breachProblem(breach: Breach, limits: PartnerLimits, command: OrderCommand): ReturnType<RowRule> {
  const field = command.kind === 'buy' && command.by === 'rupiah' ? 'amount' : 'gold_weight'
  switch (breach) {
    case 'kind_not_allowed':
      return {
        field: 'kind',
        problem: `must be ${limits.kinds?.join(' or ')}: your limits allow no other kind`,
      }
    case 'rupiah_unbounded':
      return command.kind === 'buy'
        ? {
            field: 'limit.max_price_per_gram',
            problem: 'is required, because your limits bound the rupiah of an order',
          }
        : {
            field: 'kind',
            problem: 'must be buy: your limits bound the rupiah of an order, and only a buy can state them',
          }
    case 'rupiah_per_order':
      return { field, problem: `must move at most ${mostOf(limits)}` }
    case 'rupiah_per_day':
    case 'orders_per_minute':
    case 'wallets_per_day':
      return null
  }
}

/** The most that one order may move. The limit of a day bounds one order too. */
function mostOf({ rupiahPerOrder, rupiahPerDay }: PartnerLimits): string {
  const isDayLimit = rupiahPerOrder === null || (rupiahPerDay !== null && rupiahPerDay < rupiahPerOrder)
  return isDayLimit
    ? `${formatRupiah(rupiahPerDay ?? 0n)}, the limit of one day`
    : `${formatRupiah(rupiahPerOrder)}, the limit of one order`
}
