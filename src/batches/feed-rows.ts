import { and, asc, eq, sql } from 'drizzle-orm'
import { hasSameContent } from '../orders/same-content.ts'
import { orders } from '../orders/schema.ts'
import { submitApprovedOrders } from '../orders/store/submissions.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../orders/submission.ts'
import { submitApproved } from '../orders/submit.ts'
import { admitSubmissions, countUse, readOwner, type Verdict } from '../partners/admission.ts'
import type { Breach } from '../partners/limits.ts'
import type { Session } from '../postgres/session.ts'
import { nullable, rows, statement, type } from '../postgres/statement.ts'
import type { RowState } from './lifecycle.ts'
import { retriesExecutedOrder } from './retry-checks.ts'
import { batches, batchRows } from './schema.ts'
import { isSealed, pageOf } from './seal.ts'
import type { StoredBatch } from './store.ts'

const selectWaiting = statement(
  'waiting_batch_rows',
  { batchId: batches.id, limit: type.integer },
  (db, { batchId }) =>
    db
      .select({
        rowNumber: batchRows.rowNumber,
        partner: batchRows.partner,
        reference: batchRows.reference,
        kind: batchRows.kind,
        phoneNumber: batchRows.phoneNumber,
        content: batchRows.content,
        contentHash: batchRows.contentHash,
        deadlineAt: batchRows.deadlineAt,
      })
      .from(batchRows)
      .where(and(eq(batchRows.batchId, batchId), sql`${batchRows.state} = 'waiting'`))
      .orderBy(asc(batchRows.rowNumber))
      .limit(sql.placeholder('limit')),
)
type WaitingRow = Awaited<ReturnType<typeof selectWaiting>>[number]

const updateFed = statement(
  'note_fed_batch_rows',
  {
    batchId: batches.id,
    fed: rows({ rowNumber: batchRows.rowNumber, state: batchRows.state, orderId: nullable(orders.id) }),
  },
  (db, { batchId, fed }) =>
    db
      .update(batchRows)
      .set({
        state: sql`${fed.state}`,
        orderId: sql`case ${fed.state} when 'stored' then ${fed.orderId} end`,
        conflictsWith: sql`case ${fed.state} when 'conflict' then ${fed.orderId} end`,
      })
      .from(fed)
      .where(
        and(
          eq(batchRows.batchId, batchId),
          eq(batchRows.rowNumber, fed.rowNumber),
          sql`${batchRows.state} = 'waiting'`,
        ),
      ),
)

/**
 * The result of feeding some rows. No row is fed when one is `changed`, which is not what was approved; when one is
 * `forbidden` by a limit that the owner got after it had sent the batch; when the owner is `suspended`; or when a retried
 * order was `executed`.
 */
export type FeedResult =
  /** `failed`: rows that ended as a conflict, or were refused for their wallet. */
  | { readonly is: 'fed'; readonly fed: number; readonly failed: number }
  | { readonly is: 'changed'; readonly rowNumber: number }
  | { readonly is: 'forbidden'; readonly rowNumber: number; readonly limit: Breach }
  | { readonly is: 'suspended' }
  | { readonly is: 'executed' }

const NOTHING: FeedResult = { is: 'fed', fed: 0, failed: 0 }

/**
 * Turns the next waiting rows into orders, in the batch's transaction: an order and its row are written together or not
 * at all. When the reference is an order already, the row gets that order, or ends as a conflict if the content differs.
 * A row whose wallet is not its partner's ends as refused.
 * Of a partner's batch only the rows that its limits admit now are fed; the others wait for the next minute or day.
 */
export async function feedRows(
  session: Session,
  batch: StoredBatch,
  count: number,
  newId: () => string,
): Promise<FeedResult> {
  const waiting = await selectWaiting(session, { batchId: batch.batchId, limit: count })
  if (waiting.length > 0 && (await retriesExecutedOrder(session, batch))) return { is: 'executed' }
  const sealed: SealedRow[] = []
  for (const row of waiting) {
    const submission = sealedSubmission(row)
    if (submission === null) return { is: 'changed', rowNumber: row.rowNumber }
    sealed.push({ rowNumber: row.rowNumber, submission })
  }
  if (batch.owner === null || sealed.length === 0) return (await storeRows(session, batch, sealed, newId)).fed
  const owner = await readOwner(session, batch.owner)
  if (owner === 'suspended') return { is: 'suspended' }
  const verdicts = await admitSubmissions(
    session,
    owner,
    sealed.map(({ submission }) => submission),
  )
  const forbidden = firstForbidden(sealed, verdicts)
  if (forbidden !== null) return forbidden
  // In the order of the file: no row overtakes one that must wait.
  const firstWaiting = verdicts.findIndex(({ is }) => is !== 'admitted')
  const admitted = firstWaiting === -1 ? sealed : sealed.slice(0, firstWaiting)
  const { fed, stored } = await storeRows(session, batch, admitted, newId)
  await countUse(session, owner, stored)
  return fed
}

/** The first row that its owner's limits forbid permanently; null when there is none. */
function firstForbidden(sealed: readonly SealedRow[], verdicts: readonly Verdict[]): FeedResult | null {
  for (const [position, verdict] of verdicts.entries())
    if (verdict.is === 'refused' && verdict.isPermanent)
      return { is: 'forbidden', rowNumber: sealed[position]?.rowNumber ?? 0, limit: verdict.breach }
  return null
}

interface SealedRow {
  readonly rowNumber: number
  readonly submission: Submission
}

/** Stores rows as orders. @returns what was fed, and the submissions that became new orders */
async function storeRows(
  session: Session,
  batch: StoredBatch,
  sealed: readonly SealedRow[],
  newId: () => string,
): Promise<{ fed: FeedResult; stored: readonly Submission[] }> {
  const [first, last] = [sealed[0], sealed.at(-1)]
  if (first === undefined || last === undefined) return { fed: NOTHING, stored: [] }
  const pages = [pageOf(first.rowNumber), pageOf(last.rowNumber)] as const
  if (!(await isSealed(session, batch.batchId, batch, pages)))
    return { fed: { is: 'changed', rowNumber: first.rowNumber }, stored: [] }
  const store = {
    submitApproved: (newOrders: Parameters<typeof submitApprovedOrders>[1], actor: string) =>
      submitApprovedOrders(session, newOrders, actor),
  }
  const submissions = sealed.map(({ submission }) => submission)
  const actor = `batch:${batch.batchId}`
  const submitted = await submitApproved(submissions, { store, newId, actor })
  const fed = submitted.map((each, position) => ({
    rowNumber: sealed[position]?.rowNumber ?? 0,
    ...rowEndOf(each),
  }))
  await updateFed(session, { batchId: batch.batchId, fed })
  const failed = fed.filter(({ state }) => state !== 'stored').length
  return {
    fed: { is: 'fed', fed: fed.length, failed },
    stored: submissions.filter((_submission, position) => {
      const each = submitted[position]
      return each?.is === 'stored' && each.isNew
    }),
  }
}

type RowEnd = { readonly state: RowState; readonly orderId: string | null }

function rowEndOf(each: Awaited<ReturnType<typeof submitApproved>>[number]): RowEnd {
  switch (each.is) {
    case 'stored':
      return { state: 'stored', orderId: each.order.orderId }
    case 'conflict':
      return { state: 'conflict', orderId: each.orderId }
    case 'wallet_refused':
      return { state: 'refused', orderId: null }
  }
}

/** The row's order if its content is still what its hash says; null when it is not. */
function sealedSubmission(row: WaitingRow): Submission | null {
  const { partner, reference, kind, phoneNumber, content, contentHash, deadlineAt } = row
  const deadline = deadlineAt === null ? {} : { deadline: deadlineAt.toISOString() }
  try {
    const data = { ...content, ...deadline, partner, reference, phone_number: phoneNumber }
    const submission = parseSubmission(kind, data)
    return hasSameContent({ contentHash }, submission) ? submission : null
  } catch (error) {
    if (error instanceof InvalidOrderError) return null
    throw error
  }
}
