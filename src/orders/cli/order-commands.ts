import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { openQueueClient } from '../../cli/queue-client.ts'
import type { Database } from '../../postgres/pool.ts'
import { type CommandResult, cancelOrder, holdOrder, releaseOrder } from '../commands.ts'
import type { OrderStore } from '../ports.ts'
import { findOrderId } from '../queries/orders.ts'
import { createOrderStore } from '../store/order-store.ts'

/** Who acts, and why. */
export interface Person {
  readonly by: string
  readonly note: string
}

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
  { name: 'cancel', does: 'cancel an order before any confirm', move: cancelOrder, wakes: false },
  { name: 'hold', does: 'keep workers away from an accepted order', move: holdOrder, wakes: false },
  { name: 'release', does: 'let workers have a held order again', move: releaseOrder, wakes: true },
]

/** `goldpro orders cancel|hold|release` */
export function moveCommands(currentUser: string): Command[] {
  const plain = PLAIN_MOVES.map(({ name, does, move, wakes }) =>
    personsCommand(name, does, currentUser)
      .addHelpText('after', `\nExample:\n  $ goldpro orders ${name} acme/A-1 --note "asked for by phone"`)
      .action(async (given: string, { by, note }: Person) => {
        await moveOrder(given, wakes, (orderId, store) =>
          move({ orderId, actor: `person:${by}`, note }, store),
        )
      }),
  )
  return plain
}

/** A command by which a person acts on one order, saying why. */
export function personsCommand(name: string, does: string, currentUser: string): Command {
  return new Command(name)
    .description(does)
    .argument('<order>', 'order id, or partner/reference')
    .requiredOption('--note <text>', 'why; kept with the order for ever')
    .addOption(byOption('who decides', currentUser))
}

async function moveOrder(
  given: string,
  wakes: boolean,
  move: (orderId: string, store: OrderStore) => Promise<CommandResult>,
): Promise<void> {
  const settings = await settingsHere()
  await withDatabase(settings, async (database) => {
    const orderId = await requireOrderId(database, given)
    const answer = await move(orderId, createOrderStore(database))
    if (answer.is === 'refused') throw new Failure(1, answer.message)
    console.log(`order ${orderId} is ${answer.state}`)
    if (!wakes) return
    const waking = await openQueueClient(settings)
    await waking.wake([orderId]).finally(waking.close)
  })
}

/** The id of the order a person names. */
export async function requireOrderId(database: Database, given: string): Promise<string> {
  const orderId = await findOrderId(database, given)
  if (orderId === null)
    throw new Failure(
      1,
      `there is no order ${given}: name an order id or partner/reference, as \`goldpro orders list\` shows them`,
    )
  return orderId
}
