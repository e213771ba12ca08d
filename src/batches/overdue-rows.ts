import { DEADLINE_PASSED } from '../orders/submission.ts'
import type { Session } from '../postgres/session.ts'

const FIND_OVERDUE_ROWS = {
  name: 'find_overdue_batch_rows',
  text: `
    SELECT r.row_number AS "rowNumber", r.line_number AS "lineNumber", r.deadline_at AS "deadlineAt",
      count(*) OVER ()::int AS "badRows"
    FROM batch_rows r LEFT JOIN orders o ON o.partner = r.partner AND o.reference = r.reference
    WHERE r.batch_id = $1 AND r.deadline_at <= clock_timestamp() AND o.id IS NULL
    ORDER BY r.row_number LIMIT $2`,
}

interface OverdueRow {
  readonly rowNumber: number
  readonly lineNumber: number
  readonly deadlineAt: Date
  readonly badRows: number
}

/**
 * Rows of a batch whose deadline has passed by the database's clock, but for those that are orders already: a file is
 * safe to send again. @returns how many there are, and the first of them as problems
 */
export async function findOverdueRows(session: Session, batchId: number, most: number) {
  const rows = await session.run<OverdueRow>(FIND_OVERDUE_ROWS, [batchId, most])
  return {
    badRows: rows[0]?.badRows ?? 0,
    problems: rows.map(({ rowNumber, lineNumber, deadlineAt }) => ({
      ...{ rowNumber, lineNumber, column: 'deadline' },
      maskedValue: deadlineAt.toISOString(),
      expected: DEADLINE_PASSED,
    })),
  }
}
