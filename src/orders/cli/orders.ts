import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { currentUser } from '../../cli/current-user.ts'
import { type PageOptions, pageBounds, printPage } from '../../cli/page.ts'
import { formatCount, formatMoney, formatWeight } from '../../core/format.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import type { OrderSearch } from '../queries/order-search.ts'
import { type ListedOrder, listOrders, type OrderSums, sumOrders } from '../queries/orders.ts'
import { ordersAsCsv } from '../queries/orders-csv.ts'
import { filterOptions, searchOf } from './filter-options.ts'
import { moveCommands } from './order-commands.ts'
import { type FindOthers, findCommand } from './order-find.ts'
import { type ShowReaders, showCommand } from './order-show.ts'
import { asTable } from './order-table.ts'
import { rejectedCommand } from './orders-rejected.ts'

/**
 * `goldpro orders …`
 * @param readers what other rooms know of an order
 * @param findOthers finds what other rooms give a number or a name
 * @param others subcommands of other rooms
 */
export function ordersCommand(
  readers: ShowReaders,
  findOthers: FindOthers,
  others: readonly Command[] = [],
): Command {
  const command = new Command('orders').description(
    'list, find and show orders; cancel, hold, release and resolve them',
  )
  command.addCommand(listCommand())
  command.addCommand(findCommand(findOthers))
  command.addCommand(showCommand(readers))
  command.addCommand(rejectedCommand())
  for (const each of [...moveCommands(currentUser()), ...others]) command.addCommand(each)
  return command
}

interface ListOptions extends PageOptions {
  readonly json?: true
  readonly csv?: true
}

function listCommand(): Command {
  const command = new Command('list').description(
    'list orders, the newest first, with grams, rupiah and their sums; phone numbers are masked',
  )
  filterOptions(command)
  return pageBounds(command)
    .option('--json', 'print JSON lines; the sums go to standard error as one JSON line')
    .option('--csv', 'print the whole result as CSV, whatever --limit and --skip say')
    .addHelpText(
      'after',
      `
Grams and rupiah are those of the executed transaction; before it, those of the newest quote; before a quote, those of
the order itself. The column basis says which. An order that ended without moving anything has none.

Example:
  $ goldpro orders list --state in_doubt
  $ goldpro orders list --from 2026-02-01 --to 2026-02-28 --partner acme --csv > february.csv`,
    )
    .action(async (options: ListOptions) => {
      const { limit, skip } = options
      const search = searchOf(options)
      if (options.csv) return await printCsv(search)
      const { orders, sums } = await withDatabase(await settingsHere(), async (database) => ({
        orders: await listOrders(database, { ...search, limit, skip }),
        sums: await sumOrders(database, search),
      }))
      printPage({
        listed: orders.length,
        total: sums.count,
        limit,
        skip,
        format: options.json ? { json: true } : {},
        jsonLines: () => orders.map(asJson),
        table: () => asTable(orders),
        whenEmpty: 'no such orders',
      })
      if (options.json) console.error(JSON.stringify({ sum: sums }))
      else if (sums.count > 0) console.log(sumsText(sums))
    })
}

/** Page by page, as fast as it is read. */
async function printCsv(search: OrderSearch): Promise<void> {
  await withDatabase(await settingsHere(), (database) =>
    pipeline(ordersAsCsv(database, search), process.stdout, { end: false }),
  )
}

function asJson(order: ListedOrder): string {
  return JSON.stringify({ ...order, phoneNumber: maskPhoneNumber(order.phoneNumber) })
}

function sumsText({ count, grams, rupiah, withoutRupiah }: OrderSums): string {
  const unknown = withoutRupiah === 0 ? '' : `; the rupiah of ${formatCount(withoutRupiah)} are not known yet`
  return `sum of ${formatCount(count)} orders: ${formatWeight(grams)}, ${formatMoney(rupiah)}, fees not included${unknown}`
}
