import { formatGrams, type GoldWeight, type Rupiah } from '../core/money.ts'
import { BATCH_COUNTS, type BatchCounts, type EventKind } from './enums.ts'

/** What a message is made of. All of it is settled with the event, so every try sends the same body. */
export interface EventFacts {
  readonly eventId: string
  readonly kind: EventKind
  readonly at: Date
  readonly sequence: number | null
  /** The order as the event left it; null when the event is not about an order. */
  readonly order: OrderFacts | null
  /** The batch as it ended; null when the event is not about a batch. */
  readonly batch: BatchFacts | null
}

export interface OrderFacts {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly kind: string
  readonly state: string
  readonly reason: string
  readonly acceptedAt: Date
  /** What was executed; null unless the state is `succeeded`. */
  readonly executed: ExecutedFacts | null
}

interface ExecutedFacts {
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah
  readonly sessionId: string | null
  readonly responseId: string | null
}

export interface BatchFacts {
  readonly batchId: number
  readonly fileName: string
  readonly finishedAt: Date
  /** Rows by outcome when it finished; together they are `rows`. */
  readonly counts: BatchCounts
}

/** An event with the rows it is about; null where it is about none. */
export interface EventRow extends Omit<EventFacts, 'order' | 'batch'> {
  readonly counts: BatchCounts | null
  readonly order: Omit<OrderFacts, 'state' | 'reason' | 'executed'> | null
  readonly change: { readonly state: string; readonly reason: string } | null
  readonly executed: { readonly [Key in keyof ExecutedFacts]: ExecutedFacts[Key] | null } | null
  readonly batch: {
    readonly batchId: number
    readonly fileName: string
    readonly finishedAt: Date | null
  } | null
}

/** The facts of an event out of its rows. */
export function factsOfRow(row: EventRow): EventFacts {
  const { eventId, kind, at, sequence } = row
  return { eventId, kind, at, sequence, order: orderFactsOf(row), batch: batchFactsOf(row) }
}

function orderFactsOf({ order, change, executed }: EventRow): OrderFacts | null {
  if (order === null || change === null) return null
  const { state, reason } = change
  return { ...order, state, reason, executed: state === 'succeeded' ? executedFactsOf(executed) : null }
}

function executedFactsOf(executed: EventRow['executed']): ExecutedFacts | null {
  if (executed === null) return null
  const { goldWeight, amount, fee, sessionId, responseId } = executed
  if (goldWeight === null || amount === null || fee === null) return null
  return { goldWeight, amount, fee, sessionId, responseId }
}

function batchFactsOf({ batch, counts }: EventRow): BatchFacts | null {
  if (batch === null || batch.finishedAt === null || counts === null) return null
  return { ...batch, finishedAt: batch.finishedAt, counts }
}

/** The body of a webhook. */
export function messageBody(event: EventFacts): string {
  return JSON.stringify(messageOf(event))
}

/**
 * The message that `docs/webhooks.md` documents. It has no phone number, KTP number or address: the partner knows its
 * reference.
 */
export function messageOf({ kind, at, sequence, order, batch }: EventFacts) {
  const data = order !== null ? orderData(order, sequence) : batch !== null ? batchData(batch) : {}
  return { type: kind, timestamp: at.toISOString(), data }
}

function orderData(order: OrderFacts, sequence: number | null) {
  return {
    order_id: order.orderId,
    sequence,
    partner: order.partner,
    reference: order.reference,
    kind: order.kind,
    state: order.state,
    reason: order.reason,
    accepted_at: order.acceptedAt.toISOString(),
    executed: order.executed && executedData(order.executed),
  }
}

function executedData({ goldWeight, amount, fee, sessionId, responseId }: ExecutedFacts) {
  return {
    gold_weight: formatGrams(goldWeight),
    amount,
    fee,
    session_id: sessionId,
    response_id: responseId,
  }
}

function batchData({ batchId, fileName, finishedAt, counts }: BatchFacts) {
  return {
    batch_id: batchId,
    file_name: fileName,
    // In the documented order: jsonb has its own.
    ...Object.fromEntries(BATCH_COUNTS.map((name) => [name, counts[name]])),
    finished_at: finishedAt.toISOString(),
  }
}
