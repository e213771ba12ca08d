import { and, asc, eq, isNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { zoneOffsets } from '../../core/time-zone.ts'
import { attempts } from '../../orders/schema.ts'
import type { Session } from '../../postgres/session.ts'
import { statement } from '../../postgres/statement.ts'
import { CLOCK_SLACK_MS, DEFAULT_RECON_SETTINGS } from '../settings.ts'
import type { StoredMapping } from './mappings.ts'
import { statementLines, statements } from './schema.ts'
import { StatementRefused } from './statement-refused.ts'

/** A wrong time zone shifts every line by the same time. Zones differ by multiples of a quarter of an hour. */
const QUARTER_MS = 900_000
const MINUTE_MS = 60_000

/** The time of a line whose order is known, and the times of that order here. Milliseconds. */
export interface KnownTime {
  readonly line: number
  readonly sent: number
  readonly replied: number
}

/**
 * By how many minutes all times are shifted; null when they are not, or when a single line may be merely late.
 */
export function shiftOf(times: readonly KnownTime[]): number | null {
  const shifts = new Set(times.map(shiftOfOne))
  const [shift] = shifts
  if (shifts.size !== 1 || shift === undefined || shift === null || shift === 0) return null
  const mayBeLate = shift > 0 && shift * MINUTE_MS <= DEFAULT_RECON_SETTINGS.lagMs + CLOCK_SLACK_MS
  return times.length === 1 && mayBeLate ? null : shift
}

/** The shift of one line against its order, in minutes; null when no shift of a zone makes it fit. */
function shiftOfOne({ line, sent, replied }: KnownTime): number | null {
  const fits = (ms: number) => ms >= sent - CLOCK_SLACK_MS && ms <= replied + CLOCK_SLACK_MS
  if (fits(line)) return 0
  const shift = Math.round((line - replied) / QUARTER_MS) * QUARTER_MS
  return fits(line - shift) ? shift / MINUTE_MS : null
}

const KNOWN_LINES = 1_000

const milliseconds = (time: SQLWrapper) => sql<number>`(extract(epoch from ${time}) * 1000)::float8`

// The first lines are enough: a wrong zone shifts all of them. Lines without a time of day prove nothing.
// The OFFSET keeps Postgres from joining a thousand lines with all attempts: each line's attempt is found by its key.
const selectKnownTimes = statement(
  'read_known_times',
  { statementId: statements.id },
  (db, { statementId }) => {
    const first = db.$with('first_lines').as(
      db
        .select()
        .from(statementLines)
        .where(and(eq(statementLines.statementId, statementId), isNull(statementLines.executedTo)))
        .orderBy(asc(statementLines.lineNumber))
        .limit(KNOWN_LINES),
    )
    const known = (name: string, by: SQL | undefined) => {
      const own = db
        .select({ intentAt: attempts.intentAt, endedAt: attempts.endedAt })
        .from(attempts)
        .where(and(by, sql`${attempts.outcome} = 'succeeded'`))
        .offset(0)
        .as(name)
      const { lineNumber, executedAt } = first
      return db
        .select({ lineNumber, executedAt, intentAt: own.intentAt, endedAt: own.endedAt })
        .from(first)
        .innerJoinLateral(own, sql`true`)
    }
    const bySession = known('by_session', eq(attempts.sessionId, first.sessionId))
    const byResponse = known(
      'by_response',
      and(
        eq(attempts.responseId, first.responseId),
        eq(attempts.kind, first.kind),
        sql`(${attempts.phoneNumber} = ${first.phoneNumber} or may_be_wallet(${attempts.phoneNumber}, ${first.phoneNumber}))`,
      ),
    )
    const times = bySession.union(byResponse).as('known_times')
    return db
      .with(first)
      .select({
        line: milliseconds(times.executedAt),
        sent: milliseconds(times.intentAt),
        replied: milliseconds(times.endedAt),
      })
      .from(times)
  },
)

/**
 * Refuses a statement whose known lines are all shifted by the same time.
 * @throws StatementRefused with the zone that the lines seem to have
 */
export async function refuseShifted(
  session: Session,
  statementId: number,
  { name, mapping }: Pick<StoredMapping, 'name' | 'mapping'>,
): Promise<void> {
  const times = await selectKnownTimes(session, { statementId })
  const shift = shiftOf(times)
  if (shift === null) return
  const { time_zone: zone } = mapping
  const offset = zoneOffsets(zone)(times[0]?.replied ?? 0) / MINUTE_MS + shift
  throw new StatementRefused(
    `all ${times.length} lines of orders that are known here are ${formatHours(Math.abs(shift))} ${shift < 0 ? 'earlier' : 'later'} than their orders: ` +
      `the times seem to be of ${zoneNamed(offset)}, and mapping ${name} reads them as ${zone}; change its time_zone, or ask the sender where the times have an offset of their own`,
  )
}

function formatHours(minutes: number): string {
  const hours = minutes / 60
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}`
}

const ZONES: Readonly<Record<number, string>> = {
  0: 'UTC',
  420: 'Asia/Jakarta',
  480: 'Asia/Makassar',
  540: 'Asia/Jayapura',
}

function zoneNamed(minutes: number): string {
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return ZONES[minutes] ?? `UTC${minutes < 0 ? '-' : '+'}${two(hour)}:${two(minute)}`
}
