import type { ActProof } from '../../operators/enums.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import type { ConsoleEvent } from '../enums.ts'
import { selectActs, selectEvents } from './audit-statements.ts'

/** Which rows; null does not narrow. */
export interface AuditFilter {
  readonly person: string | null
  /** Patterns of `like`: of the command, and of what it was about. */
  readonly action: string | null
  readonly subject: string | null
  /** What only the console records is found by its words in the reader's language. */
  readonly events: readonly ConsoleEvent[]
  readonly from: Date | null
  /** Exclusive. */
  readonly to: Date | null
}

/** The place of a row in the list, which begins with the newest. */
export interface AuditPlace {
  /** To the microsecond. */
  readonly at: string
  readonly key: string
}

/** One thing that a person did. */
export interface AuditRow {
  readonly place: AuditPlace
  readonly at: Date
  readonly who: string
  /** How it was known who acted; null at the console's door. */
  readonly proof: ActProof | null
  /** The command, or null for what only the console records. */
  readonly command: string | null
  readonly event: ConsoleEvent | null
  readonly subject: string | null
  readonly address: string | null
}

/** So many rows of each kind are looked at for one page, whatever the filter finds. */
export const MOST_SCANNED = 5_000

/** A page of the audit, and the place after which the next one begins; null: there is none. */
export interface AuditPage {
  readonly rows: readonly AuditRow[]
  readonly next: AuditPlace | null
  /** Whether the page is short because it looked at as many rows as it may. */
  readonly isCut: boolean
}

/** The first page begins after this place. */
const NEWEST: AuditPlace = { at: 'infinity', key: '0' }

/** What people did, the newest first: their commands, wherever given, and what only the console records. */
export async function readAudit(
  runner: StatementRunner,
  filter: AuditFilter,
  after: AuditPlace | null,
  limit: number,
): Promise<AuditPage> {
  const { person, action, subject, events, from, to } = filter
  const place = after ?? NEWEST
  const narrows = person !== null || action !== null || subject !== null
  const scanned = narrows ? Math.max(MOST_SCANNED, limit) : limit
  const values = {
    ...{ person, action, subject, events, scanned, placeAt: place.at, placeKey: place.key },
    from: from?.toISOString() ?? '-infinity',
    to: to?.toISOString() ?? 'infinity',
  }
  const acts = await selectActs(runner, values)
  const recorded = await selectEvents(runner, values)
  // Beyond the nearer end of what was looked at, the other kind's rows would come too early.
  const ends = [endOf(acts, scanned), endOf(recorded, scanned)].filter((end) => end !== null)
  const [end = null] = ends.sort(newestFirst)
  const found = [
    ...acts.map((act) => ({ ...act, event: null, about: null, address: null })),
    ...recorded.map((event) => ({ ...event, proof: null, command: null })),
  ]
    .filter((row) => row.isFound && (end === null || newestFirst(row, end) <= 0))
    .sort(newestFirst)
  return pageOf(found.map(rowOf), end, limit)
}

function pageOf(found: readonly AuditRow[], end: Placed | null, limit: number): AuditPage {
  const rows = found.slice(0, limit)
  if (found.length > limit || (found.length === limit && end !== null))
    return { rows, next: rows.at(-1)?.place ?? null, isCut: false }
  return { rows, next: end === null ? null : { at: end.micros, key: end.key }, isCut: end !== null }
}

interface Placed {
  readonly micros: string
  readonly key: string
}

const newestFirst = (a: Placed, b: Placed): number => {
  if (a.micros !== b.micros) return a.micros > b.micros ? -1 : 1
  return Number(BigInt(b.key) - BigInt(a.key))
}

/** The last row of one kind that was looked at, when there may be more. */
const endOf = (rows: readonly (Placed & { readonly n: number })[], scanned: number): Placed | null =>
  rows.find(({ n }) => n === scanned) ?? null

interface FoundRow extends Placed, Omit<AuditRow, 'place' | 'at' | 'subject'> {
  readonly about: string | null
}

const rowOf = ({ micros, key, who, proof, command, event, about, address }: FoundRow): AuditRow => ({
  place: { at: micros, key },
  at: new Date(micros),
  ...{ who, proof, command, event, address, subject: about },
})
