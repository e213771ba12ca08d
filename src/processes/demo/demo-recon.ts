import { Readable } from 'node:stream'
import type { Period } from '../../core/business-days.ts'
import type { Sandbox } from '../../dev/sandbox/sandbox.ts'
import { type Session, withSession } from '../../postgres/session.ts'
import { printImport } from '../../reconciliation/cli/recon-import.ts'
import { asTables } from '../../reconciliation/cli/recon-report.ts'
import { printRun } from '../../reconciliation/cli/recon-run.ts'
import { approveDeclaration, proposeDeclaration } from '../../reconciliation/declarations.ts'
import { readReport } from '../../reconciliation/report/read-report.ts'
import { type RunResult, reconcile } from '../../reconciliation/run.ts'
import { DEFAULT_RECON_SETTINGS } from '../../reconciliation/settings.ts'
import { type ImportResult, importStatement } from '../../reconciliation/statements/import.ts'

/** Longer than the clocks of workers and gateway may be apart: the statement covers the first order's whole send. */
const BEFORE_FIRST_ORDER_MS = 600_000

/** Absence counts only once two people have looked: the demo plays both. */
async function declareByTwoPeople(session: Session, imported: ImportResult): Promise<string[]> {
  if (imported.is === 'refused') return []
  const ani = { by: 'ani', note: 'the sandbox executes at once or never' }
  const budi = { by: 'budi', note: 'looked at it, too' }
  const { statementId } = imported
  const answers = [
    await approveDeclaration(session, { is: 'statement', statementId }, budi, false),
    await proposeDeclaration(session, { is: 'lag' }, ani, 0),
    await approveDeclaration(session, { is: 'lag' }, budi, false),
  ]
  for (const answer of answers) if (answer.is === 'refused') throw new Error(answer.message)
  return [
    `ani says that statement ${statementId} is complete, budi approves it`,
    'ani proposes a lag of 0 minutes, budi approves it',
  ]
}

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
      ...{ badLines: 'refuse', replace: false, dryRun: false, by: 'ani', nowMs: now.getTime() },
    })
    const decided = await declareByTwoPeople(session, imported)
    const result = await reconcile(session, {
      period,
      // The sandbox executes at once or never.
      settings: { ...DEFAULT_RECON_SETTINGS, lagMs: 0 },
      actor: 'person:demo',
      scheduledFor: null,
    })
    const told = [
      ...printImport(imported),
      ...decided,
      '',
      ...printRun(result, false),
      '',
      asTables(await readReport(session, null)),
    ]
    console.log(told.join('\n'))
    return result
  })
}
