import { desc, lt, sql } from 'drizzle-orm'
import type { ActProof } from '../../operators/enums.ts'
import { operatorActs } from '../../operators/schema.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import { consoleEvents } from '../schema.ts'

/** One thing that a person did. */
export interface AuditRow {
  readonly at: Date
  readonly who: string
  /** How it was known who acted; null at the console's door. */
  readonly proof: ActProof | null
  readonly what: string
  readonly subject: string | null
  readonly address: string | null
}

const selectActs = statement(
  'list_operator_acts',
  { before: type.time, limit: type.integer },
  (db, { before }) =>
    db
      .select({
        at: operatorActs.at,
        who: operatorActs.name,
        proof: operatorActs.proof,
        command: operatorActs.command,
      })
      .from(operatorActs)
      .where(lt(operatorActs.at, before))
      .orderBy(desc(operatorActs.at))
      .limit(sql.placeholder('limit')),
)

const selectEvents = statement(
  'list_console_events',
  { before: type.time, limit: type.integer },
  (db, { before }) =>
    db
      .select({
        at: consoleEvents.at,
        who: consoleEvents.operator,
        what: consoleEvents.event,
        subject: consoleEvents.subject,
        address: consoleEvents.address,
      })
      .from(consoleEvents)
      .where(lt(consoleEvents.at, before))
      .orderBy(desc(consoleEvents.at))
      .limit(sql.placeholder('limit')),
)

/** What people did before a moment, the newest first: their commands, wherever given, and what only the console records. */
export async function listAudit(runner: StatementRunner, before: Date, limit: number): Promise<AuditRow[]> {
  const acts = (await selectActs(runner, { before, limit })).map(({ command, ...act }) => ({
    ...act,
    what: command ?? '',
    subject: null,
    address: null,
  }))
  const events = (await selectEvents(runner, { before, limit })).map((event) => ({ ...event, proof: null }))
  return [...acts, ...events].sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, limit)
}
