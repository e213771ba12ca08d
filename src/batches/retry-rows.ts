import { and, asc, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import { parseSubmission, type Submission } from '../orders/submission.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { rows, statement } from '../postgres/statement.ts'
import { batchRetries } from './retries-schema.ts'
import { retryReference } from './retry-references.ts'
import { batches, batchRows } from './schema.ts'

/** Why a row is not retried. Equal to `retry_refusal()` in Postgres, and what the request itself leaves out. */
export const RETRY_REFUSALS = {
  succeeded: 'succeeded',
  in_doubt: 'in doubt: evidence must settle them first',
  held: 'held',
  open: 'under way',
  not_sent: 'without an order',
  taken: 'retried already',
  executed: 'failed, but something says that they were executed (`goldpro recon breaks list`)',
  erased: 'withdrawals: their KTP number and address were erased, so send them in a new file',
  other_reason: 'failed for other reasons than the chosen ones',
  deadline_passed: 'with a deadline that has passed: give them a new one',
} as const
export type RetryRefusal = keyof typeof RETRY_REFUSALS

const root = alias(orders, 'root')

const selectRows = statement('read_rows_to_retry', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({
      rowNumber: batchRows.rowNumber,
      lineNumber: batchRows.lineNumber,
      partner: batchRows.partner,
      kind: batchRows.kind,
      phoneNumber: batchRows.phoneNumber,
      content: batchRows.content,
      deadlineAt: batchRows.deadlineAt,
      isOverdue: sql<boolean>`coalesce(${batchRows.deadlineAt} <= clock_timestamp(), false)`,
      orderId: batchRows.orderId,
      state: orders.state,
      reason: orders.reason,
      rootOrderId: root.id,
      rootReference: root.reference,
      retries: sql<number>`(select count(*)::int from ${batchRetries} where ${batchRetries.rootOrderId} = ${root.id})`,
      refusal: sql<RetryRefusal | null>`retry_refusal(${batchRows.orderId})`,
    })
    .from(batchRows)
    .leftJoin(orders, eq(orders.id, batchRows.orderId))
    .leftJoin(root, sql`${root.id} = root_of_order(${batchRows.orderId})`)
    .where(eq(batchRows.batchId, batchId))
    .orderBy(asc(batchRows.rowNumber)),
)
type StoredRow = Awaited<ReturnType<typeof selectRows>>[number]

/** Which failed rows are retried, and until when. */
export interface RetryChoice {
  /** Final states or reason codes of orders; null: all that executed nothing. */
  readonly reasons: readonly string[] | null
  /** The deadline of every retry; null: each row's own. */
  readonly deadline: Date | null
}

/** A row that may be retried. */
export interface RetryRow {
  readonly rowNumber: number
  readonly lineNumber: number
  readonly orderId: string
  readonly rootOrderId: string
  readonly retryNumber: number
  readonly submission: Submission
}

/** The rows of a batch that may be retried, and how many may not, by why. */
export interface RowsToRetry {
  readonly rows: readonly RetryRow[]
  readonly left: Readonly<Partial<Record<RetryRefusal, number>>>
}

/** Reads which rows of a locked batch may be retried. Holds them in memory. */
export async function readRowsToRetry(
  runner: StatementRunner,
  batchId: number,
  choice: RetryChoice,
): Promise<RowsToRetry> {
  const left: Partial<Record<RetryRefusal, number>> = {}
  const roots = new Set<string>()
  const chosen: ChosenRow[] = []
  for (const row of await selectRows(runner, { batchId })) {
    const refusal = refusalOf(row, choice, roots)
    if (refusal !== null) left[refusal] = (left[refusal] ?? 0) + 1
    else chosen.push(chosenRow(row))
  }
  return { rows: await withReferences(runner, chosen, choice.deadline), left }
}

function refusalOf(
  row: StoredRow,
  { reasons, deadline }: RetryChoice,
  roots: Set<string>,
): RetryRefusal | null {
  if (row.refusal !== null) return row.refusal
  const isChosen = reasons === null || reasons.includes(row.state ?? '') || reasons.includes(row.reason ?? '')
  if (!isChosen) return 'other_reason'
  if (row.isOverdue && deadline === null) return 'deadline_passed'
  // A file may name an order and its retry.
  if (roots.has(row.rootOrderId ?? '')) return 'taken'
  roots.add(row.rootOrderId ?? '')
  return null
}

type ChosenRow = StoredRow & {
  readonly orderId: string
  readonly rootOrderId: string
  readonly rootReference: string
}

function chosenRow({ orderId, rootOrderId, rootReference, ...row }: StoredRow): ChosenRow {
  if (orderId === null || rootOrderId === null || rootReference === null)
    throw new Error('a row without an order is not retried')
  return { ...row, orderId, rootOrderId, rootReference }
}

const selectTaken = statement(
  'find_taken_retry_references',
  { given: rows({ partner: orders.partner, reference: orders.reference }) },
  (db, { given }) =>
    db
      .select({ partner: orders.partner, reference: orders.reference })
      .from(given)
      .innerJoin(orders, and(eq(orders.partner, given.partner), eq(orders.reference, given.reference))),
)

/** More numbers than anybody uses by hand. */
const MOST_NUMBERS = 1_000

/** Gives each row a reference that is no order yet. */
async function withReferences(
  runner: StatementRunner,
  chosen: readonly ChosenRow[],
  deadline: Date | null,
): Promise<RetryRow[]> {
  const done: RetryRow[] = []
  let open = chosen.map((row) => ({ row, number: row.retries + 1 }))
  for (let round = 0; open.length > 0; round += 1) {
    if (round > MOST_NUMBERS) throw new Error('no free reference for a retry')
    const given = open.map(({ row, number }) => ({
      partner: row.partner,
      reference: retryReference(row.rootReference, number),
    }))
    const taken = new Set(
      (await selectTaken(runner, { given })).map(({ partner, reference }) => `${partner}\t${reference}`),
    )
    const next: typeof open = []
    for (const [position, { row, number }] of open.entries()) {
      const { partner, reference } = given[position] ?? { partner: '', reference: '' }
      if (taken.has(`${partner}\t${reference}`)) next.push({ row, number: number + 1 })
      else done.push(retryRow(row, reference, deadline))
    }
    open = next
  }
  return done.sort((one, other) => one.rowNumber - other.rowNumber)
}

function retryRow(row: ChosenRow, reference: string, given: Date | null): RetryRow {
  const { rowNumber, lineNumber, orderId, rootOrderId, retries, partner, kind, phoneNumber, content } = row
  const until = given ?? row.deadlineAt
  const deadline = until === null ? {} : { deadline: until.toISOString() }
  const data = { ...content, ...deadline, partner, reference, phone_number: phoneNumber }
  const submission = parseSubmission(kind, data)
  return { rowNumber, lineNumber, orderId, rootOrderId, retryNumber: retries + 1, submission }
}
