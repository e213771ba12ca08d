import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText } from '../../cli/shown-text.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { type FoundOther, findAnything } from '../queries/find-anything.ts'
import { readListedOrders } from '../queries/orders.ts'
import { asTable } from './order-table.ts'

/** Finds what other rooms give a number or a name. */
export type FindOthers = (runner: StatementRunner, given: string) => Promise<readonly FoundOther[]>

const MOST_LISTED = 50

/** `goldpro orders find` */
export function findCommand(findOthers: FindOthers): Command {
  const command = new Command('find')
    .description('find orders by whatever you have of them, and say what it was recognised as')
    .argument(
      '<anything>',
      'an order id, partner/reference, reference, session_id, response_id, request_id, wallet, rupiah, batch or plan',
    )
    .addHelpText(
      'after',
      `
A text may be several things: each is shown with its newest ${MOST_LISTED} orders.

Example:
  $ goldpro orders find 764FC70DD96B9E07713D95A9AD004702
  $ goldpro orders find "+62 812-3450-0001"
  $ goldpro orders find "Rp 1.000.000"`,
    )
  return rowFormatOptions(command).action(async (given: string, format: RowFormat) => {
    const { orders, others } = await withDatabase(await settingsHere(), (database) =>
      find(database, given, findOthers),
    )
    if (orders.length === 0 && others.length === 0)
      throw new Failure(1, `nothing is known by ${shownText(given)}: no order, batch or plan has it`)
    printRows(format, {
      jsonLines: () => jsonLinesOf(foundRows(orders, others)),
      text: () => foundText(orders, others),
    })
  })
}

type Found = Awaited<ReturnType<typeof find>>

async function find(runner: StatementRunner, given: string, findOthers: FindOthers) {
  const recognised = await findAnything(runner, given, MOST_LISTED)
  const orders = await Promise.all(
    recognised.map(async ({ is, orderIds, hasMore }) => ({
      ...{ is, hasMore },
      listed: await readListedOrders(runner, orderIds),
    })),
  )
  return { orders, others: await findOthers(runner, given.trim()) }
}

function foundText(orders: Found['orders'], others: Found['others']): string {
  const elsewhere = others.map(({ is, about, show }) => `recognised as ${is}: ${about}; see \`${show}\``)
  const lists = orders.map(({ is, hasMore, listed }) => {
    const more = hasMore ? `, the newest ${listed.length}` : ''
    return `recognised as ${is}${more}:\n${asTable(listed)}`
  })
  return [...elsewhere, ...lists].join('\n')
}

function foundRows(orders: Found['orders'], others: Found['others']): object[] {
  const ofOrders = orders.flatMap(({ is, listed }) =>
    listed.map((order) => ({
      recognisedAs: is,
      ...order,
      phoneNumber: maskPhoneNumber(order.phoneNumber),
    })),
  )
  return [...others.map((other) => ({ recognisedAs: other.is, ...other })), ...ofOrders]
}
