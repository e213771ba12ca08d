import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { formatCount, formatMoney } from '../../core/format.ts'
import { parseRupiah } from '../../core/money.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { isAddress } from '../allowed-addresses.ts'
import { type LimitChange, type PartnerRow, setLimits } from '../store/partners.ts'

const NONE = 'none'

/** Null for `none`; undefined for what is neither. */
const count = parsedBy<{ value: number | null }>(
  (text) => (text === NONE ? { value: null } : /^[1-9]\d{0,6}$/.test(text) ? { value: Number(text) } : null),
  'a whole number from 1 to 9999999, or none',
)
const rupiah = parsedBy<{ value: string | null }>((text) => {
  if (text === NONE) return { value: null }
  return (parseRupiah(text) ?? 0) > 0 ? { value: String(Number(text)) } : null
}, 'whole rupiah, or none')

const listOf = (isOne: (text: string) => boolean, expected: string) =>
  parsedBy<{ value: string[] | null }>((text) => {
    if (text === NONE) return { value: null }
    const items = [...new Set(text.split(',').map((item) => item.trim()))]
    return items.every(isOne) ? { value: items } : null
  }, expected)

interface Limited<T> {
  readonly value: T | null
}

interface LimitOptions {
  readonly ordersPerMinute?: Limited<number>
  readonly rupiahPerOrder?: Limited<string>
  readonly rupiahPerDay?: Limited<string>
  readonly walletsPerDay?: Limited<number>
  readonly kinds?: Limited<string[]>
  readonly addresses?: Limited<string[]>
  readonly by: string
}

/** `goldpro partner set-limits` */
export function limitsCommand(): Command {
  const kinds = listOf(
    (text) => ORDER_KINDS.some((kind) => kind === text),
    `of ${ORDER_KINDS.join(',')}, or none`,
  )
  const addresses = listOf(isAddress, 'addresses or networks such as 192.0.2.7,10.1.0.0/16, or none')
  return new Command('set-limits')
    .description('set what a partner may do at most; what is not named stays, `none` lifts a limit')
    .argument('<name>', 'the partner')
    .option('--orders-per-minute <count>', 'orders accepted in one minute', count)
    .option('--rupiah-per-order <rupiah>', 'the most one order may move, fee not included', rupiah)
    .option('--rupiah-per-day <rupiah>', "the most a day's orders may move, in Asia/Jakarta", rupiah)
    .option('--wallets-per-day <count>', 'different wallets on one day', count)
    .option('--kinds <kinds>', 'the kinds of orders allowed, separated by commas', kinds)
    .option('--addresses <addresses>', 'where it may call from, separated by commas', addresses)
    .addOption(byOption('who decides; kept as an event for ever'))
    .addHelpText(
      'after',
      `
With a limit of rupiah, only orders whose rupiah are bounded are accepted: a buy by amount, or by weight with
limit.max_price_per_gram. A sell, transfer or withdrawal is refused, for its rupiah are known only from the quote.

Example:
  $ goldpro partner set-limits acme --orders-per-minute 60 --rupiah-per-day 50000000 --kinds buy`,
    )
    .action(async (name: string, options: LimitOptions) => {
      const change = changeOf(options)
      if (Object.keys(change).length === 0) throw new Failure(2, 'name a limit to set: see --help')
      const isDone = await withDatabase(await settingsHere(), (database) =>
        setLimits(database, name, change, `person:${options.by}`),
      )
      if (!isDone) throw new Failure(1, `there is no partner ${name}`)
      console.log(`limits of ${name} are set; see \`goldpro partner list\``)
    })
}

function changeOf(options: LimitOptions): LimitChange {
  const change = {
    orders_per_minute: options.ordersPerMinute,
    rupiah_per_order: options.rupiahPerOrder,
    rupiah_per_day: options.rupiahPerDay,
    wallets_per_day: options.walletsPerDay,
    kinds: options.kinds,
    addresses: options.addresses,
  }
  const set = Object.entries(change).filter(([, limit]) => limit !== undefined)
  return Object.fromEntries(set.map(([column, limit]) => [column, limit?.value ?? null]))
}

/** A partner's limits in one cell. */
export function limitsText(partner: PartnerRow): string {
  const { ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay, kinds, addresses } = partner
  const parts = [
    ordersPerMinute === null ? null : `${formatCount(ordersPerMinute)} orders/minute`,
    rupiahPerOrder === null ? null : `${formatMoney(rupiahPerOrder)}/order`,
    rupiahPerDay === null ? null : `${formatMoney(rupiahPerDay)}/day`,
    walletsPerDay === null ? null : `${formatCount(walletsPerDay)} wallets/day`,
    kinds === null ? null : `only ${kinds.join(', ')}`,
    addresses === null ? null : `from ${addresses.join(', ')}`,
  ]
  return parts.filter((part) => part !== null).join('; ') || 'none'
}
