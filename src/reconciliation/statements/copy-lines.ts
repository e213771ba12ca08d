import { getTableName } from 'drizzle-orm'
import { formatGrams } from '../../core/money.ts'
import type { StatementLine } from './line-fields.ts'
import { statementLines } from './schema.ts'

const { statementId, lineNumber, sessionId, responseId, requestId } = statementLines
const { kind, phoneNumber, goldWeight, amount, fee, executedAt, executedTo } = statementLines

/** The columns in the order in which `copyRow` writes them. */
const COLUMNS = [
  statementId,
  lineNumber,
  sessionId,
  responseId,
  requestId,
  kind,
  phoneNumber,
  goldWeight,
  amount,
  fee,
  executedAt,
  executedTo,
]

export const COPY_LINES = `COPY ${getTableName(statementLines)} (${COLUMNS.map(({ name }) => name).join(', ')}) FROM STDIN`

/**
 * A line in the text format of COPY. Ids are visible ASCII, so only a backslash needs an escape. By hand: csv-stringify
 * takes three to five times as much CPU per row (measured over 100,000 rows of 13 columns).
 */
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
