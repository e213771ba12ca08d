import { withSession } from '../../src/db/session.ts'
import type { Period } from '../../src/reconciliation/scope.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { importText } from './statement-files.ts'

/** Imports the sandbox's statement as complete for a period. */
export async function laySandboxStatement(
  databaseUrl: string,
  sandbox: Pick<Sandbox, 'statementCsv'>,
  period: Period,
): Promise<void> {
  const result = await withSession(databaseUrl, (session) =>
    importText(session, sandbox.statementCsv(), { period }),
  )
  if (result.is !== 'imported') throw new Error(`not imported: ${JSON.stringify(result)}`)
}
