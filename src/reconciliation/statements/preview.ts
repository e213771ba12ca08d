import type { Readable } from 'node:stream'
import { headerSearch } from './header.ts'
import { type BadLine, type LineReader, lineReader } from './line.ts'
import type { LineBounds, StatementLine } from './line-fields.ts'
import type { Mapping } from './mapping.ts'
import { partsJoiner } from './parts.ts'
import { statementRecords } from './statement-records.ts'

/** The first rows of a file as a mapping reads them. */
export interface StatementPreview {
  readonly header: readonly string[]
  readonly lines: readonly StatementLine[]
  readonly badLines: readonly BadLine[]
}

/**
 * Reads the first rows of a file, and stores nothing.
 * @throws StatementRefused or FileRefused, whose messages say what to do
 */
export async function previewStatement(
  bytes: Readable,
  mapping: Mapping,
  bounds: LineBounds,
  limit: number,
): Promise<StatementPreview> {
  const search = headerSearch(mapping)
  let header: readonly string[] = []
  let read: LineReader | null = null
  const lines: StatementLine[] = []
  const badLines: BadLine[] = []
  const parts = partsJoiner(mapping)
  const keep = (line: StatementLine | null) => {
    if (line !== null) lines.push(line)
  }
  for await (const batch of statementRecords(bytes, mapping).read()) {
    for (const record of batch) {
      if (read === null) {
        const found = search.take(record)
        if (found === null) continue
        header = found.header
        read = lineReader(mapping, header, bounds)
        continue
      }
      const row = read(record)
      keep(row.is === 'line' ? parts.take(row.line).whole : parts.end())
      if (row.is === 'bad') badLines.push(row.bad)
      if (lines.length + badLines.length >= limit) return { header, lines, badLines }
    }
  }
  if (read === null) throw search.failure()
  keep(parts.end())
  return { header, lines, badLines }
}
