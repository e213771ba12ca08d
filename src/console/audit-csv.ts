import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { StatementRunner } from '../postgres/pool.ts'
import { wordsOf } from './audit-words.ts'
import { safeText } from './html/parts.ts'
import { type AuditFilter, type AuditPlace, type AuditRow, readAudit } from './store/audit.ts'
import { textsIn } from './texts/texts.ts'

/** The columns of an exported audit, in the words of the program whatever the reader's language. */
const COLUMNS = ['at', 'person', 'proof', 'recorded_by', 'action', 'subject', 'address'] as const
const PAGE = 1_000

/** Every row of a filter as CSV, page by page: memory is bounded, and no transaction stays open. */
export function auditAsCsv(runner: StatementRunner, filter: AuditFilter): Readable {
  return Readable.from(pages(runner, filter))
}

async function* pages(runner: StatementRunner, filter: AuditFilter): AsyncGenerator<string> {
  yield stringify([COLUMNS])
  let after: AuditPlace | null = null
  do {
    const { rows, next } = await readAudit(runner, filter, after, PAGE)
    if (rows.length > 0) yield stringify(rows.map(cellsOf), { escape_formulas: true })
    after = next
  } while (after !== null)
}

function cellsOf(row: AuditRow): string[] {
  const { action, subject } = wordsOf(row, textsIn('en'))
  const code = row.event ?? action
  return [
    row.at.toISOString(),
    safeText(row.who),
    row.proof ?? '',
    row.event === null ? 'command' : 'console',
    safeText(code),
    safeText(subject),
    row.address ?? '',
  ]
}
