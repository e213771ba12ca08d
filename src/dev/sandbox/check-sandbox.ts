import { type CheckedOrder, checkLedger, quoteKey, type Violation } from './ledger-check.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * Compares orders with what a sandbox executed. A doubt is explained when a fault struck its confirm.
 * @param isExplainedOtherwise for tests that inject more than the sandbox's faults: a crash, a lost database
 */
export function checkSandbox(
  orders: readonly CheckedOrder[],
  sandbox: Pick<Sandbox, 'ledger' | 'confirmsReceived' | 'faultLog'>,
  isExplainedOtherwise: (order: CheckedOrder) => boolean = () => false,
): Violation[] {
  const struck = new Set(
    sandbox.faultLog().map(({ type, phoneNumber, quoteId }) => quoteKey(type, phoneNumber, quoteId)),
  )
  const isExplained = (order: CheckedOrder) =>
    isExplainedOtherwise(order) ||
    order.attempts.some(
      ({ quoteId, outcome }) =>
        outcome === 'in_doubt' && struck.has(quoteKey(order.kind, order.phoneNumber, quoteId)),
    )
  const gatewaySide = { ledger: sandbox.ledger(), confirms: sandbox.confirmsReceived() }
  return checkLedger(orders, gatewaySide, isExplained)
}
