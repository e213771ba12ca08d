import { BATCH_COUNTS, type EventKind } from './enums.ts'

/** What a message is made of. All of it is settled with the event, so every try says the same. */
export interface EventFacts {
  readonly eventId: string
  readonly kind: EventKind
  readonly at: Date
  readonly sequence: number | null
  /** The order as the event left it; null for what is not about an order. */
  readonly order: OrderFacts | null
  /** The batch as it ended; null for what is not about a batch. */
  readonly batch: BatchFacts | null
}

export interface OrderFacts {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly kind: string
  readonly state: string
  readonly reason: string
  readonly acceptedAt: string
  /** What was executed; null unless the state is `succeeded`. Postgres's text digits. */
  readonly executed: {
    readonly gold_weight: string
    readonly amount: string
    readonly fee: string
    readonly session_id: string | null
    readonly response_id: string | null
  } | null
}

export interface BatchFacts {
  readonly batchId: number
  readonly fileName: string
  readonly finishedAt: string
  /** Rows by outcome when it finished; together they are `rows`. */
  readonly counts: Readonly<Record<(typeof BATCH_COUNTS)[number], number>>
}

/**
 * The body as `docs/webhooks.md` documents it. No phone number, KTP number or address: the partner knows its reference.
 */
export function messageBody({ kind, at, sequence, order, batch }: EventFacts): string {
  const data = order !== null ? orderData(order, sequence) : batch !== null ? batchData(batch) : {}
  return JSON.stringify({ type: kind, timestamp: at.toISOString(), data })
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
    accepted_at: new Date(order.acceptedAt).toISOString(),
    executed: order.executed && {
      ...order.executed,
      // Whole rupiah, at most 10^12: exact.
      amount: Number(order.executed.amount),
      fee: Number(order.executed.fee),
    },
  }
}

function batchData({ batchId, fileName, finishedAt, counts }: BatchFacts) {
  return {
    batch_id: batchId,
    file_name: fileName,
    // In an order of ours: jsonb has its own.
    ...Object.fromEntries(BATCH_COUNTS.map((name) => [name, counts[name]])),
    finished_at: new Date(finishedAt).toISOString(),
  }
}
