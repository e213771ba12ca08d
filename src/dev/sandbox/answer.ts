import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { OrderKind } from '../../orders/command.ts'
import { BAD_GATEWAY, deliver, send } from './deliver.ts'
import { FAULTS, type FaultName, type Faults } from './faults.ts'
import { type Fields, textOf } from './fields.ts'
import { killQuote } from './handlers.ts'
import { answerOperation, type OperationRow } from './operations.ts'
import { draw } from './random.ts'
import { type Answer, envelope, refused, reply } from './replies.ts'
import type { SandboxState } from './state.ts'

/** A confirm that arrived, executed or not. */
export interface ReceivedConfirm {
  readonly type: OrderKind
  readonly phoneNumber: string
  readonly requestId: string
  readonly at: Date
}

/** What answering a request uses. */
export interface World {
  readonly seed: number
  readonly slowMs: number
  readonly state: SandboxState
  readonly faults: Faults
  readonly confirms: ReceivedConfirm[]
  /** Connections that a fault closes after a reply. Requests that arrive on them are not read. */
  readonly closing: WeakSet<Socket>
  requests: number
}

/** Answers an operation, unless a fault strikes it. */
export function answerRequest(
  response: ServerResponse,
  row: OperationRow,
  fields: Fields,
  world: World,
): void {
  const { state, faults, closing } = world
  const { socket } = response
  const { at, chance } = nextReply(world)
  const { phase, type } = row
  const isClosing = socket !== null && closing.has(socket)
  if (phase === 'other' || type === null) {
    if (isClosing) response.destroy()
    else send(response, reply(answerOperation(row, state, fields), chance, at))
    return
  }
  const phoneNumber = textOf(fields.phone_number)
  const quoteId = textOf(fields.request_id)
  if (phase === 'confirm') world.confirms.push({ type, phoneNumber, requestId: quoteId, at })
  const met = { phase, type, phoneNumber, quoteId }
  if (isClosing) {
    faults.note({ fault: 'connection_closed_between_requests', ...met })
    response.destroy()
    return
  }
  const fault = faults.strike(met)
  if (fault === null) {
    send(response, reply(answerOperation(row, state, fields), chance, at))
    return
  }
  spoilRequest(response, fault, { row, fields, world, type, requestId: quoteId, chance, at })
}

/** Refuses a body that is not a JSON object, before its operation is looked at. */
export function answerMalformed(response: ServerResponse, world: World): void {
  const { at, chance } = nextReply(world)
  send(response, reply(refused('invalid_params'), chance, at))
}

function nextReply(world: World): { at: Date; chance: number } {
  world.requests += 1
  return { at: new Date(world.state.now()), chance: draw(world.seed, 'reply', world.requests) }
}

interface Struck {
  readonly row: OperationRow
  readonly fields: Fields
  readonly world: World
  readonly type: OrderKind
  readonly requestId: string
  readonly chance: number
  readonly at: Date
}

function spoilRequest(response: ServerResponse, fault: FaultName, struck: Struck): void {
  const { row, fields, world, type, requestId, chance, at } = struck
  const { state, faults, seed, slowMs, closing } = world
  const { spoil } = FAULTS[fault]
  switch (spoil.is) {
    case 'drop':
      response.destroy()
      return
    case 'refuse':
      if (spoil.refusal === 'price_changed') killQuote(state, requestId)
      send(response, reply(refused(spoil.refusal), chance, at))
      return
    case 'answer':
      sendAnswer(response, spoil, at)
      return
    case 'execute_then': {
      const given = answerOperation(row, state, fields)
      if (row.phase === 'checkout') faults.noteQuote(quoteIdIn(given))
      if (spoil.deliver === 'then_close' && response.socket !== null) closing.add(response.socket)
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
