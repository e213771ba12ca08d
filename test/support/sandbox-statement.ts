import { formatGrams } from '../../src/domain/money.ts'
import type { Period } from '../../src/reconciliation/scope.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { recordStatement } from './recorded-orders.ts'

/** Lays down the sandbox's statement as complete for a period. The one place that knows how a statement comes in. */
export async function laySandboxStatement(
  databaseUrl: string,
  sandbox: Pick<Sandbox, 'ledger'>,
  period: Period,
): Promise<void> {
  const lines = sandbox.ledger().map(({ type, goldWeight, ...entry }) => ({
    ...entry,
    kind: type,
    goldWeight: formatGrams(goldWeight),
  }))
  await recordStatement(databaseUrl, lines, { period, complete: true })
}
