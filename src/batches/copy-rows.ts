import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Submission } from '../orders/submission.ts'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import type { ReadRow, RowProblem } from './file/read-row.ts'
import type { RowFile } from './file/read-rows.ts'
import { createReferences, deferUniqueness, findRepeats, hasRepeats } from './repeated-references.ts'
import { PageHasher } from './seal.ts'

const COPY_CHUNK = 64 * 1024
/** The problems that an answer names. */
export const MOST_PROBLEMS = 20

/** A problem and the number of its row, from 1. */
export interface NumberedProblem extends RowProblem {
  readonly rowNumber: number
}

/** What was counted and hashed while a file was read. */
interface Tally {
  rows: number
  badRows: number
  /** Every row so far is an order, even if a rule forbids it, and is part of the hash. */
  isHashed: boolean
  problems: NumberedProblem[]
  readonly hasher: PageHasher
}

/** The rows of a file that were not read yet. */
interface Unread {
  readonly groups: AsyncGenerator<readonly ReadRow[]>
  /** From the first bad row on; empty while there was none. */
  left: readonly ReadRow[]
}

/**
 * Copies the rows of a file into a draft, and counts the bad ones. After the first bad row nothing will be stored, so
 * only the references are copied. Postgres finds those that stand twice, so memory does not grow with the rows.
 */
export async function copyRows(session: Session, file: RowFile, batchId: number): Promise<Readonly<Tally>> {
  const tally: Tally = { rows: 0, badRows: 0, isHashed: true, problems: [], hasher: new PageHasher() }
  const unread: Unread = { groups: file.rows(), left: [] }
  try {
    await deferUniqueness(session)
    await copyToServer(session, COPY_ROWS, goodLines(unread, batchId, tally))
    if (unread.left.length === 0 && !(await hasRepeats(session))) return tally
    await createReferences(session)
    if (unread.left.length > 0) await copyToServer(session, COPY_REFERENCES, referenceLines(unread, tally))
  } finally {
    await unread.groups.return(undefined)
  }
  const repeats = await findRepeats(session, batchId, MOST_PROBLEMS)
  if (repeats.rows.length === 0) return tally
  return {
    ...tally,
    badRows: tally.badRows + repeats.otherwiseGood,
    isHashed: false,
    problems: withRepeats(tally.problems, repeats.rows),
  }
}

/** The first problems in the order of the rows. A repeated row is told as nothing else. */
function withRepeats(
  problems: readonly NumberedProblem[],
  repeats: readonly NumberedProblem[],
): NumberedProblem[] {
  const repeated = new Set(repeats.map(({ rowNumber }) => rowNumber))
  return [...problems.filter(({ rowNumber }) => !repeated.has(rowNumber)), ...repeats]
    .sort((one, other) => one.rowNumber - other.rowNumber)
    .slice(0, MOST_PROBLEMS)
}

/**
 * The rows up to the first bad one in COPY's text format, in chunks of bounded size. By hand: csv-stringify takes three
 * to five times as much CPU per row.
 */
async function* goodLines(unread: Unread, batchId: number, tally: Tally): AsyncGenerator<string> {
  let text = ''
  for (let next = await unread.groups.next(); next.done !== true; next = await unread.groups.next()) {
    for (const [position, row] of next.value.entries()) {
      if (row.is === 'bad') {
        unread.left = next.value.slice(position)
        yield text
        return
      }
      tally.rows += 1
      tally.hasher.add(row.submission)
      text += copyLine(batchId, tally.rows, row.lineNumber, row.submission)
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  yield text
}

/** The references of the other rows. */
async function* referenceLines(unread: Unread, tally: Tally): AsyncGenerator<string> {
  yield unread.left.map((row) => referenceLine(row, tally)).join('')
  for (let next = await unread.groups.next(); next.done !== true; next = await unread.groups.next())
    yield next.value.map((row) => referenceLine(row, tally)).join('')
}

/** Counts a row. @returns its reference in COPY's text format; empty when it is no order */
function referenceLine(row: ReadRow, tally: Tally): string {
  tally.rows += 1
  if (row.is === 'bad') {
    tally.badRows += 1
    const found = row.problems.map((problem) => ({ rowNumber: tally.rows, ...problem }))
    if (tally.problems.length < MOST_PROBLEMS) tally.problems.push(...found)
  }
  const { submission } = row
  tally.isHashed &&= submission !== undefined
  if (submission === undefined) return ''
  if (tally.isHashed) tally.hasher.add(submission)
  const lineNumber = row.is === 'bad' ? (row.problems[0]?.lineNumber ?? 0) : row.lineNumber
  const { partner, reference } = submission
  return `${tally.rows}\t${lineNumber}\t${partner}\t${escaped(reference)}\t${row.is === 'bad'}\n`
}

/** The columns in the order in which `referenceLine` writes them. */
const COPY_REFERENCES = `
  COPY later_references (row_number, line_number, partner, reference, is_bad) FROM STDIN`

/** The columns in the order in which `copyLine` writes them. */
const COPY_ROWS = `
  COPY batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash,
    deadline_at) FROM STDIN`

/** No field has control characters, so only a backslash needs an escape. */
function copyLine(batchId: number, rowNumber: number, lineNumber: number, submission: Submission): string {
  const { partner, reference, command, content, contentHash, deadline } = submission
  const origin = `${batchId}\t${rowNumber}\t${lineNumber}\t${partner}\t${escaped(reference)}`
  const order = `${command.kind}\t${command.phoneNumber}\t${escaped(JSON.stringify(content))}`
  return `${origin}\t${order}\t${contentHash}\t${deadline === null ? '\\N' : deadline.toISOString()}\n`
}

const escaped = (text: string) => (text.includes('\\') ? text.replaceAll('\\', '\\\\') : text)

async function copyToServer(session: Session, copy: string, lines: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), session.client.query(copyFrom(copy)))
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error
    // The server's message would quote the row.
    throw new StorageError('copy_batch_rows', error)
  }
}
