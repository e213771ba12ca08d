import { CsvError } from 'csv-parse'
import { FileRefused } from './file-refused.ts'
import { LONGEST_RECORD } from './layout.ts'

const CSV_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_MAX_RECORD_SIZE: `is longer than ${LONGEST_RECORD / 1024} KiB: it has a quote that is not closed, or the file is not CSV`,
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
}
const OTHER_CSV_PROBLEM =
  'has a quote in the wrong place: quote the whole cell, and double the quotes inside it'

/**
 * The error in terms of the file. A wrong quote makes the position of later records unknown, so a record is named and not a
 * row.
 * @param before what was read before the parser began
 */
export function csvRefusal(
  error: unknown,
  before: { readonly records: number; readonly lines: number },
): unknown {
  if (error instanceof CsvError) {
    const { records = 0, lines = 0 } = error as CsvError & { records?: number; lines?: number }
    const where = `record ${before.records + records + 1} (header included; read to line ${before.lines + lines})`
    return new FileRefused(`${where} ${CSV_PROBLEMS[error.code] ?? OTHER_CSV_PROBLEM}`)
  }
  const code = (error as { code?: unknown }).code
  if (code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR')
    return new FileRefused('the file is gzipped, but cut off or damaged')
  return error
}
