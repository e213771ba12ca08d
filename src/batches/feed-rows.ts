import type { Session } from '../db/session.ts'
import { submitOrders as storeOrders } from '../db/submissions.ts'
import type { OrderKind } from '../domain/command.ts'
import {
  InvalidOrderError,
  type OrderContent,
  parseSubmission,
  type Submission,
} from '../domain/submission.ts'
import { submitOrders } from '../orders/submit.ts'
import { isSealed, pageOf } from './seal.ts'
import type { StoredBatch } from './store.ts'

interface WaitingRow {
  readonly rowNumber: number
  readonly partner: string
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly content: OrderContent
  readonly contentHash: string
  readonly deadlineAt: Date | null
}

const WAITING_ROWS = {
  name: 'waiting_batch_rows',
  text: `
    SELECT row_number AS "rowNumber", partner, reference, kind, phone_number AS "phoneNumber", content,
      content_hash AS "contentHash", deadline_at AS "deadlineAt"
    FROM batch_rows WHERE batch_id = $1 AND state = 'waiting' ORDER BY row_number LIMIT $2`,
}

const NOTE_FED = {
  name: 'note_fed_batch_rows',
  text: `
    UPDATE batch_rows r SET state = CASE WHEN x.conflict THEN 'conflict' ELSE 'stored' END,
      order_id = CASE WHEN x.conflict THEN NULL ELSE x.order_id END,
      conflicts_with = CASE WHEN x.conflict THEN x.order_id END
    FROM unnest($2::int[], $3::uuid[], $4::bool[]) AS x (row_number, order_id, conflict)
    WHERE r.batch_id = $1 AND r.row_number = x.row_number AND r.state = 'waiting'`,
}

/** What feeding some rows did. `changed`: they are not what was approved, and none was fed. */
export type Fed =
  | { readonly is: 'fed'; readonly fed: number; readonly conflicts: number }
  | { readonly is: 'changed'; readonly rowNumber: number }

/**
 * Makes the next waiting rows orders, in the batch's transaction: the order and the row that has it are there
 * together or not at all. A reference that is an order already is that order, or a conflict when its content differs.
 */
export async function feedRows(
  session: Session,
  batch: StoredBatch,
  count: number,
  newId: () => string,
): Promise<Fed> {
  const rows = await session.run<WaitingRow>(WAITING_ROWS, [batch.batchId, count])
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return { is: 'fed', fed: 0, conflicts: 0 }
  const pages = [pageOf(first.rowNumber), pageOf(last.rowNumber)] as const
  if (!(await isSealed(session, batch.batchId, batch, pages)))
    return { is: 'changed', rowNumber: first.rowNumber }
  const submissions: Submission[] = []
  for (const row of rows) {
    const submission = sealedSubmission(row)
    if (submission === null) return { is: 'changed', rowNumber: row.rowNumber }
    submissions.push(submission)
  }
  const store = {
    submit: (orders: Parameters<typeof storeOrders>[1], actor: string) => storeOrders(session, orders, actor),
  }
  const submitted = await submitOrders(submissions, { store, newId, actor: `batch:${batch.batchId}` })
  const isConflict = submitted.map(({ is }) => is === 'conflict')
  await session.run(NOTE_FED, [
    batch.batchId,
    rows.map(({ rowNumber }) => rowNumber),
    submitted.map((each) => (each.is === 'conflict' ? each.orderId : each.order.orderId)),
    isConflict,
  ])
  return { is: 'fed', fed: rows.length, conflicts: isConflict.filter(Boolean).length }
}

/** The row's order if its content is still what its hash says; null when it is not. */
function sealedSubmission(row: WaitingRow): Submission | null {
  const { partner, reference, kind, phoneNumber, content, contentHash, deadlineAt } = row
  const deadline = deadlineAt === null ? {} : { deadline: deadlineAt.toISOString() }
  try {
    const data = { ...content, ...deadline, partner, reference, phone_number: phoneNumber }
    const submission = parseSubmission(kind, data)
    return submission.contentHash === contentHash ? submission : null
  } catch (error) {
    if (error instanceof InvalidOrderError) return null
    throw error
  }
}
