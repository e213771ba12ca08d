import type { Session } from '../../postgres/session.ts'
import type { RunCounts } from '../run.ts'
import type { Changes, RunChanges, Work } from './report.ts'
import { shownName } from './shown-name.ts'

// The third last run is read for its end only: there the work before the second last begins.
const READ_RUNS = {
  name: 'read_last_runs',
  text: `
    SELECT id::text AS "runId", finished_at AS "finishedAt", period_from AS "from", period_to AS "to", actor, counts,
      lag(finished_at) OVER (ORDER BY finished_at, id) AS "since"
    FROM (
      SELECT * FROM recon_runs WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, id DESC LIMIT 3
    ) last
    ORDER BY finished_at DESC, id DESC LIMIT 2`,
}

interface RunRow {
  readonly runId: string
  readonly finishedAt: Date
  readonly from: Date
  readonly to: Date
  readonly actor: string
  readonly counts: RunCounts
  readonly since: Date | null
}

const READ_WORK = {
  name: 'read_work',
  text: `
    SELECT
      (SELECT count(*)::int FROM break_events
        WHERE reason = 'written_off' AND at > coalesce($1::timestamptz, '-infinity') AND at <= coalesce($2::timestamptz, 'infinity')) AS "writtenOff",
      (SELECT jsonb_build_object('succeeded', count(*) FILTER (WHERE state = 'succeeded'),
          'rejected', count(*) FILTER (WHERE state = 'rejected'))
        FROM orders WHERE reason IN ('late_reply', 'resolved_by_person')
          AND settled_at > coalesce($1::timestamptz, '-infinity') AND settled_at <= coalesce($2::timestamptz, 'infinity')) AS "settledOtherwise"`,
}

/** What was done between two moments; null is before, or after, everything. */
async function readWork(session: Session, since: Date | null, until: Date | null): Promise<Work> {
  const [work] = await session.run<Work>(READ_WORK, [since, until])
  if (work === undefined) throw new Error('work without a row')
  return work
}

/** Reads the last finished run beside the one before it, and what was done since. */
export async function readChanges(session: Session): Promise<Changes> {
  const [last, before] = await session.run<RunRow>(READ_RUNS)
  const changesOf = async (row: RunRow | undefined): Promise<RunChanges | null> => {
    if (row === undefined) return null
    const { runId, finishedAt, from, to, actor, counts, since } = row
    const work = await readWork(session, since, finishedAt)
    return { runId, finishedAt, period: { from, to }, actor: shownName(actor), counts, ...work }
  }
  return {
    last: await changesOf(last),
    before: await changesOf(before),
    sinceLast: last === undefined ? null : await readWork(session, last.finishedAt, null),
  }
}
