import { formatGrams } from '../../core/money.ts'
import type { LedgerEntry } from './ledger-check.ts'

export const STATEMENT_COLUMNS = [
  'session_id',
  'response_id',
  'request_id',
  'type',
  'phone_number',
  'gold_weight',
  'amount',
  'fee',
  'executed_at',
] as const

/** The ledger as a statement of the gateway. No field can have a comma or a quote, so none is quoted. */
export function statementCsv(entries: readonly LedgerEntry[]): string {
  const lines = entries.map((entry) =>
    [
      entry.sessionId,
      entry.responseId,
      entry.requestId,
      entry.type,
      entry.phoneNumber,
      formatGrams(entry.goldWeight),
      entry.amount,
      entry.fee,
      entry.executedAt.toISOString(),
    ].join(','),
  )
  return `${[STATEMENT_COLUMNS.join(','), ...lines].join('\n')}\n`
}
