import { nullable, statement } from '../../postgres/statement.ts'
import { consoleEvents } from '../schema.ts'

/** Appends to the audit of the console. */
export const appendEvent = statement(
  'append_console_event',
  {
    operator: consoleEvents.operator,
    event: consoleEvents.event,
    subject: nullable(consoleEvents.subject),
    address: nullable(consoleEvents.address),
  },
  (db, event) => db.insert(consoleEvents).values(event),
)
