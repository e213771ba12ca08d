import type { Submission } from '../orders/submission.ts'

/** The columns of batch_rows in the order in which `copyRow` writes them. */
export const COPY_ROWS = `
  COPY batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash,
    deadline_at) FROM STDIN`

/** A row in Postgres's text format of COPY. No field has control characters, so only a backslash needs its escape. */
export function copyRow(
  batchId: number,
  rowNumber: number,
  { lineNumber, submission }: { lineNumber: number; submission: Submission },
): string {
  const { partner, reference, command, content, contentHash, deadline } = submission
  const origin = `${batchId}\t${rowNumber}\t${lineNumber}\t${partner}\t${escaped(reference)}`
  const order = `${command.kind}\t${command.phoneNumber}\t${escaped(JSON.stringify(content))}`
  return `${origin}\t${order}\t${contentHash}\t${deadline === null ? '\\N' : deadline.toISOString()}\n`
}

const escaped = (text: string) => (text.includes('\\') ? text.replaceAll('\\', '\\\\') : text)
