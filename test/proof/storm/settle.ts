import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { type RunCounts, reconcile } from '../../../src/reconciliation/run.ts'
import { DEFAULT_RECON_SETTINGS } from '../../../src/reconciliation/settings.ts'
import { laySandboxStatement } from '../../support/factories/sandbox-statement.ts'
import { inSession, sql } from '../../support/servers/sessions.ts'
import type { Problem } from './checks.ts'

const HOUR_MS = 3_600_000

export interface Settled {
  /** Orders in doubt before the statement. */
  readonly left: number
  readonly counts: RunCounts
  readonly problems: readonly Problem[]
}

/** Imports the sandbox's statement about the whole storm, that two people declare complete, and reconciles it. */
export async function settleByStatement(
  databaseUrl: string,
  sandbox: Sandbox,
  startedAt: number,
): Promise<Settled> {
  const left = await countDoubts(databaseUrl)
  const period = { from: new Date(startedAt - HOUR_MS), to: new Date() }
  await laySandboxStatement(databaseUrl, sandbox, period)
  const run = async () =>
    await inSession(databaseUrl, (session) =>
      reconcile(session, {
        period: { ...period, to: new Date(period.to.getTime() + HOUR_MS) },
        settings: { ...DEFAULT_RECON_SETTINGS, lagMs: 0 },
        actor: 'person:storm',
        scheduledFor: null,
      }),
    )
  const { counts } = await run()
  const again = (await run()).counts
  const stays = await countDoubts(databaseUrl)
  const facts: Readonly<Record<string, boolean>> = {
    [`${stays} of ${left} doubts stay: ${JSON.stringify(counts.stayInDoubt)}`]: stays > 0,
    [`${counts.settled.succeeded + counts.settled.rejected} of ${left} doubts were settled`]:
      counts.settled.succeeded + counts.settled.rejected !== left,
    [`${counts.unmatchedLines} lines of the statement belong to no order`]: counts.unmatchedLines > 0,
    [`${counts.openBreaks} breaks: ${JSON.stringify(counts.opened)}`]: counts.openBreaks > 0,
    'a second run settles more': again.settled.succeeded + again.settled.rejected > 0,
  }
  const problems = Object.entries(facts)
    .filter(([, holds]) => holds)
    .map(([what]) => ({ rule: 'doubt_was_settled' as const, what }))
  return { left, counts, problems }
}

async function countDoubts(databaseUrl: string): Promise<number> {
  const [row] = await sql<{ count: number }>(
    databaseUrl,
    `SELECT count(*)::int AS count FROM orders WHERE state = 'in_doubt'`,
  )
  return row?.count ?? 0
}
