import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
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
  return new Command('find')
    .description('find orders by whatever you have of them, and say what it was recognised as')
    .argument(
      '<anything>',
      'an order id, partner/reference, reference, session_id, response_id, request_id, wallet, rupiah, batch or plan',
    )
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
A text may be several things: each is shown with its newest ${MOST_LISTED} orders.

Example:
  $ goldpro orders find 764FC70DD96B9E07713D95A9AD004702
  $ goldpro orders find "+62 812-3450-0001"
  $ goldpro orders find "Rp 1.000.000"`,
    )
    .action(async (given: string, { json }: { json?: true }) => {
      const { orders, others } = await withDatabase(await settingsHere(), (database) =>
        find(database, given, findOthers),
      )
      if (orders.length === 0 && others.length === 0)
        throw new Failure(1, `nothing is known by ${shownText(given)}: no order, batch or plan has it`)
      if (json) return printJson(orders, others)
      for (const { is, about, show } of others) console.log(`recognised as ${is}: ${about}; see \`${show}\``)
      for (const { is, hasMore, listed } of orders) {
        const more = hasMore ? `, the newest ${listed.length}` : ''
        console.log(`recognised as ${is}${more}:\n${asTable(listed)}`)
      }
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

function printJson(orders: Found['orders'], others: Found['others']): void {
  for (const other of others) console.log(JSON.stringify({ recognisedAs: other.is, ...other }))
  for (const { is, listed } of orders)
    for (const order of listed)
      console.log(
        JSON.stringify({ recognisedAs: is, ...order, phoneNumber: maskPhoneNumber(order.phoneNumber) }),
      )
}
