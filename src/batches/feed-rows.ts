import type { OrderKind } from '../orders/command.ts'
import { submitApprovedOrders } from '../orders/store/submissions.ts'
import {
  InvalidOrderError,
  type OrderContent,
  parseSubmission,
  type Submission,
} from '../orders/submission.ts'
import { submitApproved } from '../orders/submit.ts'
import { admitSubmissions, countUse, readOwner, type Verdict } from '../partners/admission.ts'
import type { Breach } from '../partners/limits.ts'
import type { Session } from '../postgres/session.ts'
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

/**
 * What feeding some rows did. Else none was fed: `changed`, they are not what was approved; `forbidden`, a row breaks a
 * limit that its owner got after it had sent the batch; `suspended`, the owner is.
 */
export type Fed =
  | { readonly is: 'fed'; readonly fed: number; readonly conflicts: number }
  | { readonly is: 'changed'; readonly rowNumber: number }
  | { readonly is: 'forbidden'; readonly rowNumber: number; readonly limit: Breach }
  | { readonly is: 'suspended' }

const NOTHING: Fed = { is: 'fed', fed: 0, conflicts: 0 }

/**
 * Makes the next waiting rows orders, in the batch's transaction: the order and the row that has it are there
 * together or not at all. A reference that is an order already is that order, or a conflict when its content differs.
 * Of a partner's batch only the rows that its limits let in now; the others wait for the next minute or day.
 */
export async function feedRows(
  session: Session,
  batch: StoredBatch,
  count: number,
  newId: () => string,
): Promise<Fed> {
  const waiting = await session.run<WaitingRow>(WAITING_ROWS, [batch.batchId, count])
  const rows: SealedRow[] = []
  for (const row of waiting) {
    const submission = sealedSubmission(row)
    if (submission === null) return { is: 'changed', rowNumber: row.rowNumber }
    rows.push({ rowNumber: row.rowNumber, submission })
  }
  if (batch.owner === null || rows.length === 0) return (await storeRows(session, batch, rows, newId)).fed
  const owner = await readOwner(session, batch.owner)
  if (owner === 'suspended') return { is: 'suspended' }
  const verdicts = await admitSubmissions(
    session,
    owner,
    rows.map(({ submission }) => submission),
  )
  const forbidden = forbiddenRow(rows, verdicts)
  if (forbidden !== null) return forbidden
  const heldBack = verdicts.findIndex(({ is }) => is !== 'admitted')
  const admitted = heldBack === -1 ? rows : rows.slice(0, heldBack)
  const { fed, stored } = await storeRows(session, batch, admitted, newId)
  await countUse(session, owner, stored)
  return fed
}

/** The first row that breaks a limit which no waiting mends; null when there is none. */
function forbiddenRow(rows: readonly SealedRow[], verdicts: readonly Verdict[]): Fed | null {
  for (const [position, verdict] of verdicts.entries())
    if (verdict.is === 'refused' && verdict.isPermanent)
      return { is: 'forbidden', rowNumber: rows[position]?.rowNumber ?? 0, limit: verdict.breach }
  return null
}

interface SealedRow {
  readonly rowNumber: number
  readonly submission: Submission
}

/** Stores rows as orders. @returns beside what was fed, the orders that were not there before */
async function storeRows(
  session: Session,
  batch: StoredBatch,
  rows: readonly SealedRow[],
  newId: () => string,
): Promise<{ fed: Fed; stored: readonly Submission[] }> {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return { fed: NOTHING, stored: [] }
  const pages = [pageOf(first.rowNumber), pageOf(last.rowNumber)] as const
  if (!(await isSealed(session, batch.batchId, batch, pages)))
    return { fed: { is: 'changed', rowNumber: first.rowNumber }, stored: [] }
  const store = {
    submitApproved: (orders: Parameters<typeof submitApprovedOrders>[1], actor: string) =>
      submitApprovedOrders(session, orders, actor),
  }
  const submissions = rows.map(({ submission }) => submission)
  const actor = `batch:${batch.batchId}`
  const submitted = await submitApproved(submissions, { store, newId, actor })
  const isConflict = submitted.map(({ is }) => is === 'conflict')
  const orderIds = submitted.map((each) => (each.is === 'conflict' ? each.orderId : each.order.orderId))
  const rowNumbers = rows.map(({ rowNumber }) => rowNumber)
  await session.run(NOTE_FED, [batch.batchId, rowNumbers, orderIds, isConflict])
  return {
    fed: { is: 'fed', fed: rows.length, conflicts: isConflict.filter(Boolean).length },
    stored: submissions.filter((_submission, position) => {
      const each = submitted[position]
      return each?.is === 'stored' && each.isNew
    }),
  }
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
