import { and, asc, eq, isNull, or, sql } from 'drizzle-orm'
import type { Session } from '../../postgres/session.ts'
import { list, statement } from '../../postgres/statement.ts'
import { statementMatches } from '../runs-schema.ts'
import { statements } from './schema.ts'
import { AlreadyImported, StatementRefused } from './statement-refused.ts'
import type { NewStatement } from './store.ts'

/** A current statement that a new one may be meant to replace. */
interface Earlier {
  readonly statementId: number
  readonly fileName: string
  readonly isSameFile: boolean
}

// Another file for exactly the same period is a correction. A period that merely overlaps is a month beside its days.
const selectEarlier = statement(
  'find_earlier_statements',
  {
    source: statements.source,
    contentHash: statements.contentHash,
    from: statements.periodFrom,
    to: statements.periodTo,
  },
  (db, { source, contentHash, from, to }) =>
    db
      .select({
        statementId: statements.id,
        fileName: statements.fileName,
        isSameFile: sql<boolean>`${statements.contentHash} = ${contentHash}`,
      })
      .from(statements)
      .where(
        and(
          eq(statements.source, source),
          isNull(statements.replacedAt),
          or(
            eq(statements.contentHash, contentHash),
            and(eq(statements.periodFrom, from), eq(statements.periodTo, to)),
          ),
        ),
      )
      .orderBy(asc(statements.id)),
)

/** The source's current statements with the same content or exactly the same period. */
async function findEarlier(
  session: Session,
  { source, contentHash, period }: Pick<NewStatement, 'source' | 'contentHash' | 'period'>,
): Promise<Earlier[]> {
  return await selectEarlier(session, { source, contentHash, from: period.from, to: period.to })
}

const updateReplaced = statement(
  'replace_statements',
  { replaced: list(statements.id), replacedBy: statements.id },
  (db, { replaced, replacedBy }) =>
    db
      .update(statements)
      .set({ replacedAt: sql`now()`, replacedBy })
      .where(sql`${statements.id} = any (${replaced})`),
)

const endMatches = statement(
  'end_matches_of_replaced_statements',
  { replaced: list(statements.id) },
  (db, { replaced }) =>
    db
      .update(statementMatches)
      .set({ current: false })
      .where(and(sql`${statementMatches.statementId} = any (${replaced})`, statementMatches.current)),
)

/** Replaces earlier statements by a new one. They are kept, and no line of theirs is matched any more. */
async function replaceStatements(
  session: Session,
  replaced: readonly number[],
  replacedBy: number,
): Promise<void> {
  await updateReplaced(session, { replaced, replacedBy })
  await endMatches(session, { replaced })
}

/**
 * Replaces the statements that a new one is a correction of.
 * @returns their ids
 * @throws StatementRefused when the same file is imported already, or when there is nothing to replace
 */
export async function replaceOrRefuse(
  session: Session,
  statement: NewStatement,
  replace: boolean,
): Promise<number[]> {
  const earlier = await findEarlier(session, statement)
  const sameFile = earlier.find(({ isSameFile }) => isSameFile)
  if (!replace && sameFile !== undefined)
    throw new AlreadyImported(
      `this file is imported already: it is statement ${sameFile.statementId} (${sameFile.fileName}); --replace imports it again and keeps the old version`,
    )
  if (!replace) return []
  if (earlier.length === 0)
    throw new StatementRefused(
      'there is nothing to replace: no statement of this source has this content or exactly this period',
    )
  const replaced = earlier.map(({ statementId }) => statementId)
  await replaceStatements(session, replaced, statement.statementId)
  return replaced
}
