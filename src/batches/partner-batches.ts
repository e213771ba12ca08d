import { and, desc, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { BatchState } from './lifecycle.ts'
import { type BatchSummary, SUMMARY } from './queries.ts'
import { opsBatches } from './views-schema.ts'

const selectOfPartner = statement(
  'find_own_batch',
  { partner: type.text, batchId: type.integer },
  (db, { partner, batchId }) =>
    db
      .select(SUMMARY)
      .from(opsBatches)
      .where(and(eq(opsBatches.owner, partner), eq(opsBatches.batchId, batchId))),
)

/** A batch of this partner; null when it has none of this number, also when another partner has. */
export async function findPartnerBatch(
  runner: StatementRunner,
  partner: string,
  batchId: number,
): Promise<BatchSummary | null> {
  const [batch] = await selectOfPartner(runner, { partner, batchId })
  return batch ?? null
}

const selectPageOfPartner = statement(
  'list_own_batches',
  {
    partner: type.text,
    before: nullable(type.integer),
    state: nullable(opsBatches.state),
    retryOf: nullable(type.integer),
    limit: type.integer,
  },
  (db, { partner, before, state, retryOf }) =>
    db
      .select(SUMMARY)
      .from(opsBatches)
      .where(
        and(
          eq(opsBatches.owner, partner),
          sql`(${before} is null or ${opsBatches.batchId} < ${before})`,
          sql`(${state} is null or ${opsBatches.state} = ${state})`,
          sql`(${retryOf} is null or ${opsBatches.retryOf} = ${retryOf})`,
        ),
      )
      .orderBy(desc(opsBatches.batchId))
      .limit(sql.placeholder('limit')),
)

/** A page of this partner's batches, the newest first. */
export async function listPartnerBatches(
  runner: StatementRunner,
  filter: {
    readonly partner: string
    readonly state: BatchState | null
    /** Only batches that retry rows of this one. */
    readonly retryOf: number | null
    /** Only batches with a smaller number. */
    readonly before: number | null
    readonly limit: number
  },
): Promise<BatchSummary[]> {
  return await selectPageOfPartner(runner, filter)
}
