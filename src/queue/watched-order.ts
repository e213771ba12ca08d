import { NO_SPAN, type OpenSpan, type SpanFacts, type Traces } from '../core/traces.ts'
import type { OrderDeps } from '../orders/deps.ts'
import type { Execution } from '../orders/end-run.ts'
import { executeOrder } from '../orders/execute.ts'
import type { OrderGateway } from '../orders/gateway-port.ts'
import type { OrderState } from '../orders/lifecycle.ts'
import type { StoredOrder } from '../orders/ports.ts'

/** How a job ended: the state of its order, or why the order has not ended. */
export type JobEnd = OrderState | 'left' | 'waiting' | 'later' | 'refused' | 'trouble'

/** Counts what a worker does. */
export interface JobCounts {
  ended(end: JobEnd): void
  /** Another quote was taken within one run. */
  requoted(): void
}

export const NOT_COUNTED: JobCounts = { ended() {}, requoted() {} }

/** Observes a worker's orders. No order waits for it or fails with it. */
export interface OrderWatch {
  readonly traces: Traces
  readonly counts: JobCounts
}

/** Executes an order within a span, which contains the spans of its gateway calls. */
export async function executeWatched(order: StoredOrder, deps: OrderDeps & OrderWatch): Promise<Execution> {
  const facts = { 'goldpro.order_id': order.orderId, 'goldpro.kind': order.kind }
  const span = begin(deps.traces, 'execute order', 'internal', facts)
  const gateway = watchedGateway(deps.gateway, facts, deps)
  try {
    const { traceId } = span
    const execution = await span.inside(() => executeOrder(order, { ...deps, gateway, traceId }))
    span.end({ 'goldpro.outcome': endOf(execution) })
    return execution
  } catch (error) {
    span.end({ 'goldpro.outcome': 'trouble' })
    throw error
  }
}

/** A trace id as Postgres takes it: an intent must not fail with another. */
const TRACE_ID = /^[0-9a-f]{32}$/

/** Begins a span whose errors are ignored. */
function begin(traces: Traces, ...of: Parameters<Traces['begin']>): OpenSpan {
  const span = ignoringErrors(() => traces.begin(...of)) ?? NO_SPAN
  const traceId = ignoringErrors(() => span.traceId)
  return {
    inside: (work) => span.inside(work),
    end: (facts) => ignoringErrors(() => span.end(facts)),
    traceId: typeof traceId === 'string' && TRACE_ID.test(traceId) ? traceId : null,
  }
}

/** Ignores errors of instrumentation: they must not change an order's outcome. */
function ignoringErrors<T>(watch: () => T): T | undefined {
  try {
    return watch()
  } catch {
    return undefined
  }
}

/** How an order's execution ended. */
export function endOf(execution: Execution): JobEnd {
  return execution.is === 'ended' ? execution.state : execution.is
}

/** The gateway for one run of one order. It counts the attempts of the run from 1. */
function watchedGateway(
  gateway: OrderGateway,
  facts: SpanFacts,
  { traces, counts }: OrderWatch,
): OrderGateway {
  let attempt = 0
  const during = async <Outcome extends { readonly is: string }>(
    name: 'checkout' | 'confirm',
    more: SpanFacts,
    call: () => Promise<Outcome>,
  ) => {
    const span = begin(traces, name, 'client', { ...facts, ...more, 'goldpro.attempt': attempt })
    const outcome = await call()
    span.end({ 'goldpro.outcome': outcome.is })
    return outcome
  }
  return {
    checkout(command) {
      attempt += 1
      if (attempt > 1) ignoringErrors(() => counts.requoted())
      return during('checkout', {}, () => gateway.checkout(command))
    },
    confirm(command, quote) {
      const amount = quote.amount === null ? {} : { 'goldpro.amount': quote.amount }
      return during('confirm', amount, () => gateway.confirm(command, quote))
    },
  }
}
