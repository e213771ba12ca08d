import { Command } from 'commander'
import { proposed } from '../../approvals/cli/propose.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { formatCount } from '../../core/format.ts'
import { formatRupiah, parseRupiah } from '../../core/money.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { isAddress } from '../allowed-addresses.ts'
import { RAISE_LIMITS } from '../change-kinds.ts'
import { areLimitsRaised } from '../limits-raised.ts'
import { type LimitChange, listPartners, type PartnerRow, setLimits } from '../store/partners.ts'
import { deciderOption } from './partner-keys.ts'

const NONE = 'none'

/** A limit; null for `none`. An option that is not given is undefined. */
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

/** The value of an option that was given. */
interface Given<T> {
  readonly value: T | null
}

interface LimitOptions extends Actor {
  readonly note?: string
  readonly ordersPerMinute?: Given<number>
  readonly rupiahPerOrder?: Given<string>
  readonly rupiahPerDay?: Given<string>
  readonly walletsPerDay?: Given<number>
  readonly kinds?: Given<string[]>
  readonly addresses?: Given<string[]>
}

/** `goldpro partner set-limits` */
export function limitsCommand(): Command {
  const kinds = listOf(
    (text) => ORDER_KINDS.some((kind) => kind === text),
    `of ${ORDER_KINDS.join(',')}, or none`,
  )
  const addresses = listOf(isAddress, 'addresses or networks such as 192.0.2.7,10.1.0.0/16, or none')
  return new Command('set-limits')
    .description('set limits of a partner; limits that are not named stay, `none` removes one')
    .argument('<name>', 'the partner')
    .option('--orders-per-minute <count>', 'orders accepted per minute', count)
    .option('--rupiah-per-order <rupiah>', 'the most one order may move, without fees', rupiah)
    .option('--rupiah-per-day <rupiah>', 'the most the orders of a day (Asia/Jakarta) may move', rupiah)
    .option('--wallets-per-day <count>', 'different wallets per day', count)
    .option('--kinds <kinds>', 'allowed kinds of orders, separated by commas', kinds)
    .option('--addresses <addresses>', 'addresses it may call from, separated by commas', addresses)
    .option('--note <text>', 'why; needed where another person must approve')
    .addOption(deciderOption())
    .addHelpText(
      'after',
      `
With a limit in rupiah, only orders whose rupiah are bounded are accepted: a buy by amount, or a buy by weight with
limit.max_price_per_gram. Sells, transfers and withdrawals are refused: their rupiah are known only from the quote.

Where people are proven, one person lowers a limit, and raising or removing one is proposed: another person approves it with
\`goldpro approvals approve\`.

Example:
  $ goldpro partner set-limits acme --orders-per-minute 60 --rupiah-per-day 50000000 --kinds buy`,
    )
    .action(async (name: string, options: LimitOptions) => {
      const change = changeOf(options)
      if (Object.keys(change).length === 0) throw new Failure(2, 'no limit is named: see --help')
      console.log(await setOrPropose(name, change, options))
    })
}

async function setOrPropose(partner: string, change: LimitChange, options: LimitOptions): Promise<string> {
  const settings = await settingsHere()
  return await withSessionHere(settings, async (session) => {
    const [current] = await listPartners(session, partner)
    if (current === undefined) throw new Failure(1, `there is no partner ${partner}`)
    if (options.credential !== undefined && areLimitsRaised(current, change))
      return await proposed(session, RAISE_LIMITS, { partner, limits: change }, options)
    await sessionOf(session, options).transaction((runner) =>
      setLimits(runner, partner, change, `person:${options.by}`),
    )
    return `limits of ${partner} are set; see \`goldpro partner list\``
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
    rupiahPerOrder === null ? null : `${formatRupiah(rupiahPerOrder)}/order`,
    rupiahPerDay === null ? null : `${formatRupiah(rupiahPerDay)}/day`,
    walletsPerDay === null ? null : `${formatCount(walletsPerDay)} wallets/day`,
    kinds === null ? null : `only ${kinds.join(', ')}`,
    addresses === null ? null : `from ${addresses.join(', ')}`,
  ]
  return parts.filter((part) => part !== null).join('; ') || 'none'
}
