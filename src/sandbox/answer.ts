import type { ServerResponse } from 'node:http'
import type { OrderKind } from '../domain/command.ts'
import type { Books } from './books.ts'
import { killQuote } from './counter.ts'
import { BAD_GATEWAY, deliver, send } from './deliver.ts'
import { FAULTS, type Faults } from './faults.ts'
import { answerOperation, type Fields, type OperationRow } from './operations.ts'
import { draw } from './random.ts'
import { type Answer, envelope, refused, reply } from './replies.ts'

/** A confirm as it arrived, whatever became of it. */
export interface ReceivedConfirm {
  readonly type: OrderKind
  readonly phoneNumber: string
  readonly requestId: string
  readonly at: Date
}

/** Everything a request meets. */
export interface World {
  readonly seed: number
  readonly slowMs: number
  readonly books: Books
  readonly faults: Faults
  readonly confirms: ReceivedConfirm[]
  requests: number
}

/** Answers an operation, unless a fault strikes it. */
export function answerRequest(
  response: ServerResponse,
  row: OperationRow,
  fields: Fields,
  world: World,
): void {
  const { books, seed, slowMs, faults } = world
  const at = new Date(books.now())
  world.requests += 1
  const chance = draw(seed, 'reply', world.requests)
  const phoneNumber = String(fields.phone_number ?? '')
  const requestId = String(fields.request_id ?? '')
  const { phase, type } = row
  if (phase === 'confirm' && type !== null) world.confirms.push({ type, phoneNumber, requestId, at })
  const fault =
    phase === 'other' || type === null
      ? null
      : faults.strike({ phase, type, phoneNumber, quoteId: requestId })
  if (fault === null || type === null) {
    send(response, reply(answerOperation(row, books, fields), chance, at))
    return
  }
  const { spoil } = FAULTS[fault]
  switch (spoil.is) {
    case 'drop':
      response.destroy()
      return
    case 'refuse':
      if (spoil.refusal === 'price_changed') killQuote(books, requestId)
      send(response, reply(refused(spoil.refusal), chance, at))
      return
    case 'answer':
      sendAnswer(response, spoil, at)
      return
    case 'execute_then': {
      const given = answerOperation(row, books, fields)
      if (phase === 'checkout') faults.noteQuote(quoteIdIn(given))
      const executed = reply(given, chance, at)
      const key = `${seed} ${requestId}`
      deliver(response, executed, spoil.deliver, { type, slowMs, key })
    }
  }
}

/** A checkout's `response_id`; an address reply has a `request_id` instead. */
function quoteIdIn(answer: Answer): string {
  if (answer.is !== 'done') return ''
  const { response_id, request_id } = answer.data as { response_id?: string; request_id?: string }
  return response_id ?? request_id ?? ''
}

function sendAnswer(
  response: ServerResponse,
  { status, body }: { status: number; body: 'html' | 'empty' | 'envelope_500' | 'redirect' },
  at: Date,
): void {
  if (body === 'redirect') response.setHeader('Location', '/elsewhere')
  if (body === 'html') send(response, BAD_GATEWAY)
  else if (body === 'envelope_500')
    send(response, { status, text: envelope(undefined, 'Internal Server Error', 500, at) })
  else send(response, { status, text: '' })
}
