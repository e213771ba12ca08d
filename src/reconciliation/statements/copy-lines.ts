import { formatGrams } from '../../core/money.ts'
import type { StatementLine } from './line.ts'

/** The columns of statement_lines in the order in which `copyRow` writes them. */
export const COPY_LINES = `
  COPY statement_lines (statement_id, line_number, session_id, response_id, request_id, kind, phone_number, gold_weight,
    amount, fee, executed_at, executed_to) FROM STDIN`

/** A line in Postgres's text format of COPY. Ids are visible ASCII, so only a backslash needs its escape. */
export function copyRow(statementId: number, line: StatementLine): string {
  const { lineNumber, sessionId, responseId, requestId, kind, phoneNumber, goldWeight, amount, fee } = line
  const ids = `${orNull(sessionId)}\t${orNull(responseId)}\t${orNull(requestId)}`
  const terms = `${kind}\t${phoneNumber}\t${formatGrams(goldWeight)}\t${amount}\t${fee ?? '\\N'}`
  return `${statementId}\t${lineNumber}\t${ids}\t${terms}\t${line.executedAt.toISOString()}\t${line.executedTo?.toISOString() ?? '\\N'}\n`
}

function orNull(id: string | null): string {
  if (id === null) return '\\N'
  return id.includes('\\') ? id.replaceAll('\\', '\\\\') : id
}
