import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { currentUser } from '../../cli/current-user.ts'
import { phoneNumberOption } from '../../cli/options.ts'
import { type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatCount, formatDecimal, formatMoney, formatWeight, NOTHING } from '../../core/format.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { ORDER_KINDS, type OrderKind } from '../command.ts'
import { ORDER_STATES, type OrderState } from '../lifecycle.ts'
import type { OrderReaders } from '../queries/order-story.ts'
import { type ListedOrder, listOrders, type OrderSums, sumOrders } from '../queries/orders.ts'
import { moveCommands } from './order-commands.ts'
import { showCommand } from './order-show.ts'

/**
 * `goldpro orders …`
 * @param readers what other rooms know of an order
 * @param others subcommands of other rooms
 */
export function ordersCommand(readers: OrderReaders, others: readonly Command[] = []): Command {
  const command = new Command('orders').description(
    'list and show orders; cancel, hold, release and resolve them',
  )
  command.addCommand(listCommand())
  command.addCommand(showCommand(readers))
  for (const each of [...moveCommands(currentUser()), ...others]) command.addCommand(each)
  return command
}

interface ListOptions extends PageOptions {
  readonly state?: OrderState
  readonly kind?: OrderKind
  readonly partner?: string
  readonly phoneNumber?: string
  readonly json?: true
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list orders, the newest first, with grams, rupiah and their sums; phone numbers are masked')
    .addOption(new Option('--state <state>', 'only orders in this state').choices(ORDER_STATES))
    .addOption(new Option('--kind <kind>', 'only orders of this kind').choices(ORDER_KINDS))
    .option('--partner <partner>', 'only orders of this partner')
    .option('--phone-number <number>', 'only orders of this wallet', phoneNumberOption)
  return pageOptions(command)
    .option('--json', 'print JSON lines; the sums go to standard error as one JSON line')
    .addHelpText(
      'after',
      `
Grams and rupiah are those of the executed transaction; before it, those of the newest quote; before a quote, those of
the order itself. The column basis says which. An order that ended without moving anything has none.

Example:
  $ goldpro orders list --state in_doubt`,
    )
    .action(async (options: ListOptions) => {
      const { state = null, kind = null, partner = null, phoneNumber = null, limit, skip } = options
      const filter = { state, kind, partner, phoneNumber, limit, skip }
      const { orders, sums } = await withDatabase(await settingsHere(), async (database) => ({
        orders: await listOrders(database, filter),
        sums: await sumOrders(database, filter),
      }))
      printPage({
        listed: orders.length,
        total: sums.count,
        limit,
        skip,
        json: options.json === true,
        jsonLines: () => orders.map(asJson),
        table: () => asTable(orders),
        whenEmpty: 'no such orders',
      })
      if (options.json) console.error(JSON.stringify({ sum: sums }))
      else if (sums.count > 0) console.log(sumsText(sums))
    })
}

function asJson(order: ListedOrder): string {
  return JSON.stringify({ ...order, phoneNumber: maskPhoneNumber(order.phoneNumber) })
}

function sumsText({ count, grams, rupiah, withoutRupiah }: OrderSums): string {
  const unknown = withoutRupiah === 0 ? '' : `; the rupiah of ${formatCount(withoutRupiah)} are not known yet`
  return `sum of ${formatCount(count)} orders: ${formatWeight(grams)}, ${formatMoney(rupiah)}, fees not included${unknown}`
}

const HEADINGS =
  'accepted partner/reference kind wallet state reason tries grams rupiah basis session_id'.split(' ')

function asTable(orders: readonly ListedOrder[]): string {
  const rows = orders.map((order) => [
    shownTime(order.acceptedAt),
    `${order.partner}/${order.reference}`,
    order.kind,
    maskPhoneNumber(order.phoneNumber),
    order.state,
    order.reason,
    order.attempts,
    order.grams === null ? NOTHING : formatDecimal(order.grams),
    order.rupiah === null ? NOTHING : formatMoney(order.rupiah),
    order.basis ?? NOTHING,
    order.sessionId ?? '',
  ])
  return table(HEADINGS, rows, ['grams', 'rupiah'])
}
