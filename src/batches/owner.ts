import { formatRupiah } from '../core/money.ts'
import type { OrderCommand } from '../orders/command.ts'
import { type Breach, breachByItself, type PartnerLimits } from '../partners/limits.ts'
import type { RowOptions, RowRule } from './file/read-rows.ts'

/** The partner that sends a batch over HTTP. */
export interface BatchOwner {
  readonly partner: string
  readonly limits: PartnerLimits
}

/** A file of a partner is read while others wait, and its references are remembered. */
const MOST_ROWS = 200_000

/** How rows of a partner's file are read: they are its own, and none breaks a limit that no waiting mends. */
export function rowsOf(owner: BatchOwner): RowOptions {
  return { partner: owner.partner, rule: ruleOf(owner), mostRows: MOST_ROWS }
}

function ruleOf({ partner, limits }: BatchOwner): RowRule {
  return (submission) => {
    if (submission.partner !== partner)
      return { field: 'partner', problem: 'must be left out or your own: rows of others are not taken' }
    const breach = breachByItself(limits, submission.command)
    return breach === null ? null : brokenBy(breach, limits, submission.command)
  }
}

function brokenBy(breach: Breach, limits: PartnerLimits, command: OrderCommand): ReturnType<RowRule> {
  const field = command.kind === 'buy' && command.by === 'rupiah' ? 'amount' : 'gold_weight'
  switch (breach) {
    case 'kind_not_allowed':
      return { field: 'kind', problem: `must be ${limits.kinds?.join(' or ')}: you may place no other kind` }
    case 'rupiah_unbounded':
      return command.kind === 'buy'
        ? { field: 'limit.max_price_per_gram', problem: 'is required: your rupiah are limited' }
        : {
            field: 'kind',
            problem: 'must be buy: your rupiah are limited, and nothing bounds those of others',
          }
    case 'rupiah_per_order':
      return { field, problem: `must move at most ${mostOf(limits)}` }
    case 'rupiah_per_day':
    case 'orders_per_minute':
    case 'wallets_per_day':
      return null
  }
}

/** The most one order may move, which is never more than a day's orders may. */
function mostOf({ rupiahPerOrder, rupiahPerDay }: PartnerLimits): string {
  const isDays = rupiahPerOrder === null || (rupiahPerDay !== null && rupiahPerDay < rupiahPerOrder)
  return isDays
    ? `${formatRupiah(rupiahPerDay ?? 0n)}, the limit of one day`
    : `${formatRupiah(rupiahPerOrder)}, the limit of one order`
}
