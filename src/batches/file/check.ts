import type { Readable } from 'node:stream'
import type { Delimiter } from './cells.ts'
import type { RowProblem, SourceRow } from './read-row.ts'
import { openRows, type RowOptions, refuseEmpty } from './read-rows.ts'

/** Called with each bad row as it is read. */
export type OnBadRow = (
  problems: readonly RowProblem[],
  source: SourceRow,
  delimiter: Delimiter | null,
  rowNumber: number,
) => Promise<void>

/** The counts of a checked file. */
export interface CheckResult {
  readonly rows: number
  readonly badRows: number
  readonly problems: number
}

/**
 * Reads a whole batch file and reports every problem in it. Uses no database, so it finds no conflicts with stored orders.
 * @throws FileRefused when it cannot be read as a batch file
 */
export async function checkFile(
  bytes: Readable,
  options: RowOptions,
  onBadRow: OnBadRow,
): Promise<CheckResult> {
  const file = await openRows(bytes, options)
  const counts = { rows: 0, badRows: 0, problems: 0 }
  for await (const rows of file.rows()) {
    for (const row of rows) {
      counts.rows += 1
      if (row.is === 'good') continue
      counts.badRows += 1
      counts.problems += row.problems.length
      await onBadRow(row.problems, row.source, file.delimiter, counts.rows)
    }
  }
  refuseEmpty(counts.rows)
  return counts
}
