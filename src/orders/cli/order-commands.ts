import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { openQueueClient } from '../../cli/queue-client.ts'
import { databaseOf } from '../../operators/acting.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Database } from '../../postgres/pool.ts'
import { type CommandResult, cancelOrder, holdOrder, releaseOrder } from '../commands.ts'
import type { OrderStore } from '../ports.ts'
import { findOrderId } from '../queries/orders.ts'
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
    personsCommand(name, does, currentUser)
      .addHelpText('after', `\nExample:\n  $ goldpro orders ${name} acme/A-1 --note "requested by phone"`)
      .action(async (given: string, person: Person) => {
        const { by, note } = person
        await moveOrder(given, person, wakes, (orderId, store) =>
          move({ orderId, actor: `person:${by}`, note }, store),
        )
      }),
  )
}

/** A command by which a person decides about one order. */
export function personsCommand(name: string, does: string, currentUser: string): Command {
  return new Command(name)
    .description(does)
    .argument('<order>', 'order id, or partner/reference')
    .requiredOption('--note <text>', 'why; recorded as an event of the order')
    .addOption(byOption('who decides', currentUser))
}

async function moveOrder(
  given: string,
  person: Person,
  wakes: boolean,
  move: (orderId: string, store: OrderStore) => Promise<CommandResult>,
): Promise<void> {
  const settings = await settingsHere()
  await withDatabase(settings, async (database) => {
    const orderId = await requireOrderId(database, given)
    const answer = await move(orderId, createOrderStore(databaseOf(database, person)))
    if (answer.is === 'refused') throw new Failure(1, answer.message)
    console.log(`order ${orderId} is ${answer.state}`)
    if (!wakes) return
    const queue = await openQueueClient(settings)
    await queue.wake([orderId]).finally(queue.close)
  })
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
