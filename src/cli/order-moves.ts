import { Command } from 'commander'
import { findOrderId } from '../db/order-reads.ts'
import { createOrderStore } from '../db/order-store.ts'
import { type Database, StorageError } from '../db/pool.ts'
import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../domain/money.ts'
import {
  cancelOrder,
  holdOrder,
  type PersonsMove,
  type Resolution,
  releaseOrder,
  resolveOrder,
} from '../orders/people.ts'
import type { OrderStore } from '../orders/ports.ts'
import { openQueue } from '../queue/backend.ts'
import { wakeOrders } from '../queue/order-worker.ts'
import { Failure } from './failure.ts'
import { requireQueue, settingsHere, withDatabase } from './place.ts'

interface Person {
  readonly by: string
  readonly note: string
}

interface PlainMove {
  readonly name: string
  readonly does: string
  readonly move: (request: Person & { orderId: string }, store: OrderStore) => Promise<PersonsMove>
  readonly wakes: boolean
}

const PLAIN_MOVES: readonly PlainMove[] = [
  { name: 'cancel', does: 'cancel an order before any confirm', move: cancelOrder, wakes: false },
  { name: 'hold', does: 'keep workers away from an accepted order', move: holdOrder, wakes: false },
  { name: 'release', does: 'let workers have a held order again', move: releaseOrder, wakes: true },
]

/** `goldpro orders cancel|hold|release|resolve` */
export function moveCommands(defaultPerson: string): Command[] {
  const plain = PLAIN_MOVES.map(({ name, does, move, wakes }) =>
    personsCommand(name, does, defaultPerson)
      .addHelpText('after', `\nExample:\n  $ goldpro orders ${name} acme/A-1 --note "asked for by phone"`)
      .action(async (given: string, person: Person) => {
        await moveOrder(given, wakes, (orderId, store) => move({ ...person, orderId }, store))
      }),
  )
  return [...plain, resolveCommand(defaultPerson)]
}

function personsCommand(name: string, does: string, defaultPerson: string): Command {
  return new Command(name)
    .description(does)
    .argument('<order>', 'order id, or partner/reference')
    .requiredOption('--note <text>', 'why; kept with the order for ever')
    .option('--by <name>', 'who decides', defaultPerson)
}

interface ResolveOptions extends Person {
  readonly executed?: true
  readonly notExecuted?: true
  readonly evidence: string
  readonly sessionId?: string
  readonly responseId?: string
  readonly goldWeight?: string
  readonly amount?: string
  readonly fee?: string
}

function resolveCommand(defaultPerson: string): Command {
  return personsCommand('resolve', 'settle an order in doubt, by evidence', defaultPerson)
    .option('--executed', 'the gateway executed it; needs --session-id or --response-id')
    .option('--not-executed', 'the gateway did not execute it')
    .requiredOption('--evidence <text>', 'where it was seen: a statement and its line, a letter')
    .option('--session-id <id>', 'session_id of the executed transaction')
    .option('--response-id <id>', 'response_id of the executed transaction')
    .option('--gold-weight <grams>', 'executed grams, when they differ from the quote')
    .option(
      '--amount <rupiah>',
      "executed rupiah, when they differ from the quote (a withdrawal's quote has none)",
    )
    .option('--fee <rupiah>', 'executed fee, when it differs from the quote')
    .addHelpText(
      'after',
      `
Example:
  $ goldpro orders resolve acme/A-1 --executed --session-id 764FC70DD96B9E07713D95A9AD004702 \\
      --evidence "statement of 9 February, line 17" --note "found by hand"`,
    )
    .action(async (given: string, options: ResolveOptions) => {
      const executed = executedFrom(options)
      const { by, note, evidence } = options
      await moveOrder(given, false, (orderId, store) =>
        resolveOrder({ orderId, by, note, evidence, executed }, store).catch(explainMissingAmounts),
      )
    })
}

/** A withdrawal's quote has neither amount nor fee, so there is nothing to take what was left out from. */
function explainMissingAmounts(error: unknown): never {
  if (error instanceof StorageError && error.constraint === 'attempts_executed_when_succeeded')
    throw new Failure(2, "this order's quote has no amount and no fee: say --amount and --fee")
  throw error
}

function executedFrom(options: ResolveOptions): Resolution['executed'] {
  if ((options.executed === true) === (options.notExecuted === true))
    throw new Failure(2, 'say exactly one of --executed and --not-executed')
  if (options.notExecuted) return null
  return {
    sessionId: options.sessionId ?? null,
    responseId: options.responseId ?? null,
    goldWeight: parsed<GoldWeight>('--gold-weight', options.goldWeight, parseGrams, 'grams such as 0.5'),
    amount: parsed<Rupiah>('--amount', options.amount, parseRupiah, 'whole rupiah such as 441000'),
    fee: parsed<Rupiah>('--fee', options.fee, parseRupiah, 'whole rupiah such as 5000'),
  }
}

function parsed<T>(
  option: string,
  text: string | undefined,
  parse: (text: string) => T | null,
  expected: string,
): T | null {
  if (text === undefined) return null
  const value = parse(text)
  if (value === null) throw new Failure(2, `${option} must be ${expected}`)
  return value
}

async function moveOrder(
  given: string,
  wakes: boolean,
  move: (orderId: string, store: OrderStore) => Promise<PersonsMove>,
): Promise<void> {
  const settings = await settingsHere()
  await withDatabase(settings, async (database) => {
    const orderId = await requireOrderId(database, given)
    const answer = await move(orderId, createOrderStore(database))
    if (answer.is === 'refused') throw new Failure(1, answer.because)
    console.log(`order ${orderId} is ${answer.state}`)
    if (!wakes) return
    await requireQueue(settings)
    const queue = openQueue(settings, () => {})
    // Without this the sweeper brings it back, only later.
    await wakeOrders(queue, [orderId], 1_000).finally(() => queue.close())
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
