import { Readable } from 'node:stream'
import { withSession } from '../db/session.ts'
import { readReport } from '../reconciliation/report/read-report.ts'
import { type RunResult, reconcile } from '../reconciliation/run.ts'
import type { Period } from '../reconciliation/scope.ts'
import { DEFAULT_RECON_SETTINGS } from '../reconciliation/settings.ts'
import { importStatement } from '../reconciliation/statements/import.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { tellImport } from './recon-import.ts'
import { asTables } from './recon-report.ts'
import { tellRun } from './recon-run.ts'

/** Longer than the clocks of workers and gateway may be apart: the statement covers the first order's whole send. */
const BEFORE_FIRST_ORDER_MS = 600_000

/**
 * Ends the demo as every day ends: imports the sandbox's statement, settles doubts by it, and prints the report.
 * @param since when the first order was placed
 */
export async function reconcileDemo(databaseUrl: string, sandbox: Sandbox, since: Date): Promise<RunResult> {
  return await withSession(databaseUrl, async (session) => {
    // Every order has settled, so the ledger is complete up to this moment.
    const now = new Date()
    const period: Period = { from: new Date(since.getTime() - BEFORE_FIRST_ORDER_MS), to: now }
    const imported = await importStatement(session, Readable.from([Buffer.from(sandbox.statementCsv())]), {
      ...{
        fileName: 'the sandbox’s statement',
        source: 'sandbox',
        period,
        complete: true,
        mapping: 'sandbox',
      },
      ...{ badLines: 'refuse', replace: false, dryRun: false, by: 'demo', nowMs: now.getTime() },
    })
    const result = await reconcile(session, {
      period,
      // The sandbox executes at once or never.
      settings: { ...DEFAULT_RECON_SETTINGS, lagMs: 0 },
      actor: 'person:demo',
      scheduledFor: null,
    })
    const told = [
      ...tellImport(imported),
      '',
      ...tellRun(result, false),
      '',
      asTables(await readReport(session, null)),
    ]
    console.log(told.join('\n'))
    return result
  })
}
