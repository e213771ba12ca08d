import type { Readable } from 'node:stream'
import type { Delimiter } from './cells.ts'
import { openRows, type RowOptions, type RowProblem, type SourceRow } from './read-rows.ts'
import { refuseEmpty } from './row-count.ts'

/** Told of each bad row as it is read. */
export type OnBadRow = (
  problems: readonly RowProblem[],
  source: SourceRow,
  delimiter: Delimiter | null,
  rowNumber: number,
) => Promise<void>

export interface CheckResult {
  readonly rows: number
  readonly badRows: number
  readonly problems: number
}

/**
 * Reads a whole batch file and tells every problem of it. Asks nobody: what is known already, `preview` tells.
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
