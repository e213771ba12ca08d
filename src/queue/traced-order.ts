import type { OrderEffects } from '../orders/effects.ts'
import { type Execution, executeOrder } from '../orders/execute.ts'
import type { OrderGateway } from '../orders/gateway-port.ts'
import type { StoredOrder } from '../orders/ports.ts'
import type { SpanFacts, Traces } from '../tracing/traces.ts'

/** Executes an order within a span of its own, which its gateway calls are within. */
export async function executeTraced(
  order: StoredOrder,
  effects: OrderEffects,
  traces: Traces,
): Promise<Execution> {
  const facts = { 'goldpro.order_id': order.orderId, 'goldpro.kind': order.kind }
  const span = traces.begin('execute order', 'internal', facts)
  const gateway = tracedGateway(effects.gateway, facts, traces)
  try {
    const execution = await span.inside(() => executeOrder(order, { ...effects, gateway }))
    span.end({ 'goldpro.outcome': execution.is === 'ended' ? execution.state : execution.is })
    return execution
  } catch (error) {
    span.end({ 'goldpro.outcome': 'trouble' })
    throw error
  }
}

/** A gateway for one run of one order: its attempts are counted from 1 in each run. */
function tracedGateway(gateway: OrderGateway, facts: SpanFacts, traces: Traces): OrderGateway {
  let attempt = 0
  const during = async <Outcome extends { readonly is: string }>(
    name: 'checkout' | 'confirm',
    more: SpanFacts,
    call: () => Promise<Outcome>,
  ) => {
    const span = traces.begin(name, 'client', { ...facts, ...more, 'goldpro.attempt': attempt })
    const outcome = await call()
    span.end({ 'goldpro.outcome': outcome.is })
    return outcome
  }
  return {
    checkout(command) {
      attempt += 1
      return during('checkout', {}, () => gateway.checkout(command))
    },
    confirm(command, quote) {
      const amount = quote.amount === null ? {} : { 'goldpro.amount': quote.amount }
      return during('confirm', amount, () => gateway.confirm(command, quote))
    },
  }
}
