import { and, desc, type SQL, sql } from 'drizzle-orm'
import { operatorActs } from '../../operators/schema.ts'
import { microsOf, timeText } from '../../orders/queries/order-search.ts'
import { limitOf, list, nullable, statement, type } from '../../postgres/statement.ts'
import { consoleEvents } from '../schema.ts'

const SPEC = {
  from: timeText,
  to: timeText,
  placeAt: timeText,
  placeKey: type.text,
  person: nullable(type.text),
  action: nullable(type.text),
  subject: nullable(type.text),
  events: list(consoleEvents.event),
  scanned: type.integer,
}

/** Acts and events share no key: acts have the even ones, events the odd ones. */
const actKey = sql<string>`(${operatorActs.xid} * 2)`
const eventKey = sql<string>`(${consoleEvents.id} * 2 + 1)`

type Bounds = Readonly<Record<'from' | 'to' | 'placeAt' | 'placeKey', SQL>>

/** The times of the filter, after a place. The first condition is the one that an index on the time serves. */
const isWithin = (at: SQL, key: SQL, { from, to, placeAt, placeKey }: Bounds) =>
  sql`${at} <= ${placeAt} and ${at} >= ${from} and ${at} < ${to} and (${at} < ${placeAt} or ${key} < ${placeKey}::bigint)`

const isNoneOr = (value: SQL, condition: SQL) => sql`(${value} is null or ${condition})`

/** Acts after a place: those that the filter finds, and the last one that was looked at. */
export const selectActs = statement(
  'list_operator_acts',
  SPEC,
  (db, { person, action, subject, scanned, ...of }) => {
    const { at, name, proof, command } = operatorActs
    const newest = db
      .select({
        micros: microsOf(at).as('micros'),
        key: sql<string>`${actKey}::text`.as('key'),
        name,
        proof,
        command,
        n: sql<number>`(row_number() over (order by ${at} desc, ${operatorActs.xid} desc))::int`.as('n'),
      })
      .from(operatorActs)
      .where(isWithin(sql`${at}`, actKey, of))
      .orderBy(desc(at), desc(operatorActs.xid))
      .limit(limitOf(scanned))
      .as('newest')
    const isFound = and(
      isNoneOr(person, sql`person_key(${newest.name}) = ${person}`),
      isNoneOr(action, sql`coalesce(${newest.command}, '') ilike ${action}`),
      isNoneOr(subject, sql`coalesce(${newest.command}, '') ilike ${subject}`),
    )
    return db
      .select({
        micros: newest.micros,
        key: newest.key,
        who: newest.name,
        proof: newest.proof,
        command: newest.command,
        isFound: sql<boolean>`${isFound}`,
        n: newest.n,
      })
      .from(newest)
      .where(sql`(${isFound}) or ${newest.n} = ${scanned}`)
  },
)

/** The same of what only the console records. */
export const selectEvents = statement('list_console_events', SPEC, (db, values) => {
  const { person, action, subject, events, scanned, ...of } = values
  const { at, operator, event, address, id } = consoleEvents
  const newest = db
    .select({
      micros: microsOf(at).as('micros'),
      key: sql<string>`${eventKey}::text`.as('key'),
      operator,
      event,
      about: consoleEvents.subject,
      address,
      n: sql<number>`(row_number() over (order by ${at} desc, ${id} desc))::int`.as('n'),
    })
    .from(consoleEvents)
    .where(isWithin(sql`${at}`, eventKey, of))
    .orderBy(desc(at), desc(id))
    .limit(limitOf(scanned))
    .as('newest')
  const isFound = and(
    isNoneOr(person, sql`person_key(${newest.operator}) = ${person}`),
    isNoneOr(action, sql`${newest.event} = any(${events})`),
    isNoneOr(subject, sql`coalesce(${newest.about}, '') ilike ${subject}`),
  )
  return db
    .select({
      micros: newest.micros,
      key: newest.key,
      who: newest.operator,
      event: newest.event,
      about: newest.about,
      address: newest.address,
      isFound: sql<boolean>`${isFound}`,
      n: newest.n,
    })
    .from(newest)
    .where(sql`(${isFound}) or ${newest.n} = ${scanned}`)
})
