import { Command, InvalidArgumentError, Option } from 'commander'
import { listOrders, type OrderSummary } from '../db/order-reads.ts'
import { ORDER_KINDS, type OrderKind } from '../domain/command.ts'
import { ORDER_STATES, type OrderState } from '../domain/lifecycle.ts'
import { maskPhoneNumber } from '../domain/masking.ts'
import { phoneNumberOption } from './options.ts'
import { moveCommands } from './order-moves.ts'
import { resolutionCommands } from './order-resolution.ts'
import { showCommand } from './order-story.ts'
import { defaultPerson } from './person.ts'
import { settingsHere, withDatabase } from './place.ts'
import { table } from './table.ts'

/** `goldpro orders …` */
export function ordersCommand(): Command {
  const command = new Command('orders').description('read orders, and lead them where a person may')
  command.addCommand(listCommand())
  command.addCommand(showCommand())
  const commands = [...moveCommands(defaultPerson()), ...resolutionCommands(defaultPerson())]
  for (const each of commands) command.addCommand(each)
  return command
}

interface ListOptions {
  readonly state?: OrderState
  readonly kind?: OrderKind
  readonly partner?: string
  readonly phoneNumber?: string
  readonly limit: number
  readonly json?: true
}

function listCommand(): Command {
  return new Command('list')
    .description('list the newest orders, phone numbers masked')
    .addOption(new Option('--state <state>', 'only orders in this state').choices(ORDER_STATES))
    .addOption(new Option('--kind <kind>', 'only orders of this kind').choices(ORDER_KINDS))
    .option('--partner <partner>', 'only orders of this partner')
    .option('--phone-number <number>', 'only orders of this wallet', phoneNumberOption)
    .option('--limit <count>', 'at most so many', wholeNumber, 50)
    .option('--json', 'print JSON lines')
    .addHelpText('after', '\nExample:\n  $ goldpro orders list --state in_doubt')
    .action(async (options: ListOptions) => {
      const { state = null, kind = null, partner = null, phoneNumber = null, limit } = options
      const orders = await withDatabase(await settingsHere(), (database) =>
        listOrders(database, { state, kind, partner, phoneNumber, limit }),
      )
      console.log(options.json ? asJsonLines(orders) : asTable(orders))
    })
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value
  throw new InvalidArgumentError('must be a whole number from 1 to 10000')
}

function asJsonLines(orders: readonly OrderSummary[]): string {
  return orders
    .map((order) => JSON.stringify({ ...order, phoneNumber: maskPhoneNumber(order.phoneNumber) }))
    .join('\n')
}

function asTable(orders: readonly OrderSummary[]): string {
  if (orders.length === 0) return 'no such orders'
  const headings = [
    'accepted',
    'partner/reference',
    'kind',
    'wallet',
    'state',
    'reason',
    'tries',
    'grams',
    'rupiah',
    'session_id',
  ]
  const rows = orders.map((order) => [
    order.acceptedAt.toISOString().slice(0, 19),
    `${order.partner}/${order.reference}`,
    order.kind,
    maskPhoneNumber(order.phoneNumber),
    order.state,
    order.reason,
    String(order.attempts),
    order.goldWeight ?? '',
    order.amount ?? '',
    order.sessionId ?? '',
  ])
  return table(headings, rows, ['tries', 'grams', 'rupiah'])
}
