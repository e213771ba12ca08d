import { parseGrams, parseRupiah } from '../../core/money.ts'
import { databaseOf, NotProven } from '../../operators/acting.ts'
import { type CommandResult, cancelOrder, holdOrder, releaseOrder } from '../../orders/commands.ts'
import type { OrderStore } from '../../orders/ports.ts'
import { createOrderStore } from '../../orders/store/order-store.ts'
import type { ProposedExecution } from '../../reconciliation/proposal-facts.ts'
import {
  approveResolution,
  declineResolution,
  proposeResolution,
} from '../../reconciliation/resolve-doubt.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { appendEvent } from '../store/events.ts'
import { orderPage } from './order.ts'
import { shownOfOrder } from './order-forms.ts'
import { readOrderView } from './order-view.ts'

type Result = { readonly is: 'done' } | { readonly is: 'refused'; readonly message: string }

/** Gives a command to an order, unless the person saw something else than there is now. */
async function command(
  call: Call,
  said: string,
  work: (orderId: string, note: string) => Promise<Result>,
): Promise<Answer> {
  const view = await readOrderView(call)
  const { orderId } = view.story
  const stale = staleness(call, shownOfOrder(view))
  if (stale !== null) return await orderPage(call, { problem: stale })
  const note = (call.form.get('note') ?? '').trim()
  if (!/[\p{L}\p{N}]/u.test(note)) return await orderPage(call, { problem: call.texts('no_reason') })
  const result = await work(orderId, note)
  if (result.is === 'refused') return await orderPage(call, { problem: result.message })
  return done(`/orders/${orderId}`, said)
}

type Move = (
  request: { orderId: string; actor: string; note: string },
  store: OrderStore,
) => Promise<CommandResult>

const moveBy =
  (said: string, move: Move) =>
  async (call: Call): Promise<Answer> =>
    await command(call, said, async (orderId, note) => {
      const person = call.person(note)
      const store = createOrderStore(databaseOf(call.database, person))
      const result = await orRefused(move({ orderId, actor: `person:${person.by}`, note }, store))
      if (result.is === 'done' && result.state === 'accepted') call.wake(orderId)
      return result
    })

/** What Postgres refuses this person becomes the refusal of the command. */
async function orRefused(command: Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await command
  } catch (error) {
    if (error instanceof NotProven) return { is: 'refused', message: error.message }
    throw error
  }
}

export const cancel = moveBy('cancelled', cancelOrder)
export const hold = moveBy('held', holdOrder)
export const release = moveBy('released', releaseOrder)

/** Proposes what became of an order in doubt. */
export async function resolve(call: Call): Promise<Answer> {
  const executed = executedOf(call.form)
  if (typeof executed === 'string') return await orderPage(call, { problem: executed })
  const evidence = (call.form.get('evidence') ?? '').trim()
  return await command(call, 'proposed', (orderId, note) =>
    call.inSession((session) =>
      proposeResolution(session, { ...call.person(note), orderId, evidence, executed }),
    ),
  )
}

/** The transaction in a form; null when it says that there was none; or what is wrong. */
function executedOf(form: URLSearchParams): ProposedExecution | null | string {
  if (form.get('outcome') !== 'executed') return null
  const text = (name: string) => (form.get(name) ?? '').trim() || null
  const weight = text('gold_weight')
  const goldWeight = weight === null ? null : parseGrams(weight.replace(',', '.'))
  const rupiah = (name: string) => {
    const given = text(name)
    return given === null ? null : (parseRupiah(given.replace(/[Rp. ]/g, '')) ?? undefined)
  }
  const [amount, fee] = [rupiah('amount'), rupiah('fee')]
  if (weight !== null && goldWeight === null) return 'gold_weight: grams such as 0.5'
  if (amount === undefined || fee === undefined) return 'amount, fee: whole rupiah'
  return { sessionId: text('session_id'), responseId: text('response_id'), goldWeight, amount, fee }
}

export async function approve(call: Call): Promise<Answer> {
  return await command(call, 'settled', (orderId, note) =>
    call.inSession((session) => approveResolution(session, orderId, call.person(note), call.onePersonTeam)),
  )
}

export async function decline(call: Call): Promise<Answer> {
  return await command(call, 'declined', (orderId, note) =>
    call.inSession((session) => declineResolution(session, orderId, call.person(note))),
  )
}

/** Shows the wallet's number once; the audit keeps who saw it. */
export async function reveal(call: Call): Promise<Answer> {
  const { story } = await readOrderView(call)
  const { database, operator, address } = call
  await appendEvent(database, {
    ...{ operator: operator.name, event: 'phone_number_shown', subject: story.orderId, address },
  } as const)
  return await orderPage(call, { showsNumber: true })
}
