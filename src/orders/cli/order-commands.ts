import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { forEach } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { openQueueClient } from '../../cli/queue-client.ts'
import type { Settings } from '../../config.ts'
import { databaseOf } from '../../operators/acting.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Database } from '../../postgres/pool.ts'
import { type CommandResult, cancelOrder, holdOrder, releaseOrder } from '../commands.ts'
import type { OrderStore } from '../ports.ts'
import { findOrderId } from '../queries/find-order.ts'
import { createOrderStore } from '../store/order-store.ts'

interface PlainMove {
  readonly name: string
  readonly does: string
  readonly move: (
    request: { orderId: string; actor: string; note: string },
    store: OrderStore,
  ) => Promise<CommandResult>
  readonly wakes: boolean
}

const PLAIN_MOVES: readonly PlainMove[] = [
  {
    name: 'cancel',
    does: 'cancel an order that is accepted and has nothing in flight',
    move: cancelOrder,
    wakes: false,
  },
  { name: 'hold', does: 'keep an accepted order from being executed', move: holdOrder, wakes: false },
  { name: 'release', does: 'let a held order be executed', move: releaseOrder, wakes: true },
]

/** `goldpro orders cancel|hold|release` */
export function moveCommands(currentUser: string): Command[] {
  return PLAIN_MOVES.map(({ name, does, move, wakes }) =>
    decisionCommand(name, `${does}, or several`, currentUser)
      .argument('<order...>', 'order ids, or partner/reference')
      .addHelpText(
        'after',
        `
Of several orders each has a line of its own; the command ends with 1 when any was refused.

Example:
  $ goldpro orders ${name} acme/A-1 acme/A-2 --note "requested by phone"`,
      )
      .action(async (given: string[], person: Person) => {
        const { by, note } = person
        await moveOrders(given, person, wakes, (orderId, store) =>
          move({ orderId, actor: `person:${by}`, note }, store),
        )
      }),
  )
}

/** A command by which a person decides about one order. */
export function personsCommand(name: string, does: string, currentUser: string): Command {
  return decisionCommand(name, does, currentUser).argument('<order>', 'order id, or partner/reference')
}

function decisionCommand(name: string, does: string, currentUser: string): Command {
  return new Command(name)
    .description(does)
    .requiredOption('--note <text>', 'why; recorded as an event of the order')
    .addOption(byOption('who decides', currentUser))
}

async function moveOrders(
  given: readonly string[],
  person: Person,
  wakes: boolean,
  move: (orderId: string, store: OrderStore) => Promise<CommandResult>,
): Promise<void> {
  const settings = await settingsHere()
  await withDatabase(settings, async (database) => {
    const store = createOrderStore(databaseOf(database, person))
    const moved: string[] = []
    const moveOne = async (name: string) => {
      const orderId = await requireOrderId(database, name)
      const answer = await move(orderId, store)
      if (answer.is === 'refused') throw new Failure(1, answer.message)
      moved.push(orderId)
      console.log(`order ${orderId} is ${answer.state}`)
    }
    try {
      await forEach([...new Set(given)], moveOne)
    } finally {
      if (wakes && moved.length > 0) await wake(settings, moved)
    }
  })
}

async function wake(settings: Settings, orderIds: readonly string[]): Promise<void> {
  const queue = await openQueueClient(settings)
  await queue.wake(orderIds).finally(queue.close)
}

/** The id of the order that a person names. @throws Failure when there is none */
export async function requireOrderId(database: Database, given: string): Promise<string> {
  const orderId = await findOrderId(database, given)
  if (orderId === null)
    throw new Failure(
      1,
      `there is no order ${given}: name an order id or partner/reference, as \`goldpro orders list\` shows them`,
    )
  return orderId
}
